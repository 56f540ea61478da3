"""OFX 1 (SGML), OFX 2 (XML) and QFX -> statements of bank and card accounts.

Source: OFX 2.3, chapter 11. A date is the calendar date as written, whatever zone stands behind it.
OFX states one balance at one moment, so that the rows' balances are worked out from it.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from . import cells
from .markup import ENTRIES, Node, damaged, tree
from .running import (
    OTHER_CURRENCY,
    PENDING,
    Anchor,
    Bad,
    Draft,
    Drafted,
    repeated,
    stated,
    with_balances,
)
from .shape import (
    DECLARES,
    KEPT_REJECTED,
    AccountStated,
    HeldOut,
    Reason,
    Rejected,
    Statement,
    UnreadableFile,
    gettext_noop,
)
from .texts import decoded, raw_of

STATEMENTS = ("STMTRS", "CCSTMTRS")
DATE = re.compile(
    r"([0-9]{4})([0-9]{2})([0-9]{2})"
    r"(?:[0-9]{2}(?:[0-9]{2}(?:[0-9]{2}(?:\.[0-9]{1,3})?)?)?)?"
    r"(?:\s*\[[+-]?[0-9]{1,2}(?:\.[0-9]{1,2})?(?::[^\]]{0,40})?\])?"
)
HEAD = 4_096
CHARSETS = {"1252": "cp1252", "8859-1": "iso-8859-1", "ISO-8859-1": "iso-8859-1"}
XML_ENCODINGS = {"ISO-8859-1": "iso-8859-1", "WINDOWS-1252": "cp1252"}
TYPES = {"SRVCHG": "SerChg"} | {
    name.upper(): name for name in cells.TYPES.values() if name not in {"Unknown", "SerChg"}
}
ONCE = ("FITID", "DTPOSTED", "TRNAMT", "TRNTYPE")

NO_STATEMENT = Reason(
    "no-statement",
    gettext_noop("This OFX file has no statement of a bank account or a card in it."),
)
BALANCE_LATER = gettext_noop(
    "The balance is of %(day)s, after the last day of the list (%(last)s). If something was booked"
    " between, the balances worked out are wrong."
)


BALANCE_EARLIER = gettext_noop(
    "The balance is of %(day)s. The balances of later days are worked out from it onwards."
)


def read_ofx(
    content: bytes, *, places: int = 4, keep_rejected: int = KEPT_REJECTED
) -> list[Statement]:
    """Every statement of the file. `places`: decimals of the currency. Raises UnreadableFile."""
    text, notes = decoded(content, _encoding(content[:HEAD]))
    if re.search(r"<!(?:DOCTYPE|ENTITY)", text, re.IGNORECASE):
        raise UnreadableFile(DECLARES)
    begin = re.search(r"<OFX[\s>]", text, re.IGNORECASE)
    if begin is None:
        raise UnreadableFile(NO_STATEMENT)
    root = tree(text, begin.start())
    by_entry = _shares_lines(root)
    counter = iter(range(1, len(text) + 1))
    found = [
        _Reading(text, node, places, counter if by_entry else None).statement(notes, keep_rejected)
        for node in root.every(*STATEMENTS)
    ]
    if not found:
        raise UnreadableFile(NO_STATEMENT)
    return found


def _encoding(head: bytes) -> str:
    """What the header says; plain ASCII and UTF-8 read alike."""
    text = head.decode("latin-1").upper()
    declared = re.search(r"<\?XML[^>]*ENCODING\s*=\s*[\"']([^\"']+)", text)
    if declared:
        return XML_ENCODINGS.get(declared[1], "utf-8")
    charset = re.search(r"CHARSET:\s*([A-Z0-9-]+)", text)
    utf8 = re.search(r"ENCODING:\s*(?:UTF-?8|UNICODE)", text)
    return "utf-8" if utf8 or not charset else CHARSETS.get(charset[1], "utf-8")


def _shares_lines(root: Node) -> bool:
    """Whether two entries begin on one line, so that lines cannot tell them apart."""
    lines = [node.line for node in root.every(*ENTRIES)]
    return len(set(lines)) < len(lines)


@dataclass(frozen=True, slots=True)
class _Reading:
    text: str
    node: Node
    places: int
    counter: Iterator[int] | None

    def statement(self, notes: tuple[Reason, ...], keep_rejected: int) -> Statement:
        account, anchor = self._account(), self._anchor()
        seen: dict[str, Draft] = {}
        entries: list[Drafted] = []
        held: list[HeldOut] = []
        for node in self._entries():
            entry = self._entry(node, seen)
            if isinstance(entry, HeldOut):
                held.append(entry)
            else:
                entries.append(entry)
        return stated(
            with_balances(entries, closing=anchor),
            keep_rejected=keep_rejected,
            notes=notes + self._notes(anchor, entries),
            account=account,
            closing=anchor.balance if anchor else None,
            held_out=tuple(held),
            counts_entries=self.counter is not None,
            refused=None,
        )

    def _account(self) -> AccountStated:
        found = self._only("BANKACCTFROM") or self._only("CCACCTFROM")
        currency = self.node.value("CURDEF").upper()
        if found is None:
            return AccountStated("", "", currency)
        routing = "-".join(filter(None, (found.value("BANKID"), found.value("BRANCHID"))))
        return AccountStated(found.value("ACCTID"), routing, currency)

    def _only(self, name: str) -> Node | None:
        """One that says the same thing twice may say two things."""
        found = [node for node in self.node.children if node.name == name]
        if len(found) > 1 or (found and found[0].twice):
            raise damaged(found[-1].line)
        return found[0] if found else None

    def _entries(self) -> Iterator[Node]:
        for listed in self.node.every("BANKTRANLIST", "BANKTRANLISTP"):
            strange = listed.values.keys() - {"DTSTART", "DTEND", "DTASOF"}
            for node in listed.children:
                # An entry whose name is broken must not vanish.
                if strange or node.name not in ENTRIES:
                    raise damaged(node.line)
                yield node

    def _anchor(self) -> Anchor | None:
        node = self._only("LEDGERBAL")
        if node is None or not node.value("BALAMT"):
            return None
        try:
            balance = _money(node.value("BALAMT"), "balance", self.places)
            day = date(node.value("DTASOF")) if node.value("DTASOF") else None
        except cells.BadCell as bad:
            raise UnreadableFile(bad.reason, line=node.line) from None
        return Anchor(balance, day)

    def _notes(self, anchor: Anchor | None, entries: Sequence[Drafted]) -> tuple[Reason, ...]:
        """How the day of the balance and the days of the list lie to each other."""
        if anchor is None or anchor.day is None:
            return ()
        day, last = anchor.day, self._last_day()
        if last is not None and day > last:
            values = {"day": day.isoformat(), "last": last.isoformat()}
            return (Reason("balance-later", BALANCE_LATER, values),)
        if any(entry.date is not None and entry.date > day for entry in entries):
            return (Reason("balance-earlier", BALANCE_EARLIER, {"day": day.isoformat()}),)
        return ()

    def _last_day(self) -> dt.date | None:
        listed = self.node.child("BANKTRANLIST")
        try:
            return date(listed.value("DTEND")) if listed else None
        except cells.BadCell:
            return None

    def _entry(self, node: Node, seen: dict[str, Draft]) -> Drafted | HeldOut:
        line = next(self.counter) if self.counter else node.line
        raw = raw_of(self.text, node.start, node.end or node.start)
        if node.name == "STMTTRNP" or node.value("TRNTYPE").upper() == "HOLD":
            return HeldOut(line, PENDING, raw)
        day: dt.date | None = None
        try:
            day = date(node.value("DTPOSTED"))
            draft = self._understood(node, line, raw, day)
        except cells.BadCell as bad:
            return Bad(Rejected(line, bad.reason, raw), day)
        first = seen.setdefault(draft.transaction_id, draft)
        return draft if first is draft else repeated(draft, first)

    def _understood(self, node: Node, line: int, raw: str, day: dt.date) -> Draft:
        _check_whole(node)
        amount = _money(node.value("TRNAMT"), "amount", self.places)
        kind = node.value("TRNTYPE").upper()
        _check_sign(kind, amount)
        return Draft(
            line=line,
            transaction_id=cells.identifier(node.value("FITID")),
            date=day,
            description=cells.description(_description(node, kind)),
            amount=amount,
            transaction_type=TYPES.get(kind, ""),
            raw=raw,
        )


def date(text: str) -> dt.date:
    """The calendar date as written; the time and the zone behind it are not looked at."""
    match = DATE.fullmatch(text)
    if match is None:
        raise cells.BadCell(
            "date-format",
            gettext_noop("Its date “%(text)s” is not written as YYYYMMDD."),
            text=cells.shown(text),
        )
    return cells.date("-".join(match.groups()))


def _money(text: str, column: str, places: int) -> Decimal:
    # The standard allows a comma for the decimal point, and nothing between thousands.
    if text.count(",") == 1 and "." not in text:
        text = text.replace(",", ".")
    return cells.money(text, column=column, places=places)


def _check_whole(node: Node) -> None:
    if twice := [name for name in ONCE if name in node.twice]:
        raise cells.BadCell(
            "value-twice", gettext_noop("It states %(name)s more than once."), name=twice[0]
        )
    if node.value("CORRECTFITID"):
        raise cells.BadCell(
            "correction",
            gettext_noop(
                "It corrects or takes back an earlier transaction (%(id)s)."
                " What is here already is never overwritten."
            ),
            id=cells.shown(node.value("CORRECTFITID")),
        )
    if node.child("CURRENCY") is not None:
        raise cells.BadCell(OTHER_CURRENCY.code, OTHER_CURRENCY.template)


def _check_sign(kind: str, amount: Decimal) -> None:
    if (kind == "CREDIT" and amount < 0) or (kind == "DEBIT" and amount > 0):
        raise cells.BadCell(
            "sign-contradicts",
            gettext_noop(
                "Its type is %(type)s and its amount is %(amount)s: the two contradict each other."
            ),
            type=kind,
            amount=cells.figure(amount),
        )


def _description(node: Node, kind: str) -> str:
    payee = node.child("PAYEE")
    name = node.value("NAME") or node.value("EXTDNAME") or (payee.value("NAME") if payee else "")
    memo = node.value("MEMO")
    parts = [memo] if memo.startswith(name) or not name else [name, memo]
    told = " ".join(" ".join(parts).split())
    return told or " ".join(filter(None, (kind, node.value("CHECKNUM"))))
