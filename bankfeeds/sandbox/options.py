"""The push option of bank transactions, made from the guide's table (no example is published)."""

from __future__ import annotations

from typing import Any

from .rules import TYPES


def _field(kind: str, name: str, text: str, *, needed: bool = True, **more: Any) -> dict[str, Any]:
    return {"type": kind, "displayName": name, "description": text, "required": needed, **more}


_KINDS = [
    {"value": kind, "type": "String", "displayName": kind, "description": "", "required": False}
    for kind in sorted(TYPES)
]
_ROW = {
    "id": _field("String", "ID", "Identifier of the bank transaction, unique for the company."),
    "date": _field("DateTime", "Date", "The local date on which the transaction cleared."),
    "description": _field("String", "Description", "Description of the bank transaction."),
    "amount": _field("Number", "Amount", "Positive for money in, negative for money out."),
    "balance": _field("Number", "Balance", "The account's balance after the transaction."),
    "transactionType": _field(
        "String", "Transaction type", "Type of the transaction.", needed=False, options=_KINDS
    ),
}
PUSH_OPTION = {
    "type": "Object",
    "displayName": "Bank transactions",
    "description": "Bank transactions of one source account, earliest first, at most 1000.",
    "required": True,
    "properties": {
        "accountId": _field("String", "Account ID", "Identifier of the source account."),
        "transactions": _field("Array", "Transactions", "The bank transactions.", properties=_ROW),
    },
}
