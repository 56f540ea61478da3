"""JSON -> statements, in the format that the portal publishes (docs/statements.schema.json).

An amount is a string or a number as written, never a float. Balances after each transaction are
taken where the file states them; else they are worked out from the opening or closing balance.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import count
from typing import Any

from . import cells
from .json_entry import check_whole, day_of
from .json_text import Number, Object, Walk, shown
from .running import (
    OTHER_CURRENCY,
    PENDING,
    Anchor,
    Bad,
    Draft,
    Drafted,
    repeated,
    stated,
    total,
    why_not,
    with_balances,
)
from .shape import (
    KEPT_REJECTED,
    AccountStated,
    HeldOut,
    Line,
    Reason,
    Rejected,
    Statement,
    UnreadableFile,
    gettext_noop,
)
from .texts import in_blocks, raw_of

VERSION = "1"
SAME_LINE = re.compile(rb"\}[ \t]*,[ \t]*\{")
FILE, STATEMENT = gettext_noop("the file"), gettext_noop("a statement")
ACCOUNT, CONTROL = gettext_noop("an account"), gettext_noop("a control total")

NO_STATEMENT = Reason("no-statement", gettext_noop("This JSON file has no statement in it."))
OTHER_VERSION = gettext_noop(
    "The file has to say which version of the format it is in: “version”: 1."
    " See the published schema."
)
UNKNOWN = gettext_noop("Line %(line)d: %(what)s has “%(name)s”, which the format does not know.")
WRONG_KIND = gettext_noop("Line %(line)d: “%(name)s” is not written as the format has it.")
BALANCE_MISSING = Reason(
    "balance-missing",
    gettext_noop("It states no balance, although other transactions of its statement do."),
)
CLOSING_ELSEWHERE = gettext_noop(
    "The file states a closing balance of %(closing)s, but no transaction of the last day leaves"
    " that balance. Have it made or sent again."
)
WRONG_TOTAL = gettext_noop(
    "The file's control total is %(stated)s, but its transactions give %(found)s. The file is"
    " damaged. Have it made or sent again."
)


def read_json(
    content: bytes, *, places: int = 4, keep_rejected: int = KEPT_REJECTED
) -> list[Statement]:
    """Every statement of the file. `places`: decimals of the currency. Raises UnreadableFile."""
    blocks, _notes = in_blocks(content, "utf-8")
    walk = Walk(blocks, size=len(content))
    counter = count(1) if SAME_LINE.search(content) else None
    found: list[Statement] = []
    version = ""
    for name in walk.members(FILE):
        if name == "version":
            version = _version(walk)
        elif name == "statements":
            for _each in walk.items():
                reading = _Reading(walk, places, counter)
                found.append(reading.statement(keep_rejected))
        else:
            raise walk.refused("field-unknown", UNKNOWN, what=FILE, name=shown(name))
    walk.end()
    if not version:
        raise walk.refused("version-unknown", OTHER_VERSION)
    if not found:
        raise UnreadableFile(NO_STATEMENT)
    return found


def _version(walk: Walk) -> str:
    given = walk.value()
    if type(given) is not Number or given != VERSION:
        raise walk.refused("version-unknown", OTHER_VERSION)
    return VERSION


@dataclass(slots=True)
class _Reading:
    """`balances`: by line, as stated. `currencies`: by line, where a transaction names one."""

    walk: Walk
    places: int
    counter: Iterator[int] | None
    entries: list[Drafted] = field(default_factory=list)
    held: list[HeldOut] = field(default_factory=list)
    balances: dict[int, Decimal] = field(default_factory=dict)
    currencies: dict[int, str] = field(default_factory=dict)
    seen: dict[str, Draft] = field(default_factory=dict)

    def statement(self, keep_rejected: int) -> Statement:
        account: AccountStated | None = None
        said: dict[str, Any] = {}
        for name in self.walk.members(STATEMENT):
            if name == "account":
                account = self._account()
            elif name == "transactions":
                self._transactions()
            elif name in {"opening", "closing", "control"}:
                said[name] = self._control() if name == "control" else self._money(name)
            else:
                raise self.walk.refused("field-unknown", UNKNOWN, what=STATEMENT, name=shown(name))
        if account is None:
            raise self.walk.refused("field-wrong", WRONG_KIND, name="account")
        self._refuse_other_currencies(account.currency)
        # Told apart what no transaction follows any more, and is long.
        self.seen.clear()
        opening, closing, control = said.get("opening"), said.get("closing"), said.get("control")
        return stated(
            self._lines(opening, closing),
            keep_rejected=keep_rejected,
            refused=self._wrong(control) or self._why_not(opening, closing),
            derived=not self.balances,
            account=account,
            opening=opening,
            closing=closing,
            held_out=tuple(self.held),
            totals_agree=True if control and total(self.entries) is not None else None,
            counts_entries=self.counter is not None,
        )

    def _account(self) -> AccountStated:
        found: dict[str, str] = {}
        for name in self.walk.members(ACCOUNT):
            if name not in {"number", "routing", "currency"}:
                raise self.walk.refused("field-unknown", UNKNOWN, what=ACCOUNT, name=shown(name))
            value = self.walk.value()
            # A number would lose the zeros that it begins with.
            if type(value) is not str:
                raise self.walk.refused("field-wrong", WRONG_KIND, name=name)
            found[name] = value.strip()
        if not found.get("number") or not found.get("currency"):
            raise self.walk.refused("field-wrong", WRONG_KIND, name="account")
        return AccountStated(found["number"], found.get("routing", ""), found["currency"].upper())

    def _money(self, name: str) -> Decimal:
        value = self.walk.value()
        if not isinstance(value, str):
            raise self.walk.refused("field-wrong", WRONG_KIND, name=name)
        try:
            return cells.money(value, column="balance", places=self.places)
        except cells.BadCell as bad:
            raise UnreadableFile(bad.reason, line=self.walk.line) from None

    def _control(self) -> dict[str, Decimal]:
        found: dict[str, Decimal] = {}
        for name in self.walk.members(CONTROL):
            if name not in {"count", "total"}:
                raise self.walk.refused("field-unknown", UNKNOWN, what=CONTROL, name=shown(name))
            found[name] = self._money(name)
        return found

    def _transactions(self) -> None:
        for _each in self.walk.items():
            line = self.walk.line_here()
            given = self.walk.value()
            raw = raw_of(self.walk.raw, 0, len(self.walk.raw))
            line = next(self.counter) if self.counter else line
            entry = self._entry(given, line, raw)
            if isinstance(entry, HeldOut):
                self.held.append(entry)
            else:
                self.entries.append(entry)

    def _entry(self, given: Any, line: int, raw: str) -> Drafted | HeldOut:
        day = day_of(given)
        try:
            check_whole(given)
            if given.get("status") == "pending":
                return HeldOut(line, PENDING, raw)
            draft = self._understood(given, line, raw)
        except cells.BadCell as bad:
            return Bad(Rejected(line, bad.reason, raw), day)
        first = self.seen.setdefault(draft.transaction_id, draft)
        return draft if first is draft else repeated(draft, first)

    def _understood(self, given: Object, line: int, raw: str) -> Draft:
        draft = Draft(
            line=line,
            transaction_id=cells.identifier(given.get("id", "").strip()),
            date=cells.date(given.get("date", "")),
            description=cells.description(given.get("description", "").strip()),
            amount=cells.money(given.get("amount", ""), column="amount", places=self.places),
            transaction_type=cells.kind(given.get("type", "")),
            raw=raw,
        )
        if "balance" in given:
            self.balances[line] = cells.money(
                given["balance"], column="balance", places=self.places
            )
        if "currency" in given:
            self.currencies[line] = given["currency"].upper()
        return draft

    def _refuse_other_currencies(self, currency: str) -> None:
        other = {line for line, named in self.currencies.items() if named != currency}
        if other:
            self.entries = [
                Bad(Rejected(entry.line, OTHER_CURRENCY, entry.raw), entry.date)
                if isinstance(entry, Draft) and entry.line in other
                else entry
                for entry in self.entries
            ]

    def _lines(self, opening: Decimal | None, closing: Decimal | None) -> list[Line | Rejected]:
        if not self.balances:
            anchor = None if closing is None else Anchor(closing)
            return with_balances(self.entries, opening=opening, closing=anchor)
        lines: list[Line | Rejected] = []
        for entry in self.entries:
            balance = self.balances.get(entry.line) if isinstance(entry, Draft) else None
            if isinstance(entry, Draft) and balance is None:
                lines.append(Rejected(entry.line, BALANCE_MISSING, entry.raw))
            else:
                lines.append(entry.at(balance))
        return lines

    def _why_not(self, opening: Decimal | None, closing: Decimal | None) -> Reason | None:
        """Stated balances need none to begin from; a closing one has to be among them."""
        if not self.balances:
            return why_not(self.entries, opening, closing)
        if opening is not None and closing is not None:
            broken = why_not(self.entries, opening, closing)
            if broken:
                return broken
        days = [entry.date for entry in self.entries if entry.date is not None]
        if closing is None or len(days) < len(self.entries) or not days:
            return None
        last = [entry.line for entry in _of_day(self.entries, max(days))]
        known = [self.balances[line] for line in last if line in self.balances]
        if closing in known or len(known) < len(last):
            return None
        return Reason("closing-elsewhere", CLOSING_ELSEWHERE, {"closing": cells.figure(closing)})

    def _wrong(self, control: dict[str, Decimal] | None) -> Reason | None:
        """Why a control total is wrong. The count is of all that is listed, pending ones too."""
        moved = total(self.entries)
        found = {"count": Decimal(len(self.entries) + len(self.held))}
        if moved is not None:
            found["total"] = moved
        for name, given in (control or {}).items():
            if name in found and found[name] != given:
                values = {"stated": f"{given:f}", "found": f"{found[name]:f}"}
                return Reason(f"control-{name}", WRONG_TOTAL, values)
        return None


def _of_day(entries: Sequence[Drafted], day: dt.date) -> list[Draft]:
    return [entry for entry in entries if isinstance(entry, Draft) and entry.date == day]
