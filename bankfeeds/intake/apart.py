"""A text in columns that names accounts -> the text of each account, its lines where they stood.

In it account numbers are masked to their last four, and lines of other accounts are blank. The
same profile reads it as it reads a file of one account.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from .columns import CUT_OFF, Reading
from .lines import BOM
from .masking import MASK
from .profile import Layout, Profile
from .records import STRAY_QUOTE, Record
from .shape import SECOND_HEADER, AccountStated, Reason, Rejected, gettext_noop

WHOSE = ("account", "routing", "bank")
# Of digits, so that a spreadsheet's lost zeros come back.
BANK_DIGITS, TRANSIT_DIGITS = 3, 5

NO_ACCOUNT = Reason("no-account", gettext_noop("It does not say which account it is of."))


@dataclass
class Part:
    """What the file has of one account. `stated` is None for `bad`: lines that name none."""

    stated: AccountStated | None
    lines: dict[int, str] = field(default_factory=dict)
    bad: list[Rejected] = field(default_factory=list)


class Apart:
    """The parts of a file by a profile that knows a column of accounts, in the file's order.

    Raises UnreadableFile.
    """

    def __init__(self, content: bytes, profile: Profile) -> None:
        reading = Reading(content, profile)
        self._layout, self._at = profile.layout, reading.at
        self._header, self._header_line = reading.header, reading.header_line
        found: dict[AccountStated | None, Part] = {}
        for record in reading.records():
            why = self._why_of_none(record)
            stated = None if why else self._stated(record)
            part = found.setdefault(stated, Part(stated))
            if why:
                part.bad.append(Rejected(record.line, why, ""))
            else:
                part.lines[record.line] = self._text(record)
        self.parts = list(found.values())
        self.notes = reading.notes
        # How each begins, and not what it sums up of other accounts.
        self._below = {row.line: reading.below.word(row) for row in reading.below.lines}

    def text(self, parts: Iterable[Part], *, unnamed: bool = False) -> bytes:
        """UTF-8, whatever the profile's encoding: the mark at its beginning says so.

        `unnamed`: with a bad row for each line that names no account, so that people see it.
        """
        lines = {number: text for part in parts for number, text in part.lines.items()}
        if unnamed:
            lines |= {bad.line: MASK for part in self.parts for bad in part.bad}
        lines |= self._below
        if self._header_line:
            lines[self._header_line] = _joined(self._header, self._layout)
        out, at = [BOM], 1
        for number in sorted(lines):
            text = f"{lines[number]}\n".encode()
            out += [b"\n" * (number - at), text]
            at = number + len(text.splitlines())
        return b"".join(out)

    def _why_of_none(self, record: Record) -> Reason | None:
        if record.cells is None:
            return STRAY_QUOTE
        if not record.cells:
            return CUT_OFF
        values = [cell.strip() for cell in record.cells]
        if self._header and tuple(values[: len(self._header)]) == self._header:
            return SECOND_HEADER
        whose = [self._at[name] for name in WHOSE if name in self._at]
        is_whole = len(values) > max(whose) and _letters(values[self._at["account"]])
        return None if is_whole else NO_ACCOUNT

    def _stated(self, record: Record) -> AccountStated:
        cells = [cell.strip() for cell in record.cells or ()]
        said = {name: cells[self._at[name]] for name in WHOSE if name in self._at}
        bank, routing = said.get("bank", ""), said.get("routing", "")
        if bank:
            routing = _filled(bank, BANK_DIGITS) + (routing and _filled(routing, TRANSIT_DIGITS))
        return AccountStated(said["account"], routing)

    def _text(self, record: Record) -> str:
        cells = list(record.cells or ())
        at = self._at["account"]
        cells[at] = f"{MASK}{_letters(cells[at])[-4:]}"
        return _joined(cells, self._layout)


def _letters(text: str) -> str:
    return re.sub("[^0-9A-Z]", "", text.upper())


def _filled(text: str, digits: int) -> str:
    return text.zfill(digits) if text.isdecimal() else text


def _joined(cells: Sequence[str], layout: Layout) -> str:
    if layout.widths:
        # What stands behind the last column has no width.
        widths = (*layout.widths, 0)
        fixed = zip(cells, widths, strict=False)
        return "".join(f"{cell:<{width}}"[: width or None] for cell, width in fixed)
    out = io.StringIO()
    # By the letters of its line end the writer knows which cells need quotes.
    csv.writer(out, delimiter=layout.delimiter, lineterminator="\r\n").writerow(cells)
    return out.getvalue().removesuffix("\r\n")
