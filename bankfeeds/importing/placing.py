"""Rows that come late into a day that is here already: put where they happened.

Rows of one day go to Codat in the order of their primary keys, and the last one's balance becomes
the account's. So what happened after them is taken out and put behind them, while it may be.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby, islice

from django.db.models import Exists, OuterRef, Q

from bankfeeds.intake.shape import Line
from bankfeeds.models import BankTransaction, Doubt, PushItem, SourceAccount

AT_ONCE = 500


def behind_new_ones(rows: Iterable[Line], new: set[int]) -> list[list[Line]]:
    """Day by day those that are here, or left out, and happened after a new one of their day.

    `rows`: of a file, oldest first; `new`: lines of those that are not here.
    """
    days = (list(group) for _day, group in groupby(rows, key=lambda row: row.date))
    return [behind for day in days if (behind := list(_behind_a_new_one(day, new)))]


def taken_out(
    account: SourceAccount, behind: Iterable[Sequence[Line]]
) -> dict[int, BankTransaction]:
    """By line: those of `behind_new_ones` that are here, taken out.

    A day of which something was ever in a push, or came with another file since, stays as it is.
    Whoever calls holds the account's lock and inserts them again.
    """
    found: dict[int, BankTransaction] = {}
    for day in behind:
        stored = _stored(account, day)
        if stored and _may_move(account, list(stored.values())):
            found |= {
                row.line: stored[row.transaction_id] for row in day if row.transaction_id in stored
            }
    every = iter([row.pk for row in found.values()])
    while batch := list(islice(every, AT_ONCE)):
        BankTransaction.objects.filter(pk__in=batch).delete()
    return found


def as_it_was(stored: BankTransaction) -> Line:
    """What is here stays, also where the file says otherwise now."""
    return Line(
        stored.line,
        stored.transaction_id,
        stored.date,
        stored.description,
        stored.amount,
        stored.balance,
        stored.transaction_type,
        raw="",
    )


def _behind_a_new_one(day: Sequence[Line], new: set[int]) -> Iterator[Line]:
    is_behind = False
    for row in day:
        is_behind = is_behind or row.line in new
        if is_behind and row.line not in new:
            yield row


def _stored(account: SourceAccount, rows: Sequence[Line]) -> dict[str, BankTransaction]:
    """By id, as they stand; those that are not on this account were left out."""
    found: dict[str, BankTransaction] = {}
    every = iter([row.transaction_id for row in rows])
    while batch := list(islice(every, AT_ONCE)):
        here = BankTransaction.objects.filter(account=account, transaction_id__in=batch)
        found |= {row.transaction_id: row for row in here.order_by()}
    return found


def _may_move(account: SourceAccount, rows: Sequence[BankTransaction]) -> bool:
    first = min(row.pk for row in rows)
    since = BankTransaction.objects.filter(account=account, date=rows[0].date, pk__gte=first)
    bound = since.filter(
        Exists(PushItem.objects.filter(transaction=OuterRef("pk")))
        | Exists(BankTransaction.objects.filter(goes_on_as=OuterRef("pk")))
        | Exists(Doubt.objects.filter(Q(ours=OuterRef("pk")) | Q(taken=OuterRef("pk"))))
    )
    bound |= since.exclude(goes_on_as=None) | since.exclude(left_out_by=None)
    of_one_day = len({row.date for row in rows}) == 1
    return of_one_day and since.count() == len(rows) and not bound.exists()
