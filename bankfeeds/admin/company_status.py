"""The filter of companies by their headline: what the status column says, asked of the database.

The rules stand in the order of `words.connection` and `mirror_words.headline`: the first that fits
is the headline, so each filter leaves out what an earlier rule takes.
"""

from __future__ import annotations

from functools import reduce
from operator import and_, or_
from typing import Any

from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, Subquery, Value, When
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from bankfeeds.models import Company, Connection, Intent, SourceAccount

from .filters import Choice

# What Codat says of a connection that a client can still make: anything else is unclear.
USUAL = ("PendingAuth", "Linked", "")
LABELS = (
    ("waiting", _("Waiting for the client")),
    ("connected", _("Connected")),
    ("partly_connected", _("Partly connected")),
    ("partly_disconnected", _("Partly disconnected")),
    ("disconnected", pgettext_lazy("connection", "Disconnected")),
    ("withdrawn", _("Access withdrawn")),
    ("no_accounts", _("No accounts yet")),
    ("unclear", _("Unclear")),
    ("unconnected", _("No connection yet")),
    ("unfinished", _("Not yet at Codat")),
    ("gone", _("Removed at Codat")),
)


class StatusFilter(Choice):
    title = _("status")
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(LABELS)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Company]) -> QuerySet[Company]:
        wanted = self.value()
        if wanted not in dict(LABELS):
            return queryset
        return queryset.annotate(tie=_current()).filter(_headline(wanted))


def _current() -> Subquery:
    """As `mirror_rows.current`: the newest live connection, else the newest."""
    ended = Q(gone_at__isnull=False) | Q(status="Unlinked")
    ties = Connection.objects.filter(company=OuterRef("pk"))
    ties = ties.order_by(Case(When(ended, Value(1)), default=Value(0)), "-requested_at", "-pk")
    return Subquery(ties.values("pk")[:1])


def _headline(wanted: str) -> Q:
    rules = _rules()
    fitting = [
        reduce(and_, (~rule for _name, rule in rules[:place]), rule)
        for place, (name, rule) in enumerate(rules)
        if name == wanted
    ]
    return reduce(or_, fitting)


def _rules() -> list[tuple[str, Q]]:
    connected = Q(status__iexact="connected")
    lost = Q(status__iexact="disconnected")
    seen_since = connected & Q(status_as_of__gt=F("connection__status_as_of"))
    return [
        ("closed", Q(closed_at__isnull=False)),
        ("gone", Q(gone_at__isnull=False)),
        ("unfinished", ~Q(intent=Intent.DONE) | _tie(~Q(intent=Intent.DONE))),
        ("unconnected", Q(tie=None)),
        ("gone", _tie(Q(gone_at__isnull=False))),
        ("withdrawn", _tie(Q(status="Deauthorized")) & ~_some(seen_since)),
        ("disconnected", _tie(Q(status="Unlinked")) | (_some(lost) & ~_some(~lost))),
        ("partly_disconnected", _some(lost)),
        ("connected", _some(connected) & ~_some(~connected)),
        ("partly_connected", _some(connected)),
        ("no_accounts", ~_some(Q())),
        ("unclear", ~_tie(Q(status__in=USUAL))),
        ("waiting", Q()),
    ]


def _tie(fits: Q) -> Q:
    return Q(Exists(Connection.objects.filter(fits, pk=OuterRef("tie"))))


def _some(fit: Q) -> Q:
    """Whether an account that counts is like this, as `mirror_rows.counted` counts."""
    counted = SourceAccount.objects.filter(
        fit, connection=OuterRef("tie"), intent=Intent.DONE, gone_at=None, not_wanted_at=None
    )
    return Q(Exists(counted))
