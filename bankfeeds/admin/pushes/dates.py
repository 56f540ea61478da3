"""Filters of the push history from day to day: of its confirmation, and of its rows."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from bankfeeds.admin.filters import Choice, DatesFilter, midnight, period
from bankfeeds.models import Push
from bankfeeds.rules import FEED_WINDOW


class ConfirmedFilter(DatesFilter):
    title = _("dates of confirmation")
    moment = "requested_at"


class PeriodFilter(Choice):
    """By confirmation, in days of the institution."""

    title = _("confirmed")
    parameter_name = "period"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("today", _("Today")),
            ("yesterday", _("Yesterday")),
            ("week", _("This week")),
            ("month", _("This month")),
            ("last-month", _("Last month")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Push]) -> QuerySet[Push]:
        days = period(self.value() or "", today=timezone.localdate())
        if days is None:
            return queryset
        return self.between(queryset, *days)

    def between(self, rows: QuerySet[Push], first: dt.date, after: dt.date) -> QuerySet[Push]:
        return rows.filter(requested_at__gte=midnight(first), requested_at__lt=midnight(after))


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
