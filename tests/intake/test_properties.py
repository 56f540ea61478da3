"""What is written is read back to the same rows; whatever comes, the reader says so in words."""

from __future__ import annotations

import datetime as dt
import os
import random
import string
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
from bankfeeds.intake.shape import UnreadableFile

from .support import GOOD, HEADER, file_of, written

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


def survives(content: bytes) -> None:
    """Understood or refused in words; any other exception fails the test."""
    try:
        parsed = read_csv(content, places=2)
    except UnreadableFile as refused:
        assert refused.words
        return
    for bad in parsed.rejected:
        assert bad.line > 1
        assert str(bad.reason)
    for row in parsed.rows:
        assert row.amount.is_finite()
        assert row.transaction_id
        assert "\0" not in row.description


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
    chance = random.Random(20_261_120)  # noqa: S311
    base = file_of(*(f'T{n},2026-11-20,"Row, {n}",-1.50,{n}.25' for n in range(12)), GOOD)
    for _ in range(1_500):
        survives(mutated(base, chance))


def mutated(content: bytes, chance: random.Random) -> bytes:
    data = bytearray(content)
    for _ in range(chance.randint(1, 8)):
        place = chance.randrange(len(data))
        match chance.randrange(5):
            case 0:
                data[place] = chance.randrange(256)
            case 1:
                del data[place : place + chance.randint(1, 40)]
                data = data or bytearray(b"x")
            case 2:
                data[place:place] = data[: chance.randint(1, 60)]
            case 3:
                data[place:place] = chance.choice(
                    (b'"', b",", b"\n", b"\r", b"\0", b"\xff", b"\xe2")
                )
            case _:
                data[place:place] = chance.choice(string.printable).encode()
    return bytes(data)
