"""What waited too long: made anew at its place, nothing lost without being listed."""

from __future__ import annotations

import datetime as dt
import threading

import pytest
from django.db import connections

from bankfeeds import feeds, pushing
from bankfeeds.models import (
    BankTransaction,
    Event,
    FeedRun,
    Push,
    PushAttempt,
    PushStatus,
    SendingStop,
    SourceAccount,
)
from bankfeeds.models.record import SCHEDULE, WORKER
from bankfeeds.rules import FEED_WINDOW
from tests import support

from .support import DAY, TODAY, arrive, make_account, moment, schedule, settled

pytestmark = pytest.mark.django_db
NOON = moment(TODAY, "12:00")


def confirm(account: SourceAccount, *, now: dt.datetime = NOON, key: str = "k") -> list[Push]:
    return pushing.confirm([account], fingerprint=None, form_key=key, by=SCHEDULE, now=now)


def waiting(account: SourceAccount, *ages: int) -> Push:
    """A waiting push with two rows of each of these days before today."""
    for age in ages:
        arrive(account, NOON, date=TODAY - age * DAY)
    (push,) = confirm(account)
    return push


def held_rows(push: Push) -> list[BankTransaction]:
    return [item.transaction for item in push.items.filter(released=False).order_by("position")]


def test_a_push_whose_rows_may_all_go_is_left_alone() -> None:
    push = waiting(make_account(), 7, 0)
    assert pushing.recut(push, now=NOON, by=WORKER) is None
    assert pushing.recut_due(now=NOON) == 0
    push.refresh_from_db()
    assert push.status == PushStatus.READY


def test_rows_that_aged_out_are_listed_and_the_rest_goes_on_at_the_same_place() -> None:
    account = make_account()
    push = waiting(account, 7, 3)
    row = FeedRun.objects.create(account=account, day=TODAY, ran_at=NOON, push=push)
    later = moment(TODAY + DAY, "00:01")
    fresh = pushing.recut(push, now=later, by=WORKER)
    push.refresh_from_db()
    row.refresh_from_db()
    assert fresh is not None
    assert (push.status, fresh.status) == (PushStatus.CANCELLED, PushStatus.READY)
    assert (fresh.rows, fresh.first_date) == (2, TODAY - 3 * DAY)
    assert (fresh.form_key, row.push) == (push.form_key, fresh)
    lost = [item.transaction for item in push.items.all()[:2]]
    event = Event.objects.get(action="push.too_late", push=push)
    assert event.after["count"] == 2
    assert event.after["from"] == event.after["to"] == (TODAY - 7 * DAY).isoformat()
    assert event.after["transactions"] == [
        {"id": tx.transaction_id, "date": tx.date.isoformat(), "code": "too-old"} for tx in lost
    ]
    assert event.after["replacement"] == fresh.pk
    assert "2 of its 4 rows" in Event.objects.get(action="push.cancelled").words
    assert list(BankTransaction.objects.free().in_feed_order()) == lost
    found = feeds.losses(account, today=TODAY + DAY)
    assert [each.row for each in found.part(1)] == lost


def test_where_nothing_remains_it_is_only_cancelled() -> None:
    push = waiting(make_account(), 3)
    assert pushing.recut(push, now=NOON + 6 * DAY, by=WORKER) is None
    push.refresh_from_db()
    assert push.status == PushStatus.CANCELLED
    assert Push.objects.count() == 1
    assert Event.objects.get(action="push.too_late").after["replacement"] is None


def test_those_behind_stay_behind() -> None:
    account = make_account()
    arrive(account, NOON, date=TODAY - 7 * DAY)
    arrive(account, NOON, date=TODAY - 5 * DAY, amounts=("1.00",) * 999)
    first, second = confirm(account)
    assert (first.rows, second.rows) == (1000, 1)
    later = NOON + DAY
    assert pushing.recut_due(now=later) == 1
    waiting_now = Push.objects.filter(status=PushStatus.READY).order_by("sequence")
    assert [push.rows for push in waiting_now] == [998, 1]
    assert waiting_now[1].pk == second.pk
    assert pushing.behind(waiting_now[1]) == waiting_now[0]
    assert pushing.recut_due(now=later) == 0


def test_a_row_older_than_what_was_sent_before_it_does_not_go_either() -> None:
    account = make_account()
    push = waiting(account, 7, 1)
    # As after a decision that put another push in front of it.
    sent = support.make_transactions(account, date=TODAY)
    support.make_push(account, sent, sequence=0, status=PushStatus.SUCCEEDED)
    assert pushing.recut(push, now=NOON + DAY, by=WORKER) is None
    codes = [row["code"] for row in Event.objects.get(action="push.too_late").after["transactions"]]
    assert codes == ["too-old"] * 2 + ["older-than-newest"] * 2
    assert Push.objects.get(pk=push.pk).status == PushStatus.CANCELLED


