"""Filters of the push history from day to day: of its confirmation, and of its rows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from bankfeeds.models import Push
from bankfeeds.rules import FEED_WINDOW

from .push_search import PeriodFilter, midnight


class DatesFilter(admin.ListFilter):
    """From day to day, both counted in; two fields above the table, kept in the address."""

    title = _("dates of confirmation")
    template = "admin/bankfeeds/push/dates.html"
    FROM, TO = "from", "to"

    def __init__(self, request: HttpRequest, params: dict[str, Any], *rest: Any) -> None:
        super().__init__(request, params, *rest)
        for name in (self.FROM, self.TO):
            if name in params:
                self.used_parameters[name] = params.pop(name)[-1]

    def has_output(self) -> bool:
        return True

    def expected_parameters(self) -> list[str | None]:
        return [self.FROM, self.TO]

    def day(self, name: str) -> dt.date | None:
        try:
            day = dt.date.fromisoformat(str(self.used_parameters.get(name, "")))
        except ValueError:
            return None
        # Neither midnight nor the day after may fall out of the calendar.
        return day if 1900 <= day.year <= 9000 else None

    def choices(self, changelist: Any) -> Iterator[dict[str, Any]]:
        names = [self.FROM, self.TO]
        others = changelist.params.items()
        yield {
            "from_name": self.FROM,
            "to_name": self.TO,
            "from": self.day(self.FROM),
            "to": self.day(self.TO),
            "kept": [(k, v) for k, v in others if k not in (*names, "p")],
            "without": changelist.get_query_string(remove=names),
        }

    def queryset(self, request: HttpRequest, queryset: QuerySet[Push]) -> QuerySet[Push]:
        return self.between(queryset, self.day(self.FROM), self.day(self.TO))

    def between(
        self, rows: QuerySet[Push], first: dt.date | None, last: dt.date | None
    ) -> QuerySet[Push]:
        if first:
            rows = rows.filter(requested_at__gte=midnight(first))
        if last:
            rows = rows.filter(requested_at__lt=midnight(last + dt.timedelta(days=1)))
        return rows


class RowDatesFilter(DatesFilter):
    """By the days of their rows."""

    title = _("dates of rows")
    FROM, TO = "rows_from", "rows_to"

    def between(
        self, rows: QuerySet[Push], first: dt.date | None, last: dt.date | None
    ) -> QuerySet[Push]:
        return with_rows_of(rows, first, last)


class RowPeriodFilter(PeriodFilter):
    """By the days of the rows, of which some push has one."""

    title = _("period of rows")
    parameter_name = "rows_period"

    def between(self, rows: QuerySet[Push], first: dt.date, after: dt.date) -> QuerySet[Push]:
        return with_rows_of(rows, first, after - dt.timedelta(days=1))


# A push takes rows of the last seven days and none of the future, each in its institution's days.
ROWS_REACH = FEED_WINDOW + dt.timedelta(days=1)


def with_rows_of(
    rows: QuerySet[Push], first: dt.date | None, last: dt.date | None
) -> QuerySet[Push]:
    """Pushes with a row of any of these days, or between their first and their last.

    Bounded by the confirmation too, which has an index: the rest of the history is not read.
    """
    if first:
        rows = rows.filter(last_date__gte=first, requested_at__gte=midnight(first))
    if last:
        until = midnight(last + ROWS_REACH + dt.timedelta(days=1))
        rows = rows.filter(first_date__lte=last, requested_at__lt=until)
    return rows
