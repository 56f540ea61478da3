"""Running balances for formats that state one balance for the account and none for its rows.

A balance is worked out only over rows whose amounts are certain: an entry that was not understood
stops it, because what it did to the balance is not known.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from .shape import Line, Reason, Rejected, gettext_noop

BALANCE_UNSURE = Reason(
    "balance-unsure",
    gettext_noop(
        "Its balance cannot be worked out, because an entry between it and the balance that the"
        " file states is bad."
    ),
)


@dataclass(frozen=True, slots=True)
class Draft:
    """An entry that is understood and has no balance yet."""

    line: int
    transaction_id: str
    date: dt.date
    description: str
    amount: Decimal
    transaction_type: str
    raw: str

    def at(self, balance: Decimal | None) -> Line | Rejected:
        if balance is None:
            return Rejected(self.line, BALANCE_UNSURE, self.raw)
        return Line(
            line=self.line,
            transaction_id=self.transaction_id,
            date=self.date,
            description=self.description,
            amount=self.amount,
            balance=balance,
            transaction_type=self.transaction_type,
            raw=self.raw,
        )


@dataclass(frozen=True, slots=True)
class Bad:
    """A rejected entry. `amount`: what it did to the balance, None when that is not known."""

    rejected: Rejected
    date: dt.date | None = None
    amount: Decimal | None = None

    def at(self, balance: Decimal | None) -> Rejected:
        return self.rejected


Drafted = Draft | Bad


@dataclass(frozen=True, slots=True)
class Anchor:
    """A balance that the file states, at the end of that day; no day: after the last entry."""

    balance: Decimal
    day: dt.date | None = None


def with_balances(
    entries: Sequence[Drafted], *, opening: Decimal | None = None, closing: Anchor | None = None
) -> list[Line | Rejected]:
    """The entries in the order given, each with its balance or with why it has none."""
    days = [entry.date for entry in entries]
    if None in days:
        # That one may stand anywhere among the others.
        opening = closing = None
    order = _as_they_happened(days)
    amounts = [entries[place].amount for place in order]
    balances: list[Decimal | None] = [None] * len(order)
    if opening is not None:
        _forward(balances, amounts, 0, opening)
    if closing is not None:
        last = sum(_until(days[place], closing.day) for place in order)
        _backward(balances, amounts, last, closing.balance)
        _forward(balances, amounts, last, closing.balance)
    by_place = dict(zip(order, balances, strict=True))
    return [entry.at(by_place[place]) for place, entry in enumerate(entries)]


def total(entries: Iterable[Drafted]) -> Decimal | None:
    """What the entries do to the balance together; None when one of them is not certain."""
    found = Decimal(0)
    for entry in entries:
        if entry.amount is None:
            return None
        found += entry.amount
    return found


def _as_they_happened(days: Sequence[dt.date | None]) -> list[int]:
    """Places, oldest first; entries of one day as the file lists them, or the other way round."""
    known = [day for day in days if day is not None]
    places = list(range(len(days)))
    if known and known[0] > known[-1]:
        places.reverse()
    return sorted(places, key=lambda place: days[place] or dt.date.max)


def _until(day: dt.date | None, last: dt.date | None) -> bool:
    return last is None or (day is not None and day <= last)


def _forward(
    balances: list[Decimal | None], amounts: Sequence[Decimal | None], start: int, balance: Decimal
) -> None:
    for place in range(start, len(amounts)):
        amount = amounts[place]
        if amount is None:
            return
        balance += amount
        balances[place] = balance


def _backward(
    balances: list[Decimal | None], amounts: Sequence[Decimal | None], end: int, balance: Decimal
) -> None:
    for place in range(end - 1, -1, -1):
        balances[place] = balance
        amount = amounts[place]
        if amount is None:
            return
        balance -= amount
