"""Every waiting row of an account with what the rules say of it today, one by one. Reads only."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from bankfeeds import rules
from bankfeeds.models import SourceAccount
from bankfeeds.rules import Severity

from .plan import Row, standing

AT_ONCE = 2000
# What the rules and the report read of a row.
COLUMNS = (
    *("account", "line", "transaction_id", "date", "description"),
    *("amount", "balance", "transaction_type"),
)


@dataclass
class Report:
    """What was found in all rows, and those of one page. `by_rule`: how many rows, by code."""

    verdicts: Counter[Severity | None] = field(default_factory=Counter)
    by_rule: Counter[str] = field(default_factory=Counter)
    rows: list[Row] = field(default_factory=list)

    @property
    def total(self) -> int:
        return self.verdicts.total()

    @property
    def stops(self) -> int:
        return self.verdicts[Severity.ERROR]

    @property
    def looks(self) -> int:
        return self.verdicts[Severity.WARNING]

    @property
    def fine(self) -> int:
        return self.verdicts[None]


def pre_flight(account: SourceAccount, *, today: dt.date) -> Iterator[Row]:
    """Oldest first, as the plan of a push judges them; no row is kept in memory."""
    waiting = account.transactions.free().in_feed_order().only(*COLUMNS)
    rows = waiting.iterator(chunk_size=AT_ONCE)
    return rules.judge_ordered(rows, standing=standing(account, today=today))


def report(judged: Iterable[Row], *, only_problems: bool, first: int, most: int) -> Report:
    """Counts every row; keeps at most `most` of those asked for, from the `first` on (from 0)."""
    found, place = Report(), 0
    for one in judged:
        found.verdicts[one.severity] += 1
        found.by_rule.update(rule.code for rule in one.findings)
        if only_problems and not one.findings:
            continue
        if first <= place < first + most:
            found.rows.append(one)
        place += 1
    return found
