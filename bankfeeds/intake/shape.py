"""What every reader gives back: lines that were understood, lines that were not, and why.

Knows no format. Reasons are templates with values, so that pages can say them in another
language; `str` gives the English words.
"""

from __future__ import annotations

import datetime as dt
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import NamedTuple, Protocol

# So many refused lines are kept with their reasons; beyond that they are only counted.
KEPT_REJECTED = 1_000
RAW_SHOWN = 500
ZERO = Decimal(0)


def gettext_noop(words: str) -> str:
    """Marks words for the catalogue; whoever shows them translates them."""
    return words


@dataclass(frozen=True, slots=True)
class Reason:
    """Why something was refused or noted. `code` is stable: people filter by it."""

    code: str
    template: str
    values: Mapping[str, str | int] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.template % self.values


DECLARES = Reason(
    "xml-declares",
    gettext_noop(
        "This file declares a document type or entities, which can hide or change what it says."
        " It is refused."
    ),
)


TOO_MANY_TAGS = Reason(
    "too-many-tags",
    gettext_noop("This file has more tags for its size than a statement can have. It is refused."),
)

SECOND_HEADER = Reason("second-header", gettext_noop("It is the header once more."))

TOO_MANY_ENTRIES = Reason(
    "too-many-entries",
    gettext_noop(
        "This file has more entries for its size than a statement can have. It is refused."
    ),
)


class Line(NamedTuple):
    """One transaction as the file states it: a local calendar date, positive is money in.

    `line` counts from 1, the header included; `transaction_type` is Codat's spelling or empty.
    `derived`: the file states no balance for it. That is worked out from others, and zero until it
    is.
    """

    line: int
    transaction_id: str
    date: dt.date
    description: str
    amount: Decimal
    balance: Decimal
    transaction_type: str
    raw: str
    derived: bool = False


@dataclass(frozen=True, slots=True)
class Rejected:
    """One line that was not understood. `cells` as they were split; `raw` as it stands there."""

    line: int
    reason: Reason
    raw: str
    cells: tuple[str, ...] = ()

    @property
    def code(self) -> str:
        return self.reason.code


@dataclass(frozen=True)
class Parsed:
    """A whole file. `rejected` holds the first 1,000; `rejected_count` counts them all.

    `from_zero`: it states no balance at all, so that those of its rows count from zero until a
    person states one. `bad_lines`: of a table, all that may have moved the balance nobody knows
    how.
    """

    rows: list[Line]
    rejected: list[Rejected]
    rejected_count: int
    notes: tuple[Reason, ...] = ()
    from_zero: bool = False
    bad_lines: Sequence[int] = ()


class Entries(Protocol):
    """A file being read; `notes` are whole once its lines were.

    Without `states_balances` it has no place for them, and each of its lines is `derived`.
    """

    @property
    def states_balances(self) -> bool: ...

    @property
    def notes(self) -> tuple[Reason, ...]: ...

    def __iter__(self) -> Iterator[Line | Rejected]: ...


def collected(reading: Entries, *, keep_rejected: int = KEPT_REJECTED) -> Parsed:
    """All of a file at once. Raises UnreadableFile."""
    found = gathered(reading, keep_rejected=keep_rejected)
    from_zero = found.from_zero or not reading.states_balances
    return replace(found, notes=reading.notes, from_zero=from_zero)


def gathered(entries: Iterable[Line | Rejected], *, keep_rejected: int = KEPT_REJECTED) -> Parsed:
    """Some of a file's lines. Raises UnreadableFile where they are being read."""
    rows: list[Line] = []
    rejected: list[Rejected] = []
    bad_lines = array("L")
    count = derived = 0
    for entry in entries:
        if isinstance(entry, Line):
            rows.append(entry)
            derived += entry.derived
            continue
        count += 1
        if entry.reason != SECOND_HEADER:
            bad_lines.append(entry.line)
        if count <= keep_rejected:
            rejected.append(entry)
    from_zero = 0 < derived == len(rows)
    return Parsed(rows, rejected, count, from_zero=from_zero, bad_lines=bad_lines)


@dataclass(frozen=True, slots=True)
class AccountStated:
    """The account as the file names it. The number is whole: it is matched, never shown or kept."""

    number: str = field(repr=False)
    routing: str = field(default="", repr=False)
    currency: str = ""


@dataclass(frozen=True, slots=True)
class HeldOut:
    """An entry that is understood and must not come in now, such as a pending one."""

    line: int
    reason: Reason
    raw: str


@dataclass(frozen=True)
class Statement(Parsed):
    """One account's part of a file. `account` is None where the format names none (CSV).

    `refused`: why nothing of it can come in; then it has no rows. `derived`: the balances of all
    its rows are worked out from a stated one. `opening` and `closing` only as the file states them;
    where that is `from_zero`, `opening` as a person does.
    `totals_agree`: None where the format has no control totals; a wrong one refuses the file.
    `line` counts entries, not lines, when `counts_entries`.
    """

    account: AccountStated | None = None
    opening: Decimal | None = None
    closing: Decimal | None = None
    derived: bool = False
    held_out: tuple[HeldOut, ...] = ()
    totals_agree: bool | None = None
    counts_entries: bool = False
    refused: Reason | None = None

    @property
    def is_quiet(self) -> bool:
        """It states no transaction, or none that has cleared."""
        return not (self.rows or self.rejected_count)


class UnreadableFile(Exception):
    """The whole file is refused. `line` is 0 when no single line is to blame."""

    def __init__(self, reason: Reason, *, line: int = 0) -> None:
        super().__init__(str(reason))
        self.reason = reason
        self.line = line

    @property
    def code(self) -> str:
        return self.reason.code

    @property
    def words(self) -> str:
        return str(self.reason)
