"""A file by a profile -> lines in the common shape, each with its source line or why it is bad."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import islice

from . import cells, written
from .below import Below
from .delimited import NO_ROWS, check_sure
from .derived import Derived
from .layouts import encoding_notes, records_of
from .lines import EMPTY
from .mended import instead
from .profile import Amounts, Layout, Profile, Sign
from .records import STRAY_QUOTE, Record
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

PLACES = 4
# So many rows tell whether a file without a header is one of a profile.
TRIED = 5
# Bytes from the beginning of a file; even, as UTF-16 has two for a letter.
LOOKED_AT = 262_144

RAGGED = gettext_noop("It has %(cells)d cells where the profile has %(columns)d.")
CUT_OFF = Reason("cut-off", gettext_noop("The file is cut off here."))
TOO_LONG = Reason(
    "too-long", gettext_noop("The line is longer than the widths of the profile's columns.")
)
OTHER_HEADER = gettext_noop(
    "Line %(line)d is not the header that the profile knows. It does not name: %(missing)s."
)


class Reading:
    """A file being read by a profile: its header at once, its lines one by one."""

    def __init__(
        self,
        content: bytes,
        profile: Profile,
        *,
        places: int = PLACES,
        mended: Mapping[int, tuple[str, ...]] | None = None,
        unsure: Mapping[int, Reason] | None = None,
    ) -> None:
        """`mended` and `unsure` as those of `delimited.Reading`."""
        self._profile = profile
        self._places = places
        self._unsure = unsure or {}
        self._notes = encoding_notes(content, profile.layout.encoding)
        self._records = instead(records_of(content, profile.layout), mended or {})
        self.header = profile.layout.header
        self.states_balances = profile.balance is not None
        # The line on which it stands; 0: there is none.
        self.header_line = 0
        self.at = profile.places()
        self._width = profile.layout.columns
        self._out_words = {word.casefold() for word in profile.out_words}
        self._in_words = {word.casefold() for word in profile.in_words}
        if self.header:
            self._read_header()
        self.below = Below(profile.end_words, self._is_dated, fixed=bool(profile.layout.widths))

    def __iter__(self) -> Iterator[Line | Rejected]:
        """Every line below the header, blank ones aside; raises UnreadableFile."""
        seen: dict[str, int] = {}
        derived = Derived()
        found = False
        for record in self.records():
            found = True
            yield self._line(record, seen, derived)
        if not found:
            raise UnreadableFile(NO_ROWS if self.header else EMPTY)

    def records(self) -> Iterator[Record]:
        """What stands between the header and the lines below the table, blank lines aside."""
        layout = self._profile.layout
        return self.below.left_out(row for row in self._records if not is_blank(row, layout))

    @property
    def notes(self) -> tuple[Reason, ...]:
        used = set(self.at.values())
        extra = [name for at, name in enumerate(self.header) if name and at not in used]
        if not extra:
            return (*self._notes, *self.below.notes)
        template = gettext_noop("Columns that are not used: %(columns)s.")
        unused = Reason("columns-ignored", template, {"columns": ", ".join(extra)[:RAW_SHOWN]})
        return (unused, *self._notes, *self.below.notes)

    def _is_dated(self, record: Record) -> bool:
        at = self.at["date"]
        text = (record.cells or [])[at : at + 1]
        return any(written.is_date(cell.strip()) for cell in text)

    def _read_header(self) -> None:
        """Columns are found by the names of this file: it may list them in another order."""
        for record in self._records:
            if is_blank(record, self._profile.layout):
                continue
            names = names_of(record, self._profile.layout)
            self.at = {what: self._found(at, names, record) for what, at in self.at.items()}
            self.header, self._width = names, len(names)
            self.header_line = record.line
            return
        raise UnreadableFile(EMPTY)

    def _found(self, at: int, names: tuple[str, ...], record: Record) -> int:
        known = self._profile.layout.header
        if names == known:
            return at
        if known.count(known[at]) == names.count(known[at]) == 1:
            return names.index(known[at])
        missing = cells.shown(known[at]) or str(at + 1)
        values: dict[str, str | int] = {"line": record.line, "missing": missing}
        raise UnreadableFile(Reason("profile-header", OTHER_HEADER, values), line=record.line)

    def _line(self, record: Record, seen: dict[str, int], derived: Derived) -> Line | Rejected:
        try:
            values = self._values(record)
            line = self._understood(values, record, derived)
            first = seen.setdefault(line.transaction_id, line.line)
            if first != line.line:
                raise _bad(cells.twice(line.transaction_id, first))
            check_sure(line, self._unsure)
        except cells.BadCell as bad:
            raw, split = record.raw[:RAW_SHOWN], tuple(record.cells or (record.raw,))
            return Rejected(record.line, bad.reason, raw, split)
        return line

    def _values(self, record: Record) -> list[str]:
        if record.cells is None:
            raise _bad(STRAY_QUOTE)
        if not record.cells:
            raise _bad(CUT_OFF)
        values = [cell.strip() for cell in record.cells]
        if self.header and tuple(values[: self._width]) == self.header:
            raise _bad(SECOND_HEADER)
        if any(values[self._width :]) and self._profile.layout.widths:
            raise _bad(TOO_LONG)
        if len(values) < self._width or any(values[self._width :]):
            said = {"cells": len(values), "columns": self._width}
            raise _bad(Reason("ragged", RAGGED, said))
        return values

    def _understood(self, values: Sequence[str], record: Record, derived: Derived) -> Line:
        at, order = self.at, self._profile.order
        day = written.date(values[at["date"]], order)
        texts = [values[at[name]] for name in ("description", "more") if name in at]
        text = cells.description(" ".join(filter(None, texts)))
        amount = self._amount(values)
        stated = values[at["balance"]] if "balance" in at else ""
        balance = self._money(stated, "balance") if stated else None
        if "id" in at:
            transaction_id = cells.identifier(values[at["id"]])
        else:
            transaction_id = derived.id(record.line, day, text, amount, balance)
        return Line(
            line=record.line,
            transaction_id=transaction_id,
            date=day,
            description=text,
            amount=amount,
            balance=ZERO if balance is None else balance,
            transaction_type="",
            raw=record.raw[:RAW_SHOWN],
            derived=balance is None,
        )

    def _amount(self, values: Sequence[str]) -> Decimal:
        at, profile = self.at, self._profile
        if profile.amounts is Amounts.ONE:
            amount = self._money(values[at["amount"]], "amount")
            return amount if profile.sign is Sign.MINUS_OUT or not amount else -amount
        if profile.amounts is Amounts.TYPED:
            amount = self._money(values[at["amount"]], "amount")
            return self._directed(amount, is_out=self._is_out(values[at["kind"]]))
        out, money_in = values[at["money_out"]], values[at["money_in"]]
        sides = [
            (self._money(text, "amount"), is_out)
            for text, is_out in ((out, True), (money_in, False))
            if text
        ]
        if len(sides) > 1:
            # Some write 0.00 on the side that is not meant.
            sides = [side for side in sides if side[0]] or sides[:1]
        if len(sides) != 1:
            raise _bad(BOTH if sides else NEITHER)
        return self._directed(sides[0][0], is_out=sides[0][1])

    def _is_out(self, text: str) -> bool:
        word = text.casefold()
        if word in self._out_words:
            return True
        if word in self._in_words:
            return False
        raise cells.BadCell(
            "type-other",
            gettext_noop("Its type “%(text)s” is none of those that the profile knows."),
            text=cells.shown(text),
        )

    def _directed(self, amount: Decimal, *, is_out: bool) -> Decimal:
        """An amount whose way is told beside it; a sign that says otherwise is not guessed at."""
        marked = is_out and self._profile.sign is Sign.MINUS_OUT
        if amount and (amount < 0) != marked:
            raise _bad(ODD_SIGN)
        return -abs(amount) if is_out and amount else abs(amount)

    def _money(self, text: str, column: str) -> Decimal:
        profile = self._profile
        return written.money(
            text,
            decimal=profile.decimal,
            thousands=profile.thousands,
            column=column,
            places=self._places,
        )


BOTH = Reason("two-amounts", gettext_noop("It has an amount as money out and one as money in."))
NEITHER = Reason(
    "no-amount", gettext_noop("It has no amount, neither as money out nor as money in.")
)
ODD_SIGN = Reason(
    "odd-sign",
    gettext_noop(
        "The sign of its amount says another way than its column or type: it may be a reversal."
        " Have the institution say what it is."
    ),
)


def read_by(
    profile: Profile, content: bytes, *, places: int = PLACES, keep_rejected: int = KEPT_REJECTED
) -> Parsed:
    """The whole file. `places`: decimals that the currency has. Raises UnreadableFile."""
    reading = Reading(content, profile, places=places)
    return collected(reading, keep_rejected=keep_rejected)


def fits(profile: Profile, content: bytes) -> bool:
    """Whether it is a file of this profile: the same header or, without one, rows like that."""
    try:
        reading = Reading(content[:LOOKED_AT], profile)
        if profile.layout.header:
            return reading.header == profile.layout.header
        first = list(islice(reading, TRIED))
    except UnreadableFile:
        return False
    return bool(first) and all(isinstance(entry, Line) for entry in first)


def names_of(record: Record, layout: Layout) -> tuple[str, ...]:
    """The names in a header, without the nameless columns behind the last one."""
    if record.cells is None:
        raise UnreadableFile(STRAY_QUOTE, line=record.line)
    names = [cell.strip() for cell in record.cells]
    if layout.widths:
        return tuple(names[: len(layout.widths)])
    while names and not names[-1]:
        names.pop()
    return tuple(names)


def is_blank(record: Record, layout: Layout) -> bool:
    if record.cells is None or any(map(str.strip, record.cells)):
        return False
    return not (layout.widths and record.raw.strip())


def _bad(reason: Reason) -> cells.BadCell:
    return cells.BadCell(reason.code, reason.template, **reason.values)
