"""What is written is read back to the same rows; whatever comes, the reader says so in words."""

from __future__ import annotations

import csv
import datetime as dt
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bankfeeds.intake.cells import CONTROLS, TYPES
from bankfeeds.intake.delimited import read_csv
from bankfeeds.intake.records import Record, records

from .fuzz import fuzz, survives
from .support import HEADER, file_of, written

texts = st.text(min_size=1, max_size=60).filter(
    lambda text: text == text.strip() and not CONTROLS.search(text) and "\0" not in text
).filter(lambda text: text.isprintable())  # fmt: skip
money = st.decimals(min_value=-(10**12), max_value=10**12, places=2, allow_nan=False)
dates = st.dates(dt.date(1900, 1, 1), dt.date(2199, 12, 31))
rows = st.lists(
    st.tuples(texts, dates, texts, money, money, st.sampled_from(["", *TYPES.values()])),
    min_size=1,
    max_size=30,
    unique_by=lambda row: row[0],
)


@given(rows)
@settings(max_examples=150, deadline=None)
def test_what_was_written_is_read_back(given_rows: list[tuple[Any, ...]]) -> None:
    header = f"{HEADER},type"
    names = tuple(header.split(","))
    parsed = read_csv(written(given_rows, header=header), places=2)
    # A row that spells out the header is the one thing that is taken for something else.
    assert all(bad.code == "second-header" for bad in parsed.rejected), parsed.rejected
    expected = [row for row in given_rows if tuple(str(cell).lower() for cell in row) != names]
    read = [
        (r.transaction_id, r.date, r.description, r.amount, r.balance, r.transaction_type)
        for r in parsed.rows
    ]
    assert read == expected
    total = sum((row[3] for row in expected), Decimal(0))
    assert sum((row.amount for row in parsed.rows), Decimal(0)) == total


@contextmanager
def clock_of(zone: str) -> Iterator[None]:
    before = os.environ.get("TZ")
    os.environ["TZ"] = zone
    time.tzset()
    try:
        yield
    finally:
        if before is None:
            del os.environ["TZ"]
        else:
            os.environ["TZ"] = before
        time.tzset()


@pytest.mark.parametrize(
    "zone", ["UTC", "America/Toronto", "America/St_Johns", "Pacific/Kiritimati", "Asia/Kathmandu"]
)
@pytest.mark.parametrize(
    "written_as",
    [
        "2026-11-01",  # the clocks go back
        "2026-11-01T00:00:00",
        "2026-11-01T23:59:59Z",
        "2026-11-01T23:59:59.999-05:00",
        "2026-11-01 01:30",
    ],
)
def test_a_date_is_the_same_day_in_every_zone(zone: str, written_as: str) -> None:
    with clock_of(zone):
        [row] = read_csv(file_of(f"T1,{written_as},x,1,1")).rows
    assert row.date == dt.date(2026, 11, 1)


@given(st.binary(max_size=3_000))
@settings(max_examples=200, deadline=None)
def test_any_bytes(content: bytes) -> None:
    survives(content)


@given(st.binary(max_size=300))
@settings(max_examples=200, deadline=None)
def test_any_bytes_below_a_header(content: bytes) -> None:
    survives(f"{HEADER}\n".encode() + content)


@given(st.text(alphabet=',"\r\n-.eT0123456789 a\u2028', max_size=400))
@settings(max_examples=200, deadline=None)
def test_any_cells_below_a_header(content: str) -> None:
    survives(f"{HEADER}\n{content}".encode())


def test_mutated_files() -> None:
    assert fuzz("csv", 1_500)


@given(
    st.text("a ,;\t\u2028\x85é'", max_size=12),
    st.sampled_from(",;\t|"),
    st.sampled_from(["", "\n", "\r\n"]),
)
def test_a_line_without_quotes_is_cut_as_the_csv_module_does(
    text: str, delimiter: str, end: str
) -> None:
    [found] = records(iter([f"{text}{end}"]), delimiter=delimiter)
    as_by_csv = csv.reader([f"{text}{end}"], delimiter=delimiter, skipinitialspace=True)
    assert found == Record(1, text, next(as_by_csv))
