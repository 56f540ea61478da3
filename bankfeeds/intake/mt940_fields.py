"""MT940 text -> its fields one by one, each with its line.

The library `mt940` has the patterns of fields 60, 61 and 62. Of a whole file it drops fields that
it does not know, which would lose transactions in silence, and writes values that it cannot read to
its log, so that a file is taken apart here.
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass

from mt940 import tags

from .cells import BadCell
from .shape import RAW_SHOWN, Reason, UnreadableFile, gettext_noop

LONGEST = 10_000
MOST_APART = 184
TAG = re.compile(r":([0-9]{2}[A-Z]?|NS):")
BLOCK_END = re.compile(r"-\}?(?:\{5:.*)?")
# A block of a SWIFT message before its text; the text begins with {4:.
ENVELOPE = re.compile(r"(?:\{[123]:[^\n]{0,200}\})?\{4:|\{[1235]:[^\n]{0,500}\}")
BALANCES = {"60F", "60M", "62F", "62M"}
# What may stand in a statement besides; a field whose name is broken must not vanish.
OTHERS = {"13", "13D", "20", "21", "25", "25P", "28", "28C", "34F", "64", "65", "86", "90C",
          "90D", "NS"}  # fmt: skip
KNOWN = {*BALANCES, *OTHERS, "61"}
NEEDED = ("25", "60", "62")
OF_BALANCE = tags.FinalOpeningBalance()
OF_LINE = tags.Statement()
EXPONENT = re.compile("[eE][0-9]")


@dataclass(slots=True)
class Field:
    """`text` may have several lines; `name` without colons, such as 60F."""

    name: str
    line: int
    text: str

    @property
    def raw(self) -> str:
        return " ".join(f":{self.name}:{self.text[:RAW_SHOWN]}".split())[:RAW_SHOWN]


def fields(lines: Iterator[str]) -> Iterator[Field]:
    """One by one; the first is a field 20, which begins a message. Raises UnreadableFile."""
    begun = False
    for field in _fields(lines):
        begun = begun or field.name == "20"
        if not begun:
            raise damaged(field.line)
        yield field


def _fields(lines: Iterator[str]) -> Iterator[Field]:
    open_one: Field | None = None
    for number, line in enumerate(lines, start=1):
        line = ENVELOPE.sub("", line, count=1) if line.startswith("{") else line
        begin = TAG.match(line)
        over = not line.strip() or BLOCK_END.fullmatch(line.strip())
        if begin or over:
            if open_one:
                yield open_one
            open_one = None
        if begin:
            if begin[1] not in KNOWN:
                raise damaged(number)
            open_one = Field(begin[1], number, line[begin.end() :].rstrip())
        elif not over:
            # A line that begins with a colon is a field whose name is broken.
            if open_one is None or line.startswith(":"):
                raise damaged(number)
            open_one.text += f"\n{line.rstrip()}"
        if open_one and len(open_one.text) > LONGEST:
            raise damaged(number)
    if open_one:
        yield open_one


def balance_of(field: Field) -> dict[str, str]:
    """Keys: status, year, month, day, currency, amount. Raises UnreadableFile."""
    found = OF_BALANCE.re.match(field.text)
    # The pattern does not look at what stands behind the amount.
    if found is None or found.end() != len(field.text.rstrip()) or not found["amount"]:
        raise damaged(field.line)
    return found.groupdict()


def entry_of(field: Field) -> dict[str, str | None]:
    """Keys as in the pattern of `mt940.tags.Statement`. Raises BadCell."""
    found = OF_LINE.re.match(field.text)
    # Where no type stands behind the amount, or digits do, it may go on: 1 of 1.234,56 or 1E5.
    if found is None or not found["id"] or EXPONENT.match(found["id"]):
        raise BadCell("field-61", gettext_noop("Its field 61 is not written as MT940 has it."))
    return found.groupdict()


def day_of(said: dict[str, str | None]) -> dt.date:
    """The entry date, of the year that brings it nearest to the value date; else that date."""
    try:
        value = _date(said["year"], said["month"], said["day"])
        month, day = said["entry_month"], said["entry_day"]
        if not (month and day and month.strip() and day.strip()):
            return value
        near = [_date(value.year - 2000 + turn, month, day) for turn in _turns(value, month, day)]
        found = min(near, key=lambda each: abs((each - value).days))
        # 29 February may be years away.
        if abs((found - value).days) > MOST_APART:
            raise ValueError(found)
        return found
    except (ValueError, TypeError):
        raise BadCell("date-unknown", gettext_noop("Its date is no day of the calendar.")) from None


def _turns(value: dt.date, month: str, day: str) -> list[int]:
    """29 February is a day of few years."""
    leap = (month, day) == ("02", "29")
    return [turn for turn in (-1, 0, 1) if not leap or calendar.isleap(value.year + turn)]


def _date(year: int | str | None, month: str | None, day: str | None) -> dt.date:
    """Two digits of a year are of this century."""
    return dt.date(2000 + int(year or 0), int(month or 0), int(day or 0))


def damaged(line: int) -> UnreadableFile:
    reason = Reason(
        "damaged-mt940",
        gettext_noop(
            "Line %(line)d is no MT940, or a field that cannot stand there, or a field before it is"
            " missing. Have the file made or sent again."
        ),
        {"line": line},
    )
    return UnreadableFile(reason, line=line)
