"""Files for the client: no larger than QuickBooks takes, however many rows and long texts."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from decimal import Decimal

from bankfeeds import exporting
from bankfeeds.admin import downloads
from bankfeeds.models import BankTransaction, SourceAccount

DAY = dt.date(2026, 3, 9)


def rows(number: int, *, description: str = "Rent", amount: str = "-1.00") -> list[BankTransaction]:
    return [
        BankTransaction(
            pk=pk, date=DAY, description=description, amount=Decimal(amount), balance=Decimal(0)
        )
        for pk in range(1, number + 1)
    ]


def test_it_splits_by_rows_and_by_size() -> None:
    account = SourceAccount(name="Op/1")
    many = exporting.client_files(account, rows(1001))
    assert [len(one.rows) for one in many] == [1000, 1]
    assert many[0].name == "Op_1-2026-03-09-2026-03-09-1-of-2.csv"
    wide = exporting.client_files(account, rows(900, description="é" * 1000))
    assert len(wide) == 6 and sum(len(one.rows) for one in wide) == 900
    assert all(len(one.text.encode()) <= 350_000 for one in wide)
    assert exporting.client_files(account, []) == []


def test_an_amount_of_nothing_is_left_blank() -> None:
    [made] = exporting.client_files(SourceAccount(name="Op"), rows(1, amount="0"))
    assert made.text.splitlines() == ["Date,Description,Amount", "03/09/2026,Rent,"]


def test_several_files_come_in_one_archive() -> None:
    made = exporting.client_files(SourceAccount(name="Op"), rows(1001))
    answer = downloads.client_files(made)
    assert answer["Content-Type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.namelist() == [one.name for one in made]
