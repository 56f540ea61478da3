"""The rules on bank transactions as data and pure functions: a transaction -> its findings.

Sources are the pages of Codat's documentation named with each rule. No database, no clock: what
is known of the account comes in as `Standing`, and "today" is the institution's day. Codat fixes
the limits; the one number that an institution chooses comes in too, as `late_after`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Generic, Protocol, TypeVar, cast

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

PUSH_LIMIT = 1000
FEED_WINDOW = dt.timedelta(days=7)
# Codat recommends to push daily what cleared today or the day before.
DAILY = dt.timedelta(days=1)

PUSHING = "Codat guide: Push bank transactions to QuickBooks Online"
API = "Codat API: Create bank transactions"


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True)
class Rule:
    """`code` is stable: people filter by it and every push keeps it."""

    code: str
    severity: Severity
    # Their hash is another in each language, and a rule is the same in all.
    reason: str | Promise = field(compare=False)
    remedy: str | Promise = field(compare=False)
    source: str


def _error(code: str, reason: Promise, remedy: Promise, source: str = PUSHING) -> Rule:
    return Rule(code, Severity.ERROR, reason, remedy, source)


def _warning(code: str, reason: Promise, remedy: Promise, source: str = PUSHING) -> Rule:
    return Rule(code, Severity.WARNING, reason, remedy, source)


FILE = _("Give the client a file: QuickBooks takes it by Upload from file.")

NO_ID = _error("no-id", _("It has no id."), _("Correct the file and import it again."))
NO_DESCRIPTION = _error(
    "no-description", _("It has no description."), _("Correct the file and import it again.")
)
FUTURE = _error(
    "future-date",
    _("Its date lies in the future; only cleared transactions can be sent."),
    _("Wait until it has cleared, then push again."),
)
TOO_OLD = _error(
    "too-old", _("It is more than seven days old; the feed takes seven days at most."), FILE
)
BEFORE_FEED = _error(
    "before-feed-start",
    _("It is older than the feed start date that the client chose; QuickBooks ignores it."),
    FILE,
)
OLDER_THAN_NEWEST = _error(
    "older-than-newest",
    _("It is older than the newest transaction already sent for this account."),
    FILE,
)
REPEATED_ID = _error(
    "repeated-id",
    _("Another transaction of this account has the same id."),
    _("Give it an id of its own and import it again."),
    API,
)
ZERO = _error(
    "zero-amount",
    _("Its amount is zero: there is nothing to book."),
    _("Nothing to do if the file is right. Otherwise correct it and import it again."),
)
LAST_DAY = _warning(
    "last-day",
    _("It is seven days old today; QuickBooks may fetch too late."),
    _("Send it now and ask the client to press Update in QuickBooks today."),
)
LATE = _warning(
    "late",
    _("It did not clear today or yesterday, as Codat recommends for daily pushes."),
    _("Nothing to do if a file came late. Push daily."),
)
SIGN = _warning(
    "sign-type",
    _("Its type and its sign disagree: Credit is money in, Debit is money out."),
    _("QuickBooks goes by the sign. Check that it is right."),
    "Codat documentation: Pushing transactions",
)
BALANCE = _warning(
    "balance-break",
    _("The previous balance and this amount do not make this balance."),
    _("Check for a missing row or reversed signs before you send."),
)
RULES: tuple[Rule, ...] = (
    NO_ID,
    NO_DESCRIPTION,
    FUTURE,
    TOO_OLD,
    BEFORE_FEED,
    OLDER_THAN_NEWEST,
    REPEATED_ID,
    ZERO,
    LAST_DAY,
    LATE,
    SIGN,
    BALANCE,
)
BY_CODE = {rule.code: rule for rule in RULES}


class Row(Protocol):
    """What the rules ask of a transaction."""

    @property
    def transaction_id(self) -> str: ...
    @property
    def date(self) -> dt.date: ...
    @property
    def description(self) -> str: ...
    @property
    def amount(self) -> Decimal: ...
    @property
    def balance(self) -> Decimal: ...
    @property
    def transaction_type(self) -> str: ...


@dataclass(frozen=True)
class Standing:
    """Where the account stands. `newest`: date of the newest row sent or about to be sent.

    `late_after`: what cleared longer ago is `LATE`, as the institution has chosen.
    """

    today: dt.date
    feed_start: dt.date | None = None
    newest: dt.date | None = None
    balance: Decimal | None = None
    late_after: dt.timedelta = DAILY


# A row is whatever has the attributes of `Row`: a model of ours, a line of a file.
R = TypeVar("R")


@dataclass(frozen=True)
class Judged(Generic[R]):
    row: R
    findings: tuple[Rule, ...]

    @property
    def goes(self) -> bool:
        return all(rule.severity is not Severity.ERROR for rule in self.findings)

    @property
    def severity(self) -> Severity | None:
        """The worst that was found; None where all is fine."""
        if not self.goes:
            return Severity.ERROR
        return Severity.WARNING if self.findings else None


def judge(rows: Iterable[R], *, standing: Standing) -> list[Judged[R]]:
    """Every row with its findings, oldest first; rows of one day keep the order given.

    "Must be ordered chronologically" is met by sorting, never by refusing.
    """
    ordered = sorted(rows, key=lambda row: cast("Row", row).date)
    return list(judge_ordered(ordered, standing=standing))


def judge_ordered(rows: Iterable[R], *, standing: Standing) -> Iterator[Judged[R]]:
    """The same one by one, of rows that come oldest first: none of them is kept."""
    seen: set[str] = set()
    balance = standing.balance
    for row in rows:
        line = cast("Row", row)
        findings = (*_errors(line, standing, seen), *_warnings(line, standing, balance))
        yield Judged(row, findings)
        seen.add(line.transaction_id)
        balance = line.balance


def split(rows: Sequence[R], *, limit: int = PUSH_LIMIT) -> list[Sequence[R]]:
    """Pieces of at most `limit` rows, in order: one push each."""
    return [rows[start : start + limit] for start in range(0, len(rows), limit)]


def _errors(row: Row, standing: Standing, seen: set[str]) -> Iterator[Rule]:
    if not row.transaction_id.strip():
        yield NO_ID
    if not row.description.strip():
        yield NO_DESCRIPTION
    if row.transaction_id in seen:
        yield REPEATED_ID
    if row.date > standing.today:
        yield FUTURE
    elif row.date < standing.today - FEED_WINDOW:
        yield TOO_OLD
    elif standing.feed_start and row.date < standing.feed_start:
        yield BEFORE_FEED
    elif standing.newest and row.date < standing.newest:
        yield OLDER_THAN_NEWEST
    if row.amount == 0:
        yield ZERO


def _warnings(row: Row, standing: Standing, balance: Decimal | None) -> Iterator[Rule]:
    age = standing.today - row.date
    if age == FEED_WINDOW:
        yield LAST_DAY
    elif standing.newest and standing.late_after < age < FEED_WINDOW:
        yield LATE
    kind = row.transaction_type.lower()
    if (kind == "credit" and row.amount < 0) or (kind == "debit" and row.amount > 0):
        yield SIGN
    if balance is not None and balance + row.amount != row.balance:
        yield BALANCE
