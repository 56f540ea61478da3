"""Imported files: the list, the steps of an import, and the page of what was saved."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from bankfeeds import words
from bankfeeds.admin import mirror_search
from bankfeeds.admin.parts import ReadOnlyAdmin
from bankfeeds.models import Statement

from . import downloads, preparing, saving, undo
from . import pages as intake_pages


@admin.register(Statement)
class StatementAdmin(ReadOnlyAdmin):
    list_display = (
        "file",
        "for_account",
        "of_company",
        "what_became_of_it",
        "rows_saved",
        "rows_known",
        "rows_rejected",
        "imported_by",
        "at",
    )
    list_display_links = None
    list_filter = ("state", "uploaded_at")
    search_fields = ("file_name",)
    search_help_text = _("Search by file name or company")
    actions = None
    show_facets = admin.ShowFacets.NEVER  # counts each choice: grows with history

    def get_queryset(self, request: HttpRequest) -> QuerySet[Statement]:
        rows = super().get_queryset(request).select_related("account", "company", "saving")
        return rows.defer("rejected", "account__sealed_body")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Statement], search_term: str
    ) -> tuple[QuerySet[Statement], bool]:
        text = mirror_search.cleaned(search_term)
        if not text:
            return queryset, False
        wanted = Q(file_name__icontains=text) | mirror_search.of_companies(text)
        return queryset.filter(wanted), False

    @admin.display(description=_("company"), ordering="company")
    def of_company(self, row: Statement) -> str:
        return str(row.company)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        context = {"title": _("Imported files"), **(extra_context or {})}
        return super().changelist_view(request, context)

    def get_urls(self) -> list[URLPattern]:
        pages: dict[str, tuple[str, Callable[..., HttpResponse]]] = {
            "import/": ("import", intake_pages.import_page),
            "sample/": ("sample", downloads.sample),
            "<int:pk>/preview/": ("preview", intake_pages.preview_page),
            "<int:pk>/preview/status/": ("preparing_status", preparing.status),
            "<int:pk>/preview/again/": ("preparing_again", preparing.again),
            "<int:pk>/opening/": ("opening", intake_pages.state_opening),
            "<int:pk>/save/": ("save", intake_pages.save),
            "<int:pk>/saving/": ("saving", saving.page),
            "<int:pk>/saving/status/": ("saving_status", saving.status),
            "<int:pk>/discard/": ("discard", intake_pages.discard),
            "<int:pk>/undo/": ("undo", undo.undo_page),
            "<int:pk>/bad-rows/": ("bad_rows", downloads.bad_rows),
        }
        own = [self.own(route, name, view) for route, (name, view) in pages.items()]
        return [*own, *super().get_urls()]

    def show(self, request: HttpRequest, pk: int) -> HttpResponse | None:
        statement = self.get_queryset(request).filter(pk=pk).first()
        if statement is None:
            return None
        looked_at = statement.state == Statement.State.PREVIEWED
        if looked_at and request.user.has_perm("bankfeeds.add_statement"):
            return redirect("admin:bankfeeds_statement_preview", pk=pk)
        return intake_pages.saved_page(self, request, statement)

    @admin.display(description=_("file"), ordering="file_name")
    def file(self, row: Statement) -> SafeString:
        url = reverse("admin:bankfeeds_statement_change", args=[row.pk])
        return format_html('<a href="{}">{}</a>', url, row.file_name)

    @admin.display(description=_("account"))
    def for_account(self, row: Statement) -> str:
        return str(row.account)

    @admin.display(description=_("state"))
    def what_became_of_it(self, row: Statement) -> str:
        order = getattr(row, "saving", None)
        if order is not None and order.ended_at is None:
            return str(_("Being saved"))
        return row.get_state_display()

    @admin.display(description=_("when"), ordering="uploaded_at")
    def at(self, row: Statement) -> str:
        return words.moment(row.saved_at or row.uploaded_at)
