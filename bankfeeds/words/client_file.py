"""The file that a client takes into QuickBooks by hand, where the feed takes the rows no more."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from bankfeeds.models import BankTransaction

FORMULA = ("=", "+", "-", "@", "\t", "\r")


def client_csv(rows: Iterable[BankTransaction]) -> str:
    """Columns Date (MM/DD/YYYY), Description, Amount (negative: money out).

    Source: QuickBooks help, Manually upload transactions.
    """
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(("Date", "Description", "Amount"))
    for row in rows:
        amount = row.amount.normalize()
        places = max(2, -int(amount.as_tuple().exponent))
        writer.writerow(
            (f"{row.date:%m/%d/%Y}", _harmless(row.description), f"{amount:.{places}f}")
        )
    return out.getvalue()


def _harmless(text: str) -> str:
    """A cell that no spreadsheet takes for a formula, on one line."""
    text = " ".join(text.split())
    return f"'{text}" if text.startswith(FORMULA) else text
