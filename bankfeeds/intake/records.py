"""Lines of text -> records of cells, each with the line on which it begins and what it says."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import NamedTuple

from .lines import LONGEST
from .shape import Reason, UnreadableFile, gettext_noop

STRAY_QUOTE = Reason(
    "stray-quote",
    gettext_noop("A quotation mark stands in the wrong place; inside a text it is written twice."),
)


class Record(NamedTuple):
    """What the csv module made of one or more physical lines; no cells: quotes were wrong."""

    line: int
    raw: str
    cells: list[str] | None


class _Source:
    """Feeds the csv module and remembers where the record in hand began and what it said."""

    def __init__(self, lines: Iterator[str], above: int) -> None:
        self._lines = lines
        self.number = above
        self.ended = False

    def begin(self, line: str) -> None:
        """With this line in hand, the first of a record."""
        self._in_hand = line
        self.first = self.number + 1
        self._parts: list[str] = []
        self._size = 0

    @property
    def raw(self) -> str:
        return "".join(self._parts).rstrip("\r\n")

    def __iter__(self) -> _Source:
        return self

    def __next__(self) -> str:
        line, self._in_hand = self._in_hand, ""
        try:
            line = line or next(self._lines)
        except StopIteration:
            self.ended = True
            raise
        self.number += 1
        self._parts.append(line)
        self._size += len(line)
        if self._size > LONGEST:
            raise _open_quote(self.first)
        return line


def records(lines: Iterator[str], *, delimiter: str = ",", above: int = 0) -> Iterator[Record]:
    """`above`: lines of the file before the first of `lines`. Raises UnreadableFile."""
    source = _Source(lines, above)
    reader = csv.reader(source, delimiter=delimiter, strict=True, skipinitialspace=True)
    spaced = f"{delimiter} "
    for line in lines:
        if '"' not in line and spaced not in line and not line.startswith(" "):
            # Here the csv module would do no more than this, at three times the cost.
            source.number += 1
            text = line.rstrip("\r\n")
            yield Record(source.number, text, text.split(delimiter) if text else [])
            continue
        source.begin(line)
        try:
            found: list[str] | None = next(reader)
        except csv.Error:
            if source.ended:
                raise _open_quote(source.first) from None
            found = None
        yield Record(source.first, source.raw, found)


def _open_quote(line: int) -> UnreadableFile:
    reason = Reason(
        "open-quote",
        gettext_noop(
            "A quotation mark is opened on line %(line)d and not closed, so nothing after it can"
            " be told apart. Close it, or write it twice if it belongs to the text."
        ),
        {"line": line},
    )
    return UnreadableFile(reason, line=line)
