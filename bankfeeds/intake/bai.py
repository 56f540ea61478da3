"""BAI2 -> statements. Amounts have no sign: whether money came in is told by the type code.

Codes 100-399 are credits, 400-699 debits; others, of loans and of a bank's own, say neither. BAI2
knows no id for a transaction, so that one is made of all that it says.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from . import cells
from .bai_records import Account, Record, accounts, amount_of
from .running import Anchor, Bad, Draft, Drafted, stated, why_not, with_balances
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

OPENING, CLOSING = "010", "015"
CREDITS, DEBITS = range(100, 400), range(400, 700)
CENTS = Decimal("0.01")
UPDATE, SAME_DAY_INTERIM = "1", "3"

NO_ACCOUNT = Reason("no-statement", gettext_noop("This BAI2 file has no account in it."))
INTERIM = Reason(
    "interim",
    gettext_noop("It is of a day that is not over yet. It comes with the file of the whole day."),
)
NO_UPDATE = Reason(
    "not-an-update",
    gettext_noop(
        "The file deletes or corrects what was sent earlier, or is a test. It is not taken in."
    ),
)
IDS_MADE = Reason(
    "ids-made",
    gettext_noop("BAI2 has no ids: they are made of what each transaction says."),
)


def read_bai(content: bytes, *, keep_rejected: int = KEPT_REJECTED) -> list[Statement]:
    """One for each account and group. Raises UnreadableFile, also when a control total is wrong."""
    found = accounts(content)
    if not found:
        raise UnreadableFile(NO_ACCOUNT)
    return [_Reading(account).statement(keep_rejected) for account in found]


@dataclass(slots=True)
class _Reading:
    account: Account
    seen: Counter[bytes] = field(default_factory=Counter)

    def statement(self, keep_rejected: int) -> Statement:
        fields, group = self.account.header.fields, self.account.group
        day = self._day()
        entries: list[Drafted] = []
        held: list[HeldOut] = []
        for record in self.account.transactions:
            if _at(group, 6) == SAME_DAY_INTERIM:
                held.append(HeldOut(record.line, INTERIM, record.raw))
            else:
                entries.append(self._entry(record, day))
        opening, closing = self._balance(OPENING), self._balance(CLOSING)
        lines = with_balances(
            entries, opening=opening, closing=None if closing is None else Anchor(closing)
        )
        refused = None if held else why_not(entries, opening, closing)
        return stated(
            lines,
            keep_rejected=keep_rejected,
            refused=refused if _at(group, 2) in {"", UPDATE} else NO_UPDATE,
            notes=(IDS_MADE,),
            # Who sent the group is no routing number of its accounts.
            account=AccountStated(fields[0], "", (_at(fields, 1) or _at(group, 5)).upper()),
            opening=opening,
            closing=closing,
            held_out=tuple(held),
            totals_agree=True,
        )

    def _day(self) -> dt.date:
        """The day that the group is of, as written."""
        text = _at(self.account.group, 3)
        match = re.fullmatch("([0-9]{2})([0-9]{2})([0-9]{2})", text)
        try:
            return cells.date("20{}-{}-{}".format(*match.groups()) if match else text)
        except cells.BadCell as bad:
            raise UnreadableFile(bad.reason, line=self.account.header.line) from None

    def _balance(self, kind: str) -> Decimal | None:
        found = {
            amount_of(text, self.account.header.line)
            for code, text in self.account.summaries
            if code == kind and text
        }
        if len(found) > 1:
            raise UnreadableFile(
                Reason(
                    "balance-twice",
                    gettext_noop("Line %(line)d states a balance (%(code)s) in two ways."),
                    {"line": self.account.header.line, "code": kind},
                ),
                line=self.account.header.line,
            )
        return found.pop() * CENTS if found else None

    def _entry(self, record: Record, day: dt.date) -> Drafted:
        head, text = record.head_and_text()
        try:
            amount = _amount(head)
            return Draft(
                line=record.line,
                transaction_id=self._id(day, head, text),
                date=day,
                description=cells.description(_description(head, text)),
                amount=amount,
                transaction_type="Credit" if amount > 0 else "Debit" if amount < 0 else "",
                raw=record.raw,
            )
        except cells.BadCell as bad:
            return Bad(Rejected(record.line, bad.reason, record.raw), day)

    def _id(self, day: dt.date, head: Sequence[str], text: str) -> str:
        """The same each time the file comes; equal ones of a day are numbered."""
        return cells.made_id((day.isoformat(), *head, text), self.seen)


def _amount(head: Sequence[str]) -> Decimal:
    code, text = head[0], _at(head, 1)
    if not re.fullmatch("[0-9]{3}", code) or int(code) not in (*CREDITS, *DEBITS):
        raise cells.BadCell(
            "code-without-sign",
            gettext_noop(
                "Its type code “%(kind)s” does not say whether money came in or went out."
            ),
            kind=cells.shown(code),
        )
    if not re.fullmatch("[0-9]{1,15}", text):
        raise cells.BadCell(
            "amount-not-in-cents",
            gettext_noop("Its amount “%(text)s” is not a number of cents without a sign."),
            text=cells.shown(text),
        )
    amount = int(text) * CENTS
    return amount if int(code) in CREDITS else 0 - amount


def _description(head: Sequence[str], text: str) -> str:
    """What the bank says; without a text the customer's reference, the bank's, or the code."""
    bank, customer = head[-2:] if len(head) >= 5 else ("", "")
    return text or customer or bank or f"BAI {head[0]}"


def _at(fields: Sequence[str], place: int) -> str:
    return fields[place] if place < len(fields) else ""
