"""Writes files in the portal's own JSON format."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

NUMBER, ROUTING = "000123456789", "021000021"


@dataclass
class Account:
    """`entries`: transactions as they are to be written. None is left out."""

    entries: list[dict[str, Any]] = field(default_factory=list)
    number: str = NUMBER
    routing: str | None = ROUTING
    currency: str = "USD"
    opening: Any = "800.00"
    closing: Any = "1000.00"
    control: dict[str, Any] | None = None


def entry(key: str, day: str, amount: Any, text: str, **more: Any) -> dict[str, Any]:
    return {"id": key, "date": day, "amount": amount, "description": text, **more}


def json_batch(*accounts: Account, one_line: bool = False) -> bytes:
    """Each transaction on a line of its own, or all on one."""
    statements = ",\n".join(_statement(each) for each in accounts)
    text = f'{{"version": 1,\n"statements": [\n{statements}\n]}}\n'
    return (text.replace("\n", " ") if one_line else text).encode()


def _statement(account: Account) -> str:
    named = {"number": account.number, "routing": account.routing, "currency": account.currency}
    fields = {
        "account": _without_none(named),
        "opening": account.opening,
        "closing": account.closing,
        "control": account.control,
    }
    head = ",\n".join(f'"{name}": {_text(value)}' for name, value in _without_none(fields).items())
    rows = ",\n".join(_text(each) for each in account.entries)
    return f'{{{head},\n"transactions": [\n{rows}\n]}}'


def _without_none(given: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in given.items() if value is not None}


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
