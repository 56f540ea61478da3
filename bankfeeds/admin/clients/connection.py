"""QuickBooks connections: their list, the page of one, and its addresses."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bankfeeds import holding, words
from bankfeeds.admin import (
    holding_shown,
    mirror_rows,
    mirror_search,
    mirror_shown,
    mirror_timeline,
    mirror_words,
    status_timeline,
)
from bankfeeds.admin.parts import PortalAdmin, badge, demand, pressed_only
from bankfeeds.admin.posted import see_other
from bankfeeds.going_back import back
from bankfeeds.models import Connection
from bankfeeds.words import legend

from . import accounts_add, company_page, connection_link, leaving_urls


@admin.register(Connection)
class ConnectionAdmin(PortalAdmin):
    explained = (legend.of_connections, legend.of_stops, legend.of_links)
    columns = ("of_company", "headline", "connected", "link", "as_of", "made")
    list_display_links = ("of_company",)
    list_filter = (mirror_search.WordFilter,)
    search_fields = ("company__name",)
    list_title = gettext_lazy("Connections")
    search_help_text = gettext_lazy("Search by company, reference, last four digits or Codat id")
    show_facets = admin.ShowFacets.NEVER
    sortable_by = ("made",)
    actions = None

    def get_list_display(self, request: HttpRequest) -> tuple[Any, ...]:
        if not mirror_shown.may(request, "see_link"):
            return tuple(name for name in self.columns if name != "link")

        @admin.display(description=gettext_lazy("Link"))
        def link(row: Connection) -> SafeString | str:
            return connection_link.link_cell(request, row, now=timezone.now())

        return tuple(link if name == "link" else name for name in self.columns)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # made on the page of its company

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Connection]:
        return mirror_rows.connections(super().get_queryset(request), today=timezone.localdate())

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Connection], search_term: str
    ) -> tuple[QuerySet[Connection], bool]:
        if not mirror_search.cleaned(search_term):
            return queryset, False
        return queryset.filter(mirror_search.of_companies(search_term)), False

    def get_urls(self) -> list[URLPattern]:
        return [
            self.own("routing/", "routing", accounts_add.routing_preview),
            self.own("<int:pk>/copy-link/", "copy", connection_link.copy),
            self.own("<int:pk>/renew-link/", "renew", connection_link.renew),
            self.own("<int:pk>/refresh/", "refresh", refresh),
            *(self.own(*each) for each in leaving_urls.CONNECTION),
            self.own("<int:pk>/accounts/", "add_accounts", accounts_add.view),
            *super().get_urls(),
        ]

    def show(self, request: HttpRequest, pk: int) -> HttpResponse | None:
        row = self.get_queryset(request).filter(pk=pk).first()
        return view(self, request, row) if row else None

    @admin.display(description=gettext_lazy("company"), ordering="company__folded_name")
    def of_company(self, row: Connection) -> SafeString:
        company = row.company
        return format_html('{}<br><span class="small">{}</span>', company.name, company.reference)

    @admin.display(description=gettext_lazy("status"))
    def headline(self, row: Connection) -> SafeString:
        return badge(mirror_words.headline(row.company, row, now=timezone.now()))

    @admin.display(description=gettext_lazy("connected"))
    def connected(self, row: Connection) -> str:
        counted = len(mirror_rows.counted(row))
        return f"{len(mirror_rows.connected(row))}/{counted}" if counted else "–"

    @admin.display(description=gettext_lazy("Codat's word"))
    def as_of(self, row: Connection) -> SafeString:
        at = words.moment(row.status_as_of)
        return format_html('{}<br><span class="small">{}</span>', row.status or "–", at)

    @admin.display(description=gettext_lazy("created"), ordering="requested_at")
    def made(self, row: Connection) -> str:
        return words.day(timezone.localdate(row.requested_at))


def view(admin: PortalAdmin, request: HttpRequest, connection: Any) -> HttpResponse:
    now, today = timezone.now(), timezone.localdate()
    rows = mirror_rows.accounts(connection.accounts.order_by("pk"), today=today)
    connection.all_accounts = list(mirror_rows.with_money(rows, today=today))
    return admin.page(
        request,
        "page",
        title=_("QuickBooks connection of %(company)s") % {"company": connection.company.name},
        connection=connection,
        company=connection.company,
        word=mirror_words.headline(connection.company, connection, now=now),
        link=mirror_shown.link_block(request, connection, now=now),
        rows=mirror_shown.account_rows(
            connection.all_accounts, now=now, barriers=holding.barriers(connection.all_accounts)
        ),
        stops=holding_shown.of_company(connection.company),
        counted=len(mirror_rows.counted(connection)),
        connected=len(mirror_rows.connected(connection)),
        why_no_accounts=company_page.why_no_accounts(connection),
        lines=mirror_timeline.timeline(connection=connection),
        turns=status_timeline.of_connection(connection),
        here=request.path,
        unfinished=mirror_words.unfinished(connection, now=now),
    )


@pressed_only
def refresh(admin: PortalAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    demand(request, "refresh_sourceaccount")
    connection = connection_link.find(pk)
    company_page.refresh_connection(request, connection)
    page = reverse("admin:bankfeeds_connection_change", args=[pk])
    return see_other(back(request, otherwise=page))
