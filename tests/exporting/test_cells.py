"""No cell is a formula, numbers stay numbers, and a file can be read again."""

from __future__ import annotations

import csv
import datetime as dt
import io
from decimal import Decimal

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from bankfeeds.exporting.cells import FORMULA, cell, csv_line, file_name, harmless

FORMULAS = ["=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "=cmd|' /C calc'!A0", "-", "+1,5"]


@pytest.mark.parametrize("text", FORMULAS)
def test_no_text_is_a_formula(text: str) -> None:
    assert harmless(text) == f"'{text}"


@pytest.mark.parametrize("text", ["-75.50", "+12", "-3", "12", "Coffee", "", "a=b"])
def test_numbers_and_plain_texts_stay(text: str) -> None:
    assert harmless(text) == text


@given(st.lists(st.text(), min_size=1, max_size=4))
def test_a_line_is_read_as_the_same_cells_and_none_is_a_formula(texts: list[str]) -> None:
    [cells] = csv.reader(io.StringIO(csv_line(texts), newline=""))
    assert len(cells) == len(texts)
    for one in cells:
        assert not one.startswith(FORMULA) or Decimal(one) is not None


def test_money_days_and_moments_as_plain_cells() -> None:
    assert cell(Decimal("-1234.5000")) == "-1234.50"
    assert cell(Decimal("0.1250")) == "0.125"
    assert cell(Decimal("1E+6")) == "1000000.00"
    assert cell(dt.date(2026, 11, 20)) == "2026-11-20"
    at = dt.datetime(2026, 11, 20, 20, 42, 7, tzinfo=dt.UTC)
    with timezone.override("America/Toronto"):
        assert cell(at) == "2026-11-20 15:42:07"
    assert cell(None) == "" and cell(12) == "12"


def test_a_name_of_a_file_is_one_name_everywhere() -> None:
    assert file_name("../a/b\\c:d\r\n\u202e.csv") == ".._a_b_c_d___.csv"
