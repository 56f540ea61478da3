"""Work lists of companies: whose they are, how their link stands, who has waited longest."""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy

from bankfeeds import words
from bankfeeds.admin.filters import Choice
from bankfeeds.admin.posted import number
from bankfeeds.models import Company, Connection, Push
from bankfeeds.models.mirror import LINK_LIFETIME

from .company_form import owners

# The filter of the list that shows who waits, and its value.
WAITING = ("status", "waiting")


class OwnerFilter(Choice):
    title = gettext_lazy("owner")
    parameter_name = "owner"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        people = [(str(user.pk), words.person(user)) for user in owners()]
        return [("me", gettext_lazy("Mine")), ("nobody", gettext_lazy("Nobody")), *people]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Company]) -> QuerySet[Company]:
        value = self.value() or ""
        if value == "me":
            return queryset.filter(owner=request.user.pk)
        if value == "nobody":
            return queryset.filter(owner=None)
        pk = number(value)
        return queryset if pk is None else queryset.filter(owner=pk)


class LinkFilter(Choice):
    title = gettext_lazy("link")
    parameter_name = "link"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("valid", gettext_lazy("Valid")),
            ("soon", gettext_lazy("Ends soon")),
            ("expired", gettext_lazy("Expired")),
            ("withdrawn", gettext_lazy("Withdrawn")),
            ("none", gettext_lazy("None yet")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Company]) -> QuerySet[Company]:
        live = Connection.objects.live().filter(company=OuterRef("pk"))
        oldest = timezone.now() - LINK_LIFETIME
        ends_soon = oldest + words.LINK_ENDS_SOON
        given = live.filter(link_withdrawn_at=None)
        wanted = {
            "valid": given.filter(link_issued_at__gte=ends_soon),
            "soon": given.filter(link_issued_at__gt=oldest, link_issued_at__lt=ends_soon),
            "expired": given.filter(link_issued_at__lte=oldest),
            "withdrawn": live.exclude(link_withdrawn_at=None),
        }
        if self.value() == "none":
            return queryset.exclude(Exists(live.exclude(link_issued_at=None)))
        found = wanted.get(self.value() or "")
        return queryset if found is None else queryset.filter(Exists(found))


class DecisionFilter(Choice):
    title = gettext_lazy("needs a decision")
    parameter_name = "decision"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", gettext_lazy("Needs a decision"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Company]) -> QuerySet[Company]:
        if self.value() != "yes":
            return queryset
        return queryset.filter(Exists(Push.objects.for_a_person().filter(company=OuterRef("pk"))))


class ClosedFilter(Choice):
    title = gettext_lazy("closed")
    parameter_name = "closed"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("no", gettext_lazy("Not closed")), ("yes", gettext_lazy("Closed"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Company]) -> QuerySet[Company]:
        wanted = {"yes": False, "no": True}.get(self.value() or "")
        return queryset if wanted is None else queryset.filter(closed_at__isnull=wanted)


def with_waiting(rows: QuerySet[Company]) -> QuerySet[Company]:
    """Companies with `connection_since`: since when they could have connected."""
    live = Connection.objects.live().filter(company=OuterRef("pk")).order_by("-requested_at")
    return rows.annotate(connection_since=Subquery(live.values("requested_at")[:1]))


def shows_waiting(request: HttpRequest) -> bool:
    return request.GET.get(WAITING[0]) == WAITING[1]
