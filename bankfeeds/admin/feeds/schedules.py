"""Schedules of feeds: their list, and the addresses of their pages and of what came too late."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from bankfeeds import words
from bankfeeds.admin import feed_shown, mirror_search
from bankfeeds.admin.filters import Choice
from bankfeeds.admin.parts import PortalAdmin, badge, two_lines
from bankfeeds.models import FeedSchedule, SourceAccount
from bankfeeds.words import feeds as feed_words

from . import lost, schedule_page

MOST = 500


class OnFilter(Choice):
    title, parameter_name = _("state"), "on"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", _("On")), ("no", _("Off"))]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[FeedSchedule]
    ) -> QuerySet[FeedSchedule]:
        wanted = {"yes": True, "no": False}.get(self.value() or "")
        return queryset if wanted is None else queryset.filter(is_on=wanted)


class TriggerFilter(Choice):
    title, parameter_name = _("when"), "trigger"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(FeedSchedule.Trigger.choices)

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[FeedSchedule]
    ) -> QuerySet[FeedSchedule]:
        value = self.value()
        known = value in FeedSchedule.Trigger.values
        return queryset.filter(trigger=value) if known else queryset


class ScheduleList(ChangeList):
    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_list = list(self.result_list)
        feed_shown.place(self.result_list, now=timezone.now())


@admin.register(FeedSchedule)
class FeedScheduleAdmin(PortalAdmin):
    list_display = ("for_account", "company", "state", "when", "next_run", "last_run", "changed")
    list_display_links = ("for_account",)
    list_filter = (OnFilter, TriggerFilter)
    list_title = _("Feeds that run by themselves")
    search_fields = ("account__name",)
    search_help_text = _("Search by account, its id, last four digits, or company")
    show_facets = admin.ShowFacets.NEVER
    sortable_by = ()
    ordering = ("-changed_at", "-pk")
    actions = None

    def get_urls(self) -> list[URLPattern]:
        return [
            self.own("<int:pk>/set/", "set", schedule_page.set_view),
            self.own("<int:pk>/too-late/", "too_late", lost.of_account),
            self.own("<int:pk>/too-late/file/", "file", lost.file),
            self.own("company/<int:pk>/", "company", schedule_page.company_view),
            self.own("company/<int:pk>/too-late/", "company_too_late", lost.of_company),
            self.own("<int:pk>/too-late/export/", "export_lost", lost.export_of_account),
            self.own(
                "company/<int:pk>/too-late/export/",
                "company_export_lost",
                lost.export_of_company,
            ),
            *super().get_urls(),
        ]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # set on the page of its account

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return ScheduleList

    def get_queryset(self, request: HttpRequest) -> QuerySet[FeedSchedule]:
        return feed_shown.schedules(super().get_queryset(request), today=timezone.localdate())

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[FeedSchedule], search_term: str
    ) -> tuple[QuerySet[FeedSchedule], bool]:
        if not mirror_search.cleaned(search_term):
            return queryset, False
        found = SourceAccount.objects.filter(mirror_search.accounts(search_term)).order_by()
        return queryset.filter(pk__in=list(found.values_list("pk", flat=True)[:MOST])), False

    def show(self, request: HttpRequest, pk: int) -> HttpResponse | None:
        """By the account's number, whether it has a schedule yet or not."""
        account = schedule_page.find(pk)
        return schedule_page.of_account(self, request, account) if account else None

    @admin.display(description=_("account"))
    def for_account(self, row: FeedSchedule) -> str:
        return str(row.account)

    @admin.display(description=_("company"))
    def company(self, row: FeedSchedule) -> SafeString:
        url = reverse("admin:bankfeeds_company_change", args=[row.account.company_id])
        return format_html('<a href="{}">{}</a>', url, row.account.company.name)

    @admin.display(description=_("state"))
    def state(self, row: FeedSchedule) -> SafeString:
        return badge(feed_words.state(row))

    @admin.display(description=_("when"))
    def when(self, row: FeedSchedule) -> str:
        return feed_words.when(row)

    @admin.display(description=_("next run"))
    def next_run(self, row: Any) -> str:
        return row.next_run or "–"

    @admin.display(description=_("last day"))
    def last_run(self, row: Any) -> SafeString | str:
        word = feed_shown.last_run(row)
        if word is None:
            return "–"
        return format_html(
            '{}<br><span class="small">{}</span>', badge(word), words.day(row.last_day)
        )

    @admin.display(description=_("changed"))
    def changed(self, row: FeedSchedule) -> SafeString:
        return two_lines(words.moment(row.changed_at), row.changed_by)
