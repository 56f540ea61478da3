"""The pages of the ways out: what stands before the button, pressed twice, stale, by whom."""

from __future__ import annotations

import re
import uuid
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from bankfeeds import leaving, words
from bankfeeds.models import (
    Company,
    Connection,
    Departure,
    Event,
    MarkedRow,
    Push,
    PushMark,
    PushStatus,
    SendingStop,
    SourceAccount,
)
from tests import support
from tests.admin import pushes
from tests.admin.pushes import signed_in, text
from tests.leaving.support import Kind, order, there, word
from tests.onboarding.orders import connection_reads

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def manager(people: dict[str, Any]) -> Any:
    return signed_in(people["manager"])


def at(row: Any, name: str) -> str:
    return reverse(f"admin:bankfeeds_{row._meta.model_name}_{name}", args=[row.pk])


def given(**more: Any) -> dict[str, Any]:
    return {"reason": "the client left", "form_key": str(uuid.uuid4()), **more}


def press(browser: Any, path: str, **more: Any) -> str:
    return text(browser.post(path, given(**more), follow=True))


# --- Asked first -----------------------------------------------------------------------------


def test_each_page_says_first_what_it_does(manager: Any, onboarded: support.Onboarded) -> None:
    pushes.waiting(onboarded.accounts[0])
    tie, account = onboarded.connection, onboarded.accounts[0]
    for path, sentence in (
        (at(tie, "unlink"), "QuickBooks stops asking for every account"),
        (at(tie, "remove"), "This cannot be taken back: Codat deletes the connection"),
        (at(tie, "revoke"), "Every set of credentials of this connection stops working"),
        (at(tie, "wrong_person"), "only unlinking or removing the connection is sure to undo it"),
        (at(account, "remove"), "Nothing of this account was ever sent"),
        (at(account, "not_wanted"), "Pushes that wait are stopped"),
        (at(onboarded.company, "close"), "Its history stays here"),
    ):
        shown = text(manager.get(path))
        assert sentence in shown, path
        assert shown.index("What this does") < shown.index("Cancel")
    for path in (at(tie, "unlink"), at(account, "remove"), at(onboarded.company, "close")):
        assert "1 confirmed push waits and is stopped" in text(manager.get(path))
    # Removing is its own page, and leads on from there and from what is said afterwards.
    remove = f'href="{at(tie, "remove")}"'
    assert remove in manager.get(at(tie, "wrong_person")).content.decode()
    assert not connection_reads() and not Departure.objects.exists()
    said = manager.post(at(tie, "wrong_person"), given(issued=""), follow=True).content.decode()
    assert remove in said.partition("</ul>")[0].rpartition("messagelist")[2]


@pytest.mark.parametrize("name", ["unlink", "revoke", "remove", "wrong_person"])
def test_nothing_happens_without_a_reason(
    manager: Any, onboarded: support.Onboarded, name: str
) -> None:
    path = at(onboarded.connection, name)
    shown = press(manager, path, reason=" ", confirm=onboarded.company.name)
    assert "Give a reason; it is kept. Nothing was changed." in shown
    assert not Departure.objects.exists() and not SendingStop.objects.exists()


def test_what_cannot_work_now_says_why(manager: Any, sandbox: Any) -> None:
    client = support.onboard(connected=False)
    for page in (at(client.connection, "change"), at(client.connection, "unlink")):
        assert "Codat unlinks only a connection that is linked" in text(manager.get(page))
    assert "Codat unlinks only" in press(manager, at(client.connection, "unlink"))
    assert not Departure.objects.exists()


# --- Done, once ------------------------------------------------------------------------------


