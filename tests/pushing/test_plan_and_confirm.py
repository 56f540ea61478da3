"""What would go, and the freezing of it."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import threading
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, connections
from django.utils import timezone

from bankfeeds import pushing
from bankfeeds.models import (
    Actor,
    BankTransaction,
    Event,
    Origin,
    Push,
    PushStatus,
    SendingStop,
    SourceAccount,
)
from tests import support

pytestmark = pytest.mark.django_db
BY = Actor("somebody", Origin.PERSON)


def plan(*accounts: SourceAccount) -> pushing.Plan:
    return pushing.plan(accounts, today=support.today())


def confirm(*accounts: SourceAccount, key: str = "k", **more: Any) -> list[Push]:
    more.setdefault("fingerprint", None)
    return pushing.confirm(accounts, form_key=key, by=BY, now=timezone.now(), **more)


def test_a_plan_tells_what_goes_with_its_figures() -> None:
    account = support.make_account()
    rows = support.make_transactions(account, ["100.00", "-25.50"])
    (planned,) = plan(account).accounts
    assert [row.row for row in planned.going] == rows
    assert (planned.money_in, planned.money_out) == (Decimal(100), Decimal("-25.50"))
    assert planned.net == Decimal("74.50")
    assert planned.balance_after == Decimal("1074.50")
    assert planned.is_first
    assert planned.writes == 1


def test_accounts_of_which_nothing_goes_are_named_with_the_reason() -> None:
    connected = support.make_account()
    pending = support.make_account(connected.connection, status="pending")
    removed = support.make_account(connected.connection, gone_at=timezone.now())
    found = plan(connected, pending, removed)
    assert [(left.account, left.code) for left in found.left_out] == [
        (connected, "nothing-new"),
        (pending, "not-connected"),
        (removed, "removed"),
    ]
    assert found.rows == 0


def test_an_account_whose_rows_are_all_forbidden_shows_them() -> None:
    account = support.make_account()
    support.make_transactions(account, date=support.today() - dt.timedelta(days=9))
    found = plan(account)
    assert [left.code for left in found.left_out] == ["all-blocked"]
    assert len(found.blocked[0].not_going) == 3


def test_confirming_freezes_body_digest_figures_and_rows_and_rings() -> None:
    account = support.make_account()
    rows = support.make_transactions(account, ["100.00", "-25.50"])
    (push,) = confirm(account)
    body = json.loads(push.body.content, parse_float=Decimal)
    assert push.status == PushStatus.READY
    assert push.body_sha256 == hashlib.sha256(push.body.content).hexdigest()
    assert body["accountId"] == account.account_id
    assert [row["id"] for row in body["transactions"]] == [row.transaction_id for row in rows]
    assert [row["amount"] for row in body["transactions"]] == [100, Decimal("-25.50")]
    assert body["transactions"][0]["date"] == support.today().isoformat()
    assert (push.rows, push.sequence, push.requested_by) == (2, 1, "somebody")
    assert support.queued() == [("bankfeeds.tasks.deliver", ())]
    assert Event.objects.filter(push=push, action="push.ready").count() == 1


def test_rows_in_a_push_are_not_offered_again() -> None:
    account = support.make_account()
    support.make_transactions(account)
    confirm(account)
    assert plan(account).rows == 0
    assert confirm(account, key="other") == []


def test_pressing_twice_gives_the_pushes_of_the_first_press() -> None:
    account = support.make_account()
    support.make_transactions(account)
    first = confirm(account)
    support.make_transactions(account)
    assert confirm(account) == first
    assert Push.objects.count() == 1


def test_rows_that_changed_since_the_page_was_shown_stop_everything() -> None:
    account = support.make_account()
    support.make_transactions(account)
    shown = plan(account)
    support.make_transactions(account)
    with pytest.raises(pushing.RowsChanged) as caught:
        confirm(account, fingerprint=shown.fingerprint)
    assert caught.value.plan.rows == 6
    assert not Push.objects.exists()


def test_more_than_a_thousand_rows_become_ordered_pushes_of_which_the_first_is_rung() -> None:
    account = support.make_account()
    support.make_transactions(account, ["1.00"] * 2001)
    pushes = confirm(account)
    assert [push.rows for push in pushes] == [1000, 1000, 1]
    assert [push.sequence for push in pushes] == [1, 2, 3]
    assert support.queued() == [("bankfeeds.tasks.deliver", ())]
    assert pushing.behind(pushes[2]) == pushes[0]


def test_dates_older_than_a_waiting_push_do_not_go() -> None:
    account = support.make_account()
    support.make_transactions(account, ["5.00"])
    confirm(account)
    support.make_transactions(account, ["6.00"], date=support.today() - dt.timedelta(days=1))
    found = plan(account)
    assert [rule.code for rule in found.blocked[0].judged[0].findings][:1] == ["older-than-newest"]


def test_stopping_frees_the_rows_and_is_refused_once_it_left() -> None:
    account = support.make_account()
    support.make_transactions(account)
    (push,) = confirm(account)
    assert pushing.cancel(push, reason="wrong file", by=BY, now=timezone.now())
    assert plan(account).rows == 3
    assert not pushing.cancel(push, reason="again", by=BY, now=timezone.now())
    assert Event.objects.get(action="push.cancelled").words == "wrong file"


def test_stopping_takes_those_behind_along_so_that_none_overtakes() -> None:
    account = support.make_account()
    support.make_transactions(account, ["1.00"] * 2001)
    first, second, third = confirm(account)
    assert pushing.waiting_behind(second) == [third]
    assert pushing.cancel(second, reason="wrong", by=BY, now=timezone.now())
    assert [p.status for p in Push.objects.order_by("sequence")] == [
        PushStatus.READY,
        PushStatus.CANCELLED,
        PushStatus.CANCELLED,
    ]
    assert plan(account).rows == 1001


def test_stopping_too_late_changes_nothing() -> None:
    account = support.make_account()
    support.make_transactions(account, ["1.00"] * 1001)
    first, second = confirm(account)
    stale = Push.objects.get(pk=first.pk)
    first.step(PushStatus.SENDING, by=BY, now=timezone.now())
    assert not pushing.cancel(stale, reason="late", by=BY, now=timezone.now())
    assert Push.objects.get(pk=second.pk).status == PushStatus.READY


def test_a_row_can_be_held_by_one_push_only() -> None:
    account = support.make_account()
    support.make_transactions(account, ["1.00"])
    (push,) = confirm(account)
    assert BankTransaction.objects.free().count() == 0
    push.items.update(released=True)
    assert BankTransaction.objects.free().count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_people_confirming_at_once_send_each_row_once() -> None:
    account = support.make_account()
    support.make_transactions(account)
    start = threading.Barrier(2)
    results: list[object] = []

    def press(key: str) -> None:
        start.wait()
        try:
            results.append(len(confirm(account, key=key)))
        except pushing.RowsChanged:
            results.append("changed")
        finally:
            connections.close_all()

    threads = [threading.Thread(target=press, args=(key,)) for key in ("a", "b")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Push.objects.count() == 1
    assert 1 in results
    assert connection.is_usable()


@pytest.mark.parametrize("scope", ["account", "company", "everything"])
def test_a_stopped_account_is_left_out_with_the_reason(scope: str) -> None:
    account, other = support.make_account(), support.make_account()
    for each in (account, other):
        support.make_transactions(each)
    of: Any = {"account": {"account": account}, "company": {"company": account.company}}.get(
        scope, {}
    )
    SendingStop.objects.create(stopped_at=timezone.now(), stopped_by="ann", reason="fraud", **of)
    fresh = pushing.plan([account, other], today=support.today())
    assert [left.account for left in fresh.left_out][0] == account
    assert "fraud (ann)" in fresh.left_out[0].words
    assert len(fresh.accounts) == (0 if scope == "everything" else 1)
