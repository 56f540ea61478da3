"""What a file would bring: counted, totalled, judged by the rules. Reads only.

A row is new, here already, or changed since it was first imported; what is stored always stays.
"""

from __future__ import annotations

import datetime as dt
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property

from django.utils.translation import gettext as _

from bankfeeds import limits, rules, words
from bankfeeds.intake.shape import KEPT_REJECTED, HeldOut, Line, Reason, Rejected
from bankfeeds.models import Push, SourceAccount, Statement
from bankfeeds.rules import Rule, Standing

from . import kept, pieces, profiles
from .matching import Mine, places
from .order import Movement
from .sorting import Kind, Sorting, in_order, sort_out

FIRST_EACH_WAY = 3
PROBLEMS = {Kind.BAD, Kind.CHANGED, Kind.ALIKE, Kind.HELD_OUT}
# Values of a reader's reason that are its own words; the others are quoted from the file.
WORDS_OF_READERS = {"what", "separator", "day", "last"}


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the file. `row` is None for one that is bad or held out; `words`: why."""

    line: int
    kind: Kind
    row: Line | None
    raw: str
    words: str = ""
    findings: tuple[Rule, ...] = ()
    is_mended: bool = False  # it stands as a person has mended it, or tried to

    @property
    def is_problem(self) -> bool:
        return self.kind in PROBLEMS or bool(self.findings)


@dataclass(frozen=True)
class Flow:
    """Money one way: how many rows, their sum without a sign, the first few of them."""

    count: int
    total: Decimal
    first: list[Line]


@dataclass(frozen=True)
class Preview:
    """Everything the preview page says. Sums and dates are of every row understood."""

    statement: Statement
    entries: list[Entry]  # in the file's order; of the bad ones the first 1,000
    counts: Mapping[Kind, int]
    movement: Movement
    last_balance: Decimal | None  # of the newest stored row before the first new one
    mine: Mine
    digest: str  # of what would come in

    @property
    def notes(self) -> tuple[Reason, ...]:
        return self.mine.statement.notes

    @property
    def held_out(self) -> int:
        return self.counts[Kind.HELD_OUT]

    @property
    def derived(self) -> bool:
        """The balances are worked out, so that they always move with the amounts."""
        return self.mine.statement.derived

    @property
    def understood(self) -> int:
        return len(self.movement.rows)

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

    @cached_property
    def mended(self) -> Counter[Kind]:
        """What became of the rows of a list of mended ones."""
        return Counter(entry.kind for entry in self.entries if entry.is_mended)

    @property
    def still_wrong(self) -> int:
        return self.mended[Kind.BAD]

    @cached_property
    def money_in(self) -> Flow:
        return _flow(row for row in self.movement.rows if row.amount > 0)

    @cached_property
    def money_out(self) -> Flow:
        return _flow(row for row in self.movement.rows if row.amount < 0)

    @property
    def first_date(self) -> dt.date | None:
        return self.movement.rows[0].date if self.movement.rows else None

    @property
    def last_date(self) -> dt.date | None:
        return self.movement.rows[-1].date if self.movement.rows else None

    @property
    def opening(self) -> Decimal | None:
        rows = self.movement.rows
        return rows[0].balance - rows[0].amount if rows else None

    @property
    def closing(self) -> Decimal | None:
        return self.movement.rows[-1].balance if self.movement.rows else None

    @cached_property
    def opening_differs_by(self) -> Decimal | None:
        """Balance before the first new row less our last one; None: nothing to compare."""
        fresh = {entry.line for entry in self.entries if entry.kind is Kind.NEW}
        first = next((row for row in self.movement.rows if row.line in fresh), None)
        if first is None or self.last_balance is None:
            return None
        return first.balance - first.amount - self.last_balance

    @cached_property
    def found(self) -> list[tuple[Rule, int]]:
        """The rules that new rows meet, errors first, each with its number of rows."""
        met = Counter(rule.code for entry in self.entries for rule in entry.findings)
        return [(rule, met[rule.code]) for rule in rules.RULES if met[rule.code]]


def read(statement: Statement, *, keep_rejected: int = KEPT_REJECTED) -> Mine:
    """What is kept of an upload, read again; of mended rows the file that they mend, with them."""
    return kept.unpacked(
        pieces.whole(statement.mends or statement),
        places=places(statement.account),
        profile=profiles.of(statement.profile),
        mended=mended_in(statement),
        keep_rejected=keep_rejected,
    )


def mended_in(statement: Statement) -> dict[int, tuple[str, ...]]:
    """Cells by line of the file that it mends; {} of any other upload."""
    return kept.mended_of(pieces.whole(statement)) if statement.mends_id else {}


def bad_rows(statement: Statement) -> tuple[tuple[str, ...], Iterator[Rejected]]:
    """The file's header (`entry` where it has none) and every row that is bad or held out."""
    reading = kept.reading(
        pieces.whole(statement.mends or statement),
        places=places(statement.account),
        profile=profiles.of(statement.profile),
        mended=mended_in(statement),
    )
    if reading is None:
        parsed = read(statement, keep_rejected=sys.maxsize).statement
        without: list[Rejected | HeldOut] = [*parsed.rejected, *parsed.held_out]
        without.sort(key=lambda said: said.line)
        return ("entry",), (Rejected(s.line, s.reason, s.raw, (s.raw,)) for s in without)
    return reading.header, (entry for entry in reading if isinstance(entry, Rejected))


