"""What stands below the table of a file, such as totals: left out and named, never a transaction.

A line is below the table where it begins as the profile says, has no date in the column of dates,
and nothing but such lines comes after it. Whatever else stands there is read as a row.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

from . import cells
from .records import Record
from .shape import Reason, gettext_noop

MOST = 20
# How a line begins, up to what changes from day to day.
BEGINNING = re.compile(r"[^\W\d_][^\d:;,=]*")


class Below:
    """The lines of one file that were left out, in `lines` once the file was read."""

    def __init__(
        self, words: Sequence[str], is_dated: Callable[[Record], bool], *, fixed: bool
    ) -> None:
        """`fixed`: columns of fixed width, which cut words apart."""
        # A longer word is not the same word: Total is not how Totally Bagels begins.
        either = "|".join(re.escape(word) for word in words)
        self._begins = re.compile(rf"(?:{either})(?! ?[^\W\d_])", re.IGNORECASE)
        self._words = words
        self._is_dated, self._fixed = is_dated, fixed
        self.lines: list[Record] = []

    def left_out(self, records: Iterable[Record]) -> Iterator[Record]:
        """The records of the table alone."""
        if not self._words:
            yield from records
            return
        held: list[Record] = []
        for record in records:
            if self._is_below(record) and len(held) < MOST:
                held.append(record)
                continue
            # The table goes on, so that they were within it.
            yield from held
            held.clear()
            yield record
        self.lines = held

    def word(self, record: Record) -> str:
        """How a line that was left out begins."""
        found = self._begins.match(beginning(record, fixed=self._fixed))
        return found[0] if found else ""

    @property
    def notes(self) -> tuple[Reason, ...]:
        if not self.lines:
            return ()
        template = gettext_noop("Lines below the table, which are left out: %(lines)s.")
        each = [f"{line.line} “{cells.shown(line.raw.strip())}”" for line in self.lines]
        return (Reason("lines-below", template, {"lines": ", ".join(each)}),)

    def _is_below(self, record: Record) -> bool:
        return bool(self.word(record)) and not self._is_dated(record)


def beginning(record: Record, *, fixed: bool) -> str:
    """The first cell with anything in it, and what stands behind it where nothing parts them."""
    cells = (record.raw,) if fixed else record.cells or ()
    return next(filter(None, map(str.strip, cells)), "")


def words_at_the_end(
    records: Collection[Record], is_row: Callable[[Sequence[str]], bool], *, fixed: bool
) -> list[str]:
    """How each of the lines behind the last row of a sample begins; of too many, none."""
    found: list[str] = []
    for record in reversed(list(records)):
        begins = BEGINNING.match(beginning(record, fixed=fixed))
        if is_row(record.cells or ()):
            return list(dict.fromkeys(reversed(found)))
        if begins is None:
            # The table goes on with it.
            return []
        found.append(begins[0].strip(" .-–"))
    return []
