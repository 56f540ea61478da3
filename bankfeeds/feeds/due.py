"""Which schedules are due now: asked of the database, without reading what is not due.

A day is due once its time has come on the institution's clock, or, where the file decides, as
soon as a file with new rows is here. Accounts of one time are spread over ten minutes.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from django.db.models import Exists, ExpressionWrapper, F, IntegerField, OuterRef, Q, QuerySet
from django.utils import timezone

from bankfeeds.models import Event, FeedRun, FeedSchedule, SendingStop, Statement
from bankfeeds.models.mirror import Country

from .days import DAY, BusinessDays, begin

SLOTS = 20
SLOT = dt.timedelta(seconds=30)

# By which we learn that an account is connected.
CONNECTING = ("account.status", "account.created", "account.back")

Trigger = FeedSchedule.Trigger
# What is due on which day: the schedules' own numbers are those of their accounts.
Due = tuple[QuerySet[FeedSchedule], dt.date]


def something_is_due(now: dt.datetime) -> bool:
    """A few indexed questions, the first of which usually settles it."""
    return any(rows.exists() for rows, _day in due(now))


def some_due(now: dt.datetime, *, limit: int) -> list[tuple[int, dt.date]]:
    """At most `limit` accounts with the day that is due; those that waited longest first."""
    found: dict[int, dt.date] = {}
    for rows, day in due(now):
        room = limit - len(found)
        if room <= 0:
            break
        ordered = rows.order_by("newest_day", "at", "pk")
        for pk in ordered.values_list("pk", flat=True)[:room]:
            found.setdefault(pk, day)
    return list(found.items())


def due(now: dt.datetime) -> Iterator[Due]:
    """Sets of due schedules, each with its day; what an idle worker left behind comes first."""
    today = timezone.localdate(now)
    for rows, is_open, before in _by_calendar(today):
        if before is not None:
            yield rows.filter(_set_before(before), newest_day__lt=before), before
        if is_open:
            waiting = rows.filter(_set_before(today))
            for part in _not_run(waiting, today, before):
                yield _time_has_come(part, now), today
            by_file = waiting.filter(trigger=Trigger.FILE, newest_day__lt=today)
            yield by_file.filter(Exists(files_since(begin(today)))), today
            yield rows.filter(pk__in=to_complete(today).values("account")), today


def files_since(since: dt.datetime) -> QuerySet[Statement]:
    """Of the schedule's account: saved files that brought new rows."""
    # Looked at before it was saved, but hardly days before: the index is on that column.
    rows = Statement.objects.filter(account=OuterRef("pk"), uploaded_at__gte=since - 2 * DAY)
    return rows.filter(
        state=Statement.State.SAVED, saved_at__gte=since, rows_saved__gt=0
    ).order_by()


def _by_calendar(
    today: dt.date,
) -> Iterator[tuple[QuerySet[FeedSchedule], bool, dt.date | None]]:
    """Schedules that are on, in one set unless today differs between the countries."""
    days = BusinessDays.around(today)
    rows = FeedSchedule.objects.filter(
        is_on=True,
        account__gone_at=None,
        account__not_wanted_at=None,
        account__company__closed_at=None,
    )
    alike: dict[tuple[bool, dt.date | None], list[str]] = {}
    for country in Country.values:
        said = days.is_open(today, country=country), days.previous(today, country=country)
        alike.setdefault(said, []).append(country)
    for (is_open, before), countries in alike.items():
        of = rows if len(alike) == 1 else rows.filter(account__company__country__in=countries)
        yield of, is_open, before


def _set_before(day: dt.date) -> Q:
    """It was set before its time of that day (`days.counts`, as a question)."""
    earlier_that_day = Q(changed_at__lt=begin(day + DAY), at__gt=F("changed_at__time"))
    return Q(changed_at__lt=begin(day)) | earlier_that_day


def _not_run(
    rows: QuerySet[FeedSchedule], today: dt.date, before: dt.date | None
) -> list[QuerySet[FeedSchedule]]:
    """Those that have not run today. Nearly all ran on the business day before: these by
    themselves, so that the index leads straight to the ones whose time has come.
    """
    if before is None:
        return [rows.filter(newest_day__lt=today)]
    others = {"newest_day__gt": before, "newest_day__lt": today}
    parts: list[dict[str, dt.date]] = [{"newest_day__lt": before}, {"newest_day": before}, others]
    return [rows.filter(**part) for part in parts]


def _time_has_come(rows: QuerySet[FeedSchedule], now: dt.datetime) -> QuerySet[FeedSchedule]:
    """By the clock on the wall, and by the slot of the account within the ten minutes."""
    wall = timezone.localtime(now).replace(tzinfo=None)
    all_slots = wall - SLOTS * SLOT
    reached = Q(at__lte=all_slots.time()) if all_slots.date() == wall.date() else Q()
    for number in range(SLOTS):
        then = wall - number * SLOT
        if then.date() == wall.date():
            reached |= Q(at__lte=then.time(), slot=number)
    slot = ExpressionWrapper(F("account_id") % SLOTS, IntegerField())
    return rows.annotate(slot=slot).filter(reached, at__lte=wall.time())


def to_complete(day: dt.date) -> QuerySet[FeedRun]:
    """Runs of that day that went wrong and can go right by now.

    Missed, and then the file came; held, and then the stop was lifted or the client connected.
    """
    after = Statement.objects.filter(account=OuterRef("account"), saved_at__gt=OuterRef("ran_at"))
    after = after.filter(state=Statement.State.SAVED, rows_saved__gt=0).order_by()
    by_file = Q(account__schedule__trigger=Trigger.FILE)
    came = Q(Exists(after), by_file, outcome=FeedRun.Outcome.MISSED)
    wrong = (FeedRun.Outcome.MISSED, FeedRun.Outcome.HELD)
    runs = FeedRun.objects.filter(day=day, outcome__in=wrong).order_by()
    return runs.filter(came | _released())


def _released() -> Q:
    over = Q(account=OuterRef("account")) | Q(company=OuterRef("account__company"))
    stops = SendingStop.objects.filter(over | Q(account=None, company=None)).order_by()
    learned = Event.objects.filter(account=OuterRef("account"), at__gt=OuterRef("ran_at"))
    learned = learned.filter(action__in=CONNECTING).order_by()
    lifted = Exists(stops.filter(allowed_at__gt=OuterRef("ran_at")))
    return Q(
        Q(lifted) | Q(Exists(learned)),
        ~Exists(stops.filter(allowed_at=None)),
        outcome=FeedRun.Outcome.HELD,
        account__status__iexact="connected",
    )
