"""Files and verbs in the short form in which the tests of importing want them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from functools import partial

from django.utils import timezone

from bankfeeds import importing
from bankfeeds.models import Actor, Preparing, SourceAccount, Statement
from tests.intake.support import written
from tests.support import today

BY = Actor.command("tests")


def rows_of(
    amounts: Sequence[str],
    *,
    opening: str = "1000.00",
    prefix: str = "T",
    date: dt.date | None = None,
) -> list[list[object]]:
    """Rows of one day with a running balance: [id, date, description, amount, balance]."""
    balance = Decimal(opening)
    rows: list[list[object]] = []
    for number, amount in enumerate(map(Decimal, amounts), start=1):
        balance += amount
        rows.append(
            [f"{prefix}{number}", date or today(), f"Row {prefix}{number}", amount, balance]
        )
    return rows


def csv_of(amounts: Sequence[str], *, opening: str = "1000.00", prefix: str = "T") -> bytes:
    return written(rows_of(amounts, opening=opening, prefix=prefix))


def look(account: SourceAccount, content: bytes, *, name: str = "day.csv") -> Statement:
    return importing.look(account, file_name=name, content=content, by=BY, now=timezone.now())


def save(upload: Statement, *, leave_out_bad: bool = False) -> Statement:
    return importing.save(upload, leave_out_bad=leave_out_bad, by=BY, now=timezone.now())


def worked_out(upload: Statement) -> importing.Preview:
    """The preview as its page shows it; of a long file after the worker's job."""
    shown = partial(importing.shown, upload, today=today(), now=timezone.now())
    found = shown()
    if isinstance(found, Preparing):
        importing.prepare(upload.pk, clock=timezone.now)
        found = shown()
    assert isinstance(found, importing.Preview)
    return found


def preview(upload: Statement) -> importing.Preview:
    return importing.preview(upload, today=today())
