"""What came too late for the feed, row by row, and the file that helps the client instead."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from bankfeeds import exporting, pushing, rules
from bankfeeds.models import Actor, BankTransaction, SourceAccount
from bankfeeds.models.intake import BankTransactionQuerySet
from bankfeeds.rules import BEFORE_FEED, FEED_WINDOW, OLDER_THAN_NEWEST, TOO_OLD, Rule, Standing

LOST = (TOO_OLD, BEFORE_FEED, OLDER_THAN_NEWEST)


@dataclass(frozen=True)
class Lost:
    """A row that the feed takes no more, and the rule that says so."""

    row: BankTransaction
    why: Rule


@dataclass(frozen=True)
class Losses:
    """Of one account. `total`: rows in all; `files`: how many files they fill."""

    account: SourceAccount
    standing: Standing
    total: int

    @cached_property
    def starts(self) -> list[int]:
        """At which row each file begins; reads every row once."""
        rows = _late(self.account, self.standing).only("date", "description", "amount")
        return exporting.starts(rows.iterator(chunk_size=1000)) if self.total else []

    @property
    def files(self) -> int:
        return len(self.starts)

    def part(self, number: int) -> list[Lost]:
        """The rows of file `number` (from 1 on), oldest first; [] when there is no such file."""
        if not 1 <= number <= self.files:
            return []
        start, *ends = self.starts[number - 1 : number + 1]
        rows = _late(self.account, self.standing)[start : ends[0] if ends else self.total]
        return [Lost(row, _why(row, self.standing)) for row in rows]

    def each(self) -> Iterator[Lost]:
        """All of them with their company, oldest first, read in portions."""
        rows = _late(self.account, self.standing).select_related("account__company")
        rows = rows.defer("account__sealed_body", "account__problem", "account__company__problem")
        for row in rows.iterator(chunk_size=1000):
            yield Lost(row, _why(row, self.standing))


def losses(account: SourceAccount, *, today: dt.date) -> Losses:
    """Free rows that are too old, before the feed's start, or older than the newest sent."""
    standing = pushing.standing(account, today=today)
    return Losses(account, standing, _late(account, standing).count())


def file_for_client(
    found: Losses, *, part: int, by: Actor, now: dt.datetime
) -> tuple[str, str] | None:
    """Name and text of a file that QuickBooks takes; None when there is no such part.

    That it was handed out is written down with the ids in it.
    """
    rows = [lost.row for lost in found.part(part)]
    if not rows:
        return None
    made = exporting.client_file(found.account, rows, part=part, parts=found.files)
    exporting.hand_out(made, account=found.account, by=by, now=now)
    return made.name, made.text


def _late(account: SourceAccount, standing: Standing) -> BankTransactionQuerySet:
    rows = BankTransaction.objects.free().filter(account=account, date__lt=_taken_from(standing))
    return rows.in_feed_order()


def _taken_from(standing: Standing) -> dt.date:
    """The first date that the feed still takes."""
    bounds = (standing.today - FEED_WINDOW, standing.feed_start, standing.newest)
    return max(day for day in bounds if day is not None)


def _why(row: BankTransaction, standing: Standing) -> Rule:
    [judged] = rules.judge([row], standing=standing)
    return next(rule for rule in judged.findings if rule in LOST)
