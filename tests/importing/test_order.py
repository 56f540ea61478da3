"""The order of a file's rows and the direction of its signs, told by the running balance."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from bankfeeds.importing.order import movement
from bankfeeds.intake.shape import Line

DAY = dt.date(2026, 11, 20)


def line(number: int, day: int, amount: str, balance: str) -> Line:
    date = DAY + dt.timedelta(days=day)
    return Line(number, f"T{number}", date, "x", Decimal(amount), Decimal(balance), "", "")


OLDEST_FIRST = [
    line(2, 0, "10", "110"),
    line(3, 0, "-4", "106"),
    line(4, 1, "1", "107"),
    line(5, 1, "-7", "100"),
]


def test_rows_that_follow_each_other() -> None:
    found = movement(OLDEST_FIRST, before=Decimal(100))
    assert found.rows == OLDEST_FIRST
    assert (found.first_break, found.newest_first, found.signs_reversed) == (None, False, False)


def test_newest_first_is_turned_round_within_a_day_too() -> None:
    found = movement(OLDEST_FIRST[::-1], before=None)
    assert found.rows == OLDEST_FIRST
    assert (found.first_break, found.newest_first) == (None, True)


def test_unordered_days_are_sorted() -> None:
    rows = OLDEST_FIRST[2:] + OLDEST_FIRST[:2]
    assert movement(rows, before=None).rows == OLDEST_FIRST


def test_the_first_break_is_named() -> None:
    rows = [*OLDEST_FIRST[:2], line(4, 1, "1", "200"), line(5, 1, "-7", "100")]
    found = movement(rows, before=None)
    assert (found.first_break, found.breaks, found.signs_reversed) == (4, 2, False)


def test_a_break_against_the_balance_before() -> None:
    assert movement(OLDEST_FIRST, before=Decimal(99)).first_break == 2


def test_reversed_signs_are_seen_also_in_a_single_row() -> None:
    turned = [row._replace(amount=-row.amount) for row in OLDEST_FIRST]
    assert movement(turned, before=None).signs_reversed
    assert movement(turned[::-1], before=None).rows == turned
    assert movement([line(2, 0, "-10", "110")], before=Decimal(100)).signs_reversed


def test_no_rows_and_one_row() -> None:
    assert movement([], before=Decimal(1)).rows == []
    alone = movement([line(2, 0, "5", "5")], before=None)
    assert (alone.first_break, alone.newest_first, alone.signs_reversed) == (None, False, False)


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(-50, 50)), max_size=12), st.booleans())
def test_no_row_is_lost_and_days_only_grow(rows: list[tuple[int, int]], backwards: bool) -> None:
    balance, lines = 0, []
    for number, (day, amount) in enumerate(sorted(rows, key=lambda row: row[0]), start=2):
        balance += amount
        lines.append(line(number, day, str(amount), str(balance)))
    found = movement(lines[::-1] if backwards else lines, before=Decimal(0))
    assert sorted(row.line for row in found.rows) == [row.line for row in lines]
    assert [row.date for row in found.rows] == sorted(row.date for row in lines)
    assert found.first_break is None