@pytest.mark.parametrize("outcome", [PushAttempt.Outcome.NOT_SENT, PushAttempt.Outcome.THROTTLED])
def test_tries_that_surely_did_not_arrive_change_nothing(outcome: str) -> None:
    push = waiting(make_account(), 7)
    _attempt(push, outcome)
    Push.objects.filter(pk=push.pk).update(first_sent_at=NOON)
    assert pushing.recut_due(now=NOON + DAY) == 1


def test_what_may_have_arrived_or_is_on_its_way_is_never_made_anew() -> None:
    unsure, open_try, sent = (waiting(make_account(), 7) for _ in range(3))
    Push.objects.filter(pk=unsure.pk).update(unsure_since=NOON)
    _attempt(open_try, PushAttempt.Outcome.OPEN)
    sent.step(PushStatus.SENDING, by=WORKER, now=NOON)
    for push in (unsure, open_try, sent):
        assert pushing.recut(push, now=NOON + DAY, by=WORKER) is None
    assert pushing.recut_due(now=NOON + DAY) == 0
    assert not Push.objects.filter(status=PushStatus.CANCELLED).exists()


def _attempt(push: Push, outcome: str) -> None:
    PushAttempt.objects.create(
        push=push,
        number=1,
        fence=1,
        idempotency_key=push.idempotency_key,
        body_sha256=push.body_sha256,
        started_at=NOON,
        ended_at=NOON if outcome else None,
        outcome=outcome,
    )


def test_the_engine_does_not_send_what_has_to_be_made_anew() -> None:
    push = waiting(make_account(), 7)
    later = NOON + DAY
    assert not Push.objects.due(later, today=TODAY + DAY).filter(pk=push.pk).exists()
    arrive(push.account, NOON, date=TODAY - DAY)
    fresh = pushing.recut(push, now=later, by=WORKER)
    assert fresh is None
    (next_one,) = confirm(push.account, now=later, key="next")
    assert Push.objects.due(later, today=TODAY + DAY).get() == next_one


@pytest.mark.django_db(transaction=True)
def test_two_workers_make_it_anew_once() -> None:
    push = waiting(make_account(), 7, 3)
    start = threading.Barrier(2)

    def work() -> None:
        start.wait()
        try:
            pushing.recut_due(now=NOON + DAY)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Push.objects.filter(account=push.account, status=PushStatus.READY).count() == 1
    assert Event.objects.filter(action="push.too_late").count() == 1


# --- Catching up -----------------------------------------------------------------------------


@pytest.mark.parametrize("days", [3, 8, 10])
@pytest.mark.parametrize("stopped", [True, False], ids=["stop", "outage"])
def test_after_a_stop_or_an_outage_the_feed_catches_up_and_lists_what_it_lost(
    days: int, stopped: bool
) -> None:
    """A push of the first day waits; files come daily; `stopped`: nothing is confirmed then."""
    account, start = make_account(), TODAY - days * DAY
    schedule(account, at="06:00", changed_at=moment(start, "00:00"))
    arrive(account, moment(start, "05:00"), date=start)
    settled(moment(start, "12:00"))
    stop = SendingStop(account=account, stopped_at=NOON, stopped_by="support", reason="why")
    if stopped:
        stop.save()
    for age in range(days - 1, -1, -1):
        day = TODAY - age * DAY
        arrive(account, moment(day, "05:00"), date=day)
        pushing.recut_due(now=moment(day, "05:30"))
        if age:
            settled(moment(day, "12:00"))
    if stopped:
        SendingStop.objects.update(allowed_at=NOON)
    settled(NOON)
    _assert_nothing_lost_unlisted(account)
    waiting_now = Push.objects.filter(account=account, status=PushStatus.READY)
    assert waiting_now.get(last_date=TODAY)
    lost = feeds.losses(account, today=TODAY)
    assert lost.total == 2 * max(0, days - 7)
    assert {row.row.date for row in lost.part(1)} == {
        start + n * DAY for n in range(max(0, days - 7))
    }


def _assert_nothing_lost_unlisted(account: SourceAccount) -> None:
    """Every row is in a push that may go, in order, or in the list of what came too late."""
    going: list[BankTransaction] = []
    for push in Push.objects.filter(account=account, status=PushStatus.READY).order_by("sequence"):
        assert push.first_date >= TODAY - FEED_WINDOW
        going += held_rows(push)
    assert [row.date for row in going] == sorted(row.date for row in going)
    losses = feeds.losses(account, today=TODAY)
    listed = [each.row for each in losses.part(1)]
    assert sorted(row.pk for row in [*going, *listed]) == sorted(
        account.transactions.values_list("pk", flat=True)
    )
    told = {
        row["id"]
        for event in Event.objects.filter(action="push.too_late", account=account)
        for row in event.after["transactions"]
    }
    assert told <= {row.transaction_id for row in listed}
