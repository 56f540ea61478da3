"""Statement files as a bank would export them, written for the day of the test."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

from tests.support import today

Row = tuple[str, str]  # description, amount
ROWS: tuple[Row, ...] = (
    ("Card payments of the day", "412.60"),
    ("Maple Flour Mill", "-186.35"),
    ("Hydro", "-94.10"),
    ("Catering invoice 1042", "1250.00"),
    ("Payroll", "-640.00"),
    ("Card payments of the day", "388.15"),
)


def statement(
    folder: Path,
    rows: Sequence[Row] = ROWS,
    *,
    name: str = "transactions.csv",
    opening: str = "1000.00",
    start: dt.date | None = None,
) -> Path:
    """A CSV of these rows; the first on `start` (default: two days ago), the last not in future."""
    balance, day = Decimal(opening), start or today() - dt.timedelta(days=2)
    lines = ["id,date,description,amount,balance"]
    for number, (description, amount) in enumerate(rows, start=1):
        balance += Decimal(amount)
        on = min(day + dt.timedelta(days=(number - 1) // 2), today())
        identifier = f"{Path(name).stem}-{number:03d}"
        lines.append(f"{identifier},{on.isoformat()},{description},{amount},{balance}")
    file = folder / name
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file
