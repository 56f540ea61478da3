"""Search and filters of companies, connections and accounts: what was typed decides where.

A name is met with and without its accents, an id or the last four exactly.
"""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from bankfeeds import words
from bankfeeds.models import Company, Connection, Intent, SourceAccount
from bankfeeds.models.mirror import Country
from bankfeeds.onboarding import folded, references

from .filters import Choice
from .posted import identifier

LONGEST = 200
MOST = 500


def companies(typed: str) -> Q:
    """Companies by name, reference, last four of an account, id of ours or of Codat."""
    text = cleaned(typed)
    found = Q(pk__in=_companies_with(_accounts(text)))
    if (key := identifier(text)) is not None:
        ties = Connection.objects.filter(codat_id=key).values_list("company", flat=True)
        return found | references.like(text) | Q(codat_id=key) | Q(pk__in=list(ties))
    return found | named(text)


def named(text: str) -> Q:
    """Companies by name or reference alone, however these are written."""
    found = references.like(text) | references.beginning(text)
    if name := folded(text):
        found |= Q(folded_name__contains=name)
    return found


def of_companies(typed: str, *, through: str = "company") -> Q:
    """As `companies`, asked of rows that belong to one; `through`: the way to it."""
    found = Company.objects.filter(companies(typed)).order_by().values_list("pk", flat=True)
    return Q(**{f"{through}__in": list(found[:MOST])})


def accounts(typed: str) -> Q:
    return _accounts(cleaned(typed)) | Q(name__icontains=cleaned(typed)) | of_companies(typed)


def cleaned(typed: str) -> str:
    return typed.replace("\x00", "").strip()[:LONGEST]


def _accounts(text: str) -> Q:
    return Q(account_id=text) | Q(number_last4=text.lstrip("•"))


def _companies_with(found: Q) -> list[int]:
    rows = SourceAccount.objects.filter(found).order_by()
    return list(rows.values_list("company", flat=True)[:MOST])


class AccountStatusFilter(Choice):
    title = _("status")
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            *((word, label) for word, (label, _why, _tone) in words.ACCOUNT_WORDS.items()),
            ("unfinished", _("Not yet at Codat")),
            ("gone", _("Removed")),
        ]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[SourceAccount]
    ) -> QuerySet[SourceAccount]:
        value = self.value()
        if value == "unfinished":
            return queryset.exclude(intent=Intent.DONE)
        if value == "gone":
            return queryset.exclude(gone_at=None)
        if value in words.ACCOUNT_WORDS:
            return queryset.filter(status__iexact=value, intent=Intent.DONE, gone_at=None)
        return queryset


class CountryFilter(Choice):
    title = _("country")
    parameter_name = "country"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(Country.choices)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Company]) -> QuerySet[Company]:
        value = self.value()
        return queryset.filter(country=value) if value in Country.values else queryset


class CurrencyFilter(Choice):
    title = _("currency")
    parameter_name = "currency"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(SourceAccount.Currency.choices)

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[SourceAccount]
    ) -> QuerySet[SourceAccount]:
        value = self.value()
        known = value in SourceAccount.Currency.values
        return queryset.filter(currency=value) if known else queryset


class WordFilter(Choice):
    """By Codat's word as last read."""

    title = _("Codat's word")
    parameter_name = "word"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(word, word) for word in ("PendingAuth", "Linked", "Unlinked", "Deauthorized")]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[Connection]
    ) -> QuerySet[Connection]:
        value = self.value()
        return queryset.filter(status=value.replace("\x00", "")) if value else queryset
