"""How a day goes: pushed, nothing new, missed, held; twice at once, and killed between."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone

from bankfeeds import calendars, feeds, pushing, tasks
from bankfeeds.feeds import run as running
from bankfeeds.models import (
    Event,
    FeedRun,
    FeedSchedule,
    Origin,
    Push,
    PushStatus,
)
from bankfeeds.models.record import SCHEDULE
from tests import support
from tests.support import queued

from .support import (
    DAY,
    TODAY,
    Trigger,
    arrive,
    by_file,
    daily,
    day_of,
    make_account,
    moment,
    outcome,
    run,
    schedule,
)
from .support import settled as rounds_until_settled

pytestmark = pytest.mark.django_db
NOON = moment(dt.date(2026, 3, 18), "12:00")
EVENING = moment(dt.date(2026, 3, 18), "18:30")


def test_what_is_new_is_pushed_as_the_schedule() -> None:
    account = daily()
    rows = arrive(account, moment(TODAY, "05:00"), date=TODAY)
    assert run(NOON) == 1
    row, push = day_of(account), Push.objects.get()
    assert (row.outcome, row.push, row.ran_at) == ("pushed", push, NOON)
    assert row.words == "2 transactions."
    assert (push.origin, push.requested_by, push.rows) == (Origin.SCHEDULE, "schedule", len(rows))
    assert push.status == PushStatus.READY
    assert push.form_key == f"feed:{account.pk}:{TODAY}"
    assert any(job == "bankfeeds.tasks.deliver" for job, _ in queued())


def test_the_first_push_reaches_seven_days_back_and_later_ones_take_what_is_new() -> None:
    account = daily()
    for age in (8, 7, 1):
        arrive(account, moment(TODAY, "05:00"), date=TODAY - age * DAY)
    run(NOON)
    assert Push.objects.get().first_date == TODAY - 7 * DAY
    Push.objects.update(status=PushStatus.SUCCEEDED)
    arrive(account, moment(TODAY + DAY, "05:00"), date=TODAY + DAY)
    run(NOON + DAY)
    later = Push.objects.order_by("pk").last()
    assert later is not None
    assert (later.rows, later.first_date) == (2, TODAY + DAY)


def test_no_news_is_written_down_as_nothing() -> None:
    account = daily()
    run(NOON)
    assert (day_of(account).outcome, Push.objects.count()) == ("nothing", 0)
    assert "Nothing new" in day_of(account).words
    assert not Event.objects.filter(action="push.left_out").exists()


def test_more_than_a_thousand_rows_are_several_pushes_of_one_day() -> None:
    account = daily()
    arrive(account, NOON, date=TODAY, amounts=("1.00",) * 1001)
    run(NOON)
    assert day_of(account).words == "1001 transactions in 2 pushes."
    assert day_of(account).push == Push.objects.order_by("sequence").first()


# --- Files -----------------------------------------------------------------------------------


def test_the_days_file_is_pushed_when_it_arrives() -> None:
    account = by_file()
    assert run(moment(TODAY, "09:00")) == 0
    arrive(account, moment(TODAY, "09:10"), date=TODAY)
    assert run(moment(TODAY, "09:11")) == 1
    assert day_of(account).outcome == "pushed"
    assert run(EVENING) == 0


def test_no_file_by_the_latest_time_is_missed_and_told() -> None:
    account = by_file()
    rounds_until_settled(EVENING)
    row = day_of(account)
    assert (row.outcome, row.push) == ("missed", None)
    assert row.words == "No file had arrived by 6 p.m. ET."
    event = Event.objects.get(action="feed.missed")
    assert (event.account, event.company, event.origin) == (account, account.company, "schedule")


def test_what_waited_from_before_goes_although_the_day_is_missed() -> None:
    account = by_file()
    arrive(account, moment(TODAY - DAY, "20:00"), date=TODAY - DAY)
    rounds_until_settled(EVENING)
    row, push = day_of(account), Push.objects.get()
    assert (row.outcome, row.push) == ("missed", push)
    assert f"push #{push.pk}" in row.words


def test_a_file_that_comes_late_completes_the_missed_day() -> None:
    account = by_file()
    rounds_until_settled(EVENING)
    arrive(account, moment(TODAY, "19:00"), date=TODAY)
    late = moment(TODAY, "19:01")
    assert run(late) == 1
    row = day_of(account)
    assert (row.outcome, row.push, row.ran_at) == ("pushed", Push.objects.get(), late)
    assert row.words == "The file came late: it was missed at 6:30 p.m. ET. 2 transactions."
    assert Event.objects.filter(action="feed.missed").count() == 1
    assert Event.objects.filter(action="feed.late").count() == 1
    assert run(late) == 0


def test_a_file_without_news_is_not_missed() -> None:
    account = by_file()
    rows = arrive(account, moment(TODAY, "09:00"), date=TODAY)
    pushing.confirm([account], fingerprint=None, form_key="person", by=SCHEDULE, now=NOON)
    rows[0].statement.rows_saved = 0
    rows[0].statement.save()
    rounds_until_settled(EVENING)
    assert day_of(account).outcome == "nothing"


def test_a_file_that_a_person_pushed_first_leaves_nothing() -> None:
    account = by_file()
    arrive(account, moment(TODAY, "09:00"), date=TODAY)
    pushing.confirm([account], fingerprint=None, form_key="person", by=SCHEDULE, now=NOON)
    run(NOON)
    assert (day_of(account).outcome, Push.objects.count()) == ("nothing", 1)


# --- Twice at once, killed between, nobody there ---------------------------------------------


def test_killed_between_the_push_and_the_days_row_leaves_neither(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    account = daily()
    arrive(account, NOON, date=TODAY)
    real = running._write

    def killed(*_: Any, **__: Any) -> FeedRun:
        raise SystemExit

    monkeypatch.setattr(running, "_write", killed)
    with pytest.raises(SystemExit):
        run(NOON)
    assert (Push.objects.count(), FeedRun.objects.count()) == (0, 0)
    monkeypatch.setattr(running, "_write", real)
    run(NOON)
    assert (Push.objects.count(), FeedRun.objects.count()) == (1, 1)


def test_a_push_of_that_day_that_is_there_already_is_taken_over() -> None:
    account = daily()
    arrive(account, NOON, date=TODAY)
    (push,) = pushing.confirm(
        [account],
        fingerprint=None,
        form_key=running.form_key(account.pk, TODAY),
        by=SCHEDULE,
        now=NOON,
    )
    run(NOON)
    assert (day_of(account).outcome, day_of(account).push) == ("pushed", push)
    assert Push.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_make_one_push_and_one_row_of_each() -> None:
    accounts = [daily() for _ in range(6)]
    for account in accounts:
        arrive(account, NOON, date=TODAY)
    start, counts = threading.Barrier(2), []

    def work() -> None:
        start.wait()
        try:
            counts.append(run(NOON))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    run(NOON)
    assert len(counts) == 2
    assert FeedRun.objects.filter(outcome="pushed").count() == Push.objects.count() == 6
    assert {push.form_key for push in Push.objects.all()} == {
        running.form_key(account.pk, TODAY) for account in accounts
    }


@pytest.mark.django_db(transaction=True)
def test_setting_schedules_while_they_run_ends_in_neither_waiting_for_ever() -> None:
    accounts = [daily() for _ in range(8)]
    for account in accounts:
        arrive(account, NOON, date=TODAY)
    start, failed = threading.Barrier(2), []

    def together(work: Callable[[], object]) -> None:
        start.wait()
        try:
            work()
        except Exception as error:
            failed.append(error)
        finally:
            connections.close_all()

    def change() -> None:
        for hour in range(5):
            feeds.set_schedule(
                accounts, is_on=True, trigger=Trigger.DAILY, at=dt.time(hour), by=SCHEDULE,
                now=moment(TODAY, "00:00"),
            )  # fmt: skip

    threads = [
        threading.Thread(target=together, args=(work,)) for work in (change, lambda: run(NOON))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    run(NOON)
    assert FeedRun.objects.filter(outcome="pushed").count() == Push.objects.count() == 8


def test_days_without_a_worker_are_written_down_afterwards() -> None:
    account, filed = make_account(), make_account()
    schedule(account)
    schedule(filed, trigger=Trigger.FILE, at="18:00")
    for each in (account, filed):
        FeedRun.objects.create(
            account=each, day=TODAY - 6 * DAY, ran_at=timezone.now(), outcome="nothing"
        )
    arrive(filed, moment(TODAY - 2 * DAY, "09:00"), date=TODAY - 2 * DAY)
    rounds_until_settled(moment(TODAY, "05:00"))
    # Yesterday is carried out now; Friday and Monday had no worker, the weekend is no gap.
    days = [TODAY - 5 * DAY, TODAY - 4 * DAY, TODAY - 2 * DAY, TODAY - DAY]
    assert [outcome(account, day) for day in days] == ["held", "", "held", "nothing"]
    assert [outcome(filed, day) for day in days] == ["missed", "", "held", "missed"]
    assert FeedRun.objects.get(account=filed, day=TODAY - DAY).push is not None
    assert outcome(account, TODAY) == ""


def test_the_sweep_rings_only_when_something_is_due() -> None:
    account = daily()
    feeds.ring_due(now=moment(TODAY, "05:00"))
    assert queued() == []
    feeds.ring_due(now=NOON)
    assert queued() == [("bankfeeds.tasks.run_feeds", ())]
    FeedSchedule.objects.filter(pk=account.pk).update(is_on=False)
    assert run(NOON) == 0


@pytest.mark.django_db(transaction=True)
def test_a_feed_runs_to_its_end_without_anyone_pressing_a_button(
    onboarded: support.Onboarded, drain: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calendars, "is_business_day", lambda *_, **__: True)
    account = onboarded.accounts[0]
    schedule(account, at="00:00")
    support.make_transactions(account)
    tasks.sweep()
    drain()
    (push,) = Push.objects.all()
    assert (push.status, push.requested_by) == (PushStatus.SUCCEEDED, "schedule")
    assert FeedRun.objects.filter(account=account, push=push, outcome="pushed").count() == 1