def test_unlink(manager: Any, onboarded: support.Onboarded) -> None:
    path, form = at(onboarded.connection, "unlink"), given()
    assert "Done at Codat" in text(manager.post(path, form, follow=True))
    assert word(onboarded) == "Unlinked"
    # Codat may call its accounts connected a while longer; nothing goes over it all the same.
    assert set(onboarded.connection.accounts.values_list("status", flat=True)) == {"connected"}
    shown = text(manager.get(at(onboarded.connection, "change")))
    assert "connected 0 of 2" in shown and "Transactions can be sent" not in shown
    assert shown.count("Its connection was unlinked at Codat.") == 2
    again = text(manager.post(path, form, follow=True))
    assert "Done at Codat" in again
    assert Departure.objects.count() == 1


def test_removing_a_connection_wants_its_name_typed(
    manager: Any, onboarded: support.Onboarded
) -> None:
    path = at(onboarded.connection, "remove")
    shown = press(manager, path, confirm="something else")
    assert "Type the name exactly" in shown and not Departure.objects.exists()
    assert "Done at Codat" in press(manager, path, confirm=onboarded.company.name.upper())
    onboarded.connection.refresh_from_db()
    assert onboarded.connection.gone_at


def test_an_account_of_which_nothing_was_sent_is_plainly_removed(
    manager: Any, onboarded: support.Onboarded
) -> None:
    first, second = onboarded.accounts
    assert 'name="reason"' not in manager.get(at(first, "remove")).content.decode()
    assert "Done at Codat" in press(manager, at(first, "remove"), reason="")
    assert there(onboarded) == [second.account_id]
    push = support.make_push(second, status=PushStatus.SUCCEEDED)
    pushes.attempt(push, "accepted")  # type: ignore[arg-type]
    shown = text(manager.get(at(second, "remove")))
    assert f"The feed of {second} ends" in shown and "Reason (kept)" in shown


def test_revoke(manager: Any, onboarded: support.Onboarded) -> None:
    assert "Done at Codat" in press(manager, at(onboarded.connection, "revoke"))
    assert SendingStop.objects.get().company == onboarded.company


def test_continue_and_leave_it(manager: Any, onboarded: support.Onboarded) -> None:
    support.order_fault("500-before", method="PATCH")
    assert "Press Continue" in press(manager, at(onboarded.connection, "unlink"))
    departure = Departure.objects.get()
    assert "Continue what is to end at Codat" in text(manager.get(at(onboarded.company, "change")))
    page = manager.get(at(onboarded.connection, "change"))
    assert "not finished" in text(page) and "Leave it as it is" not in text(page)
    named = {"departure": departure.pk}
    assert "may have been done" in text(
        manager.post(at(onboarded.connection, "leave_it"), named, follow=True)
    )
    go_on = at(onboarded.connection, "go_on")
    assert "Done at Codat" in text(manager.post(go_on, named, follow=True))
    assert "ended already" in text(manager.post(go_on, named, follow=True))


def test_each_of_several_unfinished_has_its_own_continue(
    manager: Any, onboarded: support.Onboarded
) -> None:
    one = order(Kind.REMOVE_ACCOUNT, onboarded, account=onboarded.accounts[0])
    other = order(Kind.REVOKE, onboarded)
    go_on = at(onboarded.connection, "go_on")
    for where in (onboarded.connection, onboarded.company):
        page = manager.get(at(where, "change"))
        assert text(page).count("not finished") == 2
        kept = re.findall(r'name="departure" value="(\d+)"', page.content.decode())
        assert list(dict.fromkeys(kept)) == [str(one.pk), str(other.pk)]
    assert "Done at Codat: Revoke" in text(
        manager.post(go_on, {"departure": other.pk}, follow=True)
    )


def test_what_was_surely_not_done_may_be_left(
    manager: Any, onboarded: support.Onboarded, settings: Any
) -> None:
    departure = order(Kind.UNLINK, onboarded)
    page = text(manager.get(at(onboarded.connection, "change")))
    assert "Codat was not asked yet" in page and "Leave it as it is" in page
    path = at(onboarded.connection, "leave_it")
    assert "Left as it is" in text(manager.post(path, {"departure": departure.pk}, follow=True))
    assert not Departure.objects.open().exists()


