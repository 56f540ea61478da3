"""Companies: the list with which the day begins, and the addresses of a company's pages."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bankfeeds import words
from bankfeeds.admin import (
    company_status,
    mirror_rows,
    mirror_search,
    mirror_shown,
    mirror_words,
    next_step,
    notes,
)
from bankfeeds.admin.parts import PortalAdmin, badge, demand, two_lines
from bankfeeds.admin.pushes import search
from bankfeeds.models import Company
from bankfeeds.words import legend

from . import (
    adopting,
    company_add,
    company_edit,
    company_left,
    company_lists,
    company_owner,
    company_page,
    leaving_urls,
)
from .connection_link import link_cell


class CompanyList(ChangeList):
    """Knows what keeps the rows on the page from leaving: the next step depends on it."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_list = list(self.result_list)
        mirror_rows.put_holds(self.result_list)


@admin.register(Company)
class CompanyAdmin(PortalAdmin):
    explained = (legend.of_connections, legend.of_closed, legend.of_stops, legend.of_links)
    columns = (
        "company",
        "status",
        "next_step",
        "link",
        "waiting",
        "accepted",
        "owned_by",
        "made",
    )
    list_display_links = ("company",)
    list_filter = (
        company_lists.OwnerFilter,
        company_status.StatusFilter,
        company_lists.LinkFilter,
        company_lists.DecisionFilter,
        mirror_search.CountryFilter,
        company_lists.ClosedFilter,
        company_left.OwnerLeftFilter,
    )
    list_select_related = ("owner", "replaced_by")
    search_fields = ("name",)
    list_title = gettext_lazy("Companies")
    add_title = gettext_lazy("Add company")
    search_help_text = gettext_lazy("Search by name, reference, last four digits or Codat id")
    show_facets = admin.ShowFacets.NEVER
    sortable_by = ("company", "made")
    actions = ("create_connections", "push_connected", "refresh_statuses", "change_owner")

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return CompanyList

    def get_list_display(self, request: HttpRequest) -> tuple[Any, ...]:
        """Whoever may not see links has no column of them; buttons in it know who presses."""
        last = "waited" if company_lists.shows_waiting(request) else "made"
        columns = (*self.columns[:-1], last)
        if not mirror_shown.may(request, "see_link"):
            return tuple(name for name in columns if name != "link")

        @admin.display(description=gettext_lazy("Link"))
        def link(row: Company) -> SafeString | str:
            return link_cell(request, mirror_rows.current(row), now=timezone.now())

        return tuple(link if name == "link" else name for name in columns)

    def get_ordering(self, request: HttpRequest) -> Any:
        """Who has waited longest comes first in the list of those who wait."""
        if company_lists.shows_waiting(request):
            return ("connection_since", "id")
        return super().get_ordering(request)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Company]:
        rows = company_lists.with_waiting(Company.objects.all())
        rows = rows.order_by(*self.get_ordering(request))
        return mirror_rows.companies(rows, today=timezone.localdate())

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The search above every page leads here: what names a push exactly leads to that push."""
        typed = request.GET.get("q", "")
        if typed and mirror_shown.may(request, "view_push"):
            pushes = search.named_exactly(typed)
            if len(pushes) == 1:
                return redirect("admin:bankfeeds_push_change", pushes[0])
            if pushes:
                query = urlencode({"q": typed})
                return redirect(f"{reverse('admin:bankfeeds_push_changelist')}?{query}")
        return super().changelist_view(request, extra_context)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Company], search_term: str
    ) -> tuple[QuerySet[Company], bool]:
        if not mirror_search.cleaned(search_term):
            return queryset, False
        return queryset.filter(mirror_search.companies(search_term)), False

    def get_urls(self) -> list[URLPattern]:
        return [
            self.own("name-at-codat/", "name_at_codat", company_add.name_preview),
            self.own("adopt/", "adopt", adopting.view),
            self.own("adopt/<int:pk>/", "adopt_look", adopting.look),
            self.own("adopt/<int:pk>/status/", "adopt_status", adopting.status),
            self.own("<int:pk>/edit/", "edit", company_edit.view),
            self.own("<int:pk>/continue/", "continue", company_page.go_on),
            self.own("<int:pk>/connect/", "connect", company_page.connect),
            *(self.own(*each) for each in leaving_urls.COMPANY),
            self.own("<int:pk>/note/", "note", notes.add),
            self.own("<int:pk>/refresh/", "refresh", company_page.refresh),
            *super().get_urls(),
        ]

    def add_view(
        self,
        request: HttpRequest,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        demand(request, "add_company")
        return company_add.view(self, request)

    def show(self, request: HttpRequest, pk: int) -> HttpResponse | None:
        company = company_page.find(pk)
        return company_page.view(self, request, company) if company else None

    # --- Actions on several ------------------------------------------------------------------

    def has_connect_permission(self, request: HttpRequest) -> bool:
        return mirror_shown.may(request, "add_connection")

    @admin.action(description=gettext_lazy("Create QuickBooks connection"), permissions=["connect"])
    def create_connections(self, request: HttpRequest, chosen: QuerySet[Company]) -> None:
        company_add.connect_all(request, list(chosen))

    def has_push_permission(self, request: HttpRequest) -> bool:
        return mirror_shown.may(request, "push_sourceaccount")

    def has_refresh_permission(self, request: HttpRequest) -> bool:
        return mirror_shown.may(request, "refresh_sourceaccount")

    @admin.action(description=gettext_lazy("Push connected accounts"), permissions=["push"])
    def push_connected(self, request: HttpRequest, chosen: QuerySet[Company]) -> HttpResponse:
        """To the confirmation page, where whatever cannot go is named."""
        rows = [tie for company in chosen if (tie := mirror_rows.current(company))]
        accounts = [row.pk for tie in rows for row in mirror_rows.counted(tie)]
        if not accounts:
            messages.warning(request, _("These companies have no accounts. Nothing was sent."))
            return redirect(request.get_full_path())
        query = urlencode({"account": accounts}, doseq=True)
        return redirect(f"{reverse('admin:bankfeeds_push_confirm')}?{query}")

    @admin.action(description=gettext_lazy("Refresh statuses"), permissions=["refresh"])
    def refresh_statuses(self, request: HttpRequest, chosen: QuerySet[Company]) -> None:
        company_page.refresh_all(request, list(chosen))

    def has_own_permission(self, request: HttpRequest) -> bool:
        return mirror_shown.may(request, "change_company")

    @admin.action(description=gettext_lazy("Change owner"), permissions=["own"])
    def change_owner(self, request: HttpRequest, chosen: QuerySet[Company]) -> HttpResponse | None:
        return company_owner.change_owner(self, request, chosen)

    # --- Columns -----------------------------------------------------------------------------

    @admin.display(description=gettext_lazy("company"), ordering="folded_name")
    def company(self, row: Company) -> SafeString:
        below = [row.reference, _("Closed") if row.closed_at else ""]
        return two_lines(row.name, " · ".join(filter(None, below)))

    @admin.display(description=gettext_lazy("status"))
    def status(self, row: Company) -> SafeString:
        tie = mirror_rows.current(row)
        word = badge(mirror_words.headline(row, tie, now=timezone.now()))
        stopped = mirror_words.own_stop(tie, getattr(row, "barriers", mirror_words.NO_BARRIERS))
        return word if stopped is None else format_html("{}<br>{}", word, badge(stopped))

    @admin.display(description=gettext_lazy("next step"))
    def next_step(self, row: Company) -> str:
        barriers = getattr(row, "barriers", mirror_words.NO_BARRIERS)
        tie = mirror_rows.current(row)
        return next_step.of_client(row, tie, now=timezone.now(), barriers=barriers).text

    @admin.display(description=gettext_lazy("waiting rows"))
    def waiting(self, row: Company) -> SafeString | str:
        rows = mirror_rows.to_go(row)
        return mirror_shown.waiting_cell(rows, now=timezone.now())

    @admin.display(description=gettext_lazy("last accepted"))
    def accepted(self, row: Any) -> str:
        return words.day(timezone.localdate(row.accepted_at)) if row.accepted_at else "–"

    @admin.display(description=gettext_lazy("owner"))
    def owned_by(self, row: Company) -> str:
        return words.person(row.owner) if row.owner else "–"

    @admin.display(description=gettext_lazy("waiting since"), ordering="connection_since")
    def waited(self, row: Any) -> str:
        since = row.connection_since
        return words.day(timezone.localdate(since)) if since else "–"

    @admin.display(description=gettext_lazy("created"), ordering="requested_at")
    def made(self, row: Company) -> str:
        return words.day(timezone.localdate(row.requested_at))
