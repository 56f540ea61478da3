"""What may not have reached QuickBooks: rows are chosen one by one, or all are seen to."""

from __future__ import annotations

import datetime as dt
import threading
import uuid
from typing import Any

import pytest
from django.db import connection as database
from django.utils import timezone

from bankfeeds import marks, mistakes, pushing, resending, rules
from bankfeeds.models import Event, Push, PushItem, PushStatus, Resending, SourceAccount
from bankfeeds.sandbox.server import Sandbox
from tests import support
from tests.admin import pushes as made_by_steps
from tests.resending.support import BY, marked

pytestmark = pytest.mark.django_db(transaction=True)

DAY = dt.timedelta(days=1)


def accepted(account: SourceAccount, *, days_ago: int = 0, **more: Any) -> Push:
    date = support.today() - days_ago * DAY
    return marked(made_by_steps.succeeded(account, date=date, **more))


def choose(account: SourceAccount) -> resending.Choice:
    fresh = SourceAccount.objects.select_related("connection", "company").get(pk=account.pk)
    return resending.choice(fresh, now=timezone.now())


def send(account: SourceAccount, rows: Any, *, key: str = "", reason: str = "lost") -> Resending:
    return resending.send_chosen(
        account,
        [row.pk for row in rows],
        reason=reason,
        form_key=key or str(uuid.uuid4()),
        by=BY,
        now=timezone.now(),
    )


def rows_of(push: Push) -> list[Any]:
    return [item.transaction for item in push.items.select_related("transaction")]


def test_a_row_that_was_sent_in_error_is_neither_offered_nor_put_into_a_file() -> None:
    account = support.make_account()
    push = accepted(account)
    wrong = rows_of(push)[1]
    mistakes.record(push, [wrong.pk], reason="twice", by=BY, now=timezone.now())
    choice = choose(account)
    assert choice.in_error == 1
    assert wrong not in [one.row for one in choice.rows] and len(choice.rows) == 2
    with pytest.raises(resending.ChoiceChanged):
        send(account, [wrong])


def test_only_rows_of_the_newest_day_may_go_again_and_the_rules_say_so() -> None:
    account = support.make_account()
    old, new = accepted(account, days_ago=1), accepted(account)
    choice = choose(account)
    assert choice.pushes == [old, new] and not choice.why_not
    assert [one.push for one in choice.cannot_go] == [old] * 3
    assert [one.push for one in choice.may_go] == [new] * 3
    assert all(rules.OLDER_THAN_NEWEST in one.findings for one in choice.cannot_go)


def test_chosen_rows_leave_their_push_and_go_in_a_new_one() -> None:
    account = support.make_account()
    old, new = accepted(account, days_ago=1), accepted(account)
    chosen = rows_of(new)[:2]
    made = send(account, chosen)
    row = made.rows.get()
    fresh = row.replacement
    assert fresh and (row.push, row.outcome, fresh.rows) == (new, "sent", 2)
    assert fresh.status == PushStatus.READY and fresh.sequence > new.sequence
    assert rows_of(fresh) == chosen and made.ended_at
    assert new.items.filter(released=True).count() == 2
    new.refresh_from_db()
    assert new.status == PushStatus.SUCCEEDED
    # One row of it was not chosen: still open, and can no longer be chosen twice.
    assert list(marks.perhaps_missing(account)) == [old, new]
    assert [one.row for one in choose(account).may_go] == rows_of(new)[2:]
    told = Event.objects.get(action="resending.chosen")
    assert (told.account, told.reason, told.actor_name) == (account, "lost", "manager")


def test_a_push_whose_every_row_goes_again_is_seen_to_once_codat_has_accepted_that() -> None:
    account = support.make_account()
    push = accepted(account)
    fresh = send(account, rows_of(push)).rows.get().replacement
    assert fresh is not None
    again = push.marks.get(kind="sent_again")
    assert f"#{fresh.pk}" in again.words and again.made_by == "manager"
    for step in (PushStatus.SENDING, PushStatus.SUBMITTED, PushStatus.SUCCEEDED):
        assert resending.see_to_arrived(now=timezone.now()) == 0
        assert list(marks.perhaps_missing(account)) == [push]
        assert choose(account).again == [(push, fresh)] and not choose(account).rows
        fresh.step(step, by=BY, now=timezone.now())
    assert resending.see_to_arrived(now=timezone.now()) == 1
    seen = push.marks.get(kind="seen_to")
    assert f"accepted by Codat in push #{fresh.pk}" in seen.words
    assert not marks.perhaps_missing(account).exists()
    assert resending.see_to_arrived(now=timezone.now()) == 0


def test_the_second_press_shows_the_first_order() -> None:
    account = support.make_account()
    push, key = accepted(account), str(uuid.uuid4())
    first = send(account, rows_of(push), key=key)
    assert send(account, rows_of(push), key=key) == first
    assert Push.objects.count() == 2


