"""What the filters of several lists are made of: choices, days, ids that stand in the address."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import get_format
from django.utils.translation import gettext as _

from .posted import number

LONGEST = 40  # characters of what is shown again


class Choice(admin.SimpleListFilter):
    """A filter above the table, closed until it is used."""

    template = "admin/bankfeeds/push/filter.html"


def midnight(day: dt.date) -> dt.datetime:
    """The first moment of a day of the institution."""
    return timezone.make_aware(dt.datetime.combine(day, dt.time.min))


def period(name: str, *, today: dt.date) -> tuple[dt.date, dt.date] | None:
    """First day, and the day after the last; None for a name that is not known."""
    one = dt.timedelta(days=1)
    weekday = (today.isoweekday() - get_format("FIRST_DAY_OF_WEEK")) % 7
    week, month = today - weekday * one, today.replace(day=1)
    return {
        "today": (today, today + one),
        "yesterday": (today - one, today),
        "week": (week, today + one),
        "month": (month, today + one),
        "last-month": ((month - one).replace(day=1), month),
    }.get(name)


class ByNumber(Choice):
    """Filter by an id in the address; stands in the side bar only while it is used.

    A list of every company would be the larger part of the page.
    """

    model: Any
    column: str

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        value = self.value()
        if value is None:
            return []
        row = self.model.objects.filter(pk=number(value)).first() if number(value) else None
        return [(value, self.named(row) if row else str(_("Unknown")))]

    def named(self, row: Any) -> str:
        return str(row)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value()
        if value is None:
            return queryset
        pk = number(value)
        return queryset.none() if pk is None else queryset.filter(**{self.column: pk})


class DatesFilter(admin.ListFilter):
    """From day to day, both counted in; two fields above the table, kept in the address.

    `moment`: the column of the time that is meant, unless `between` says otherwise.
    """

    moment = ""
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
            day = dt.date.fromisoformat(self.given(name))
        except ValueError:
            return None
        # Neither midnight nor the day after may fall out of the calendar.
        return day if 1900 <= day.year <= 9000 else None

    def given(self, name: str) -> str:
        return str(self.used_parameters.get(name, "")).strip()

    def unread(self) -> list[str]:
        """What the address gives as a day and is none: the list is not narrowed by it."""
        given = [(name, self.given(name)) for name in (self.FROM, self.TO)]
        return [text[:LONGEST] for name, text in given if text and self.day(name) is None]

    def choices(self, changelist: Any) -> Iterator[dict[str, Any]]:
        names = [self.FROM, self.TO]
        others = changelist.params.items()
        yield {
            "from_name": self.FROM,
            "to_name": self.TO,
            "from": self.day(self.FROM),
            "to": self.day(self.TO),
            "kept": [(k, v) for k, v in others if k not in (*names, "p")],
            "unread": self.unread(),
            "without": changelist.get_query_string(remove=names),
        }

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return self.between(queryset, self.day(self.FROM), self.day(self.TO))

    def between(
        self, rows: QuerySet[Any], first: dt.date | None, last: dt.date | None
    ) -> QuerySet[Any]:
        if first:
            rows = rows.filter(**{f"{self.moment}__gte": midnight(first)})
        if last:
            rows = rows.filter(**{f"{self.moment}__lt": midnight(last + dt.timedelta(days=1))})
        return rows
