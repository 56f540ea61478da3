"""MT940 -> statements. The sign is the mark of field 61: C and RD are money in, D and RC money out.

A date is the entry date where it is stated, of the year that lies nearest to the value date. MT940
knows no id that a bank has to give, so that one is made of all that an entry says.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from . import cells
from .mt940_fields import Field, balance_of, damaged, day_of, entry_of, messages
from .running import PENDING, Anchor, Bad, Draft, Drafted, stated, why_not, with_balances
from .shape import (
    KEPT_REJECTED,
    RAW_SHOWN,
    AccountStated,
    HeldOut,
    Reason,
    Rejected,
    Statement,
    UnreadableFile,
    gettext_noop,
)
from .texts import decoded

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
    text, notes = decoded(content, "cp1252")
    found: list[_Reading] = []
    for fields in messages(text):
        page = _Page(fields, places)
        if page.continues:
            if not found or not found[-1].goes_on:
                raise damaged(page.opening_line)
            found[-1].join(page)
        else:
            found.append(_Reading([page]))
    if not found:
        raise UnreadableFile(NO_STATEMENT)
    return [each.statement(notes, keep_rejected) for each in found]


class _Page:
    """One message. A statement over several messages has intermediate balances (60M, 62M)."""

    def __init__(self, fields: Sequence[Field], places: int) -> None:
        self.fields, self._places = fields, places
        first, last = self._only("60F", "60M"), self._only("62F", "62M")
        self.opening_line = first.line
        self.continues, self.goes_on = first.name == "60M", last.name == "62M"
        self.opening, self.currency = self._balance(first)
        self.closing, currency = self._balance(last)
        if currency != self.currency:
            raise damaged(last.line)
        self.account = self._only("25", "25P").text.split("\n")[0].strip()

    def _only(self, *names: str) -> Field:
        found = [each for each in self.fields if each.name in names]
        if len(found) != 1:
            raise damaged(found[1].line if found else self.fields[0].line)
        return found[0]

    def _balance(self, given: Field) -> tuple[Decimal, str]:
        said = balance_of(given)
        try:
            amount = _money(said["amount"], "balance", self._places)
        except cells.BadCell as bad:
            raise UnreadableFile(bad.reason, line=given.line) from None
        return (0 - amount if said["status"] in "Dd" else amount), said["currency"].upper()

    def entries(self, said: Counter[str]) -> list[Drafted | HeldOut]:
        found: list[Drafted | HeldOut] = []
        for place, each in enumerate(self.fields):
            if each.name == "61":
                after = self.fields[place + 1 : place + 2]
                told = after[0].text if after and after[0].name == "86" else ""
                found.append(self._entry(each, told, said))
        return found

    def _entry(self, given: Field, told: str, seen: Counter[str]) -> Drafted | HeldOut:
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

    def totals(self) -> list[tuple[Field, bool]]:
        return [(each, each.name == "90C") for each in self.fields if each.name in {"90C", "90D"}]


@dataclass(slots=True)
class _Reading:
    pages: list[_Page]
    seen: Counter[str] = field(default_factory=Counter)

    @property
    def goes_on(self) -> bool:
        return self.pages[-1].goes_on

    def join(self, page: _Page) -> None:
        last = self.pages[-1]
        if (page.account, page.currency) != (last.account, last.currency):
            raise damaged(page.opening_line)
        if page.opening != last.closing:
            values: dict[str, str | int] = {
                "line": page.opening_line,
                "found": cells.figure(page.opening),
                "stated": cells.figure(last.closing),
            }
            raise UnreadableFile(
                Reason("page-missing", NOT_CONTINUED, values), line=page.opening_line
            )
        self.pages.append(page)

    def statement(self, notes: tuple[Reason, ...], keep_rejected: int) -> Statement:
        first, last = self.pages[0], self.pages[-1]
        if last.goes_on:
            raise damaged(last.opening_line)
        every = [entry for page in self.pages for entry in page.entries(self.seen)]
        entries = [entry for entry in every if not isinstance(entry, HeldOut)]
        lines = with_balances(entries, opening=first.opening, closing=Anchor(last.closing))
        wrong, checked = self._totals(entries)
        return stated(
            lines,
            keep_rejected=keep_rejected,
            refused=wrong or why_not(entries, first.opening, last.closing),
            notes=(*notes, IDS_MADE),
            account=_account(first.account, first.currency),
            opening=first.opening,
            closing=last.closing,
            held_out=tuple(entry for entry in every if isinstance(entry, HeldOut)),
            totals_agree=True if checked and not wrong else None,
        )

    def _totals(self, entries: Sequence[Drafted]) -> tuple[Reason | None, bool]:
        """Why a field 90 is wrong, and whether there was one that could be checked."""
        given = [each for page in self.pages for each in page.totals()]
        amounts = [entry.amount for entry in entries]
        if len({each.name for each, _credit in given}) < len(given) or None in amounts:
            return None, False
        for each, credit in given:
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
        return None, bool(given)


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
