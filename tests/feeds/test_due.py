"""When a feed's time has come: clocks that jump, the ten minutes, holidays, files."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from bankfeeds import feeds
from bankfeeds.feeds import due
from bankfeeds.models import Closure, FeedRun, SourceAccount

from .support import (
    DAY,
    TODAY,
    Trigger,
    arrive,
    make_account,
    moment,
    outcome,
    run,
    schedule,
    settled,
)

pytestmark = pytest.mark.django_db
YESTERDAY = TODAY - DAY
TEN_MINUTES = dt.timedelta(minutes=10)


def ran(account: SourceAccount, day: dt.date) -> None:
    FeedRun.objects.create(account=account, day=day, ran_at=timezone.now(), outcome="nothing")


def daily(*, at: str = "06:00", country: str = "US", ran_on: dt.date = YESTERDAY) -> SourceAccount:
    """An account whose feed ran on the business day before, so that only today is open."""
    account = make_account(country=country)
    schedule(account, at=at)
    ran(account, ran_on)
    return account


def first_due(account: SourceAccount, start: dt.datetime, end: dt.datetime) -> dt.datetime | None:
    now = start
    while now < end:
        if account.pk in dict(due.some_due(now, limit=10)):
            return now
        now += dt.timedelta(seconds=30)
    return None


def test_nothing_is_due_where_nothing_is_on() -> None:
    schedule(is_on=False)
    assert not feeds.something_is_due(moment(TODAY, "23:00"))
    assert run(moment(TODAY, "23:00")) == 0


def test_an_account_is_due_within_ten_minutes_of_its_time_and_once() -> None:
    account = daily()
    assert not feeds.something_is_due(moment(TODAY, "05:59:59"))
    found = first_due(account, moment(TODAY, "05:50"), moment(TODAY, "06:20"))
    assert found == moment(TODAY, "06:00") + account.pk % 20 * dt.timedelta(seconds=30)
    assert run(found) == 1
    assert run(moment(TODAY, "23:59")) == 0
    assert FeedRun.objects.filter(account=account, day=TODAY).count() == 1


def test_accounts_of_one_time_are_spread_over_ten_minutes_always_alike() -> None:
    accounts = [daily() for _ in range(40)]
    begin = moment(TODAY, "06:00")
    counts = [len(due.some_due(begin + dt.timedelta(seconds=30 * n), limit=100)) for n in range(21)]
    # Two more with each slot: never all in one second, and none is left at the end.
    assert counts[:20] == [2 * (n + 1) for n in range(20)]
    assert counts[20] == len(accounts)
    assert counts[5] == len(due.some_due(begin + dt.timedelta(seconds=150), limit=100))


def test_a_round_is_bounded_and_rings_for_the_next() -> None:
    from tests.support import queued

    for _ in range(3):
        daily()
    now = moment(TODAY, "07:00")
    assert run(now, limit=2) == 2
    assert ("bankfeeds.tasks.run_feeds", ()) in queued()
    assert run(now, limit=2) == 1
    assert run(now, limit=2) == 0


@pytest.mark.parametrize(
    ("day", "at", "expected"),
    [
        # 02:00 to 03:00 is left out on March 8, 2026: it runs when the clocks have jumped.
        (dt.date(2026, 3, 8), "02:30", "03:00"),
        # 01:00 to 02:00 is shown twice on November 1, 2026: it runs in the first.
        (dt.date(2026, 11, 1), "01:30", "01:30"),
    ],
)
def test_a_time_that_the_clocks_leave_out_or_show_twice_runs_once(
    day: dt.date, at: str, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Clocks change on Sundays; here banks work on them.
    monkeypatch.setattr("bankfeeds.calendars.SAT", 7)
    monkeypatch.setattr("bankfeeds.calendars._next_weekday", lambda day: day)
    account = daily(at=at, ran_on=day - DAY)
    night = (moment(day, "00:00") + n * TEN_MINUTES for n in range(30))
    carried_out = [now for now in (*night, moment(day, "23:59")) if run(now)]
    assert len(carried_out) == 1
    assert moment(day, expected) <= carried_out[0] <= moment(day, expected) + 2 * TEN_MINUTES
    assert outcome(account, day) == "nothing"


def test_a_time_shortly_before_midnight_runs_for_its_day_soon_after() -> None:
    accounts = [daily(at="23:58") for _ in range(20)]
    settled(moment(TODAY, "23:59:30"))
    early = FeedRun.objects.filter(day=TODAY).count()
    assert 0 < early < 20
    settled(moment(TODAY + DAY, "00:00:10"))
    assert {outcome(account, TODAY) for account in accounts} == {"nothing"}
    assert not FeedRun.objects.filter(day=TODAY + DAY).exists()


@pytest.mark.parametrize("country", ["US", "CA"])
def test_weekends_and_holidays_are_neither_due_nor_missed(country: str) -> None:
    account = make_account(country=country)
    schedule(account, trigger=Trigger.FILE)
    friday = dt.date(2025, 12, 26 if country == "US" else 24)
    ran(account, friday)
    day = friday + DAY
    while (found := due.some_due(moment(day, "23:00"), limit=5)) == []:
        day += DAY
    # US: Saturday and Sunday pass. Canada: Christmas, Boxing Day and the weekend.
    assert day == dt.date(2025, 12, 29)
    assert found == [(account.pk, day)]


def test_a_holiday_of_one_country_is_a_business_day_of_the_other() -> None:
    thanksgiving = dt.date(2025, 11, 27)
    american, canadian = (daily(country=c, ran_on=thanksgiving - DAY) for c in ("US", "CA"))
    settled(moment(thanksgiving, "12:00"))
    assert (outcome(american, thanksgiving), outcome(canadian, thanksgiving)) == ("", "nothing")


def test_own_closing_days_count_for_their_country_or_for_both() -> None:
    american, canadian = daily(country="US"), daily(country="CA")
    Closure.objects.create(day=TODAY, country="US", name="Move of the computers")
    assert dict(due.some_due(moment(TODAY, "12:00"), limit=5)) == {canadian.pk: TODAY}
    Closure.objects.create(day=TODAY, name="Everything is closed")
    assert due.some_due(moment(TODAY, "12:00"), limit=5) == []
    settled(moment(TODAY + DAY, "12:00"))
    assert outcome(american, TODAY) == outcome(canadian, TODAY) == ""
    assert outcome(american, TODAY + DAY) == "nothing"


def test_what_was_set_after_its_time_begins_on_the_next_day() -> None:
    account = make_account()
    set_at = moment(TODAY, "14:00")
    row = schedule(account, at="06:00", changed_at=set_at)
    assert not feeds.something_is_due(moment(TODAY, "23:00"))
    assert feeds.something_is_due(moment(TODAY + DAY, "06:10"))
    row.at = dt.time(15)
    row.save()
    assert feeds.something_is_due(moment(TODAY, "15:10"))


def test_an_account_removed_at_codat_is_not_due() -> None:
    schedule(make_account(gone_at=timezone.now()))
    assert not feeds.something_is_due(moment(TODAY, "12:00"))


def test_a_file_makes_it_due_and_one_without_new_rows_does_not() -> None:
    account = make_account()
    schedule(account, trigger=Trigger.FILE, at="18:00")
    ran(account, YESTERDAY)
    rows = arrive(account, moment(TODAY, "08:00"), date=YESTERDAY)
    statement = rows[0].statement
    statement.rows_saved = 0
    statement.save()
    assert not feeds.something_is_due(moment(TODAY, "08:01"))
    statement.rows_saved = 2
    statement.save()
    assert due.some_due(moment(TODAY, "08:01"), limit=5) == [(account.pk, TODAY)]


def test_yesterdays_file_does_not_make_today_due() -> None:
    account = make_account()
    schedule(account, trigger=Trigger.FILE, at="18:00")
    ran(account, YESTERDAY)
    arrive(account, moment(YESTERDAY, "23:00"), date=YESTERDAY)
    assert not feeds.something_is_due(moment(TODAY, "08:00"))
