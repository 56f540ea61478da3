"""Writes OFX files as institutions do: SGML without end tags, or XML."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from xml.sax.saxutils import escape

HEADER = (
    "OFXHEADER:100\r\nDATA:OFXSGML\r\nVERSION:102\r\nSECURITY:NONE\r\nENCODING:{encoding}\r\n"
    "CHARSET:{charset}\r\nCOMPRESSION:NONE\r\nOLDFILEUID:NONE\r\nNEWFILEUID:NONE\r\n\r\n"
)
XML = (
    '<?xml version="1.0" encoding="UTF-8" standalone="no"?>\n'
    '<?OFX OFXHEADER="200" VERSION="220" SECURITY="NONE" OLDFILEUID="NONE" NEWFILEUID="NONE"?>\n'
)


@dataclass
class Row:
    id: str
    date: str
    amount: str
    name: str
    kind: str = "OTHER"
    more: str = ""  # markup as it shall stand there


@dataclass
class Account:
    rows: list[Row] = field(default_factory=list)
    number: str = "000123456789"
    routing: str = "021000021"
    currency: str = "USD"
    balance: str | None = "1000.00"
    as_of: str = "20261120"
    is_card: bool = False


def ofx(*accounts: Account, xml: bool = False, encoding: str = "utf-8", end: str = "\n") -> bytes:
    """`encoding`: utf-8 or cp1252, said so in the header of SGML."""
    body = "".join(_statement(each, xml) for each in accounts)
    signed_on = (
        f"<SIGNONMSGSRSV1><SONRS>{_status(xml)}"
        f"{_inline([('DTSERVER', '20261120'), ('LANGUAGE', 'ENG')], xml)}</SONRS>"
    )
    text = f"<OFX>\n{signed_on}</SIGNONMSGSRSV1>\n{body}</OFX>\n".replace("\n", end)
    says = ("USASCII", "1252") if encoding == "cp1252" else ("UTF-8", "NONE")
    head = XML if xml else HEADER.format(encoding=says[0], charset=says[1])
    return (head + text).encode(encoding)


def _statement(account: Account, xml: bool) -> str:
    prefix = "CC" if account.is_card else ""
    top = "CREDITCARDMSGSRSV1" if account.is_card else "BANKMSGSRSV1"
    values = [("ACCTID", account.number)]
    if not account.is_card:
        values = [("BANKID", account.routing), *values, ("ACCTTYPE", "CHECKING")]
    holder = "CCACCTFROM" if account.is_card else "BANKACCTFROM"
    rows = "".join(_row(row, xml) for row in account.rows)
    listed = _inline([("DTSTART", "20261101"), ("DTEND", "20261120")], xml)
    balance = ""
    if account.balance is not None:
        stated = _leaves([("BALAMT", account.balance), ("DTASOF", account.as_of)], xml)
        balance = f"<LEDGERBAL>\n{stated}</LEDGERBAL>\n"
    answered = f"{_inline([('TRNUID', '0')], xml)}{_status(xml)}"
    return (
        f"<{top}>\n<{prefix}STMTTRNRS>{answered}\n<{prefix}STMTRS>\n"
        f"{_leaves([('CURDEF', account.currency)], xml)}<{holder}>\n{_leaves(values, xml)}"
        f"</{holder}>\n<BANKTRANLIST>{listed}\n{rows}</BANKTRANLIST>\n{balance}"
        f"</{prefix}STMTRS>\n</{prefix}STMTTRNRS>\n</{top}>\n"
    )


def _row(row: Row, xml: bool) -> str:
    values = [
        ("TRNTYPE", row.kind),
        ("DTPOSTED", row.date),
        ("TRNAMT", row.amount),
        ("FITID", row.id),
        ("NAME", row.name),
    ]
    return f"<STMTTRN>\n{_leaves(values, xml)}{row.more}</STMTTRN>\n"


def _status(xml: bool) -> str:
    return f"<STATUS>{_inline([('CODE', '0'), ('SEVERITY', 'INFO')], xml)}</STATUS>"


def _inline(values: Iterable[tuple[str, str]], xml: bool) -> str:
    return _leaves(values, xml).replace("\n", "")


def _leaves(values: Iterable[tuple[str, str]], xml: bool) -> str:
    return "".join(
        f"<{name}>{escape(value)}{f'</{name}>' if xml else ''}\n" for name, value in values
    )


def row_of(identifier: str, date: dt.date, amount: Decimal, name: str) -> Row:
    return Row(identifier, f"{date:%Y%m%d}", f"{amount:f}", name)
