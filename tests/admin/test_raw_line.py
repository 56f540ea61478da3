"""Of a line of the file all is shown as it stands there, but no number of an account."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from bankfeeds.admin.statements.raw_line import masked, masked_bad
from bankfeeds.intake.shape import Line


def line(raw: str) -> Line:
    amount, balance = Decimal("-1234567.89"), Decimal("9876543.00")
    return Line(2, "ID-77001234", dt.date(2026, 11, 3), "PAY 5550001111", amount, balance, "", raw)


@pytest.mark.parametrize(
    "raw",
    [
        "16,475,000123456789,S,,77001234,,PAY 5550001111/",
        ":61:2611031103D1234567,89NTRF",
        "<DTPOSTED>20261103120000.000[-5:EST]<FITID>ID-77001234",
        "2026-11-03;03/11/2026;03112026;-1234567.89;9876543.00",
        "ID-77001234,2026-11-03,x,-1.00,2",
    ],
)
def test_what_the_row_shows_stays(raw: str) -> None:
    assert masked(line(raw)) == raw


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("4500 1234 5678 9012;x", "••9012;x"),
        ("GB29NWBK60161331926819,x", "GB29NWBK••6819,x"),
        ("0004567890,12.00", "••7890,12.00"),
    ],
)
def test_a_number_is_masked(raw: str, shown: str) -> None:
    assert masked(line(raw)) == shown


def test_columns_of_fixed_width_touch_each_other() -> None:
    raw = "20261103" + "0000123456789" + "0007654321" + "COFFEE"
    assert masked(line(raw), (8, 13, 10)) == "20261103" + "0000123456789" + "••4321" + "COFFEE"


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("4500123456789012,2026-13-03,x,-1234567.89,2", "••9012,2026-13-03,x,-1234567.89,2"),
        ("b1,2026-13-01,acct 0004500123456,1,1", "b1,2026-13-01,acct ••3456,1,1"),
        ("0004567890;20261103;1.234.567,5", "••7890;20261103;1.234.567,5"),
        ("<DTPOSTED>20261103120000<ACCTID>4500 1234", "<DTPOSTED>20261103120000<ACCTID>••1234"),
        ("16,475,1234567,S,,000123456789,,PAY/", "16,475,••4567,S,,••6789,,PAY/"),
    ],
)
def test_of_a_bad_line_days_and_cents_stay(raw: str, shown: str) -> None:
    assert masked_bad(raw) == shown


def test_what_turns_the_order_of_letters_round_shows_as_a_dot() -> None:
    assert masked_bad("A\u202e,ab\u2066cd") == "A·,ab·cd"
