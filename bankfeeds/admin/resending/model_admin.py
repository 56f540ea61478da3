"""Orders to send again: their list, and the addresses of their pages."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bankfeeds import words
from bankfeeds.admin.parts import ReadOnlyAdmin, badge, two_lines
from bankfeeds.models import Resending, ResendingRow
from bankfeeds.words import Word

from . import choose, estimate, page

Outcome = ResendingRow.Outcome


def _number(outcome: ResendingRow.Outcome) -> Coalesce:
    """How many of an order ended so; asked for each order of the page, not for all there are."""
    rows = ResendingRow.objects.filter(resending=OuterRef("pk"), outcome=outcome).order_by()
    counted = rows.values("resending").annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


@admin.register(Resending)
class ResendingAdmin(ReadOnlyAdmin):
    list_display = ("number", "asked", "choice", "state", "sent", "left", "why")
    list_display_links = ("number",)
    list_title = gettext_lazy("Orders to send again")
    show_facets = admin.ShowFacets.NEVER
    sortable_by = ()
    ordering = ("-asked_at", "-id")
    actions = None

    def get_queryset(self, request: HttpRequest) -> QuerySet[Resending]:
        rows: QuerySet[Resending] = super().get_queryset(request)
        return rows.annotate(sent_rows=_number(Outcome.SENT), left_rows=_number(Outcome.LEFT))

    def get_urls(self) -> list[URLPattern]:
        return [
            self.own("add/", "add", estimate.view),
            self.own("<int:pk>/status/", "status", page.status_view),
            self.own("push/<int:pk>/file/", "push_file", page.file_view),
            self.own("account/<int:pk>/", "choose", choose.view),
            self.own("account/<int:pk>/seen-to/", "see_to", choose.see_to),
            self.own("account/<int:pk>/file/", "account_file", choose.file_view),
            *super().get_urls(),
        ]

    def show(self, request: HttpRequest, pk: int) -> HttpResponse | None:
        made = page.find(pk)
        return page.view(self, request, made) if made else None

    @admin.display(description=gettext_lazy("order"))
    def number(self, made: Resending) -> str:
        return str(made)

    @admin.display(description=gettext_lazy("asked"))
    def asked(self, made: Resending) -> SafeString:
        return two_lines(words.moment(made.asked_at), made.asked_by)

    @admin.display(description=gettext_lazy("state"))
    def state(self, made: Resending) -> SafeString:
        if made.ended_at is None:
            return badge(Word(_("Under way"), _("Carried out push by push."), "wait"))
        return badge(Word(_("Done"), words.moment(made.ended_at), "good"))

    @admin.display(description=gettext_lazy("in a new push"))
    def sent(self, made: Any) -> str:
        return f"{made.sent_rows}/{made.total}"

    @admin.display(description=gettext_lazy("not sent again"))
    def left(self, made: Any) -> str:
        return str(made.left_rows)

    @admin.display(description=gettext_lazy("reason"))
    def why(self, made: Resending) -> str:
        return words.short(made.reason)