@pytest.mark.parametrize("forged", ["", "x", "999999", "1e3"])
def test_a_forged_order_changes_nothing(
    manager: Any, onboarded: support.Onboarded, forged: str
) -> None:
    other = support.onboard()
    departure = order(Kind.UNLINK, other)
    for name in ("go_on", "leave_it"):
        for wanted in (forged, departure.pk):
            path = at(onboarded.connection, name)
            answer = manager.post(path, {"departure": wanted}, follow=True)
            assert "Nothing was done now" in text(answer)
    departure.refresh_from_db()
    assert departure.state == Departure.State.PLANNED


# --- Ours ------------------------------------------------------------------------------------


def test_not_wanted_and_wanted_again(manager: Any, onboarded: support.Onboarded) -> None:
    first = onboarded.accounts[0]
    assert "Marked as not wanted" in press(manager, at(first, "not_wanted"))
    assert "already" in press(manager, at(first, "not_wanted"))
    page = text(manager.get(at(first, "change")))
    assert "Not wanted" in page and "Not wanted: nothing is sent." in page
    assert "Connected (1 of 1)" in text(manager.get(at(onboarded.company, "change")))
    assert "It is wanted again" in press(manager, at(first, "wanted"))
    assert "Connected (2 of 2)" in text(manager.get(at(onboarded.company, "change")))


def test_close_and_open_again(manager: Any, onboarded: support.Onboarded) -> None:
    other = support.make_company("Acme Bakery", reference="R-77")
    path = at(onboarded.company, "close")
    for unknown in ("nobody", "99999999", str(onboarded.company.pk)):
        shown = press(manager, path, replaced_by=unknown)
        assert "Nothing was changed." in shown, unknown
    assert Company.objects.filter(closed_at=None).count() == 2
    shown = press(manager, path, replaced_by="r-77 ".strip().upper())
    assert "The company is closed" in shown and "Done at Codat" in shown
    assert word(onboarded) == "Unlinked"
    page = text(manager.get(at(onboarded.company, "change")))
    assert "Closed since" in page and "Acme Bakery" in page
    assert "Nothing to do: the company is closed." in page
    assert "Closed" in text(manager.get("/admin/bankfeeds/company/?owner=all"))
    assert "It was closed already" in press(manager, path)
    assert other.replaces.get() == onboarded.company
    assert "open again" in press(manager, at(onboarded.company, "reopen"))


def test_a_connection_anew_asks_whose_books(manager: Any, onboarded: support.Onboarded) -> None:
    push = support.make_push(onboarded.accounts[0], status=PushStatus.SUCCEEDED)
    pushes.attempt(push, "accepted")  # type: ignore[arg-type]
    press(manager, at(onboarded.connection, "unlink"))
    asked = manager.post(at(onboarded.company, "connect"), given(), follow=True)
    assert "Which QuickBooks company is it for?" in text(asked)
    assert Connection.objects.count() == 1
    path = at(onboarded.company, "books")
    assert "Say which of the two it is" in press(manager, path, books="mine")
    press(manager, path, books="another")
    assert Connection.objects.latest("pk").books == "another"
    assert "has a QuickBooks connection already" in text(manager.get(path))


