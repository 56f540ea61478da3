"""Writes camt.053 files as institutions do, in each version."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from xml.sax.saxutils import escape


@dataclass
class Entry:
    """`amount` without a sign; `way`: CRDT or DBIT. `more`: markup at the end of the entry."""

    id: str
    day: str
    amount: str
    way: str
    text: str
    status: str = "BOOK"
    currency: str = "USD"
    more: str = ""


@dataclass
class Account:
    """`opening` and `closing` with a sign; None is left out."""

    entries: list[Entry] = field(default_factory=list)
    number: str = "000123456789"
    routing: str = "021000021"
    currency: str = "USD"
    opening: str | None = "800.00"
    closing: str | None = "1000.00"
    count: int | None = None


def camt(
    *accounts: Account, version: int = 2, prefix: str = "", end: str = "\n", head: str = ""
) -> bytes:
    """`prefix`: of every element, such as `n:`. `head`: between the declaration and the root."""
    space = f"xmlns{':' + prefix.rstrip(':') if prefix else ''}"
    body = "".join(_statement(each, version, number) for number, each in enumerate(accounts, 1))
    text = (
        f'<?xml version="1.0" encoding="UTF-8"?>\n{head}'
        f'<Document {space}="urn:iso:std:iso:20022:tech:xsd:camt.053.001.{version:02d}">\n'
        f"<BkToCstmrStmt>\n<GrpHdr><MsgId>M</MsgId></GrpHdr>\n{body}</BkToCstmrStmt>\n</Document>\n"
    )
    if prefix:
        text = text.replace("</", "\0").replace("<", f"<{prefix}").replace("\0", f"</{prefix}")
        text = text.replace(f"<{prefix}?", "<?")
    return text.replace("\n", end).encode()


def _statement(account: Account, version: int, number: int) -> str:
    owner = f"<Svcr><FinInstnId><ClrSysMmbId><MmbId>{account.routing}</MmbId></ClrSysMmbId>"
    owner = f"{owner}</FinInstnId></Svcr>" if account.routing else ""
    count = (
        f"<TxsSummry><TtlNtries><NbOfNtries>{account.count}</NbOfNtries></TtlNtries></TxsSummry>\n"
    )
    balances = [("OPBD", account.opening), ("CLBD", account.closing)]
    return (
        f"<Stmt>\n<Id>S{number}</Id>\n<Acct><Id><Othr><Id>{account.number}</Id></Othr></Id>"
        f"<Ccy>{account.currency}</Ccy>{owner}</Acct>\n"
        + "".join(_balance(kind, text, account.currency) for kind, text in balances if text)
        + (count if account.count is not None else "")
        + "".join(_entry(entry, version) for entry in account.entries)
        + "</Stmt>\n"
    )


def _balance(kind: str, text: str, currency: str) -> str:
    way = "DBIT" if text.startswith("-") else "CRDT"
    return (
        f"<Bal><Tp><CdOrPrtry><Cd>{kind}</Cd></CdOrPrtry></Tp>"
        f'<Amt Ccy="{currency}">{text.lstrip("-")}</Amt><CdtDbtInd>{way}</CdtDbtInd></Bal>\n'
    )


def _entry(entry: Entry, version: int) -> str:
    status = entry.status if version < 8 else f"<Cd>{entry.status}</Cd>"
    day = "DtTm" if "T" in entry.day else "Dt"
    reference = f"<AcctSvcrRef>{escape(entry.id)}</AcctSvcrRef>" if entry.id else ""
    return (
        f'<Ntry>\n<Amt Ccy="{entry.currency}">{entry.amount}</Amt>'
        f"<CdtDbtInd>{entry.way}</CdtDbtInd><Sts>{status}</Sts>\n"
        f"<BookgDt><{day}>{entry.day}</{day}></BookgDt>{reference}\n{entry.more}"
        f"<AddtlNtryInf>{escape(entry.text)}</AddtlNtryInf>\n</Ntry>\n"
    )


def details(payments: Sequence[tuple[str, str]], currency: str = "USD") -> str:
    """Of a batch: amount and direction of each payment."""
    each = "".join(
        f'<TxDtls><Amt Ccy="{currency}">{amount}</Amt><CdtDbtInd>{way}</CdtDbtInd></TxDtls>'
        for amount, way in payments
    )
    return f"<NtryDtls>{each}</NtryDtls>\n"
