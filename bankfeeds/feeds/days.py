"""The institution's days: which are business days of a country, and when a time of one comes.

Reads the own closing days; the holidays come from `calendars`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.utils import timezone

from bankfeeds import calendars
from bankfeeds.models import Closure, FeedSchedule
from bankfeeds.models.mirror import Country

DAY = dt.timedelta(days=1)
# Nobody is closed for longer; a run that came later would find nothing that still may go.
LOOK_BACK = dt.timedelta(days=21)
LOOK_AHEAD = dt.timedelta(days=60)


@dataclass(frozen=True)
class BusinessDays:
    """Business days around one day, with the own closing days read once."""

    closed: dict[str, frozenset[dt.date]] = field(default_factory=dict)

    @classmethod
    def around(cls, day: dt.date) -> BusinessDays:
        """Good from three weeks before `day` to two months after it. One question."""
        rows = Closure.objects.filter(day__gte=day - LOOK_BACK, day__lte=day + LOOK_AHEAD)
        days = list(rows.order_by("day").values_list("day", "country"))
        return cls({country: _of(country, days) for country in Country.values})

    def is_open(self, day: dt.date, *, country: str) -> bool:
        return calendars.is_business_day(day, country=country, closed=self._closed(country))

    def previous(self, day: dt.date, *, country: str) -> dt.date | None:
        """The business day before `day`; None when it is too long ago to matter."""
        found = calendars.previous(day, country=country, closed=self._closed(country))
        return found if found and found >= day - LOOK_BACK else None

    def following(self, day: dt.date, *, country: str) -> dt.date | None:
        return calendars.following(day, country=country, closed=self._closed(country))

    def between(self, after: dt.date, before: dt.date, *, country: str) -> list[dt.date]:
        """The business days strictly between two days."""
        days = (after + n * DAY for n in range(1, (before - after).days))
        return [day for day in days if self.is_open(day, country=country)]

    def _closed(self, country: str) -> frozenset[dt.date]:
        return self.closed.get(country, frozenset())


def _of(country: str, days: Iterable[tuple[dt.date, str]]) -> frozenset[dt.date]:
    return frozenset(day for day, of in days if of in ("", country))


def begin(day: dt.date) -> dt.datetime:
    """The first moment of a day of the institution."""
    return moment_of(day, dt.time.min)


def moment_of(day: dt.date, at: dt.time) -> dt.datetime:
    """When it is `at` on that day in the institution's zone.

    A time that the clocks leave out comes as much later as they jump; of one that they show
    twice it is the first.
    """
    return timezone.make_aware(dt.datetime.combine(day, at))


def counts(schedule: FeedSchedule, day: dt.date) -> bool:
    """Whether the schedule was set before its time of that day: else its first day comes later."""
    return schedule.changed_at < moment_of(day, schedule.at)


def next_day(
    schedule: FeedSchedule, *, country: str, days: BusinessDays, ran_today: bool, now: dt.datetime
) -> dt.date | None:
    """The day of its next run; today when that one is still to come. None: it is off."""
    if not schedule.is_on:
        return None
    today = timezone.localdate(now)
    if days.is_open(today, country=country) and not ran_today and counts(schedule, today):
        return today
    return days.following(today, country=country)
