"""Search and filters of the push history: each on an index, none that grows with history.

What was typed decides where it is looked for: an id is met exactly, else it is a company's name
or reference.
"""

from __future__ import annotations

import re
import uuid
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from bankfeeds.admin import mirror_search
from bankfeeds.admin.filters import Choice
from bankfeeds.admin.posted import identifier, number
from bankfeeds.models import (
    Company,
    Connection,
    Decision,
    Origin,
    Push,
    PushAttempt,
    PushDecision,
    PushItem,
    PushStatus,
    SourceAccount,
)
from bankfeeds.words.decided import GIVEN_UP, SENT_AGAIN

MOST_COMPANIES = 50
MOST_HITS = 1000
MOST_PEOPLE = 200
LONGEST = 200
LAST4 = 4
SHORT_KEY = re.compile(r"[0-9a-fA-F]{8}")


def search(rows: QuerySet[Push], typed: str) -> QuerySet[Push]:
    text = typed.replace("\x00", "").strip()[:LONGEST]
    if not text:
        return rows
    found = _by_id(text)
    return rows.filter(found or _by_name(text))


def _by_id(text: str) -> Q | None:
    """Whatever bears exactly this id; None when nothing does."""
    found = Q(pk__in=_with_transaction(text) | _with_reference(text))
    accounts = SourceAccount.objects.filter(account_id=text)
    found |= Q(account__in=_some(accounts))
    if (key := identifier(text)) is not None:
        found |= Q(push_operation_key=key)
        found |= Q(company__in=_some(Company.objects.filter(codat_id=key)))
        found |= Q(connection__in=_some(Connection.objects.filter(codat_id=key)))
    if SHORT_KEY.fullmatch(text):
        # As the history shows it.
        lowest, highest = (uuid.UUID(text + digit * 24) for digit in "0f")
        found |= Q(push_operation_key__range=(lowest, highest))
    if (pk := number(text)) is not None:
        found |= Q(pk=pk)
    return found if Push.objects.filter(found).order_by().exists() else None


def _some(rows: QuerySet[Any]) -> list[int]:
    return list(rows.order_by().values_list("pk", flat=True)[:MOST_HITS])


def _with_transaction(text: str) -> set[int]:
    items = PushItem.objects.filter(transaction__transaction_id=text).order_by()
    return set(items.values_list("push_id", flat=True)[:MOST_HITS])


def _with_reference(text: str) -> set[int]:
    """Codat writes its support reference with and without dashes."""
    key = identifier(text)
    written = {text, str(key), key.hex} if key else {text}
    attempts = PushAttempt.objects.filter(correlation_id__in=written).order_by()
    outcomes = Push.objects.filter(correlation_id__in=written).order_by()
    found = attempts.values_list("push_id", flat=True)[:MOST_HITS]
    return {*found, *outcomes.values_list("pk", flat=True)[:MOST_HITS]}


def named_exactly(typed: str) -> list[int]:
    """Pushes whose write id or support reference was typed whole, with dashes or without."""
    key = identifier(typed.replace("\x00", "").strip()[:LONGEST])
    if key is None:
        return []
    written = Push.objects.filter(push_operation_key=key).order_by()
    return sorted({*_with_reference(str(key)), *written.values_list("pk", flat=True)})


def _by_name(text: str) -> Q:
    named = Company.objects.filter(mirror_search.named(text)).order_by()
    companies = named.values_list("pk", flat=True)
    found = Q(company__in=list(companies[:MOST_COMPANIES]))
    if len(last4 := text.lstrip("•")) == LAST4:
        found |= Q(account__in=_some(SourceAccount.objects.filter(number_last4=last4)))
    return found


SENT_ELSEWHERE = Q(kind=Decision.NOT_THERE, replacement__isnull=False)


def _decided(what: Q) -> Exists:
    return Exists(PushDecision.objects.filter(what, push=OuterRef("pk")))


class StatusFilter(Choice):
    """By what the list says: a push that was given up is not one that never left."""

    title = _("status")
    parameter_name = "status"

    # What a person's decision made of a cancelled push, which nothing else says of it.
    DECIDED = (("given_up", GIVEN_UP), ("sent_again", SENT_AGAIN))

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        # Never met: confirmed pushes are ready at once.
        known = [(s.value, s.label) for s in PushStatus if s != PushStatus.DRAFT]
        return [*known, *self.DECIDED]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Push]) -> QuerySet[Push]:
        value = (self.value() or "").replace("\x00", "")
        given_up, again = _decided(Q(kind=Decision.GIVE_UP)), _decided(SENT_ELSEWHERE)
        cancelled = queryset.filter(status=PushStatus.CANCELLED)
        match value:
            case "":
                return queryset
            case "given_up":
                return cancelled.filter(given_up, ~again)
            case "sent_again":
                return cancelled.filter(again)
            case PushStatus.CANCELLED:
                return cancelled.filter(~given_up, ~again)
        return queryset.filter(status=value)


class DecisionFilter(Choice):
    title = _("needs a decision")
    parameter_name = "decision"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", _("Needs a decision"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Push]) -> QuerySet[Push]:
        # `undecided` is a method of the manager's own queryset.
        rows: Any = queryset
        return rows.for_a_person() if self.value() == "yes" else queryset


class ByWhomFilter(Choice):
    """By the person who confirmed; commands and schedules have a filter of their own."""

    title = _("person")
    parameter_name = "by"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        people = User.objects.filter(is_staff=True).order_by("username")
        return [(name, name) for name in people.values_list("username", flat=True)[:MOST_PEOPLE]]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Push]) -> QuerySet[Push]:
        value = self.value()
        return queryset.filter(requested_by=value.replace("\x00", "")) if value else queryset


class OriginFilter(Choice):
    title = _("origin")
    parameter_name = "origin"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(origin.value, origin.label) for origin in Origin if origin != Origin.WORKER]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Push]) -> QuerySet[Push]:
        value = self.value()
        return queryset.filter(origin=value.replace("\x00", "")) if value else queryset


class ConfirmationFilter(Choice):
    """What one press of *Send* made: the page to which it leads."""

    title = _("confirmation")
    parameter_name = "batch"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        value = self.value()
        return [(value, _("Confirmed together"))] if value is not None else []

    def queryset(self, request: HttpRequest, queryset: QuerySet[Push]) -> QuerySet[Push]:
        if self.value() is None:
            return queryset
        key = identifier(self.value() or "")
        return queryset.none() if key is None else queryset.filter(form_key=str(key))
