"""BAI2 -> accounts with their records, every control total and count checked.

Source: BAI Cash Management Balance Reporting Specifications, version 2. Own code and no library,
because each record has to be named by its line and each wrong total by both figures.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from . import pace
from .lines import text_lines
from .shape import RAW_SHOWN, Reason, UnreadableFile, gettext_noop

CODES = {"01", "02", "03", "16", "49", "88", "98", "99"}
INTEGER = re.compile(r"[+-]?[0-9]{1,18}")
# Type of funds -> how many fields of availability follow; D states how many itself.
AVAILABILITY = {"V": 2, "S": 3}
MOST_DAYS = 100

TRUNCATED = Reason(
    "truncated",
    gettext_noop("This file ends too early: its end is missing. Have it made or sent again."),
)
WRONG_TOTAL = gettext_noop(
    "The control total on line %(line)d says %(stated)s, but what stands above it gives %(found)s."
    " The file is damaged. Have it made or sent again."
)
WRONG_COUNT = gettext_noop(
    "The trailer on line %(line)d counts %(stated)s %(what)s, but there are %(found)s."
    " The file is damaged. Have it made or sent again."
)
RECORDS = gettext_noop("records")
ACCOUNTS = gettext_noop("accounts")
GROUPS = gettext_noop("groups")


@dataclass(slots=True)
class Record:
    """One record with its continuations: what follows its code, line by line."""

    code: str
    line: int
    bodies: list[str]

    @property
    def fields(self) -> list[str]:
        return [cell.strip() for body in self.bodies for cell in body.split(",")]

    @property
    def raw(self) -> str:
        return f"{self.code},{' '.join(self.bodies)}"[:RAW_SHOWN]

    @property
    def size(self) -> int:
        return len(self.bodies)

    def head_and_text(self) -> tuple[list[str], str]:
        """Of a transaction: its fields up to the references, and the text behind them."""
        fields: list[str] = []
        text: list[str] = []
        for body in self.bodies:
            rest: str | None = body
            while rest is not None and len(fields) < _wanted(fields):
                cell, comma, after = rest.partition(",")
                fields.append(cell.strip())
                rest = after if comma else None
            text.append(rest or "")
        return fields, " ".join(" ".join(text).split())


@dataclass(slots=True)
class Account:
    group: list[str]  # fields of the group's header
    header: Record
    transactions: list[Record] = field(default_factory=list)

    @property
    def summaries(self) -> Iterator[tuple[str, str]]:
        """Type code and amount of each balance or sum that the header states."""
        fields = self.header.fields[2:]
        while fields and not fields[-1]:
            fields.pop()
        place = 0
        while place < len(fields):
            kind, amount = fields[place], _at(fields, place + 1)
            yield kind, amount
            funds = _at(fields, place + 3)
            place += 4 + _availability(funds, _at(fields, place + 4))


def accounts(content: bytes) -> list[Account]:
    """Every account of the file. Raises UnreadableFile."""
    return _File(list(_records(content))).accounts()


def amount_of(text: str, line: int) -> int:
    """Minor units with a sign; nothing is nought. Raises UnreadableFile."""
    if not text:
        return 0
    if INTEGER.fullmatch(text) is None:
        raise _damaged(line)
    return int(text)


def _wanted(fields: Sequence[str]) -> int:
    """How many fields stand before the text, as far as these tell."""
    if len(fields) < 4:
        return 3 if len(fields) < 3 else 5 + _availability(fields[2], "0")
    return 5 + _availability(fields[2], fields[3])


def _availability(funds: str, days: str) -> int:
    if funds.upper() != "D":
        return AVAILABILITY.get(funds.upper(), 0)
    return 1 + 2 * min(int(days), MOST_DAYS) if re.fullmatch("[0-9]{1,3}", days) else 1


def _at(fields: Sequence[str], place: int) -> str:
    return fields[place] if place < len(fields) else ""


def _records(content: bytes) -> Iterator[Record]:
    record: Record | None = None
    for number, text in enumerate(text_lines(pace.Stream(content)), start=1):
        line = text.strip()
        if not line:
            continue
        code, body = line[:2], line[3:].removesuffix("/")
        if code not in CODES or line[2:3] not in {",", "/"}:
            raise _damaged(number)
        if code != "88":
            if record is not None:
                yield record
            record = Record(code, number, [body])
        elif record is None:
            raise _damaged(number)
        else:
            record.bodies.append(body)
    if record is not None:
        yield record


class _File:
    """Walks the records of a file; each level checks its own trailer."""

    def __init__(self, records: list[Record]) -> None:
        self.records = records
        self.place = 0

    def accounts(self) -> list[Account]:
        self._take("01")
        found: list[Account] = []
        totals, size = [], 0
        while self._next() == "02":
            mine, total, records = self._group()
            found += mine
            totals.append(total)
            size += records
        trailer = self._take("99")
        header = self.records[0].size
        _check(trailer, sum(totals), len(totals), GROUPS, size + header + trailer.size)
        if self.place < len(self.records):
            raise _damaged(self.records[self.place].line)
        return found

    def _group(self) -> tuple[list[Account], int, int]:
        header = self._take("02")
        found: list[Account] = []
        totals, size = [], header.size
        while self._next() == "03":
            account, total, records = self._account(header.fields)
            found.append(account)
            totals.append(total)
            size += records
        trailer = self._take("98")
        size += trailer.size
        return found, _check(trailer, sum(totals), len(totals), ACCOUNTS, size), size

    def _account(self, group: list[str]) -> tuple[Account, int, int]:
        account = Account(group, self._take("03"))
        total = sum(amount_of(text, account.header.line) for _kind, text in account.summaries)
        size = account.header.size
        while self._next() == "16":
            record = self._take("16")
            account.transactions.append(record)
            fields, _text = record.head_and_text()
            total += amount_of(_at(fields, 1), record.line)
            size += record.size
        trailer = self._take("49")
        size += trailer.size
        return account, _check(trailer, total, None, "", size), size

    def _next(self) -> str:
        return self.records[self.place].code if self.place < len(self.records) else ""

    def _take(self, code: str) -> Record:
        if self.place >= len(self.records):
            raise UnreadableFile(TRUNCATED, line=self.records[-1].line if self.records else 0)
        record = self.records[self.place]
        if record.code != code:
            raise _damaged(record.line)
        self.place += 1
        return record


def _check(trailer: Record, total: int, parts: int | None, what: str, size: int) -> int:
    """The control total, once it agrees. The trailer: total, number of parts, records."""
    fields = trailer.fields
    stated = amount_of(_at(fields, 0), trailer.line)
    if stated != total:
        raise _wrong(trailer.line, "control-total", WRONG_TOTAL, stated, total)
    counted = [(size, _at(fields, 1 if parts is None else 2), RECORDS)]
    counted += [] if parts is None else [(parts, _at(fields, 1), what)]
    for found, text, name in counted:
        if amount_of(text, trailer.line) != found:
            raise _wrong(trailer.line, "control-count", WRONG_COUNT, text or "0", found, what=name)
    return total


def _wrong(
    line: int, code: str, template: str, stated: int | str, found: int, **more: str
) -> UnreadableFile:
    values: dict[str, str | int] = {
        "line": line,
        "stated": str(stated),
        "found": str(found),
        **more,
    }
    return UnreadableFile(Reason(code, template, values), line=line)


def _damaged(line: int) -> UnreadableFile:
    reason = Reason(
        "damaged-record",
        gettext_noop(
            "Line %(line)d is no BAI2 record, or not one that can stand there."
            " Have the file made or sent again."
        ),
        {"line": line},
    )
    return UnreadableFile(reason, line=line)
