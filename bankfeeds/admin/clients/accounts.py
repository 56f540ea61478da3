"""Source accounts: their list, and the addresses of an account's pages."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy

from bankfeeds import words
from bankfeeds.admin import mirror_rows, mirror_search, mirror_shown, mirror_words
from bankfeeds.admin.parts import PortalAdmin, badge
from bankfeeds.models import SourceAccount
from bankfeeds.words import legend

from . import account_page, leaving_urls


class AccountList(ChangeList):
    """Knows what of the accounts on the page was confirmed and has not left."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_list = list(self.result_list)
        mirror_rows.put_held(self.result_list, today=timezone.localdate())


@admin.register(SourceAccount)
class SourceAccountAdmin(PortalAdmin):
    explained = (legend.of_accounts, legend.of_stops)
    list_display = ("account", "of_company", "state", "feed_start", "waiting", "accepted", "as_of")
    list_display_links = ("account",)
    list_filter = (mirror_search.AccountStatusFilter, mirror_search.CurrencyFilter)
    search_fields = ("name",)
    list_title = gettext_lazy("Source accounts")
    search_help_text = gettext_lazy("Search by account, its id, last four digits, or company")
    show_facets = admin.ShowFacets.NEVER
    sortable_by = ()
    actions = ("push_chosen",)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return AccountList

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # added on the page of their connection

    def get_queryset(self, request: HttpRequest) -> QuerySet[SourceAccount]:
        rows = super().get_queryset(request).select_related("company", "connection")
        rows = rows.defer("connection__link_url")
        return mirror_rows.accounts(rows, today=timezone.localdate())

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[SourceAccount], search_term: str
    ) -> tuple[QuerySet[SourceAccount], bool]:
        if not mirror_search.cleaned(search_term):
            return queryset, False
        return queryset.filter(mirror_search.accounts(search_term)), False

    def get_urls(self) -> list[URLPattern]:
        return [
            self.own("<int:pk>/rename/", "rename", account_page.rename),
            self.own("<int:pk>/continue/", "continue", account_page.go_on),
            self.own("<int:pk>/refresh/", "refresh", account_page.refresh),
            *(self.own(*each) for each in leaving_urls.ACCOUNT),
            *super().get_urls(),
        ]

    def show(self, request: HttpRequest, pk: int) -> HttpResponse | None:
        row = account_page.find(pk)
        return account_page.view(self, request, row) if row else None

    def has_push_permission(self, request: HttpRequest) -> bool:
        return mirror_shown.may(request, "push_sourceaccount")

    @admin.action(description=gettext_lazy("Push chosen accounts"), permissions=["push"])
    def push_chosen(self, request: HttpRequest, chosen: QuerySet[SourceAccount]) -> HttpResponse:
        """To the confirmation page, where whatever cannot go is named."""
        accounts = list(chosen.order_by("pk").values_list("pk", flat=True))
        query = urlencode({"account": accounts}, doseq=True)
        return redirect(f"{reverse('admin:bankfeeds_push_confirm')}?{query}")

    @admin.display(description=gettext_lazy("account"))
    def account(self, row: SourceAccount) -> SafeString:
        return format_html('{}<br><span class="small mono">{}</span>', row, row.account_id)

    @admin.display(description=gettext_lazy("company"))
    def of_company(self, row: SourceAccount) -> SafeString:
        url = reverse("admin:bankfeeds_company_change", args=[row.company_id])
        return format_html('<a href="{}">{}</a>', url, row.company.name)

    @admin.display(description=gettext_lazy("status"))
    def state(self, row: SourceAccount) -> SafeString:
        return badge(mirror_words.account(row, now=timezone.now()))

    @admin.display(description=gettext_lazy("feed start date"))
    def feed_start(self, row: SourceAccount) -> str:
        return words.day(row.feed_start_date)

    @admin.display(description=gettext_lazy("waiting rows"))
    def waiting(self, row: Any) -> SafeString | str:
        return mirror_shown.waiting_cell([row], now=timezone.now())

    @admin.display(description=gettext_lazy("accepted up to"))
    def accepted(self, row: Any) -> str:
        return words.day(row.accepted_to)

    @admin.display(description=gettext_lazy("as of"))
    def as_of(self, row: SourceAccount) -> str:
        return words.moment(row.status_as_of)
