"""Column profiles: the list, the page of a version, and the addresses where they are made."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern
from django.utils.translation import gettext_lazy as _

from bankfeeds import words
from bankfeeds.admin.parts import PortalAdmin
from bankfeeds.intake.profile import profile_of
from bankfeeds.models import ColumnProfile

from . import profile_pages, profile_shown


@admin.register(ColumnProfile)
class ColumnProfileAdmin(PortalAdmin):
    list_display = ("named", "institution", "version", "state", "made_by", "at")
    list_display_links = ("named",)
    list_title = _("Column profiles")
    search_fields = ("name", "institution")
    search_help_text = _("Search by name or institution")
    sortable_by = ()
    actions = None
    show_facets = admin.ShowFacets.NEVER

    def get_queryset(self, request: HttpRequest) -> QuerySet[ColumnProfile]:
        """The newest version of each; older ones stand on its page."""
        return ColumnProfile.objects.newest().defer("setup")

    def get_urls(self) -> list[URLPattern]:
        return [
            self.own("add/", "add", profile_pages.add),
            self.own("sample/<int:pk>/", "sample", profile_pages.sample_page),
            self.own("<int:pk>/retire/", "retire", profile_pages.retire),
            *super().get_urls(),
        ]

    def show(self, request: HttpRequest, pk: int) -> HttpResponse | None:
        row = ColumnProfile.objects.filter(pk=pk).first()
        if row is None:
            return None
        family = row.family().annotate(files=Count("statements"))
        versions = list(family.defer("setup"))
        return self.page(
            request,
            "page",
            title=str(row),
            row=row,
            facts=profile_shown.facts(profile_of(row.setup)),
            versions=versions,
            is_newest=versions[0].pk == row.pk,
            files=row.statements.count(),
        )

    @admin.display(description=_("name"), ordering="name")
    def named(self, row: ColumnProfile) -> str:
        return row.name

    @admin.display(description=_("state"))
    def state(self, row: ColumnProfile) -> str:
        return str(_("Retired") if row.retired_at else _("In use"))

    @admin.display(description=_("made"))
    def at(self, row: ColumnProfile) -> str:
        return words.moment(row.made_at)
