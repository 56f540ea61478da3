"""The push history's filter *with a mark*."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy

from bankfeeds import marks
from bankfeeds.admin.filters import Choice
from bankfeeds.models import Push, PushMark

Kind = PushMark.Kind


class MarkFilter(Choice):
    """Pushes by what was put on them afterwards."""

    title = gettext_lazy("mark")
    parameter_name = "mark"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("any", gettext_lazy("With a mark")),
            ("open", Kind.MAY_BE_MISSING.label),
            (Kind.SENT_AGAIN.value, Kind.SENT_AGAIN.label),
            (Kind.SEEN_TO.value, Kind.SEEN_TO.label),
            (Kind.SENT_IN_ERROR.value, Kind.SENT_IN_ERROR.label),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Push]) -> QuerySet[Push]:
        value = self.value()
        if value == "open":
            return marks.still_open(queryset)
        found = PushMark.objects.all()
        if value in Kind.values:
            found = found.filter(kind=value)
        elif value != "any":
            return queryset
        return queryset.filter(pk__in=found.values("push"))