def test_two_presses_at_once_send_once() -> None:
    account = support.make_account()
    push = accepted(account)
    rows, start = rows_of(push), threading.Barrier(2)
    outcomes: list[Any] = []

    def press() -> None:
        try:
            start.wait(5)
            outcomes.append(send(account, rows))
        except resending.ChoiceChanged as changed:
            outcomes.append(changed)
        finally:
            database.close()

    threads = [threading.Thread(target=press) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(type(one).__name__ for one in outcomes) == ["ChoiceChanged", "Resending"]
    assert Push.objects.count() == 2
    assert PushItem.objects.filter(released=False).count() == len(rows)


@pytest.mark.parametrize("change", ["disconnected", "older", "unmarked", "reason", "nothing"])
def test_what_may_not_go_is_refused_and_changes_nothing(change: str) -> None:
    account = support.make_account()
    push = accepted(account, days_ago=1)
    rows = rows_of(push)
    if change == "disconnected":
        SourceAccount.objects.filter(pk=account.pk).update(status="disconnected")
    elif change == "older":
        made_by_steps.succeeded(account)
    elif change == "unmarked":
        rows = rows_of(made_by_steps.succeeded(account, date=support.today() - DAY))
    before = Push.objects.count()
    with pytest.raises((resending.ChoiceChanged, ValueError)):
        send(account, [] if change == "nothing" else rows, reason="" if change == "reason" else "x")
    assert Push.objects.count() == before and not Resending.objects.exists()
    assert not PushItem.objects.filter(released=True).exists()


def test_all_are_marked_as_seen_to_with_a_reason_and_nothing_is_sent() -> None:
    account = support.make_account()
    pushes = [accepted(account), accepted(account)]
    other = accepted(support.make_account())
    ids = [push.pk for push in (*pushes, other)]
    with pytest.raises(ValueError, match="reason"):
        resending.see_to(account, ids, reason=" ", by=BY, now=timezone.now())
    assert resending.see_to(account, ids, reason="all there", by=BY, now=timezone.now()) == 2
    assert resending.see_to(account, ids, reason="all there", by=BY, now=timezone.now()) == 0
    assert marks.perhaps_missing(other.account).exists() and Push.objects.count() == 3


def test_the_file_has_what_the_feed_takes_no_more() -> None:
    account = support.make_account()
    accepted(account, days_ago=1, amounts=("-1.50", "1234.5"))
    choice = choose(account)
    rows = [one.row for one in choice.rows]
    rows[0].description = "=cmd()"
    [made] = resending.client_files(account, rows, by=BY, now=timezone.now())
    day = f"{support.today() - DAY:%m/%d/%Y}"
    assert made.text.splitlines() == [
        "Date,Description,Amount",
        f"{day},'=cmd(),-1.50",
        f"{day},Line 3,1234.50",
    ]
    assert made.name.endswith(".csv")
    told = Event.objects.get(action="feed.file_for_client")
    assert told.account == account and len(told.after["transactions"]) == 2


def test_codat_may_refuse_a_row_that_it_has_and_a_person_decides(sandbox: Any, drain: Any) -> None:
    """What it does with an id that it has stored is published nowhere; the sandbox refuses it."""
    account = support.onboard().accounts[0]
    support.make_transactions(account, ["1.00"])
    (push,) = pushing.confirm(
        [account], fingerprint=None, form_key=str(uuid.uuid4()), by=BY, now=timezone.now()
    )
    drain()
    made = send(account, rows_of(marked(push)))
    drain()
    fresh = made.rows.get().replacement
    assert fresh and fresh.status == PushStatus.FAILED
    assert Push.objects.undecided().get() == fresh
    assert len(support.ledger()) == 1
    assert not push.marks.filter(kind="seen_to").exists()
    browser = made_by_steps.signed_in(support.make_person("support"))
    for page in (f"push/{push.pk}/change/", f"resending/account/{account.pk}/"):
        said = made_by_steps.text(browser.get(f"/admin/bankfeeds/{page}"))
        assert f"Push #{fresh.pk}: Refused by Codat. It has to be decided there." in said, page
        assert "give the client the file" in said
    assert "Sent again" in made_by_steps.text(browser.get("/admin/bankfeeds/push/?mark=open"))


def test_where_codat_leaves_a_double_away_the_mark_is_seen_to(drain: Any, settings: Any) -> None:
    with Sandbox(api_key="k", operation_seconds=0.0, double_ids="skip") as running:
        settings.CODAT_BASE_URL, settings.CODAT_API_KEY = running.url, "k"
        account = support.onboard().accounts[0]
        support.make_transactions(account, ["1.00"])
        (push,) = pushing.confirm(
            [account], fingerprint=None, form_key=str(uuid.uuid4()), by=BY, now=timezone.now()
        )
        drain()
        fresh = send(account, rows_of(marked(push))).rows.get().replacement
        drain()
        assert fresh and Push.objects.get(pk=fresh.pk).status == PushStatus.SUCCEEDED
        assert push.marks.filter(kind="seen_to").exists()
