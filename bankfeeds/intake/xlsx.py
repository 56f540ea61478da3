"""An Excel workbook (.xlsx) -> the same table as CSV, which is then read by the rules of CSV.

Line n is row n of the sheet, hidden rows too: what a filter hides was booked all the same. A
number is taken from the XML, rounded to the 15 digits that Excel has, and never made a float. A
date is the day that its number means. Formulas are refused: what they gave last may be stale.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from decimal import Context, Decimal, InvalidOperation, Overflow
from functools import lru_cache
from typing import Any

from .shape import Reason, UnreadableFile, gettext_noop
from .xlsx_parts import (
    BOMB,
    DAMAGED,
    LONGEST_TEXT,
    Handler,
    Parts,
    Relations,
    Strings,
    Styles,
    Workbook,
)

MOST_COLUMNS, MOST_ROWS = 256, 1_048_576
# So many columns a list of transactions may have; a note far off at the side makes no row longer.
MOST_FILLED = 40
# A row of a statement takes at least so many bytes of the zip.
BYTES_OF_ROW, FEWEST_ROWS = 10, 20_000
# Text in a zip takes at least so many bytes for each text of its own.
SHORTEST, FEWEST = 8, 10_000
DIGITS = Context(prec=15)
LARGEST_EXPONENT = 20
# Before March 1900 Excel counts a day that never was.
FIRST_DAY, LAST_DAY = 61, 2_958_465
# As most numbers are written, which then stay as they are.
PLAIN = re.compile(r"-?[1-9][0-9]{0,8}(?:\.[0-9]{1,5})?|0(?:\.[0-9]{1,5})?")
REFERENCE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")
LINE_ENDS = str.maketrans("\r\n", "\x0b\x0b")

NO_TABLE = Reason("no-table", gettext_noop("This workbook has no sheet with anything in it."))
SEVERAL = Reason(
    "several-sheets",
    gettext_noop(
        "This workbook has several sheets with something in them, hidden ones counted. Save the"
        " one that holds the transactions as a file of its own."
    ),
)
FORMULA = gettext_noop(
    "Row %(line)d has a formula or an error in a cell: what it gives is not certain. Copy the"
    " table and paste it as values."
)


def as_csv(content: bytes) -> bytes:
    """UTF-8, commas, LF. Raises UnreadableFile."""
    parts = Parts(content)
    book, relations, styles = Workbook(), Relations(), Styles()
    strings = Strings(FEWEST + len(content) // SHORTEST)
    parts.parse("xl/workbook.xml", book)
    parts.parse("xl/_rels/workbook.xml.rels", relations)
    for name, handler in (("xl/styles.xml", styles), ("xl/sharedStrings.xml", strings)):
        if name in parts.names:
            parts.parse(name, handler)
    targets = [relations.targets.get(each, "") for each in book.sheets]
    if len(set(targets)) < len(targets):
        # Each of them is a part of its own, and is read once.
        raise UnreadableFile(DAMAGED)
    table = None
    for target in targets:
        sheet = _Sheet(
            strings.found, styles.dates, book.since_1904, parts.limit, len(content) // BYTES_OF_ROW
        )
        parts.parse(target, sheet)
        if sheet.holds and table:
            raise UnreadableFile(SEVERAL)
        table = sheet if sheet.holds else table
    if table is None:
        raise UnreadableFile(NO_TABLE)
    return table.out.getvalue().encode("utf-8", "replace")


class _Sheet(Handler):
    """`out`: the rows as CSV. `holds`: whether a cell holds anything."""

    def __init__(
        self,
        strings: list[str],
        dates: list[bool],
        since_1904: bool,
        limit: int,
        rows: int,
    ) -> None:
        """`limit`: letters that it may have; `rows`: with anything in them, beside a few."""
        super().__init__()
        self.out = io.StringIO()
        self.holds = False
        self._strings, self._limit = strings, limit
        self._dates = {str(number) for number, is_date in enumerate(dates) if is_date}
        self._left_rows = FEWEST_ROWS + rows
        self._epoch = dt.date(1904, 1, 1) if since_1904 else dt.date(1899, 12, 30)
        self._first = 0 if since_1904 else FIRST_DAY
        self._writer = csv.writer(self.out, lineterminator="\n")
        self._row = self._width = 0
        self._cells: list[str] = []
        self._column = 0
        self._kind, self._style, self._value = "", "", ""

    def begun(self, name: str, attrs: Any) -> None:
        self.begin()
        if name == "c":
            self._begin_cell(attrs)
        elif name == "row":
            self._begin_row(attrs.get("r", ""))
        elif name == "f":
            raise self._uncertain()

    def ended(self, name: str) -> None:
        if name in {"v", "t"}:
            self._value += self.taken()
            if len(self._value) > LONGEST_TEXT:
                raise UnreadableFile(BOMB, line=self._row)
            return
        self.begin()
        if name == "c":
            self._end_cell()
        elif name == "row":
            self._end_row()

    def _begin_row(self, number: str) -> None:
        following = int(number) if number.isdecimal() and len(number) < 9 else self._row + 1
        if not self._row < following <= MOST_ROWS:
            raise UnreadableFile(DAMAGED, line=self._row)
        self.out.write("\n" * (following - self._row - 1))
        self._row, self._column, self._cells = following, 0, []

    def _begin_cell(self, attrs: Any) -> None:
        self._kind, self._style, self._value = attrs.get("t", "n"), attrs.get("s", "0"), ""
        found = REFERENCE.fullmatch(attrs.get("r", ""))
        column = _number_of(found[1]) if found else self._column + 1
        if column <= self._column or (found and int(found[2]) != self._row):
            raise UnreadableFile(DAMAGED, line=self._row)
        self._column = column

    def _end_cell(self) -> None:
        if not (text := self._said()):
            return
        if self._column > MOST_COLUMNS:
            raise UnreadableFile(BOMB, line=self._row)
        self._cells += [""] * (self._column - len(self._cells) - 1)
        self._cells.append(text)

    def _end_row(self) -> None:
        if self._cells:
            self.holds = True
            self._left_rows -= 1
            self._width = max(self._width, min(len(self._cells), MOST_FILLED))
            # A sheet leaves away cells with nothing in them at the end of a row.
            self._cells += [""] * (self._width - len(self._cells))
            self._writer.writerow(self._cells)
        else:
            self.out.write("\n")
        if self._left_rows < 0 or self.out.tell() > self._limit:
            raise UnreadableFile(BOMB)

    def _said(self) -> str:
        match self._kind:
            case "n":
                return self._number() if self._value else ""
            case "s":
                return self._shared()
            case "b":
                return "TRUE" if self._value == "1" else "FALSE"
            case "e":
                raise self._uncertain()
            case _:
                return self._value.translate(LINE_ENDS)

    def _shared(self) -> str:
        found = self._strings[int(self._value)] if self._value.isdecimal() else ""
        return found.translate(LINE_ENDS)

    def _number(self) -> str:
        is_date = self._style in self._dates
        if not is_date and PLAIN.fullmatch(self._value):
            return self._value
        text = self._value.strip()
        if not text:
            return text
        try:
            value = DIGITS.create_decimal(text)
        except (InvalidOperation, Overflow):
            return text.translate(LINE_ENDS)
        if not value.is_finite() or abs(value.adjusted()) > LARGEST_EXPONENT:
            return text
        if is_date and self._first <= value <= LAST_DAY:
            return str(self._epoch + dt.timedelta(days=int(value)))
        return f"{value + Decimal(0):f}"

    def _uncertain(self) -> UnreadableFile:
        return UnreadableFile(Reason("formula", FORMULA, {"line": self._row}), line=self._row)


@lru_cache(maxsize=1_024)
def _number_of(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number
