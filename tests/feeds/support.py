"""Schedules, files and moments for the tests of feeds, in the institution's zone."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings

from bankfeeds import feeds
from bankfeeds.models import BankTransaction, FeedRun, FeedSchedule, SourceAccount
from tests import support

Trigger = FeedSchedule.Trigger
DAY = dt.timedelta(days=1)
# A Wednesday without a holiday near it, in both countries.
TODAY = dt.date(2026, 3, 18)
LONG_AGO = dt.datetime(2025, 1, 1, tzinfo=dt.UTC)


def moment(day: dt.date, clock: str) -> dt.datetime:
    """When the institution's clock shows `clock` (06:00 or 06:00:30) on that day."""
    at = dt.datetime.combine(day, dt.time.fromisoformat(clock))
    return at.replace(tzinfo=ZoneInfo(settings.INSTITUTION_TIME_ZONE)).astimezone(dt.UTC)


def make_account(*, country: str = "US", **changes: Any) -> SourceAccount:
    connection = support.make_connection(support.make_company(country=country))
    return support.make_account(connection, **{"feed_start_date": dt.date(2025, 1, 1), **changes})


def schedule(
    account: SourceAccount | None = None,
    *,
    at: str = "06:00",
    trigger: Trigger = Trigger.DAILY,
    changed_at: dt.datetime = LONG_AGO,
    is_on: bool = True,
) -> FeedSchedule:
    return FeedSchedule.objects.create(
        account=account or make_account(),
        is_on=is_on,
        trigger=trigger,
        at=dt.time.fromisoformat(at),
        changed_at=changed_at,
        changed_by="manager",
    )


def arrive(
    account: SourceAccount, saved_at: dt.datetime, *, date: dt.date, amounts: tuple[str, ...] = ()
) -> list[BankTransaction]:
    """A file with rows of that date, saved at that moment."""
    rows = support.make_transactions(account, amounts or ("10.00", "-4.00"), date=date)
    statement = rows[0].statement
    statement.uploaded_at = statement.saved_at = saved_at
    statement.save(update_fields=["uploaded_at", "saved_at"])
    return rows


def run(now: dt.datetime, **more: Any) -> int:
    return feeds.run_due(clock=lambda: now, **more)


def settled(now: dt.datetime) -> None:
    """Rounds until nothing is due any more."""
    for _ in range(50):
        if not feeds.something_is_due(now):
            return
        run(now)
    raise AssertionError("still due")


def outcome(account: SourceAccount, day: dt.date) -> str:
    """How the day went; "" when it was not carried out."""
    found = FeedRun.objects.filter(account=account, day=day).values_list("outcome", flat=True)
    return found.first() or ""


def slotless(n: int = 1, **of: Any) -> list[SourceAccount]:
    """Accounts whose slot is the first of the ten minutes, so that they are due on the dot."""
    found: list[SourceAccount] = []
    while len(found) < n:
        account = make_account(**of)
        if account.pk % 20 == 0:
            found.append(account)
    return found


def daily(**changes: Any) -> SourceAccount:
    account = make_account(**changes)
    schedule(account, changed_at=moment(TODAY, "00:00"))
    return account


def by_file(**changes: Any) -> SourceAccount:
    account = make_account(**changes)
    schedule(account, trigger=Trigger.FILE, at="18:00", changed_at=moment(TODAY, "00:00"))
    return account


def day_of(account: SourceAccount) -> FeedRun:
    return FeedRun.objects.get(account=account, day=TODAY)
