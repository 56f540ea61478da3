"""CSV -> lines in the common shape. Columns: id, date, description, amount, balance and type.

Without a balance it has no column that is unknown here: that may be the one.

Streaming and bounded. A text in quotes may run over several lines and is then refused as one
row: read line by line, words of a payer's message could pass for a transaction of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from operator import itemgetter

from . import cells, pace
from .lines import EMPTY, Source, text_lines
from .mended import instead
from .records import STRAY_QUOTE, Record, records
from .shape import (
    KEPT_REJECTED,
    RAW_SHOWN,
    SECOND_HEADER,
    ZERO,
    Line,
    Parsed,
    Reason,
    Rejected,
    UnreadableFile,
    collected,
    gettext_noop,
)

NEEDED = ("id", "date", "description", "amount")
REQUIRED = (*NEEDED, "balance")
OPTIONAL = ("type",)
SEPARATORS = {
    ";": gettext_noop("semicolons"),
    "\t": gettext_noop("tabs"),
    "|": gettext_noop("vertical bars"),
}
PLACES = 4

NO_ROWS = Reason("no-rows", gettext_noop("This file has a header and no rows below it."))


class Reading:
    """A CSV file being read: its header at once, its lines one by one."""

    def __init__(
        self,
        source: bytes | Source,
        *,
        places: int = PLACES,
        ids_once: bool = True,
        mended: Mapping[int, tuple[str, ...]] | None = None,
        unsure: Mapping[int, Reason] | None = None,
    ) -> None:
        """`ids_once`: refuse an id that stood there before; else whoever reads looks to that.

        `mended`: cells that people have put in the place of those of a line. `unsure`: lines that
        are bad, since their balance cannot be worked out, and why.
        """
        stream = pace.Stream(source) if isinstance(source, bytes) else source
        self._places = places
        self._ids_once = ids_once
        self._unsure = unsure or {}
        self._records = instead(records(text_lines(stream)), mended or {})
        self.header = self._read_header()
        self.states_balances = "balance" in self.header
        # What no column states stands behind the others, where it is empty.
        where = {name: at for at, name in reversed(list(enumerate(self.header)))}
        found = [where.get(name, len(self.header)) for name in (*REQUIRED, *OPTIONAL)]
        self._stated = itemgetter(*found)
        self.notes = _notes(self.header)

    def __iter__(self) -> Iterator[Line | Rejected]:
        """Every line below the header, blank ones aside; raises UnreadableFile."""
        seen: dict[str, int] = {}
        found = False
        for record in self._records:
            values = None if record.cells is None else [cell.strip() for cell in record.cells]
            if values is not None and not any(values):
                continue
            found = True
            yield self._line(record, values, seen)
        if not found:
            raise UnreadableFile(NO_ROWS)

    def _read_header(self) -> tuple[str, ...]:
        for record in self._records:
            if record.cells is None:
                raise UnreadableFile(STRAY_QUOTE, line=record.line)
            names = tuple(cell.strip().lower() for cell in record.cells)
            if any(names):
                _check_header(names, record)
                return names
        raise UnreadableFile(EMPTY)

    def _line(
        self, record: Record, values: list[str] | None, seen: dict[str, int]
    ) -> Line | Rejected:
        if record.cells is None or values is None:
            return Rejected(record.line, STRAY_QUOTE, record.raw[:RAW_SHOWN], (record.raw,))
        try:
            self._check_shape(values)
            line = self._understood(values, record)
            if self._ids_once:
                _check_repeated(line, seen)
            if self._unsure:
                check_sure(line, self._unsure)
        except cells.BadCell as bad:
            return Rejected(record.line, bad.reason, record.raw[:RAW_SHOWN], tuple(record.cells))
        return line

    def _check_shape(self, values: Sequence[str]) -> None:
        if values[0].lower() == self.header[0] and self._is_header(values):
            raise cells.BadCell(SECOND_HEADER.code, SECOND_HEADER.template)
        width = len(self.header)
        if len(values) != width and (len(values) < width or any(values[width:])):
            raise cells.BadCell(
                "ragged",
                gettext_noop(
                    "It has %(cells)d cells where the header has %(columns)d. A text with a comma"
                    " needs quotation marks; amounts take a point."
                ),
                cells=len(values),
                columns=width,
            )

    def _is_header(self, values: Sequence[str]) -> bool:
        return tuple(value.lower() for value in values) == self.header

    def _understood(self, values: Sequence[str], record: Record) -> Line:
        name, day, text, amount, balance, kind = self._stated([*values, ""])
        # By position, which is what takes the time of a file of a million rows.
        return Line(
            record.line,
            cells.identifier(name),
            cells.date(day),
            cells.description(text),
            cells.money(amount, column="amount", places=self._places),
            cells.money(balance, column="balance", places=self._places) if balance else ZERO,
            cells.kind(kind),
            record.raw[:RAW_SHOWN],
            not balance,
        )


def read_csv(
    source: bytes | Source, *, places: int = PLACES, keep_rejected: int = KEPT_REJECTED
) -> Parsed:
    """The whole file. `places`: decimals that the currency has. Raises UnreadableFile."""
    reading = Reading(source, places=places)
    return collected(reading, keep_rejected=keep_rejected)


def check_sure(line: Line, unsure: Mapping[int, Reason]) -> None:
    """Raise BadCell for one of the lines that are `unsure`."""
    if why := unsure.get(line.line):
        raise cells.BadCell(why.code, why.template, **why.values)


def _known(header: Sequence[str]) -> list[str]:
    return [name for name in (*REQUIRED, *OPTIONAL) if name in header]


def _check_header(names: Sequence[str], record: Record) -> None:
    for name in _known(names):
        if names.count(name) > 1:
            raise UnreadableFile(
                Reason(
                    "column-twice",
                    gettext_noop("The header names the column %(column)s twice."),
                    {"column": name},
                ),
                line=record.line,
            )
    missing = [name for name in REQUIRED if name not in names]
    if missing and not _is_without_balance(names):
        raise UnreadableFile(_missing_columns(missing, record.raw), line=record.line)


def _is_without_balance(names: Sequence[str]) -> bool:
    """Whether all else is there, and nothing that may be the balance by another name."""
    return set(NEEDED) <= set(names) <= {*NEEDED, *OPTIONAL, ""}


def _missing_columns(missing: Sequence[str], raw: str) -> Reason:
    separator = next((mark for mark in SEPARATORS if raw.count(mark) >= 3), None)
    if separator and len(missing) == len(REQUIRED):
        return Reason(
            "separator",
            gettext_noop(
                "The cells are separated by %(separator)s. A column profile reads it as it is."
            ),
            {"separator": SEPARATORS[separator]},
        )
    return Reason(
        "columns-missing",
        gettext_noop(
            "The header does not name: %(missing)s. The first line must name the columns"
            " id, date, description, amount and balance, and may name type. A table with other"
            " columns is read by a column profile."
        ),
        {"missing": ", ".join(missing)},
    )


def _notes(header: Sequence[str]) -> tuple[Reason, ...]:
    extra = [name for name in header if name and name not in (*REQUIRED, *OPTIONAL)]
    if not extra:
        return ()
    template = gettext_noop("Columns that are not used: %(columns)s.")
    return (Reason("columns-ignored", template, {"columns": ", ".join(extra)[:RAW_SHOWN]}),)


def _check_repeated(line: Line, seen: dict[str, int]) -> None:
    first = seen.setdefault(line.transaction_id, line.line)
    if first != line.line:
        twice = cells.twice(line.transaction_id, first)
        raise cells.BadCell(twice.code, twice.template, **twice.values)
