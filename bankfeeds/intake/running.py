"""Running balances for formats that state one balance for the account and none for its rows.

A balance is worked out only over rows whose amounts are certain: an entry that was not understood
stops it, because what it did to the balance is not known. Where no balance is stated at all, they
count from zero until a person states the one before the first row.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from . import cells
from .shape import ZERO, Line, Reason, Rejected, Statement, gettext_noop

BALANCE_UNSURE = Reason(
    "balance-unsure",
    gettext_noop(
        "Its balance cannot be worked out, because an entry between it and the balance that is"
        " stated is bad."
    ),
)
NO_BALANCE = Reason(
    "no-balance",
    gettext_noop(
        "The file has several statements of this account and states no balance, so the balance"
        " after each transaction cannot be worked out. Have it made with the balance."
    ),
)
PENDING = Reason(
    "pending", gettext_noop("It is pending and not yet booked. It comes with a later file.")
)
OTHER_CURRENCY = Reason(
    "other-currency", gettext_noop("Its amount is in another currency than the account's.")
)
BROKEN = gettext_noop(
    "The balances and the transactions of the file do not agree: opening %(opening)s and its"
    " transactions (%(sum)s) give %(found)s, but it states a closing balance of %(closing)s."
    " Have it made or sent again."
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

    def at(self, balance: Decimal | None, *, derived: bool = False) -> Line | Rejected:
        """`derived`: it is worked out; else the file states it."""
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
            derived=derived,
        )


@dataclass(frozen=True, slots=True)
class Bad:
    """A rejected entry. `amount`: what it did to the balance, None when that is not known."""

    rejected: Rejected
    date: dt.date | None = None
    amount: Decimal | None = None

    def at(self, balance: Decimal | None, *, derived: bool = False) -> Rejected:
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
    """The entries in the order given, each with its balance or with why it has none.

    Without a balance that is stated they count from zero.
    """
    opening = ZERO if opening is None and closing is None else opening
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
    found: list[Any] = [None] * len(order)
    for place, balance in zip(order, balances, strict=True):
        found[place] = entries[place].at(balance, derived=True)
    return found


def repeated(draft: Draft, first: Draft) -> Bad:
    """The same entry once more does nothing to the balance; another one with its id does."""
    same = (draft.date, draft.amount, draft.description) == (
        first.date, first.amount, first.description,
    )  # fmt: skip
    reason = cells.twice(draft.transaction_id, first.line)
    amount = ZERO if same else draft.amount
    return Bad(Rejected(draft.line, reason, draft.raw), draft.date, amount)


def stated(
    lines: Iterable[Line | Rejected],
    *,
    keep_rejected: int,
    refused: Reason | None,
    derived: bool = True,
    opening: Decimal | None = None,
    closing: Decimal | None = None,
    **more: Any,
) -> Statement:
    """A statement of lines, with balances worked out or not; no rows where it is refused."""
    found = [] if refused else list(lines)
    rejected = [line for line in found if isinstance(line, Rejected)]
    return Statement(
        rows=[line for line in found if isinstance(line, Line)],
        rejected=rejected[:keep_rejected],
        rejected_count=len(rejected),
        from_zero=bool(found) and derived and opening is None and closing is None,
        opening=opening,
        closing=closing,
        derived=derived,
        refused=refused,
        **more,
    )


def why_not(
    entries: Sequence[Drafted], opening: Decimal | None, closing: Decimal | None
) -> Reason | None:
    """Why a statement cannot be used: what it states does not add up."""
    moved = total(entries)
    if opening is None or closing is None or moved is None or opening + moved == closing:
        return None
    values = {"opening": opening, "sum": moved, "found": opening + moved, "closing": closing}
    return Reason(
        "balance-broken", BROKEN, {name: cells.figure(value) for name, value in values.items()}
    )


def opened(statement: Statement, opening: Decimal) -> Statement:
    """One that counts from zero, with the balance before its first row as a person states it."""
    rows = [row._replace(balance=row.balance + opening) for row in statement.rows]
    return replace(statement, rows=rows, opening=opening)


def as_they_happened(rows: Sequence[Line]) -> list[Line]:
    """Oldest first, by their days and by the order in which the file lists them."""
    return [rows[place] for place in _as_they_happened([row.date for row in rows])]


def counted_on(found: Sequence[Statement]) -> Statement:
    """Statements of an account that state no balance, as one that does not either.

    Behind a bad row none can be worked out, in its statement as in the later ones.
    """
    entries = list(_each_once(found))
    days = [entry.date for entry in entries]
    if None in days or not all(each.from_zero for each in found if each.rows):
        return replace(found[0], refused=NO_BALANCE)
    lines = with_balances(entries)
    rejected = [line for line in lines if isinstance(line, Rejected)]
    return replace(
        found[0],
        rows=[line for line in lines if isinstance(line, Line)],
        rejected=rejected,
        rejected_count=len(rejected),
        notes=tuple(note for each in found for note in each.notes),
        held_out=tuple(held for each in found for held in each.held_out),
        from_zero=True,
    )


def _each_once(found: Sequence[Statement]) -> Iterator[Drafted]:
    """As the file lists them. A bad one has no day where nothing is sure to stand before it."""
    first: dict[str, Draft] = {}
    for each in found:
        # What is left of a statement happened before all that is bad in it.
        day = max((row.date for row in each.rows), default=None)
        entries: list[Line | Rejected] = [*each.rows, *each.rejected]
        for entry in sorted(entries, key=lambda entry: entry.line):
            if isinstance(entry, Rejected):
                yield Bad(entry, day)
                continue
            draft = _as_draft(entry)
            before = first.setdefault(draft.transaction_id, draft)
            if before is draft:
                yield draft
            else:
                again = repeated(draft, before)
                # Of two that say the same nobody knows whether they are one.
                is_sure = not draft.transaction_id.startswith(cells.MADE)
                yield again if is_sure else replace(again, date=None)


def _as_draft(row: Line) -> Draft:
    return Draft(
        line=row.line,
        transaction_id=row.transaction_id,
        date=row.date,
        description=row.description,
        amount=row.amount,
        transaction_type=row.transaction_type,
        raw=row.raw,
    )


def counted(rows: Sequence[Line], opening: Decimal = ZERO) -> list[Line]:
    """Their balances as they move from the one before the first of them, oldest first."""
    found = list(rows)
    balance = opening
    for place in _as_they_happened([row.date for row in rows]):
        balance += rows[place].amount
        found[place] = rows[place]._replace(balance=balance)
    return found


def total(entries: Iterable[Drafted]) -> Decimal | None:
    """What the entries do to the balance together; None when one of them is not certain."""
    found = ZERO
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
