"""MT940 -> statements. The sign is the mark of field 61: C and RD are money in, D and RC money out.

A date is the entry date where it is stated, of the year that lies nearest to the value date. MT940
knows no id that a bank has to give, so that one is made of all that an entry says.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal

from . import cells
from .mt940_fields import NEEDED, Field, balance_of, damaged, day_of, entry_of, fields
from .running import PENDING, Anchor, Bad, Draft, Drafted, stated, why_not, with_balances
from .shape import (
    KEPT_REJECTED,
    RAW_SHOWN,
    TOO_MANY_ENTRIES,
    AccountStated,
    HeldOut,
    Reason,
    Rejected,
    Statement,
    UnreadableFile,
    gettext_noop,
)
from .texts import in_blocks, lines_of

# A bad entry costs more memory than its letters; field 61 has at least so many.
SHORTEST, FEWEST = 16, 1_000
SIGNS = {"C": 1, "RD": 1, "D": -1, "RC": -1}
NO_REFERENCE = {"", "NONREF", "NOREF"}
# Not booked: marks of MT942, which some write into MT940 too.
EXPECTED = re.compile(r"[0-9]{6}(?:[0-9]{4})?E[CD]")
SUBFIELD = re.compile(r"\?[0-9]{2}|/[A-Z]{3,4}/")

NO_STATEMENT = Reason("no-statement", gettext_noop("This MT940 file has no statement in it."))
IDS_MADE = Reason(
    "ids-made-mt940",
    gettext_noop("MT940 has no ids: they are made of what each transaction says."),
)
NOT_CONTINUED = gettext_noop(
    "Line %(line)d: the balance of this page (%(found)s) is not the one that the page before ended"
    " with (%(stated)s). A page is missing, or the file is damaged. Have it made or sent again."
)
WRONG_TOTAL = gettext_noop(
    "The control total on line %(line)d says %(stated)s, but the entries give %(found)s. The file"
    " is damaged. Have it made or sent again."
)


def read_mt940(
    content: bytes, *, places: int = 4, keep_rejected: int = KEPT_REJECTED
) -> list[Statement]:
    """One for each statement, its pages joined. Raises UnreadableFile."""
    blocks, notes = in_blocks(content, "cp1252")
    if content.count(b":61:") > FEWEST + len(content) // SHORTEST:
        raise UnreadableFile(TOO_MANY_ENTRIES)
    found: list[Statement] = []
    page: _Page | None = None
    for each in fields(lines_of(blocks, size=len(content))):
        if each.name == "20":
            found += page.ended(notes, keep_rejected) if page else []
            page = _Page(each.line, places, page)
        elif page:
            page.take(each)
    if page is None:
        raise UnreadableFile(NO_STATEMENT)
    found += page.ended(notes, keep_rejected)
    if page.goes_on:
        raise damaged(page.opening_line)
    return found


@dataclass(slots=True)
class _SoFar:
    """Of a statement, from its first page on. `totals`: fields 90C and 90D."""

    opening: Decimal
    entries: list[Drafted] = field(default_factory=list)
    held: list[HeldOut] = field(default_factory=list)
    totals: list[Field] = field(default_factory=list)
    seen: Counter[bytes] = field(default_factory=Counter)

    def wrong_total(self) -> tuple[Reason | None, bool]:
        """Why a field 90 is wrong, and whether there was one that could be checked."""
        amounts = [entry.amount for entry in self.entries]
        if len({each.name for each in self.totals}) < len(self.totals) or None in amounts:
            return None, False
        for each in self.totals:
            credit = each.name == "90C"
            of_side = [amount for amount in amounts if amount and (amount > 0) is credit]
            found = (len(of_side), abs(sum(of_side, Decimal(0))))
            match = re.match(r"([0-9]{1,5})[A-Z]{3}([0-9]+),([0-9]*)$", each.text)
            stated_one = (int(match[1]), Decimal(f"{match[2]}.{match[3] or 0}")) if match else None
            if stated_one != found:
                values: dict[str, str | int] = {
                    "line": each.line,
                    "stated": cells.shown(each.text),
                    "found": f"{found[0]} {cells.figure(found[1])}",
                }
                return Reason("control-total-mt940", WRONG_TOTAL, values), True
        return None, bool(self.totals)


class _Page:
    """One message, field by field. A statement over several has intermediate balances (60M, 62M).

    `before`: the page that it may go on from.
    """

    def __init__(self, line: int, places: int, before: _Page | None) -> None:
        self._line, self._places, self._before = line, places, before
        self._heads: dict[str, Field] = {}
        self._open: Field | None = None
        # What stands before the balance that tells of which statement it is.
        self._early: list[Field] = []
        self.goes_on = False

    def take(self, given: Field) -> None:
        self._close(given.text if given.name == "86" else "")
        if given.name in {"61", "86", "90C", "90D"} and "60" not in self._heads:
            self._early.append(given)
        elif given.name == "61":
            self._open = given
        elif given.name in {"90C", "90D"}:
            self.so_far.totals.append(given)
        elif (name := given.name[:2]) in NEEDED:
            if name in self._heads:
                raise damaged(given.line)
            self._heads[name] = given
            if name == "60":
                self._begin(given)

    def _begin(self, given: Field) -> None:
        """Of which statement it is, is known."""
        before = self._before
        self.opening_line = given.line
        self.opening, self.currency = self._balance(given)
        if given.name == "60M":
            if before is None or not before.goes_on:
                raise damaged(given.line)
            self.so_far: _SoFar = before.so_far
        else:
            if before and before.goes_on:
                raise damaged(before.opening_line)
            self._before = None
            self.so_far = _SoFar(self.opening)
        for each in self._early:
            self.take(each)
        self._close("")

    def _close(self, told: str) -> None:
        """The entry in hand, with the field 86 behind it or without one."""
        given, self._open = self._open, None
        if given is None:
            return
        entry = self._entry(given, told, self.so_far.seen)
        if isinstance(entry, HeldOut):
            self.so_far.held.append(entry)
        else:
            self.so_far.entries.append(entry)

    def ended(self, notes: tuple[Reason, ...], keep_rejected: int) -> list[Statement]:
        """The statement, where this is its last page."""
        self._close("")
        if len(self._heads) < len(NEEDED):
            raise damaged(self._line)
        last = self._heads["62"]
        self.closing, currency = self._balance(last)
        if currency != self.currency:
            raise damaged(last.line)
        self.account = self._heads["25"].text.split("\n")[0].strip()
        if self._before:
            self._refuse_another(self._before)
        self._before = None
        self.goes_on = last.name == "62M"
        return [] if self.goes_on else [self._statement(notes, keep_rejected)]

    def _refuse_another(self, before: _Page) -> None:
        if (self.account, self.currency) != (before.account, before.currency):
            raise damaged(self.opening_line)
        if self.opening != before.closing:
            values: dict[str, str | int] = {
                "line": self.opening_line,
                "found": cells.figure(self.opening),
                "stated": cells.figure(before.closing),
            }
            raise UnreadableFile(
                Reason("page-missing", NOT_CONTINUED, values), line=self.opening_line
            )

    def _statement(self, notes: tuple[Reason, ...], keep_rejected: int) -> Statement:
        found = self.so_far
        # Counts what no entry follows any more, and is long.
        found.seen.clear()
        lines = with_balances(found.entries, opening=found.opening, closing=Anchor(self.closing))
        wrong, checked = found.wrong_total()
        return stated(
            lines,
            keep_rejected=keep_rejected,
            refused=wrong or why_not(found.entries, found.opening, self.closing),
            notes=(*notes, IDS_MADE),
            account=_account(self.account, self.currency),
            opening=found.opening,
            closing=self.closing,
            held_out=tuple(found.held),
            totals_agree=True if checked and not wrong else None,
        )

    def _balance(self, given: Field) -> tuple[Decimal, str]:
        said = balance_of(given)
        try:
            amount = _money(said["amount"], "balance", self._places)
        except cells.BadCell as bad:
            raise UnreadableFile(bad.reason, line=given.line) from None
        return (0 - amount if said["status"] in "Dd" else amount), said["currency"].upper()

    def _entry(self, given: Field, told: str, seen: Counter[bytes]) -> Drafted | HeldOut:
        raw = " ".join(f"{given.raw} {told}".split())[:RAW_SHOWN]
        if EXPECTED.match(given.text):
            return HeldOut(given.line, PENDING, raw)
        day: dt.date | None = None
        try:
            said = entry_of(given)
            day = day_of(said)
            text, amount = self._understood(said, told)
        except cells.BadCell as bad:
            return Bad(Rejected(given.line, bad.reason, raw), day)
        return Draft(
            line=given.line,
            # The same each time the file comes; equal ones of a statement are numbered.
            transaction_id=cells.made_id((day.isoformat(), given.text, told), seen),
            date=day,
            description=text,
            amount=amount,
            transaction_type="Credit" if amount > 0 else "Debit" if amount < 0 else "",
            raw=raw,
        )

    def _understood(self, said: dict[str, str | None], told: str) -> tuple[str, Decimal]:
        amount = _money(said["amount"] or "", "amount", self._places)
        signed = amount if SIGNS[(said["status"] or "").upper()] > 0 else 0 - amount
        return cells.description(_description(said, told)), signed


def _account(text: str, currency: str) -> AccountStated:
    """Field 25 is the number, or routing and number with a slash between."""
    routing, _slash, number = text.rpartition("/")
    # Some write the currency behind the number.
    return AccountStated(number.removesuffix(currency).strip(), routing.strip(), currency)


def _money(text: str, column: str, places: int) -> Decimal:
    # The comma is the decimal point and is always there: 250, is 250.00.
    plain = text.replace(",", ".") if text.count(",") == 1 else text
    return cells.money(plain.removesuffix("."), column=column, places=places)


def _description(said: dict[str, str | None], told: str) -> str:
    """Field 86 without the names of its subfields; else the references of field 61."""
    words = " ".join(SUBFIELD.sub(" ", told.replace("\n", "")).split())
    references = [said.get("extra_details"), said.get("customer_reference"), said.get("id")]
    told_else = [text.strip() for text in references if text and text.strip() not in NO_REFERENCE]
    return words or (told_else[0] if told_else else "MT940")
