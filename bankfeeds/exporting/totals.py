"""*Count and total*: an auditor's population, for exactly the pushes that a filter finds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import BigIntegerField, Count, F, QuerySet, Sum
from django.db.models.functions import Cast, Round

from bankfeeds.models import Push

# Money is kept with four decimals.
PARTS = 10_000


@dataclass(frozen=True)
class Total:
    """Of one currency. `money_out` is negative."""

    currency: str
    pushes: int
    rows: int
    money_in: Decimal
    money_out: Decimal

    @property
    def net(self) -> Decimal:
        return self.money_in + self.money_out


def totals(rows: QuerySet[Push]) -> list[Total]:
    """By currency; one question, however many pushes."""
    found = (
        rows.order_by()
        .values("currency")
        .annotate(
            pushes=Count("pk"),
            all_rows=Sum("rows"),
            all_in=_sum("money_in"),
            all_out=_sum("money_out"),
        )
    )
    return [_total(one) for one in sorted(found, key=lambda one: one["currency"])]


def _sum(name: str) -> Sum:
    """To the last digit: SQLite keeps decimals as floating point, whose long sums drift."""
    if connection.vendor != "sqlite":
        return Sum(name)
    return Sum(Cast(Round(F(name) * PARTS), BigIntegerField()))


def _money(found: Any) -> Decimal:
    return Decimal(found) / PARTS if connection.vendor == "sqlite" else Decimal(found)


def _total(one: Mapping[str, Any]) -> Total:
    return Total(
        currency=one["currency"],
        pushes=one["pushes"],
        rows=one["all_rows"],
        money_in=_money(one["all_in"]),
        money_out=-abs(_money(one["all_out"])),
    )