@pytest.mark.parametrize("books", ["same", "another"])
def test_a_client_moves_in_one_press(
    manager: Any, onboarded: support.Onboarded, books: str
) -> None:
    push = support.make_push(onboarded.accounts[0], status=PushStatus.SUCCEEDED)
    pushes.attempt(push, "accepted")  # type: ignore[arg-type]
    path = at(onboarded.connection, "move")
    for page in (at(onboarded.connection, "change"), at(onboarded.company, "change")):
        assert f'href="{path}"' in manager.get(page).content.decode(), page
    shown = text(manager.get(path))
    assert shown.index("The connection is unlinked at Codat") < shown.index("Reason (kept)")
    assert "Say which of the two it is" in press(manager, path, books="mine")
    assert "Give a reason" in press(manager, path, books=books, reason=" ")
    assert not Departure.objects.exists() and Connection.objects.count() == 1
    form = given(books=books)
    for _press in range(2):
        shown = text(manager.post(path, form, follow=True))
        assert "Done at Codat" in shown and "Add accounts" in shown
    assert word(onboarded) == "Unlinked" and Departure.objects.get().reason == form["reason"]
    new = Connection.objects.latest("pk")
    assert Connection.objects.count() == 2 and new.books == books and new.at_codat
    assert "The client has a newer connection" in press(manager, path, books=books)
    assert Connection.objects.count() == 2


def test_a_move_that_stopped_half_way_goes_on(manager: Any, onboarded: support.Onboarded) -> None:
    path = at(onboarded.connection, "move")
    support.order_fault("500-before", method="PATCH")
    assert "Press Continue" in press(manager, path, books="another")
    assert Connection.objects.count() == 1
    assert "Add accounts" in press(manager, path, books="another")
    assert Connection.objects.latest("pk").books == "another" and Departure.objects.count() == 1


def test_who_cannot_move_yet_is_told_what_comes_first(manager: Any, sandbox: Any) -> None:
    client = support.onboard(connected=False)
    for page in (at(client.connection, "change"), at(client.connection, "move")):
        assert "Nobody has connected over it yet" in text(manager.get(page))
    assert "Nobody has connected" in press(manager, at(client.connection, "move"), books="same")
    Company.objects.update(closed_at=timezone.now())
    assert "The company is closed" in press(manager, at(client.connection, "move"), books="same")
    assert not Departure.objects.exists() and Connection.objects.count() == 1


def test_which_account_it_goes_on_from(manager: Any, onboarded: support.Onboarded) -> None:
    old = onboarded.accounts[0]
    waiting = support.make_transactions(old)
    press(manager, at(onboarded.connection, "unlink"))
    new = support.make_account(support.make_connection(onboarded.company))
    assert "Goes on from an earlier account" in text(manager.get(at(new, "change")))
    path = at(new, "goes_on")
    stranger = support.make_account(support.make_connection(status="Unlinked"))
    assert "goes_on_from" not in press(manager, path, earlier=stranger.pk)
    assert not SourceAccount.objects.get(pk=new.pk).follows_id
    assert "its rows came over" in press(manager, path, earlier=old.pk)
    assert new.transactions.count() == len(waiting)
    shown = text(manager.get(at(new, "change")))
    assert f"Goes on from {old} . That one sent nothing." in shown
    support.make_push(old, support.make_transactions(old), status="succeeded")
    shown = text(manager.get(at(new, "change")))
    assert f"The newest that one sent is of {words.day(support.today())}: nothing older" in shown
    assert f"It goes on as {new}" in text(manager.get(at(old, "change")))
    assert "No row had to come over" in press(manager, path, earlier=old.pk)


def test_the_wrong_person(people: dict[str, Any], onboarded: support.Onboarded) -> None:
    browser = signed_in(people["support"])
    path = at(onboarded.connection, "wrong_person")
    shown = press(browser, path, issued="")
    assert "Sending is stopped." in shown and "A new link was made." in shown
    assert "only unlinking or removing the connection is sure" in shown
    made = Connection.objects.get(pk=onboarded.connection.pk).link_issued_at
    press(browser, path, issued="")
    assert Connection.objects.get(pk=onboarded.connection.pk).link_issued_at == made
    assert SendingStop.objects.count() == 1
    assert "Unlink at Codat" not in text(browser.get(at(onboarded.connection, "change")))


# --- Mistakes --------------------------------------------------------------------------------


def accepted() -> Push:
    account = support.make_account()
    return support.make_push(account, status=PushStatus.SUCCEEDED)


