"""How the days of feeds went: a list in which what was missed is found with two clicks."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from bankfeeds import words
from bankfeeds.admin.filters import ByNumber, Choice, period
from bankfeeds.admin.parts import ReadOnlyAdmin, badge
from bankfeeds.models import Company, FeedRun, SourceAccount
from bankfeeds.words import feeds as feed_words

# Without a period an outcome is looked for in these last days only: history grows without end.
LOOK_BACK = dt.timedelta(days=31)


class OutcomeFilter(Choice):
    title, parameter_name = _("outcome"), "outcome"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("person", _("Missed or could not be sent")), *FeedRun.Outcome.choices]

    def queryset(self, request: HttpRequest, queryset: QuerySet[FeedRun]) -> QuerySet[FeedRun]:
        value = self.value() or ""
        wanted = [FeedRun.Outcome.MISSED, FeedRun.Outcome.HELD] if value == "person" else [value]
        if value != "person" and value not in FeedRun.Outcome.values:
            return queryset
        if not request.GET.get(DayFilter.parameter_name):
            queryset = queryset.filter(day__gte=timezone.localdate() - LOOK_BACK)
        return queryset.filter(outcome__in=wanted)


class DayFilter(Choice):
    title, parameter_name = _("day"), "period"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("today", _("Today")),
            ("yesterday", _("Yesterday")),
            ("week", _("This week")),
            ("month", _("This month")),
            ("last-month", _("Last month")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[FeedRun]) -> QuerySet[FeedRun]:
        days = period(self.value() or "", today=timezone.localdate())
        return queryset.filter(day__gte=days[0], day__lt=days[1]) if days else queryset


class OfCompany(ByNumber):
    title, parameter_name = _("company"), "company"
    model, column = Company, "account__company_id"


class OfAccount(ByNumber):
    title, parameter_name = _("account"), "account"
    model, column = SourceAccount, "account_id"


@admin.register(FeedRun)
class FeedRunAdmin(ReadOnlyAdmin):
    list_display = ("on_day", "for_account", "how", "said", "ran", "its_push")
    list_display_links = ("on_day",)
    list_filter = (OutcomeFilter, DayFilter, OfCompany, OfAccount)
    list_title = _("Days of feeds")
    show_facets = admin.ShowFacets.NEVER
    sortable_by = ()
    ordering = ("-day", "-id")
    actions = None
    fields = ("on_day", "for_account", "how", "said", "ran", "its_push")
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[FeedRun]:
        rows = super().get_queryset(request).select_related("account__company")
        return rows.defer("account__sealed_body", "account__problem", "account__company__problem")

    @admin.display(description=_("day"))
    def on_day(self, row: FeedRun) -> str:
        return words.day(row.day)

    @admin.display(description=_("account"))
    def for_account(self, row: FeedRun) -> SafeString:
        url = reverse("admin:bankfeeds_sourceaccount_change", args=[row.account_id])
        return format_html(
            '<a href="{}">{}</a><br><span class="small">{}</span>',
            url,
            row.account,
            row.account.company.name,
        )

    @admin.display(description=_("outcome"))
    def how(self, row: FeedRun) -> SafeString:
        return badge(feed_words.run(row))

    @admin.display(description=_("words"))
    def said(self, row: FeedRun) -> str:
        return words.said(row.words)

    @admin.display(description=_("ran"))
    def ran(self, row: FeedRun) -> str:
        return words.moment(row.ran_at)

    @admin.display(description=_("push"))
    def its_push(self, row: FeedRun) -> SafeString | str:
        if row.push_id is None:
            return "–"
        url = reverse("admin:bankfeeds_push_change", args=[row.push_id])
        return format_html('<a href="{}">{}</a>', url, words.push_number(row.push_id))
