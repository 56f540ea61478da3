"""The wrong person is cut off at once, whatever a push is doing: nothing of it goes out again."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection as database
from django.urls import reverse
from django.utils import timezone

from bankfeeds import conf, links, tasks
from bankfeeds.models import Connection, Departure, Push, PushStatus, SendingStop, SourceAccount
from tests import support
from tests.admin import pushes
from tests.admin.pushes import signed_in, text
from tests.leaving.support import Kind, carry_out, order, word

pytestmark = pytest.mark.django_db(transaction=True)
S = PushStatus


def unsure(account: SourceAccount, fault: str) -> Push:
    """Its first try met the fault; the same key is due once more."""
    push = pushes.waiting(account)
    support.order_fault(fault, path="/push/")
    support.run_jobs()
    Push.objects.filter(pk=push.pk).update(next_attempt_at=timezone.now())
    return push


def arrived(account: SourceAccount) -> Push:
    return unsure(account, "reset-after")


def lost(account: SourceAccount) -> Push:
    return unsure(account, "reset-before")


def at_codat(account: SourceAccount) -> Push:
    push = pushes.waiting(account)
    support.run_jobs()
    return push


@pytest.mark.parametrize(
    ("make", "before", "after"),
    [
        (pushes.waiting, S.READY, {S.CANCELLED}),
        # What Codat had not checked by then it may refuse.
        (arrived, S.SENDING, {S.SUCCEEDED, S.FAILED}),
        # Surely not there: it waits, and nothing may leave over this connection.
        (lost, S.SENDING, {S.READY}),
        (at_codat, S.SUBMITTED, {S.SUCCEEDED, S.FAILED}),
        (pushes.timed_out, S.TIMED_OUT, {S.TIMED_OUT}),
        (pushes.unknown, S.NEEDS_REVIEW, {S.NEEDS_REVIEW}),
        (pushes.refused, S.FAILED, {S.FAILED}),
    ],
)
def test_unlinked_at_once_with_a_push_in_each_state(
    onboarded: support.Onboarded,
    make: Callable[[SourceAccount], Push],
    before: PushStatus,
    after: set[PushStatus],
    settings: Any,
) -> None:
    settings.PUSH_SETTLE = 0
    push = make(onboarded.accounts[0])
    push.refresh_from_db()
    assert push.status == before
    sent = len(support.posts())
    assert carry_out(order(Kind.UNLINK, onboarded))
    assert word(onboarded) == "Unlinked"
    tasks.sweep()
    support.drain()
    push.refresh_from_db()
    assert push.status in after
    assert len(support.posts()) == sent, "nothing goes out again"
    stored = [each for entry in support.ledger() for each in entry["transactionIds"]]
    assert len(stored) == len(set(stored)) == (3 if push.status == S.SUCCEEDED else 0)
    free = onboarded.accounts[0].transactions.free().count()
    assert free == (3 if push.status == S.CANCELLED else 0)


def test_unlinked_while_the_request_is_on_the_line(onboarded: support.Onboarded) -> None:
    push = pushes.waiting(onboarded.accounts[0])
    support.order_fault("hang-0.5", path="/push/")

    def send() -> None:
        try:
            support.run_jobs()
        finally:
            database.close()

    worker = threading.Thread(target=send)
    worker.start()
    support.wait_until(
        lambda: Push.objects.filter(status=S.SENDING).exists(), seconds=5, what="it is sent"
    )
    assert carry_out(order(Kind.UNLINK, onboarded))
    assert word(onboarded) == "Unlinked"
    worker.join()
    tasks.sweep()
    support.drain()
    push.refresh_from_db()
    # Which of the two Codat took first is its own affair; once is enough in any case.
    assert push.status in (S.SUCCEEDED, S.FAILED)
    stored = [each for entry in support.ledger() for each in entry["transactionIds"]]
    assert len(stored) == (3 if push.status == S.SUCCEEDED else 0)
    assert len(support.posts()) == 1


def test_nothing_goes_out_again_while_codat_is_asked(onboarded: support.Onboarded) -> None:
    push = arrived(onboarded.accounts[0])
    sent = len(support.posts())
    order(Kind.UNLINK, onboarded)
    tasks.sweep()
    support.drain()
    push.refresh_from_db()
    assert push.status == S.SUCCEEDED
    assert len(support.posts()) == sent
    said = " ".join(push.events.order_by("pk").values_list("words", flat=True))
    assert "Its connection is cut off" in said


def test_one_press_stops_unlinks_and_makes_a_new_link(
    people: dict[str, Any], onboarded: support.Onboarded
) -> None:
    browser = signed_in(people["manager"])
    push = at_codat(onboarded.accounts[0])
    path = reverse("admin:bankfeeds_connection_wrong_person", args=[onboarded.connection.pk])
    asked = text(browser.get(path))
    assert f"Push #{push.pk} is on its way: its rows may still reach the books" in asked
    assert "Unlink at Codat as well, at once" in asked
    form = {"reason": "sent to a stranger", "form_key": "one-press", "issued": "", "unlink": "yes"}
    support.order_fault("500-before", method="PATCH")
    shown = text(browser.post(path, form, follow=True))
    assert "Sending is stopped." in shown and "Press Continue" in shown
    assert "A new link was made." in shown
    assert SendingStop.objects.get().company == onboarded.company
    shown = text(browser.post(path, form, follow=True))
    assert "Done at Codat" in shown and word(onboarded) == "Unlinked"
    assert Departure.objects.count() == 1 and SendingStop.objects.count() == 1
    tie = Connection.objects.get(pk=onboarded.connection.pk)
    assert tie.link_issued_at
    links.renew(tie, client=conf.client(), by=pushes.BY, clock=timezone.now)


def test_who_may_not_unlink_is_told_whom_to_call(
    people: dict[str, Any], onboarded: support.Onboarded
) -> None:
    browser = signed_in(people["support"])
    path = reverse("admin:bankfeeds_connection_wrong_person", args=[onboarded.connection.pk])
    assert "Only a manager may unlink" in text(browser.get(path))
    form = {"reason": "sent to a stranger", "form_key": "k", "issued": "", "unlink": "yes"}
    assert browser.post(path, form).status_code == 403
    assert not SendingStop.objects.exists() and word(onboarded) == "Linked"


def test_a_move_waits_until_what_is_on_its_way_has_ended(
    people: dict[str, Any], onboarded: support.Onboarded
) -> None:
    push = pushes.submitted(onboarded.accounts[0])
    browser, row = signed_in(people["manager"]), onboarded.connection
    asked = text(browser.get(reverse("admin:bankfeeds_connection_move", args=[row.pk])))
    page = text(browser.get(reverse("admin:bankfeeds_connection_change", args=[row.pk])))
    for shown in (asked, page):
        assert f"Push #{push.pk} is on its way and has to end first" in shown
        assert "Press Unlink at Codat now, and once that push has ended" in shown
        assert f"Open push #{push.pk}" in shown


def test_nobody_moves_before_somebody_has_connected(
    people: dict[str, Any], onboarded: support.Onboarded
) -> None:
    browser = signed_in(people["manager"])
    move, wrong = (
        reverse(f"admin:bankfeeds_connection_{name}", args=[onboarded.connection.pk])
        for name in ("move", "wrong_person")
    )
    rows = Connection.objects.filter(pk=onboarded.connection.pk)
    onboarded.connection.accounts.update(status="pending")
    rows.update(status="PendingAuth")
    assert "Nobody has connected over it yet. Give the client the link" in text(browser.get(move))
    shown = text(browser.get(wrong))
    assert "press Remove connection at Codat right after this" in shown
    rows.update(status="Deauthorized")
    assert "Press Remove connection at Codat, then Create" in text(browser.get(move))


@pytest.mark.parametrize("make", [pushes.timed_out, pushes.unknown, pushes.refused])
def test_what_ends_names_the_push_that_needs_a_decision(
    people: dict[str, Any], onboarded: support.Onboarded, make: Callable[[SourceAccount], Push]
) -> None:
    browser, push = signed_in(people["manager"]), make(onboarded.accounts[0])
    company = onboarded.connection.company_id
    pages = {
        name: text(browser.get(reverse(f"admin:bankfeeds_{name}", args=[pk])))
        for name, pk in (
            ("connection_unlink", onboarded.connection.pk),
            ("connection_revoke", onboarded.connection.pk),
            ("connection_move", onboarded.connection.pk),
            ("company_close", company),
        )
    }
    for shown in pages.values():
        assert f"Push #{push.pk} needs a decision. It stays open" in shown
    path = reverse("admin:bankfeeds_connection_remove", args=[onboarded.connection.pk])
    shown = text(browser.get(path))
    ended = push.status == S.FAILED
    assert (f"Nobody knows yet how push #{push.pk} ended" in shown) is not ended
    assert (f"Push #{push.pk} needs a decision" in shown) is ended


def test_a_person_waits_for_codat_once(
    people: dict[str, Any], onboarded: support.Onboarded, settings: Any
) -> None:
    settings.CODAT_PAGE_DEADLINE = 0.3
    browser = signed_in(people["manager"])
    path = reverse("admin:bankfeeds_connection_wrong_person", args=[onboarded.connection.pk])
    form = {"reason": "sent to a stranger", "form_key": "k", "issued": "", "unlink": "yes"}
    support.order_fault("hang-0.6", method="PATCH")
    shown = text(browser.post(path, form, follow=True))
    assert "Sending is stopped." in shown and "Press Continue" in shown
    assert "No new link was made. Press Renew link when Codat answers again." in shown
    assert not Connection.objects.get(pk=onboarded.connection.pk).link_issued_at
