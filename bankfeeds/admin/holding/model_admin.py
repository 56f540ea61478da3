"""Stops of sending: their list, open ones first, and the addresses of their pages."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy

from bankfeeds import holding, words
from bankfeeds.admin import holding_shown
from bankfeeds.admin.parts import ReadOnlyAdmin, badge, two_lines
from bankfeeds.models import SendingStop

from . import pages


@admin.register(SendingStop)
class SendingStopAdmin(ReadOnlyAdmin):
    list_display = ("what", "state", "stopped", "why", "allowed", "why_allowed")
    list_display_links = ("what",)
    list_select_related = ("account__company", "company")
    list_title = gettext_lazy("Stops of sending")
    show_facets = admin.ShowFacets.NEVER
    sortable_by = ()
    # Open ones first, then those that were lifted last.
    ordering = (F("allowed_at").desc(nulls_first=True), "-stopped_at", "-id")
    actions = None

    def get_queryset(self, request: HttpRequest) -> QuerySet[SendingStop]:
        rows = super().get_queryset(request)
        return rows.defer("account__sealed_body", "account__problem", "company__problem")

    def get_urls(self) -> list[URLPattern]:
        return [
            self.own("stop/", "stop", pages.stop),
            self.own("<int:pk>/allow/", "allow", pages.allow),
            *super().get_urls(),
        ]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """With the button for everything, which has no page of its own to stand on."""
        standing = holding.open_stop()
        more = {
            "stop_everything": "" if standing else holding_shown.stop_here([]),
            "everything": holding_shown.address(standing),
        }
        return super().changelist_view(request, {**more, **(extra_context or {})})

    def show(self, request: HttpRequest, pk: int) -> HttpResponse | None:
        row = pages.find(pk)
        return pages.view(self, request, row) if row else None

    @admin.display(description=gettext_lazy("what"))
    def what(self, row: SendingStop) -> str:
        return pages.named(row)

    @admin.display(description=gettext_lazy("state"))
    def state(self, row: SendingStop) -> SafeString:
        return badge(words.stopped(row))

    @admin.display(description=gettext_lazy("stopped"))
    def stopped(self, row: SendingStop) -> SafeString:
        return two_lines(words.moment(row.stopped_at), row.stopped_by)

    @admin.display(description=gettext_lazy("reason"))
    def why(self, row: SendingStop) -> str:
        return words.short(row.reason)

    @admin.display(description=gettext_lazy("allowed again"))
    def allowed(self, row: SendingStop) -> SafeString:
        return two_lines(words.moment(row.allowed_at), row.allowed_by)

    @admin.display(description=gettext_lazy("reason for allowing"))
    def why_allowed(self, row: SendingStop) -> str:
        return words.short(row.allowed_reason) or "–"
