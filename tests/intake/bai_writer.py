"""Writes BAI2 files as institutions do, with totals and counts that agree unless told otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass
class Account:
    """`rows`: transactions as they stand there, continuations included. Amounts in cents."""

    rows: list[str] = field(default_factory=list)
    number: str = "000123456789"
    currency: str = "USD"
    opening: int | None = 80_000
    closing: int | None = 100_000
    total: int | None = None
    header: str = ""  # a continuation of the account's record


def row(code: int, cents: int, text: str, ref: str = "") -> str:
    return f"16,{code},{cents},Z,{ref},,{text}"


def bai2(
    *accounts: Account, day: str = "261120", status: str = "1", modifier: str = "2", end: str = "\n"
) -> bytes:
    return bai2_groups([accounts], day=day, status=status, modifier=modifier, end=end)


def bai2_groups(
    groups: Sequence[Sequence[Account]],
    *,
    day: str = "261120",
    status: str = "1",
    modifier: str = "2",
    end: str = "\n",
) -> bytes:
    lines = ["01,021000021,CUSTOMER,261121,0600,1,,,2/"]
    totals = []
    for accounts in groups:
        begun = len(lines)
        lines.append(f"02,CUSTOMER,021000021,{status},{day},,USD,{modifier}/")
        own = [_account(lines, account) for account in accounts]
        totals.append(sum(own))
        lines.append(f"98,{totals[-1]},{len(accounts)},{len(lines) - begun + 1}/")
    lines.append(f"99,{sum(totals)},{len(groups)},{len(lines) + 1}/")
    return "".join(f"{line}{end}" for line in lines).encode()


def _account(lines: list[str], account: Account) -> int:
    begun = len(lines)
    stated = [("010", account.opening), ("015", account.closing)]
    summaries = "".join(f",{code},{cents},," for code, cents in stated if cents is not None)
    lines.append(f"03,{account.number},{account.currency}{summaries}/")
    lines += [account.header] if account.header else []
    found = sum(cents for _code, cents in stated if cents is not None)
    for each in account.rows:
        lines += each.split("\n")
        cents = each.split(",")[2]
        found += int(cents) if cents.lstrip("-").isdigit() else 0
    total = found if account.total is None else account.total
    lines.append(f"49,{total},{len(lines) - begun + 1}/")
    return found if account.total is None else account.total
