"""A sample -> its layout: encoding, delimiter or widths, the line of the header."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice

from .columns import is_blank, names_of
from .delimited import NO_ROWS
from .layouts import recoded, records_of
from .lines import SNIFFED, text_lines, wide_encoding
from .profile import DELIMITERS, MOST_ABOVE, MOST_COLUMNS, Encoding, Layout
from .shape import Reason, UnreadableFile, gettext_noop
from .written import is_date

LOOKED_AT = 300
TOO_MANY_COLUMNS = gettext_noop(
    "This file has %(columns)d columns; at most %(limit)d are read. Choose a list of transactions."
)
FEWEST_COLUMNS = 3
# Letters of English and French with accents, as they come out of the right one of two encodings.
ACCENTS = "éèêëàâçîïôùûüÉÈÊÀÂÇÎÔÙÛ«»’“”–"
# As much of the names of months, English and French, as tells them from other words.
MONTH = "(?:jan|f[eé]v|feb|mar|apr|avr|ma[iy]|ju[inl]|ao[uû]|aug|sep|oct|nov|d[eé]c)[a-zéû]{0,7}"
LIKE_A_DATE = re.compile(
    r"(?<![0-9])(?:(?:19|2[01])[0-9]{2}[-/.]?[0-9]{2}[-/.]?[0-9]{2}|[0-9]{1,2}[-/.][0-9]{1,2}[-/.][0-9]{2,4}"
    rf"|[0-9]{{1,2}}[-/. ]{MONTH}[-/., ]+[0-9]{{2}}"
    rf"|{MONTH}[-/. ]+[0-9]{{1,2}}[-/., ]+[0-9]{{2}})",
    re.IGNORECASE,
)


def guess_layout(content: bytes) -> Layout:
    """Raises UnreadableFile for what is no text, and where there are too many columns."""
    encoding = guess_encoding(content)
    stream = io.BytesIO(recoded(content, encoding))
    lines = [line.rstrip("\r\n") for line in islice(text_lines(stream), LOOKED_AT)]
    delimiter, count = _delimiter(lines)
    if delimiter:
        rows = [_cells(line, delimiter) for line in lines]
        above, header = _header(rows, count)
        _refuse_too_many(len(header))
        return Layout(delimiter, (), encoding, above, header, len(header) or count)
    widths = _widths([line for line in lines if LIKE_A_DATE.search(line)] or lines)
    _refuse_too_many(len(widths))
    above, header = _header([_slices(line, widths) for line in lines], 0)
    return Layout("", widths, encoding, above, header, len(widths))


def _refuse_too_many(columns: int) -> None:
    if columns > MOST_COLUMNS:
        said = {"columns": columns, "limit": MOST_COLUMNS}
        raise UnreadableFile(Reason("too-many-columns", TOO_MANY_COLUMNS, said))


def layout_with(
    content: bytes,
    *,
    delimiter: str,
    widths: tuple[int, ...],
    encoding: Encoding,
    above: int,
    has_header: bool,
) -> Layout:
    """The layout that a person describes, with the names that stand in the file.

    Raises UnreadableFile, and WrongProfile for one that is none.
    """
    found = Layout(delimiter, widths, encoding, above, (), len(widths) or 1)
    rows = (row for row in records_of(content, found) if not is_blank(row, found))
    first = next(rows, None)
    if first is None:
        raise UnreadableFile(NO_ROWS)
    names = names_of(first, found)
    count = len(widths) or len(names) or 1
    return Layout(delimiter, widths, encoding, above, names if has_header else (), count)


def has_dates(content: bytes) -> bool:
    """Whether it may be a list of transactions at all. Raises UnreadableFile."""
    stream = io.BytesIO(recoded(content, guess_encoding(content)))
    return any(map(LIKE_A_DATE.search, islice(text_lines(stream), LOOKED_AT)))


def guess_encoding(content: bytes) -> Encoding:
    if wide_encoding(content[:SNIFFED]) == "UTF-16":
        return Encoding.WIDE
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        pass
    else:
        return Encoding.UTF8
    counted = {
        encoding: sum(text.count(letter) for letter in ACCENTS)
        for encoding in (Encoding.WINDOWS, Encoding.DOS)
        if (text := content.decode(encoding, errors="replace")) and "\ufffd" not in text
    }
    return max(counted, key=lambda encoding: counted[encoding])


def _delimiter(lines: Sequence[str]) -> tuple[str, int]:
    """The one by which most lines have as many cells, and that number; none for fixed widths."""
    best = (False, 0, 0, "")
    for delimiter in DELIMITERS:
        rows = [_cells(line, delimiter) for line in lines if line.strip()]
        counts = Counter(len(row) for row in rows if len(row) >= FEWEST_COLUMNS)
        if not counts:
            continue
        count, found = max(counts.items(), key=lambda each: (each[1], each[0]))
        of_count = (row[:MOST_COLUMNS] for row in rows if len(row) == count)
        dated = any(is_date(cell) for row in of_count for cell in row)
        best = max(best, (dated, found, count, delimiter))
    dated, _found, count, delimiter = best
    _refuse_too_many(count)
    # Marks within numbers cut every line too, and the dates with them.
    return (delimiter, count) if dated or not any(map(LIKE_A_DATE.search, lines)) else ("", 0)


def _cells(line: str, delimiter: str) -> list[str]:
    try:
        found = next(csv.reader([line], delimiter=delimiter, skipinitialspace=True), [])
    except csv.Error:
        return [line]
    return [cell.strip() for cell in found]


def _slices(line: str, widths: Sequence[int]) -> list[str]:
    found, start = [], 0
    for width in widths:
        found.append(line[start : start + width].strip())
        start += width
    return found


def _header(rows: Sequence[Sequence[str]], count: int) -> tuple[int, tuple[str, ...]]:
    """Lines above, and the names; no names where rows with a date stand first."""
    dated = (
        number
        for number, row in enumerate(rows)
        if (not count or len(row) == count) and any(map(is_date, row))
    )
    first = next(dated, None)
    if first is None:
        named = [number for number, row in enumerate(rows) if count and len(row) == count]
        return (min(named[0], MOST_ABOVE), _names(rows[named[0]], count)) if named else (0, ())
    for number in range(min(first, MOST_ABOVE + 1) - 1, -1, -1):
        names = _names(rows[number], count)
        if len([name for name in names if name]) >= FEWEST_COLUMNS - (not count):
            return number, names
        if any(rows[number]):
            break
    return min(first, MOST_ABOVE), ()


def _names(row: Sequence[str], count: int) -> tuple[str, ...]:
    names = list(row)
    while count and names and not names[-1]:
        names.pop()
    return tuple(names)


def _widths(lines: Sequence[str]) -> tuple[int, ...]:
    """Cut where every line has blanks; the blanks go to the side that the cells lean away from."""
    whole = max(map(len, lines), default=1) or 1
    padded = [line.ljust(whole) for line in lines]
    filled = [any(line[at] != " " for line in padded) for at in range(whole)]
    cuts = [0]
    runs = list(_runs(filled))
    for (_start, end), (start, after) in zip(runs, runs[1:], strict=False):
        leans_right = all(line[after - 1] != " " for line in padded)
        cuts.append(end if leans_right else start)
    cuts.append(min(whole, 1_000 * len(cuts)))
    return tuple(b - a for a, b in zip(cuts, cuts[1:], strict=False) if 0 < b - a <= 1_000) or (1,)


def _runs(filled: Sequence[bool]) -> Iterator[tuple[int, int]]:
    start: int | None = None
    for at, is_filled in enumerate([*filled, False]):
        if is_filled and start is None:
            start = at
        elif not is_filled and start is not None:
            yield start, at
            start = None
