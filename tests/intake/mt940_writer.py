"""Writes MT940 files as institutions do."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Entry:
    """`day`: YYMMDD, of the value date. `entry`: MMDD. `mark`: C, D, RC or RD."""

    day: str
    mark: str
    amount: str
    text: str
    entry: str = ""
    tail: str = "NTRFNONREF"


@dataclass
class Account:
    """`opening` and `closing` such as C800,00; `kinds`: of the balances, F or M."""

    entries: list[Entry] = field(default_factory=list)
    number: str = "000123456789"
    routing: str = "021000021"
    currency: str = "USD"
    opening: str = "C800,00"
    closing: str = "C1000,00"
    kinds: str = "FF"
    more: str = ""


def mt940(*accounts: Account, end: str = "\r\n", envelope: bool = False) -> bytes:
    head, tail = (
        ("{1:F01BANKUS33AXXX0000000000}{2:I940X}{4:\n", "-}\n") if envelope else ("", "-\n")
    )
    text = "".join(f"{head}{_message(account, n)}{tail}" for n, account in enumerate(accounts, 1))
    return text.replace("\n", end).encode()


def _message(account: Account, number: int) -> str:
    owner = f"{account.routing}/{account.number}" if account.routing else account.number
    first, last = account.kinds[0], account.kinds[1]
    return (
        f":20:S{number}\n:25:{owner}\n:28C:{number}/1\n"
        + _balance(f"60{first}", account.opening, account.currency)
        + "".join(map(_entry, account.entries))
        + _balance(f"62{last}", account.closing, account.currency)
        + account.more
    )


def _balance(name: str, text: str, currency: str) -> str:
    return f":{name}:{text[0]}261120{currency}{text[1:]}\n"


def _entry(entry: Entry) -> str:
    text = f":86:{entry.text}\n" if entry.text else ""
    return f":61:{entry.day}{entry.entry}{entry.mark}{entry.amount}{entry.tail}\n{text}"
