"""The list of a file's bad rows, and the same list when people have mended it and it comes again.

Four columns stand before those of the file: line, code and reason of a bad row, and which file it
is of. What the others say takes the place of that line of the file.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from .lines import BOM, text_lines
from .records import STRAY_QUOTE, Record, records
from .shape import Reason, UnreadableFile, gettext_noop

COLUMNS = ("line", "code", "reason", "file")
# A spreadsheet may save with another one than it was given.
SEPARATORS = (",", ";", "\t")
FILE = re.compile(r"sha256:([0-9a-f]{16})")
LINE = re.compile(r"([1-9][0-9]{0,8})(?:\.0+)?")
FORMULA = re.compile(r"\A'(?=[=+\-@\t\r])")
LONGEST_HEADER = 65_536

NO_LINE = gettext_noop(
    "Row %(row)d of this list of bad rows does not say which line of the first file it is. Leave"
    " the columns line and file as they were; new rows belong into a file of their own."
)
LINE_TWICE = gettext_noop(
    "Row %(row)d of this list of bad rows is line %(line)d of the first file once more."
)
NO_FILE = Reason(
    "mended-no-file",
    gettext_noop(
        "This list of bad rows does not say which file it is of. Leave the column file as it was."
    ),
)
SEVERAL_FILES = Reason(
    "mended-several-files",
    gettext_noop("This list has bad rows of more than one file. Upload one list for each file."),
)
NO_ROWS = Reason("mended-no-rows", gettext_noop("This list of bad rows has no rows."))


@dataclass(frozen=True)
class Mended:
    """`file`: how the hash of the first file begins. `rows`: cells by line of that file."""

    file: str
    header: tuple[str, ...]
    rows: Mapping[int, tuple[str, ...]]


def file_mark(sha256: str) -> str:
    """For the column `file`; no spreadsheet takes it for a number."""
    return f"sha256:{sha256[:16]}"


def is_mended(content: bytes) -> bool:
    return _separator(content) is not None


def read_mended(content: bytes) -> Mended:
    """A list that `is_mended`. Raises UnreadableFile."""
    every = records(text_lines(io.BytesIO(content)), delimiter=_separator(content) or ",")
    header = _without_empty_end(next(every).cells or [])
    rows: dict[int, tuple[str, ...]] = {}
    files: set[str] = set()
    for record in every:
        if record.cells is None:
            raise UnreadableFile(STRAY_QUOTE, line=record.line)
        if not any(map(str.strip, record.cells)):
            continue
        line, file, values = _row(record)
        if line in rows:
            raise _refused("mended-line-twice", LINE_TWICE, row=record.line, line=line)
        rows[line] = values
        files.add(file)
    if not rows:
        raise UnreadableFile(NO_ROWS)
    if len(files) > 1:
        raise UnreadableFile(SEVERAL_FILES)
    return Mended(files.pop(), header[len(COLUMNS) :], rows)


def instead(every: Iterator[Record], rows: Mapping[int, tuple[str, ...]]) -> Iterator[Record]:
    """The records of a file, with those of `rows` in the place of the lines that they mend."""
    if not rows:
        return every
    return (
        Record(record.line, ",".join(rows[record.line]), list(rows[record.line]))
        if record.line in rows
        else record
        for record in every
    )


def _separator(content: bytes) -> str | None:
    head = content[:LONGEST_HEADER].removeprefix(BOM).lstrip()
    # Only the names of our own columns are looked at, which are plain letters in any encoding.
    line = head.partition(b"\n")[0].decode("latin-1")
    for mark in SEPARATORS:
        names = tuple(cell.strip(' "\r').lower() for cell in line.split(mark)[: len(COLUMNS)])
        if names == COLUMNS:
            return mark
    return None


def _row(record: Record) -> tuple[int, str, tuple[str, ...]]:
    stated = [cell.strip() for cell in (record.cells or ())[: len(COLUMNS)]]
    match = LINE.fullmatch(stated[0])
    if match is None:
        raise _refused("mended-no-line", NO_LINE, row=record.line)
    file = FILE.fullmatch(stated[-1]) if len(stated) == len(COLUMNS) else None
    if file is None:
        raise UnreadableFile(NO_FILE, line=record.line)
    values = (record.cells or [])[len(COLUMNS) :]
    return int(match[1]), file[1], tuple(FORMULA.sub("", value, count=1) for value in values)


def _without_empty_end(names: list[str]) -> tuple[str, ...]:
    found = [name.strip() for name in names]
    while found and not found[-1]:
        found.pop()
    return tuple(found)


def _refused(code: str, template: str, **values: int) -> UnreadableFile:
    return UnreadableFile(Reason(code, template, values), line=values["row"])