def preview(statement: Statement, *, today: dt.date) -> Preview:
    """`today`: the institution's day."""
    account = statement.account
    found = read(statement)
    parsed = found.statement
    sorting = sort_out(account, parsed)
    order = in_order(parsed.rows, sorting)
    findings = _findings(order, sorting, _standing(account, today, sorting.balance_before_file))
    entries = [_entry(row, sorting, findings) for row in parsed.rows]
    entries += [_without_row(bad, Kind.BAD) for bad in parsed.rejected]
    entries += [_without_row(held, Kind.HELD_OUT) for held in parsed.held_out]
    entries.sort(key=lambda entry: entry.line)
    if mended := mended_in(statement):
        entries = [replace(entry, is_mended=entry.line in mended) for entry in entries]
    counts = Counter(dict.fromkeys(Kind, 0))
    counts.update(entry.kind for entry in entries if entry.row)
    counts[Kind.BAD], counts[Kind.HELD_OUT] = parsed.rejected_count, len(parsed.held_out)
    return Preview(statement, entries, counts, order, sorting.last_balance, found, sorting.digest)


def words_of(reason: Reason) -> str:
    """A reader's reason in the language of the person."""
    values = {
        name: _in_words(str(value)) if name in WORDS_OF_READERS else value
        for name, value in reason.values.items()
    }
    return _(reason.template) % values


def _in_words(value: str) -> str:
    try:
        return words.day(dt.date.fromisoformat(value))
    except ValueError:
        return _(value)


def _standing(account: SourceAccount, today: dt.date, balance: Decimal | None) -> Standing:
    newest = Push.objects.newest_dates([account.pk]).get(account.pk)
    return Standing(
        today=today,
        feed_start=account.feed_start_date,
        newest=newest,
        balance=balance,
        late_after=limits.late_after(),
    )


def _findings(order: Movement, sorting: Sorting, standing: Standing) -> dict[int, tuple[Rule, ...]]:
    """By line, of the new rows; the others stand between them so that the balance is followed."""
    judged = rules.judge(order.rows, standing=standing)
    return {j.row.line: j.findings for j in judged if sorting.kind(j.row) is Kind.NEW}


def _entry(row: Line, sorting: Sorting, findings: Mapping[int, tuple[Rule, ...]]) -> Entry:
    kind = sorting.kind(row)
    doubtful = sorting.doubtful.get(row.transaction_id)
    text = doubtful.words if doubtful else ""
    return Entry(row.line, kind, row, row.raw, text, findings.get(row.line, ()))


def _without_row(said: Rejected | HeldOut, kind: Kind) -> Entry:
    return Entry(said.line, kind, None, said.raw, words_of(said.reason))


def _flow(rows: Iterable[Line]) -> Flow:
    found = sorted(rows, key=lambda row: row.line)
    total = sum((abs(row.amount) for row in found), Decimal(0))
    return Flow(len(found), total, found[:FIRST_EACH_WAY])
