"""Filters by one of very many: a few letters, then a choice among what they fit.

Needs no script, and lists at most a screenful, however many there are to choose from.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from bankfeeds.models import Company, SourceAccount

from . import mirror_search
from .filters import ByNumber
from .posted import number

MOST = 20
# What was typed stands in the address beside the filter; it narrows nothing by itself.
LIKE = "_like"


class Picked(ByNumber):
    template = "admin/bankfeeds/picked.html"
    # What can be typed.
    by_what: Any = ""

    def __init__(
        self, request: HttpRequest, params: dict[str, Any], model: Any, model_admin: Any
    ) -> None:
        self.like = f"{self.parameter_name}{LIKE}"
        self.typed = mirror_search.cleaned(request.GET.get(self.like, ""))
        super().__init__(request, params, model, model_admin)
        self.kept: list[tuple[str, str]] = []
        found = list(self.offered(request)[: MOST + 1])
        self.found, self.there_are_more = found[:MOST], len(found) > MOST

    def has_output(self) -> bool:
        return True

    def expected_parameters(self) -> list[str | None]:
        return [self.parameter_name, self.like]

    def offered(self, request: HttpRequest) -> QuerySet[Any]:
        """What there is to choose from now."""
        raise NotImplementedError

    def choices(self, changelist: Any) -> Iterator[Any]:
        """All, the chosen one, and those that fit what was typed."""
        self.kept = [(k, v) for k, v in changelist.params.items() if k not in (self.like, "p")]
        yield from super().choices(changelist)
        for row in self.found:
            if str(row.pk) != self.value():
                chosen = changelist.get_query_string({self.parameter_name: row.pk}, [self.like])
                yield {"selected": False, "query_string": chosen, "display": self.named(row)}


class PickedCompany(Picked):
    title, parameter_name, model, column = _("company"), "company", Company, "company_id"
    by_what = _("Name, reference, last four digits or Codat id")

    def offered(self, request: HttpRequest) -> QuerySet[Company]:
        rows = Company.objects.order_by("name", "pk")
        return rows.filter(mirror_search.companies(self.typed)) if self.typed else rows.none()

    def named(self, row: Company) -> str:
        return f"{row.name} · {row.reference}" if row.reference else row.name


class PickedAccount(Picked):
    title, parameter_name, model, column = _("account"), "account", SourceAccount, "account_id"
    by_what = _("Company, name, last four digits or account id")

    def offered(self, request: HttpRequest) -> QuerySet[SourceAccount]:
        """Those of the chosen company at once; of all companies only what was typed."""
        rows = SourceAccount.objects.select_related("company").defer("sealed_body")
        rows = rows.order_by("company__name", "company_id", "pk")
        company = number(request.GET.get(PickedCompany.parameter_name, ""))
        if company is not None:
            rows = rows.filter(company=company)
        if self.typed:
            return rows.filter(mirror_search.accounts(self.typed))
        return rows if company is not None else rows.none()

    def named(self, row: SourceAccount) -> str:
        return f"{row.company} – {row}"


class OfferingList(ChangeList):
    """A list with such filters: what is only typed is no filter in force."""

    def get_filters_params(self, params: Any = None) -> dict[str, Any]:
        found: dict[str, Any] = super().get_filters_params(params)
        return {name: value for name, value in found.items() if not name.endswith(LIKE)}
