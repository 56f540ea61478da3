"""The transactions that every peer of the bench pushes, the same for all. Knows nobody."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import NamedTuple

OPENING = Decimal("100000.00")


class Row(NamedTuple):
    id: str
    date: dt.date
    description: str
    amount: Decimal
    balance: Decimal
    type: str


def rows_of(account: int, *, count: int, day: dt.date) -> list[Row]:
    """`count` cleared lines of one account and day, with a running balance."""
    made, balance = [], OPENING
    for number in range(count):
        cents = (account * 7919 + number * 104_729) % 20_000 - 10_000
        cents += cents >= 0  # nothing is sent of no money
        amount = Decimal(cents).scaleb(-2)
        balance += amount
        made.append(
            Row(
                id=f"tx-{day:%Y%m%d}-{account:06d}-{number:04d}",
                date=day,
                description=f"CARD PURCHASE {number:04d} CORNER STORE #{account % 997:03d} TORONTO",
                amount=amount,
                balance=balance,
                type="Credit" if amount >= 0 else "Debit",
            )
        )
    return made
