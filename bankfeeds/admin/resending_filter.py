"""The push history's filter *with a mark*, and what its current filter says in words."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bankfeeds import marks, words
from bankfeeds.models import Push, PushMark

from .push_search import Choice, DatesFilter

Kind = PushMark.Kind


class MarkFilter(Choice):
    """Pushes by what was put on them afterwards."""

    title = gettext_lazy("mark")
    parameter_name = "mark"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("any", gettext_lazy("With a mark")),
            ("open", Kind.MAY_BE_MISSING.label),
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


def in_words(changes: Any) -> str:
    """What a change list shows: `status: Refused by Codat · confirmed: Today`."""
    said = [text for spec in changes.filter_specs if (text := _said(spec, changes))]
    if changes.query:
        said.append(_("search: “%(text)s”") % {"text": changes.query})
    return " · ".join(said) or _("all pushes")


def _said(spec: Any, changes: Any) -> str:
    if isinstance(spec, DatesFilter):
        days = [words.day(spec.day(name)) for name in spec.NAMES]
        return f"{spec.title}: {days[0]} – {days[1]}" if days != ["–", "–"] else ""
    chosen = [one for one in list(spec.choices(changes))[1:] if one["selected"]]
    return f"{spec.title}: {chosen[0]['display']}" if chosen else ""
