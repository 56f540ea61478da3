"""What a file would bring: counted, totalled, judged by the rules. Reads only.

A row is new, here already, or changed since it was first imported; what is stored always stays.
"""

from __future__ import annotations

import datetime as dt
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from itertools import islice

from django.db.models import Max
from django.utils.translation import gettext as _

from bankfeeds import rules, words
from bankfeeds.intake.delimited import read_csv
from bankfeeds.intake.shape import Line, Parsed, Reason, Rejected
from bankfeeds.models import BankTransaction, Push, SourceAccount, Statement
from bankfeeds.rules import Rule, Standing

from .order import Movement, movement

# What USD and CAD have; more in a file means that something else was written there.
PLACES = {"USD": 2, "CAD": 2}
LOOKED_UP_AT_ONCE = 500
FIRST_EACH_WAY = 3
# Values of a reader's reason that are its own words; the others are quoted from the file.
WORDS_OF_READERS = {"what", "separator"}


class Kind(StrEnum):
    NEW = "new"
    KNOWN = "known"
    CHANGED = "changed"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the file. `row` is None for a bad one; `words`: why it is bad or changed."""

    line: int
    kind: Kind
    row: Line | None
    raw: str
    words: str = ""
    findings: tuple[Rule, ...] = ()

    @property
    def is_problem(self) -> bool:
        return self.kind in {Kind.BAD, Kind.CHANGED} or bool(self.findings)


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
    notes: tuple[Reason, ...] = field(default=())

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


def read(statement: Statement) -> Parsed:
    """The kept bytes of an upload, read again."""
    content = zlib.decompress(bytes(statement.content))
    return read_csv(content, places=PLACES.get(statement.account.currency, 4))


def preview(statement: Statement, *, today: dt.date) -> Preview:
    """`today`: the institution's day."""
    account = statement.account
    parsed = read(statement)
    sorting = sort_out(account, parsed.rows)
    order = in_order(parsed.rows, sorting)
    findings = _findings(order, sorting, _standing(account, today, sorting.balance_before_file))
    entries = [_entry(row, sorting, findings) for row in parsed.rows]
    entries += [_bad(rejected) for rejected in parsed.rejected]
    entries.sort(key=lambda entry: entry.line)
    counts = Counter(dict.fromkeys(Kind, 0))
    counts.update(entry.kind for entry in entries if entry.row)
    counts[Kind.BAD] = parsed.rejected_count
    return Preview(statement, entries, counts, order, sorting.last_balance, parsed.notes)


@dataclass(frozen=True)
class Sorting:
    """Rows of a file against what is stored: ids of those here already, reasons of changed ones.

    `last_balance`: of the newest stored row that is not newer than the first new one.
    """

    new: list[Line]
    known: set[str]
    changed: dict[str, str]
    last_balance: Decimal | None

    @property
    def balance_before_file(self) -> Decimal | None:
        """Unknown when the file begins with, or runs through, rows that are here already."""
        return None if self.known or self.changed else self.last_balance

    def kind(self, row: Line) -> Kind:
        if row.transaction_id in self.changed:
            return Kind.CHANGED
        return Kind.KNOWN if row.transaction_id in self.known else Kind.NEW


def sort_out(account: SourceAccount, rows: Sequence[Line]) -> Sorting:
    new: list[Line] = []
    known: set[str] = set()
    changed: dict[str, str] = {}
    for batch in _batches(rows):
        stored = _stored(account, batch)
        for row in batch:
            before = stored.get(row.transaction_id)
            if before is None:
                new.append(row)
            elif difference := _difference(before, row):
                changed[row.transaction_id] = difference
            else:
                known.add(row.transaction_id)
    return Sorting(new, known, changed, _balance_before(account, new))


def in_order(rows: Sequence[Line], sorting: Sorting) -> Movement:
    return movement(rows, before=sorting.balance_before_file)


def words_of(reason: Reason) -> str:
    """A reader's reason in the language of the person."""
    values = {
        name: _(str(value)) if name in WORDS_OF_READERS else value
        for name, value in reason.values.items()
    }
    return _(reason.template) % values


def _batches(rows: Sequence[Line]) -> Iterator[list[Line]]:
    every = iter(rows)
    while batch := list(islice(every, LOOKED_UP_AT_ONCE)):
        yield batch


def _stored(account: SourceAccount, batch: Iterable[Line]) -> dict[str, BankTransaction]:
    ids = [row.transaction_id for row in batch]
    found = BankTransaction.objects.filter(account=account, transaction_id__in=ids)
    return {row.transaction_id: row for row in found.order_by()}


def _difference(stored: BankTransaction, row: Line) -> str:
    """What differs, in words; empty when nothing does. A type that one side lacks is no change."""
    changed = [
        name
        for name, before, after in (
            (_("date"), stored.date, row.date),
            (_("description"), stored.description, row.description),
            (_("amount"), stored.amount, row.amount),
            (_("balance"), stored.balance, row.balance),
        )
        if before != after
    ]
    types = {stored.transaction_type, row.transaction_type} - {""}
    if len(types) > 1:
        changed.append(_("type"))
    if not changed:
        return ""
    return _(
        "It is here already with another %(what)s (%(date)s, %(amount)s, “%(text)s”)."
        " What is here stays."
    ) % {
        "what": ", ".join(changed),
        "date": words.day(stored.date),
        "amount": words.number(stored.amount),
        "text": stored.description,
    }


def _balance_before(account: SourceAccount, rows: Sequence[Line]) -> Decimal | None:
    """Balance of the newest stored row that is not newer than the first of these."""
    if not rows:
        return None
    stored = account.transactions.filter(date__lte=min(row.date for row in rows))
    return stored.order_by("-date", "-id").values_list("balance", flat=True).first()


def _standing(account: SourceAccount, today: dt.date, balance: Decimal | None) -> Standing:
    holding = Push.objects.holding().filter(account=account)
    return Standing(
        today=today,
        feed_start=account.feed_start_date,
        newest=holding.aggregate(newest=Max("last_date"))["newest"],
        balance=balance,
    )


def _findings(order: Movement, sorting: Sorting, standing: Standing) -> dict[int, tuple[Rule, ...]]:
    """By line, of the new rows; the others stand between them so that the balance is followed."""
    judged = rules.judge(order.rows, standing=standing)
    return {j.row.line: j.findings for j in judged if sorting.kind(j.row) is Kind.NEW}


def _entry(row: Line, sorting: Sorting, findings: Mapping[int, tuple[Rule, ...]]) -> Entry:
    kind = sorting.kind(row)
    text = sorting.changed.get(row.transaction_id, "")
    return Entry(row.line, kind, row, row.raw, text, findings.get(row.line, ()))


def _bad(rejected: Rejected) -> Entry:
    return Entry(rejected.line, Kind.BAD, None, rejected.raw, words_of(rejected.reason))


def _flow(rows: Iterable[Line]) -> Flow:
    found = sorted(rows, key=lambda row: row.line)
    total = sum((abs(row.amount) for row in found), Decimal(0))
    return Flow(len(found), total, found[:FIRST_EACH_WAY])
