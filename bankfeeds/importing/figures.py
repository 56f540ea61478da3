"""What a preview says of a file beside its lines: plain values, so that they can be kept."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from bankfeeds import rules
from bankfeeds.intake.recognise import Format
from bankfeeds.intake.shape import Line, Reason
from bankfeeds.rules import Rule

from .entries import Entry
from .matching import Mine
from .order import Movement
from .sorting import Kind, Sorting

FIRST_EACH_WAY = 3


@dataclass(frozen=True)
class Flow:
    """Money one way: how many rows, their sum without a sign, the first few of them."""

    count: int
    total: Decimal
    first: Sequence[Line]


@dataclass(frozen=True)
class Moves:
    """Whether the balance moves with the amounts: see `order.Movement`."""

    first_break: int | None
    breaks: int
    newest_first: bool
    signs_reversed: bool


@dataclass(frozen=True, kw_only=True)
class Figures:
    """Sums and dates are of every row understood.

    `derived`: the balances of all its rows are worked out; `derived_rows`: of so many.
    `counts` and `mended`: rows by kind, of all and of a list of mended ones. `met`: new rows by
    the code of a rule. `last_balance`: of the newest stored row before the first new one.
    `opening_differs_by`: balance before the first new row less that one; None: nothing to compare.
    `digest`: of what would come in. `needs_opening`: the file states no balance (`from_zero`), and
    nobody has stated one yet; `needs_every_row`: with bad rows none can be worked out. `first_id`:
    of its first row where that is here already, else "".
    """

    format: Format
    names_account: bool
    others: tuple[str, ...]
    notes: tuple[Reason, ...]
    derived: bool
    derived_rows: int
    from_zero: bool
    needs_opening: bool
    needs_every_row: bool
    first_id: str
    totals_agree: bool | None
    counts_entries: bool
    counts: Mapping[Kind, int]
    mended: Mapping[Kind, int]
    met: Mapping[str, int]
    understood: int
    money_in: Flow
    money_out: Flow
    first_date: dt.date | None
    last_date: dt.date | None
    opening: Decimal | None
    closing: Decimal | None
    last_balance: Decimal | None
    opening_differs_by: Decimal | None
    movement: Moves
    digest: str

    @property
    def held_out(self) -> int:
        return self.counts[Kind.HELD_OUT]

    @property
    def new(self) -> int:
        return self.counts[Kind.NEW]

    @property
    def bad(self) -> int:
        return self.counts[Kind.BAD]

    @property
    def known(self) -> int:
        return self.counts[Kind.KNOWN]

    @property
    def changed(self) -> int:
        return self.counts[Kind.CHANGED]

    @property
    def alike(self) -> int:
        return self.counts[Kind.ALIKE]

    @property
    def is_quiet(self) -> bool:
        """It states no transaction, or none that has cleared."""
        return not (self.understood or self.bad)

    @property
    def still_wrong(self) -> int:
        return self.mended[Kind.BAD]

    @property
    def in_list(self) -> int:
        return sum(self.mended.values())

    @property
    def found(self) -> list[tuple[Rule, int]]:
        """The rules that new rows meet, errors first, each with its number of rows."""
        return [(rule, self.met[rule.code]) for rule in rules.RULES if self.met.get(rule.code)]


def figures_of(
    mine: Mine, order: Movement, sorting: Sorting, entries: Collection[Entry]
) -> Figures:
    parsed, rows = mine.statement, order.rows
    first, last = (rows[0], rows[-1]) if rows else (None, None)
    opening, closing = (parsed.opening, parsed.closing) if parsed.is_quiet else (None, None)
    return Figures(
        format=mine.format,
        names_account=mine.names_account,
        others=mine.others,
        notes=parsed.notes,
        derived=parsed.derived,
        derived_rows=sum(row.derived for row in rows),
        from_zero=parsed.from_zero,
        needs_opening=mine.needs_opening,
        needs_every_row=mine.needs_every_row,
        first_id=_first_id(first, sorting),
        totals_agree=parsed.totals_agree,
        counts_entries=parsed.counts_entries,
        counts=_counts(mine, entries),
        mended=Counter(entry.kind for entry in entries if entry.is_mended),
        met=Counter(rule.code for entry in entries for rule in entry.findings),
        understood=len(rows),
        money_in=_flow(row for row in rows if row.amount > 0),
        money_out=_flow(row for row in rows if row.amount < 0),
        first_date=first.date if first else None,
        last_date=last.date if last else None,
        opening=first.balance - first.amount if first else opening,
        closing=last.balance if last else closing,
        last_balance=sorting.last_balance,
        opening_differs_by=None if mine.needs_opening else _opening_differs_by(mine, rows, sorting),
        movement=Moves(order.first_break, order.breaks, order.newest_first, order.signs_reversed),
        digest=sorting.digest,
    )


def _first_id(first: Line | None, sorting: Sorting) -> str:
    is_here = first is not None and sorting.kind(first) is Kind.KNOWN
    return first.transaction_id if first and is_here else ""


def _counts(mine: Mine, entries: Iterable[Entry]) -> Counter[Kind]:
    counts = Counter(entry.kind for entry in entries if entry.row)
    # Of the bad ones the first 1,000 stand among the entries.
    counts[Kind.BAD] = mine.statement.rejected_count
    counts[Kind.HELD_OUT] = len(mine.statement.held_out)
    return counts


def _opening_differs_by(mine: Mine, rows: Sequence[Line], sorting: Sorting) -> Decimal | None:
    fresh = {row.line for row in sorting.new}
    first = next((row for row in rows if row.line in fresh), None)
    opening = first.balance - first.amount if first else None
    if mine.statement.is_quiet:
        opening = mine.statement.opening
    if opening is None or sorting.last_balance is None:
        return None
    return opening - sorting.last_balance


def _flow(rows: Iterable[Line]) -> Flow:
    found = sorted(rows, key=lambda row: row.line)
    total = sum((abs(row.amount) for row in found), Decimal(0))
    return Flow(len(found), total, found[:FIRST_EACH_WAY])
