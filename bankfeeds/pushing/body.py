"""Rows -> the exact bytes of a push: what a dry run shows and what confirming freezes."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from bankfeeds.codat.bodies import TransactionOut, push_body
from bankfeeds.models import BankTransaction, SourceAccount

CENT = Decimal("0.01")


def body(account: SourceAccount, rows: Iterable[BankTransaction]) -> bytes:
    return push_body(account_id=account.account_id, transactions=map(_as_sent, rows))


def _as_sent(row: BankTransaction) -> TransactionOut:
    return TransactionOut(
        id=row.transaction_id,
        date=row.date,
        description=row.description,
        amount=_trim(row.amount),
        balance=_trim(row.balance),
        transaction_type=row.transaction_type,
    )


def _trim(amount: Decimal) -> Decimal:
    """Two places where that is exact: the column keeps four."""
    cents = amount.quantize(CENT)
    return cents if cents == amount else amount
