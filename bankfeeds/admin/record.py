"""The record of events: who did what, on what, and why. Read-only for everybody."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bankfeeds import words
from bankfeeds.exporting.record import ABOUT, READ
from bankfeeds.models import Company, Event, Push, SourceAccount
from bankfeeds.words import actions

from . import mirror_search, parts
from .filters import ByNumber, Choice, DatesFilter


class AboutCompany(ByNumber):
    title, parameter_name = gettext_lazy("company"), "company"
    model, column = Company, "company_id"


class AboutAccount(ByNumber):
    title, parameter_name = gettext_lazy("account"), "account"
    model, column = SourceAccount, "account_id"


class AboutPush(ByNumber):
    title, parameter_name = gettext_lazy("push"), "push"
    model, column = Push, "push_id"


class KindFilter(Choice):
    """By kind; of the kind that was chosen, by each thing that can have happened."""

    title, parameter_name = gettext_lazy("kind"), "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        chosen = self.value()
        kinds = [(kind, label) for kind, (label, _parts) in actions.KINDS.items()]
        if chosen is None:
            return kinds
        names = actions.of_kind(chosen) or actions.of_kind(actions.kind_of(chosen))
        finer = [(name, f"{words.action(name)} ({name})") for name in names]
        return [*kinds, *finer] if names else [*kinds, (chosen, _("Unknown"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Event]) -> QuerySet[Event]:
        chosen = self.value()
        if chosen is None:
            return queryset
        if chosen in actions.WHAT:
            return queryset.filter(action=chosen)
        return queryset.filter(action__in=actions.of_kind(chosen))


class DaysFilter(DatesFilter):
    title = gettext_lazy("dates")
    moment = "at"


@admin.register(Event)
class EventAdmin(parts.ReadOnlyAdmin):
    # A filter by origin has no index and would read the whole record.
    list_filter = (KindFilter, DaysFilter, AboutCompany, AboutAccount, AboutPush)
    search_fields = ("company__folded_name",)
    search_help_text = gettext_lazy("Search by company, or by the person who did it")
    list_display = ("time", "who", "origin", "what", "on_what", "told", "reason")
    list_display_links = ("time",)
    list_select_related = ABOUT
    sortable_by = ()
    ordering = ("-at", "-id")
    list_title = gettext_lazy("Record of events")
    show_facets = admin.ShowFacets.NEVER
    actions = None
    fields = ("time", "who", "origin", "what", "on_what", "told", "reason", "steps")
    readonly_fields = fields

    def row_title(self, row: Event) -> str:
        return f"{words.action(row.action)} · {words.moment(row.at)}"

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Event], search_term: str
    ) -> tuple[QuerySet[Event], bool]:
        """A person by the whole name; a company as its own list finds it."""
        text = mirror_search.cleaned(search_term)
        if not text:
            return queryset, False
        return queryset.filter(Q(actor_name__iexact=text) | mirror_search.of_companies(text)), False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Event]:
        """Only what is shown: a file, a link or a sealed body is never read for a list."""
        return super().get_queryset(request).only(*READ)

    @admin.display(description=gettext_lazy("Time"))
    def time(self, event: Event) -> str:
        return words.moment(event.at)

    @admin.display(description=gettext_lazy("Who"))
    def who(self, event: Event) -> str:
        return words.actor(event.actor_name, event.origin)

    @admin.display(description=gettext_lazy("What"))
    def what(self, event: Event) -> SafeString:
        """In words, with the stable name that exports and searches go by."""
        name = format_html('<span class="small mono">{}</span>', event.action)
        return format_html("{}<br>{}", words.action(event.action), name)

    @admin.display(description=gettext_lazy("On what"))
    def on_what(self, event: Event) -> SafeString | str:
        for name in ABOUT:
            if (thing := getattr(event, name)) is not None:
                return _named(name, thing, event)
        return "–"

    @admin.display(description=gettext_lazy("Words"))
    def told(self, event: Event) -> str:
        return words.said(event.words)

    @admin.display(description=gettext_lazy("From, to"))
    def steps(self, event: Event) -> str:
        return f"{_told(event, event.before)} → {_told(event, event.after)}"


def _told(event: Event, values: dict[str, Any]) -> str:
    """`status: Sending; rows: 3`; a dash where nothing is told."""
    told = (
        words.labelled(name, words.changed(event, name, value)) for name, value in values.items()
    )
    return "; ".join(told) or "–"


def _named(name: str, thing: Any, event: Event) -> SafeString:
    """A link to it, with its company below where that is not the thing itself."""
    # A connection's own words name its company, which stands below already.
    label = _("Connection") if name == "connection" else str(thing)
    if name == "push":
        label = _("Push %(id)s") % {"id": thing}
    address = reverse(f"admin:bankfeeds_{thing._meta.model_name}_change", args=(thing.pk,))
    company = "" if name == "company" or event.company is None else event.company.name
    link = format_html('<a href="{}">{}</a>', address, label)
    return format_html('{}<br><span class="small">{}</span>', link, company) if company else link
