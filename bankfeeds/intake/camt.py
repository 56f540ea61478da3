"""camt.053.001.02 to .08 (ISO 20022) -> statements. One entry on the account is one row.

The sign is the entry's CdtDbtInd, for reversals too: there it is that of the reversal itself. A
batch stays one row, as it moved the balance once; its payments have to add up to it.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal

from . import cells
from .camt_tree import Node, damaged, statements
from .running import (
    OTHER_CURRENCY,
    PENDING,
    Anchor,
    Bad,
    Draft,
    Drafted,
    repeated,
    stated,
    why_not,
    with_balances,
)
from .shape import (
    KEPT_REJECTED,
    AccountStated,
    HeldOut,
    Reason,
    Rejected,
    Statement,
    UnreadableFile,
    gettext_noop,
)

NTRY = re.compile(rb"<(?:[\w.-]+:)?Ntry[\s>]")
ONCE = ("Amt", "CdtDbtInd", "BookgDt", "Sts", "AcctSvcrRef")
# What ISO 20022 lets stand behind a day: the day stays the one that is written.
ZONE = re.compile(r"(?<=-[0-9]{2})(?:Z|[+-][0-9]{2}:[0-9]{2})\Z")
NO_REFERENCE = {"", "NOTPROVIDED", "NONREF", "NOREF"}
SIGNS = {"CRDT": 1, "DBIT": -1}

NO_STATEMENT = Reason("no-statement", gettext_noop("This camt.053 file has no statement in it."))
ONLY_INFORMATION = Reason(
    "not-booked", gettext_noop("It is for information only: nothing was booked.")
)
WRONG_TOTAL = gettext_noop(
    "The file says that its entries are %(stated)s, but they are %(found)s. The file is damaged."
    " Have it made or sent again."
)


def read_camt(
    content: bytes, *, places: int = 4, keep_rejected: int = KEPT_REJECTED
) -> list[Statement]:
    """Every statement of the file. `places`: decimals of the currency. Raises UnreadableFile."""
    found = statements(content)
    if not found:
        raise UnreadableFile(NO_STATEMENT)
    by_entry = any(len(NTRY.findall(line)) > 1 for line in content.splitlines())
    first, read = 1, []
    for node in found:
        reading = _Reading(node, places, first if by_entry else 0)
        read.append(reading.statement(keep_rejected))
        first += sum(1 for _ in node.every("Ntry"))
    return read


@dataclass(slots=True)
class _Reading:
    """`first`: the number of its first entry where entries are counted, not lines."""

    node: Node
    places: int
    first: int
    currency: str = ""
    seen: dict[str, Draft] = field(default_factory=dict)
    said: Counter[bytes] = field(default_factory=Counter)

    def statement(self, keep_rejected: int) -> Statement:
        account = self._account()
        self.currency = account.currency
        opening, closing = self._balance("OPBD", "PRCD"), self._balance("CLBD")
        entries: list[Drafted] = []
        held: list[HeldOut] = []
        for number, node in enumerate(self.node.every("Ntry")):
            entry = self._entry(node, self.first + number if self.first else node.line)
            if isinstance(entry, HeldOut):
                held.append(entry)
            else:
                entries.append(entry)
        lines = with_balances(
            entries, opening=opening, closing=None if closing is None else Anchor(closing)
        )
        wrong, checked = self._totals(len(held))
        return stated(
            lines,
            keep_rejected=keep_rejected,
            refused=wrong or why_not(entries, opening, closing),
            account=account,
            opening=opening,
            closing=closing,
            held_out=tuple(held),
            totals_agree=True if checked and not wrong else None,
            counts_entries=bool(self.first),
        )

    def _account(self) -> AccountStated:
        number = self.node.value("Acct/Id/IBAN", "Acct/Id/Othr/Id")
        routing = self.node.value("Acct/Svcr/FinInstnId/ClrSysMmbId/MmbId")
        balance = self.node.one("Bal/Amt")
        currency = self.node.value("Acct/Ccy") or (balance.currency if balance else "")
        if sum(1 for _ in self.node.every("Acct")) > 1:
            raise damaged(self.node.line)
        return AccountStated(number, routing, currency.upper())

    def _balance(self, *kinds: str) -> Decimal | None:
        """Of the first of these types that is there."""
        for kind in kinds:
            found = [
                node
                for node in self.node.every("Bal")
                if node.value("Tp/CdOrPrtry/Cd") == kind and not node.value("Tp/SubTp/Cd")
            ]
            if len(found) > 1:
                raise damaged(found[1].line)
            if found:
                return self._signed(found[0], "balance")
        return None

    def _signed(self, node: Node, column: str) -> Decimal:
        """A balance; one that cannot be read refuses the file, as nothing can be checked by it."""
        try:
            return _amount(node, column, self.places, self.currency)
        except cells.BadCell as bad:
            raise UnreadableFile(bad.reason, line=node.line) from None

    def _totals(self, held: int) -> tuple[Reason | None, bool]:
        """Why the file's own count of entries is wrong, and whether it states one.

        Some count what is pending, some do not.
        """
        count = self.node.value("TxsSummry/TtlNtries/NbOfNtries")
        if not count:
            return None, False
        every = sum(1 for _ in self.node.every("Ntry"))
        if count in {str(every), str(every - held)}:
            return None, True
        values = {"stated": cells.shown(count), "found": str(every)}
        return Reason("control-count", WRONG_TOTAL, values), True

    def _entry(self, node: Node, line: int) -> Drafted | HeldOut:
        status = node.value("Sts") or node.value("Sts/Cd")
        if status == "PDNG":
            return HeldOut(line, PENDING, node.raw)
        if status in {"INFO", "FUTR"}:
            return HeldOut(line, ONLY_INFORMATION, node.raw)
        day: dt.date | None = None
        try:
            written = ZONE.sub("", node.value("BookgDt/Dt"), count=1)
            day = cells.date(written or node.value("BookgDt/DtTm"))
            _check_status(status)
            draft = self._understood(node, line, day)
        except cells.BadCell as bad:
            return Bad(Rejected(line, bad.reason, node.raw), day)
        first = self.seen.setdefault(draft.transaction_id, draft)
        return draft if first is draft else repeated(draft, first)

    def _understood(self, node: Node, line: int, day: dt.date) -> Draft:
        for name in ONCE:
            if sum(1 for _ in node.every(name)) > 1:
                raise cells.BadCell(
                    "value-twice", gettext_noop("It states %(name)s more than once."), name=name
                )
        amount = _amount(node, "amount", self.places, self.currency)
        details = list(node.every("NtryDtls/TxDtls"))
        _check_batch(details, amount, self.places, self.currency)
        return Draft(
            line=line,
            transaction_id=self._id(node, details, day, amount),
            date=day,
            description=cells.description(_description(node, details)),
            amount=amount,
            transaction_type="Credit" if amount > 0 else "Debit" if amount < 0 else "",
            raw=node.raw,
        )

    def _id(self, node: Node, details: list[Node], day: dt.date, amount: Decimal) -> str:
        """The bank's reference of the entry. Without one it is made of what the entry says:
        NtryRef is often but its number in the statement."""
        reference = node.value("AcctSvcrRef")
        if reference in NO_REFERENCE and len(details) == 1:
            reference = details[0].value("Refs/AcctSvcrRef")
        if reference not in NO_REFERENCE:
            return cells.identifier(reference)
        return cells.made_id((day.isoformat(), str(amount), *node.words()), self.said)


def _amount(node: Node, column: str, places: int, currency: str) -> Decimal:
    found = node.one("Amt")
    if found and found.currency and currency and found.currency.upper() != currency:
        raise cells.BadCell(OTHER_CURRENCY.code, OTHER_CURRENCY.template)
    text, way = node.value("Amt"), node.value("CdtDbtInd")
    if text.startswith(("-", "+")) or way not in SIGNS:
        raise cells.BadCell(
            "sign-unclear",
            gettext_noop(
                "Whether money came in or went out is not clear: “%(text)s” with “%(way)s”."
            ),
            text=cells.shown(text),
            way=cells.shown(way),
        )
    amount = cells.money(text, column=column, places=places)
    return amount if SIGNS[way] > 0 else 0 - amount


def _check_status(status: str) -> None:
    if status != "BOOK":
        raise cells.BadCell(
            "status-unknown",
            gettext_noop("Its status “%(text)s” does not say that it is booked."),
            text=cells.shown(status),
        )


def _check_batch(details: list[Node], amount: Decimal, places: int, currency: str) -> None:
    """Where every payment of a batch states an amount of its own, they have to add up."""
    said = [each.one("Amt") for each in details if each.value("CdtDbtInd")]
    if len(details) < 2 or [bool(a and a.currency == currency) for a in said] != [True] * len(
        details
    ):
        return
    found = sum((_amount(each, "amount", places, currency) for each in details), Decimal(0))
    if found != amount:
        raise cells.BadCell(
            "batch-total",
            gettext_noop("It is a batch of %(amount)s, but its payments give %(found)s."),
            amount=cells.figure(amount),
            found=cells.figure(found),
        )


def _description(node: Node, details: list[Node]) -> str:
    """Who and what for; of a batch what the bank says of it."""
    said = node.value("AddtlNtryInf")
    if len(details) == 1:
        only = details[0]
        other = "Dbtr" if node.value("CdtDbtInd") == "CRDT" else "Cdtr"
        name = only.value(f"RltdPties/{other}/Nm", f"RltdPties/{other}/Pty/Nm")
        free = " ".join(each.text.strip() for each in only.every("RmtInf/Ustrd"))
        parts = [name, free or only.value("AddtlTxInf")]
        said = " ".join(filter(None, parts)) or said
    return " ".join((said or node.value("NtryRef") or _code(node)).split())


def _code(node: Node) -> str:
    """The bank's transaction code, when it says nothing else."""
    codes = ("Domn/Cd", "Domn/Fmly/Cd", "Domn/Fmly/SubFmlyCd", "Prtry/Cd")
    return " ".join(filter(None, (node.value(f"BkTxCd/{path}") for path in codes)))
