"""What Codat hears: the JSON bodies of all writes, from one encoder.

Deterministic bytes (the same input gives the same body, so that it can be hashed and sent
again), money exact: a Decimal goes out digit by digit as a JSON number, a float is refused.
Knows no HTTP and no Django.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from bankfeeds.codat.shapes import PLATFORM_KEY, ConnectionStatus

_LARGEST_EXPONENT = 40


@dataclass(frozen=True, slots=True)
class TransactionOut:
    """One cleared line to push. `date`: local calendar date on which it cleared.

    amount: positive is money in, negative money out; balance: running balance after it;
    transaction_type: "Credit", "Debit", or "" to leave it out.
    """

    id: str
    date: date
    description: str
    amount: Decimal
    balance: Decimal
    transaction_type: str = ""


def company_body(*, name: str, description: str = "") -> bytes:
    """Body of create and update company; `description` carries our own reference."""
    return encode({"name": name, "description": description})


def connection_body() -> bytes:
    return encode({"platformKey": PLATFORM_KEY})


def unlink_body() -> bytes:
    return encode({"status": ConnectionStatus.UNLINKED.value})


def source_account_body(
    *,
    id: str,
    account_name: str,
    account_type: str,
    account_number: str,
    sort_code: str,
    currency: str,
    balance: Decimal,
) -> bytes:
    """Body of create source account: all seven fields, as the guide for QuickBooks Online asks."""
    return encode(
        {
            "id": id,
            "accountName": account_name,
            "accountType": account_type,
            "accountNumber": account_number,
            "sortCode": sort_code,
            "currency": currency,
            "balance": balance,
        }
    )


def source_accounts_body(each: Iterable[bytes]) -> bytes:
    """Body of several accounts at once: those of `source_account_body`, byte by byte."""
    return b"[" + b",".join(each) + b"]"


def rename_body(*, id: str, account_name: str) -> bytes:
    """Body of update source account: the name is all that may change of an account."""
    return encode({"id": id, "accountName": account_name})


def push_body(*, account_id: str, transactions: Iterable[TransactionOut]) -> bytes:
    """Body of a push: transactions in the order given; dates without time and zone."""
    rows = [_transaction(transaction) for transaction in transactions]
    return encode({"accountId": account_id, "transactions": rows})


def encode(value: object) -> bytes:
    """JSON as UTF-8 bytes. ValueError for what JSON or UTF-8 cannot say, TypeError for floats."""
    return _encode(value).encode("utf-8")


def _transaction(transaction: TransactionOut) -> dict[str, object]:
    row: dict[str, object] = {
        "id": transaction.id,
        "date": transaction.date,
        "description": transaction.description,
        "amount": transaction.amount,
        "balance": transaction.balance,
    }
    if transaction.transaction_type:
        row["transactionType"] = transaction.transaction_type
    return row


def _encode(value: object) -> str:
    if isinstance(value, str):
        return json.dumps(str(value), ensure_ascii=False)
    if isinstance(value, Decimal):
        return _number(value)
    # A datetime is a date too, but its day depends on a zone: the caller must choose the day.
    if type(value) is date:
        return f'"{value.isoformat()}"'
    if isinstance(value, dict):
        return "{" + ",".join(f"{_encode(str(k))}:{_encode(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_encode, value)) + "]"
    if value is None or isinstance(value, int):
        return json.dumps(value)
    raise TypeError(f"a {type(value).__name__} has no place in a body")


def _number(amount: Decimal) -> str:
    if not amount.is_finite() or abs(amount.adjusted()) > _LARGEST_EXPONENT:
        raise ValueError("not an amount of money")
    # "f" writes every digit that is there and no exponent; -0.00 is said as 0.00.
    return format(amount.copy_abs() if amount.is_zero() else amount, "f")
