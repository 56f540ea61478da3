"""A file's rows against what is stored: new, here already, or changed since first imported."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from itertools import islice

from django.utils.translation import gettext as _

from bankfeeds import words
from bankfeeds.intake.cells import MADE
from bankfeeds.intake.shape import Line, Statement
from bankfeeds.models import BankTransaction, SourceAccount

from .order import Movement, movement

LOOKED_UP_AT_ONCE = 500


class Kind(StrEnum):
    NEW = "new"
    KNOWN = "known"
    CHANGED = "changed"
    BAD = "bad"
    HELD_OUT = "held_out"


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

    @property
    def digest(self) -> str:
        """Of which rows come in and which do not, so that a page can tell whether it is so yet."""
        said = [[row.line for row in self.new], sorted(self.known), sorted(self.changed)]
        return hashlib.sha256(repr(said).encode()).hexdigest()

    def kind(self, row: Line) -> Kind:
        if row.transaction_id in self.changed:
            return Kind.CHANGED
        return Kind.KNOWN if row.transaction_id in self.known else Kind.NEW


def sort_out(account: SourceAccount, statement: Statement) -> Sorting:
    new: list[Line] = []
    known: set[str] = set()
    changed: dict[str, str] = {}
    for batch in _batches(statement.rows):
        stored = _stored(account, batch)
        for row in batch:
            before = stored.get(row.transaction_id)
            if before is None:
                new.append(row)
            elif said := difference(before, row, derived=statement.derived):
                changed[row.transaction_id] = said
            else:
                known.add(row.transaction_id)
    for row, before in _told_anew(account, statement, new):
        alike = _(
            "A row of the same day, amount and words is here and not in this file: it may be that"
            " one. What is here stays."
        )
        said = difference(before, row, derived=statement.derived)
        changed[row.transaction_id] = said or alike
    new = [row for row in new if row.transaction_id not in changed]
    first = min((row.date for row in new), default=None)
    return Sorting(new, known, changed, None if first is None else balance_before(account, first))


def _told_anew(
    account: SourceAccount, statement: Statement, new: Sequence[Line]
) -> Iterator[tuple[Line, BankTransaction]]:
    """New rows that may be old ones told in another way, each with the one that it may be.

    An id that is made of what a row says is another when the words are, or where the file stated
    ids before. So where a row of the same day and amount is here and not in this file, every new
    one may be that one: rather listed for a person than sent a second time. So may one of the
    same words and the opposite amount, which was read with its sign reversed.
    """
    if not new:
        return
    here = BankTransaction.objects.filter(
        account__in=line_of(account),
        date__range=(min(row.date for row in new), max(row.date for row in new)),
    )
    if not any(row.transaction_id.startswith(MADE) for row in new):
        here = here.filter(transaction_id__startswith=MADE)
    if not here.exists():
        return
    in_file = {row.transaction_id for row in statement.rows}
    made: dict[tuple[object, ...], BankTransaction] = {}
    missing: dict[tuple[object, ...], BankTransaction] = {}
    for stored in here.order_by("-pk").iterator():
        if stored.transaction_id in in_file:
            continue
        said = (stored.date, stored.amount), (stored.date, -stored.amount, stored.description)
        for each in said:
            missing[each] = stored
            if stored.transaction_id.startswith(MADE):
                made[each] = stored
    for row in new:
        pool = missing if row.transaction_id.startswith(MADE) else made
        alike = pool.get((row.date, row.amount))
        alike = alike or pool.get((row.date, row.amount, row.description))
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


def difference(stored: BankTransaction, row: Line, *, derived: bool) -> str:
    """What differs, in words; empty when nothing does. A type that one side lacks is no change.

    A balance that is worked out hangs on the order of the day's rows, which may be another in the
    next file; whether the new rows follow on is seen by the balance before them.
    """
    changed = [
        name
        for name, before, after in (
            (_("date"), stored.date, row.date),
            (_("description"), stored.description, row.description),
            (_("amount"), stored.amount, row.amount),
            (_("balance"), stored.balance, stored.balance if derived else row.balance),
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


def balance_before(account: SourceAccount, day: dt.date) -> Decimal | None:
    """Balance of the newest stored row that is not newer than that day."""
    stored = BankTransaction.objects.filter(account__in=line_of(account), date__lte=day)
    return stored.order_by("-date", "-id").values_list("balance", flat=True).first()
