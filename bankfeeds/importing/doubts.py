"""Rows that may be here already are put before a person: see `deciding`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from bankfeeds.intake.shape import Line
from bankfeeds.models import Doubt, Statement

from .sorting import Sorting

WRITTEN_AT_ONCE = 1_000


def ask(statement: Statement, rows: Iterable[Line], sorting: Sorting, *, now: dt.datetime) -> None:
    """Keep the doubtful ones among these rows; nothing of them comes in before an answer."""
    found = [
        Doubt(
            account_id=statement.account_id,
            statement=statement,
            kind=sorting.kind(row).value,
            line=row.line,
            transaction_id=row.transaction_id,
            date=row.date,
            description=row.description,
            amount=row.amount,
            balance=row.balance,
            transaction_type=row.transaction_type,
            ours_id=doubtful.ours,
            asked_at=now,
        )
        for row in rows
        if (doubtful := sorting.doubtful.get(row.transaction_id))
    ]
    Doubt.objects.bulk_create(found, batch_size=WRITTEN_AT_ONCE)
