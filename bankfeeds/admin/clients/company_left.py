"""Companies whose owner has left: who still has some, and the list that has them all."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.models import User
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy

from bankfeeds.admin.filters import Choice
from bankfeeds.models import Company

# Nobody has to look after a company that is closed.
_OPEN = {"closed_at": None}


class OwnerLeftFilter(Choice):
    title = gettext_lazy("owner has left")
    parameter_name = "left"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", gettext_lazy("The owner has left"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Company]) -> QuerySet[Company]:
        if self.value() != "yes":
            return queryset
        return queryset.filter(owner__is_active=False, **_OPEN)


def with_left_behind(people: QuerySet[User]) -> QuerySet[User]:
    """People with `left_behind`: how many companies of theirs wait for another owner."""
    theirs = Q(is_active=False, **{f"companies__{name}": value for name, value in _OPEN.items()})
    return people.annotate(left_behind=Count("companies", filter=theirs, distinct=True))


def left_behind(user: User) -> int:
    return 0 if user.is_active else Company.objects.filter(owner=user, **_OPEN).count()


def address(user: User) -> str:
    """The list of a person's companies that are not closed."""
    wanted = urlencode({"owner": user.pk, "closed": "no"})
    return f"{reverse('admin:bankfeeds_company_changelist')}?{wanted}"
