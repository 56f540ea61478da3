"""A file's rows against what is stored: new, here already, or changed since first imported."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from itertools import islice
from typing import NamedTuple

from bankfeeds.intake import pace
from bankfeeds.intake.cells import MADE
from bankfeeds.intake.running import as_they_happened
from bankfeeds.intake.shape import Line, Reason, Statement, gettext_noop
from bankfeeds.models import BankTransaction, Doubt, SourceAccount

from .order import Movement, movement

LOOKED_UP_AT_ONCE = 500


class Kind(StrEnum):
    NEW = "new"
    KNOWN = "known"
    CHANGED = "changed"
    ALIKE = "alike"
    BAD = "bad"
    HELD_OUT = "held_out"


# The code of a row that came again with other content.
CHANGED = Kind.CHANGED.value
ALIKE = Reason(
    Kind.ALIKE.value,
    gettext_noop(
        "A row of the same day, amount and words is here and not in this file: it may be that"
        " one. A person decides."
    ),
)
OTHERWISE = gettext_noop(
    "It is here already with another %(what)s (%(date)s, %(amount)s, “%(text)s”)."
    " What is here stays."
)


class Doubtful(NamedTuple):
    """Why a row may be one that is here, and which."""

    reason: Reason
    ours: int


@dataclass(frozen=True)
class Sorting:
    """Rows of a file against what is stored: ids of those here already, reasons of doubtful ones.

    `known` has those too on which somebody has decided, or has yet to. `changed` and `alike` by
    id. `last_balance`: of the newest stored row that is not newer than the first new one; of the
    newest of all where the file states an opening balance and no row.
    """

    new: list[Line]
    known: set[str]
    changed: dict[str, Doubtful]
    alike: dict[str, Doubtful]
    last_balance: Decimal | None

    @property
    def balance_before_file(self) -> Decimal | None:
        """Unknown when the file begins with, or runs through, rows that are here already."""
        return None if self.known or self.doubtful else self.last_balance

    @cached_property
    def doubtful(self) -> dict[str, Doubtful]:
        return self.changed | self.alike

    @cached_property
    def digest(self) -> str:
        """Of which rows come in and which do not, and from which balance; so that a page can tell
        whether it is so yet."""
        balance = str(self.new[0].balance) if self.new else ""
        said = [[row.line for row in self.new], sorted(self.known), sorted(self.doubtful), balance]
        return hashlib.sha256(repr(said).encode()).hexdigest()

    def kind(self, row: Line) -> Kind:
        if row.transaction_id in self.changed:
            return Kind.CHANGED
        if row.transaction_id in self.alike:
            return Kind.ALIKE
        return Kind.KNOWN if row.transaction_id in self.known else Kind.NEW


def sort_out(account: SourceAccount, statement: Statement) -> Sorting:
    new: list[Line] = []
    known: set[str] = set()
    changed: dict[str, Doubtful] = {}
    alike: dict[str, Doubtful] = {}
    otherwise = _begin_otherwise(account, statement)
    for number, batch in enumerate(_batches(statement.rows)):
        pace.at(number * LOOKED_UP_AT_ONCE, len(statement.rows))
        stored = _stored(account, batch)
        for row in batch:
            before = stored.get(row.transaction_id)
            is_sure = row.date not in otherwise or not row.transaction_id.startswith(MADE)
            if before is None:
                new.append(row)
            elif what := difference(before, row, derived=row.derived and is_sure):
                changed[row.transaction_id] = Doubtful(_otherwise(before, what), before.pk)
            else:
                known.add(row.transaction_id)
    for row, before in _told_anew(account, statement, new):
        kind, into = (Kind.ALIKE, alike) if _is_equal(before, row) else (Kind.CHANGED, changed)
        why = reason_of_doubt(kind, before, row)
        into[row.transaction_id] = Doubtful(why, before.pk)
    for transaction_id in _asked_before(account, statement, changed | alike):
        changed.pop(transaction_id, None)
        alike.pop(transaction_id, None)
        known.add(transaction_id)
    not_new = known | changed.keys() | alike.keys()
    new = [row for row in new if row.transaction_id not in not_new]
    return Sorting(new, known, changed, alike, _last_balance(account, statement, new))


def _last_balance(
    account: SourceAccount, statement: Statement, new: Sequence[Line]
) -> Decimal | None:
    """A statement without rows does not say of which day it is: it goes on from the newest row."""
    if statement.is_quiet and statement.opening is not None:
        return balance_before(account, dt.date.max)
    first = min((row.date for row in new), default=None)
    return None if first is None else balance_before(account, first)


def _begin_otherwise(account: SourceAccount, statement: Statement) -> set[dt.date]:
    """Days that begin with another balance here than in a file whose balances are worked out.

    A made id without a balance is that of every equal row: of two files of one day, two coffees
    are one where the day begins alike, and else two or one, which a person decides.
    """
    is_known = statement.opening is not None or not statement.from_zero
    is_made = any(row.derived and row.transaction_id.startswith(MADE) for row in statement.rows)
    if not (is_known and is_made):
        return set()
    theirs: dict[dt.date, Decimal] = {}
    for row in as_they_happened(statement.rows):
        theirs.setdefault(row.date, row.balance - row.amount)
    here = BankTransaction.objects.filter(
        account__in=line_of(account), date__range=(min(theirs), max(theirs))
    )
    ours: dict[dt.date, Decimal] = {}
    for day, balance, amount in (
        here.in_feed_order().values_list("date", "balance", "amount").iterator()
    ):
        ours.setdefault(day, balance - amount)
    return {day for day, balance in theirs.items() if ours.get(day, balance) != balance}


def _is_equal(stored: BankTransaction, row: Line) -> bool:
    """But for the id, and for a balance that moves with what stands before it."""
    return (stored.date, stored.amount, stored.description) == (
        row.date,
        row.amount,
        row.description,
    )


def reason_of_doubt(kind: Kind, stored: BankTransaction, row: Line) -> Reason:
    """Why a row that is alike or changed may be the stored one."""
    if kind is Kind.ALIKE:
        return ALIKE
    # Where a worked out balance alone differs, that is what there is to decide.
    what = difference(stored, row, derived=row.derived) or difference(stored, row, derived=False)
    return _otherwise(stored, what)


def _otherwise(stored: BankTransaction, what: Sequence[str]) -> Reason:
    values = {
        "what": ", ".join(what),
        "date": stored.date.isoformat(),
        "amount": str(stored.amount),
        "text": stored.description,
    }
    return Reason(CHANGED, OTHERWISE, values)


def _asked_before(
    account: SourceAccount, statement: Statement, doubtful: Collection[str]
) -> Iterator[str]:
    """Ids of rows that came before, the very same, and are decided on or wait for that."""
    every = iter(row for row in statement.rows if row.transaction_id in doubtful)
    while batch := list(islice(every, LOOKED_UP_AT_ONCE)):
        asked = Doubt.objects.of_what_is_here().filter(
            account__in=line_of(account), transaction_id__in=[row.transaction_id for row in batch]
        )
        found: dict[str, list[Doubt]] = {}
        for doubt in asked:
            found.setdefault(doubt.transaction_id, []).append(doubt)
        for row in batch:
            every_one = found.get(row.transaction_id, [])
            derived = row.derived and not row.transaction_id.startswith(MADE)
            if any(not difference(doubt, row, derived=derived) for doubt in every_one):
                yield row.transaction_id


def _told_anew(
    account: SourceAccount, statement: Statement, new: Sequence[Line]
) -> Iterator[tuple[Line, BankTransaction]]:
    """New rows that may be old ones told in another way, each with the one that it may be.

    One of the same day, amount and words may be the same, whatever its id. An id that is made of
    what a row says is another when the words are, or where the file stated ids before; so where a
    row of the same day and amount is here and not in this file, every new one may be that one. So
    may one of the same words and the opposite amount, which was read with its sign reversed.
    Rather decided on by a person than sent a second time.
    """
    if not new:
        return
    here = BankTransaction.objects.filter(
        account__in=line_of(account),
        date__range=(min(row.date for row in new), max(row.date for row in new)),
    )
    in_file = {row.transaction_id for row in statement.rows}
    equal: dict[tuple[object, ...], BankTransaction] = {}
    made: dict[tuple[object, ...], BankTransaction] = {}
    missing: dict[tuple[object, ...], BankTransaction] = {}
    for stored in here.order_by("-pk").iterator():
        if stored.transaction_id in in_file:
            continue
        equal[stored.date, stored.amount, stored.description] = stored
        said = (stored.date, stored.amount), (stored.date, -stored.amount, stored.description)
        for each in said:
            missing[each] = stored
            if stored.transaction_id.startswith(MADE):
                made[each] = stored
    for row in new:
        pool = missing if row.transaction_id.startswith(MADE) else made
        same = (row.date, row.amount, row.description)
        alike = equal.get(same) or pool.get((row.date, row.amount)) or pool.get(same)
        if alike:
            yield row, alike


def in_order(rows: Sequence[Line], sorting: Sorting) -> Movement:
    return movement(rows, before=sorting.balance_before_file)


def _batches(rows: Sequence[Line]) -> Iterator[list[Line]]:
    every = iter(rows)
    while batch := list(islice(every, LOOKED_UP_AT_ONCE)):
        yield batch


def _stored(account: SourceAccount, batch: Iterable[Line]) -> dict[str, BankTransaction]:
    ids = [row.transaction_id for row in batch]
    line = line_of(account)
    found = BankTransaction.objects.filter(account__in=line, transaction_id__in=ids)
    return {row.transaction_id: row for row in found.order_by()}


def line_of(account: SourceAccount) -> list[int]:
    """The account and those that it goes on from: what came in on them is here already."""
    return SourceAccount.objects.lines([account.pk])[account.pk]


def difference(stored: BankTransaction | Doubt, row: Line, *, derived: bool) -> list[str]:
    """What differs, by names to be translated. A type that one side lacks is no change.

    A balance that is worked out hangs on the order of the day's rows, which may be another in the
    next file; whether the new rows follow on is seen by the balance before them.
    """
    changed = [
        name
        for name, before, after in (
            (gettext_noop("date"), stored.date, row.date),
            (gettext_noop("description"), stored.description, row.description),
            (gettext_noop("amount"), stored.amount, row.amount),
            (gettext_noop("balance"), stored.balance, stored.balance if derived else row.balance),
        )
        if before != after
    ]
    types = {stored.transaction_type, row.transaction_type} - {""}
    if len(types) > 1:
        changed.append(gettext_noop("type"))
    return changed


def balance_before(account: SourceAccount, day: dt.date) -> Decimal | None:
    """Balance of the newest stored row that is not newer than that day."""
    stored = BankTransaction.objects.filter(account__in=line_of(account), date__lte=day)
    return stored.order_by("-date", "-id").values_list("balance", flat=True).first()