def test_a_mistake_is_recorded_once(people: dict[str, Any]) -> None:
    browser, push = signed_in(people["support"]), accepted()
    rows = [item.transaction_id for item in push.items.order_by("position")]
    page = at(push, "change")
    assert "Record a mistake" in text(browser.get(page))
    assert "Record first which rows were sent in error." in text(browser.get(page))
    assert "Nothing can be called back" in text(browser.get(at(push, "mistake")))
    form = given(row=rows[:2], wrong_client="on", stop="on")
    shown = text(browser.post(at(push, "mistake"), form, follow=True))
    assert "2 rows are marked" in shown
    assert "Report it as an incident" in shown
    assert "For review, tick these rows and press Exclude" in shown
    assert SendingStop.objects.get().account == push.account
    again = text(browser.post(at(push, "mistake"), form, follow=True))
    assert "marked already" in again
    assert PushMark.objects.count() == 1 and MarkedRow.objects.count() == 2
    event = Event.objects.get(action="push.mistake")
    assert event.reason == "the client left" and event.after["wrong_client"] is True
    shown = text(browser.get(page))
    assert "Sent in error" in shown and "Text for the client" in shown
    assert "Give the client the text: they exclude these rows" in shown
    browser.post(at(push, "mistake"), given(row=rows), follow=True)
    assert MarkedRow.objects.count() == 3


def test_the_text_is_in_both_languages_the_clients_first(manager: Any) -> None:
    push = accepted()
    Company.objects.update(language="fr-ca")
    row = push.items.get(position=0).transaction
    manager.post(at(push, "mistake"), given(row=[row.pk]))
    content = manager.get(at(push, "client_text")).content.decode()
    assert content.index('lang="fr-ca" aria') < content.index('lang="en" aria')
    assert row.description in content
    for code in ("en", "fr-ca"):
        assert f'data-copy="words-{code}"' in content and f'id="words-{code}"' in content


def test_a_mistake_needs_rows_and_a_reason(manager: Any) -> None:
    push, other = accepted(), accepted()
    stranger = other.items.get(position=0).transaction_id
    for form, wrong in (
        (given(), "Tick the rows"),
        (given(row=["x", "", stranger]), "Tick the rows"),
        (given(row=[stranger], reason=""), "Give a reason"),
    ):
        assert wrong in text(manager.post(at(push, "mistake"), form, follow=True))
    assert not PushMark.objects.exists()
    assert manager.get(at(push, "client_text")).status_code == 404


@pytest.mark.parametrize("make", [pushes.waiting, pushes.submitted])
def test_only_what_was_accepted(manager: Any, make: Any) -> None:
    push = make()
    assert manager.get(at(push, "mistake")).status_code == 404
    assert manager.post(at(push, "mistake"), given()).status_code == 404
    assert "Record a mistake" not in text(manager.get(at(push, "change")))


@pytest.mark.parametrize("role", ["auditor", "administrator"])
def test_who_only_reads_records_nothing(people: dict[str, Any], role: str) -> None:
    browser, push = signed_in(people[role]), accepted()
    assert browser.get(at(push, "mistake")).status_code == 403
    assert browser.post(at(push, "mistake"), given()).status_code == 403
    assert "Record a mistake" not in text(browser.get(at(push, "change")))


# --- Vanished --------------------------------------------------------------------------------


def test_a_push_of_what_vanished_says_what_to_do(manager: Any) -> None:
    push = pushes.waiting()
    SourceAccount.objects.update(gone_at=timezone.now())
    shown = text(manager.get(at(push, "change")))
    assert "On hold – its account was removed at Codat" in shown
    assert "Stop this push: its rows are free again" in shown
    assert f"Decide push #{push.pk}" in text(manager.get(at(push.company, "change")))
    assert leaving.why_not(Kind.UNLINK, connection=push.connection) == ""
