"""Numbers of accounts stay to their last four, where nobody has said yet what a number is."""

from __future__ import annotations

import pytest

from bankfeeds.intake.cells import shown
from bankfeeds.intake.masking import unnamed, unnamed_in_columns


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("2026-11-03 4500123456789 12.00", "2026-11-03 ••6789 12.00"),
        ("20261103 0004500123456 12.50", "20261103 ••3456 12.50"),
        ("18/11/2026;Dépôt;4500123456;1 050,00", "18/11/2026;Dépôt;••3456;1 050,00"),
        ("4500 1234 5678 9012 12.50", "••9012 12.50"),
        ("PAID 0012345678 ON 2026-11-3", "PAID ••5678 ON 2026-11-3"),
        ("1234567,89 and 1 234 567,89", "1234567,89 and 1 234 567,89"),
        ("GB29NWBK60161331926819", "GB29NWBK••6819"),
        ("123456", "123456"),
    ],
)
def test_days_and_money_stay(text: str, masked: str) -> None:
    assert unnamed(text) == masked


@pytest.mark.parametrize(
    ("text", "widths", "masked"),
    [
        (
            "202611030004500123456000765432COFFEE", (8, 13, 9),
            "20261103•••••••••3456•••••5432COFFEE",
        ),
        # Widths that are wrong show no more of it, and a day with which a line begins.
        (
            "202611030004500123456000765432COFFEE", (5, 5, 5, 5, 5),
            "••••••••••••••••••••••••••5432COFFEE",
        ),
        (
            "202611030004500123456000765432COFFEE", (),
            "20261103••••••••••••••••••5432COFFEE",
        ),
        ("20261103 4500123456789 0004.50 TEA", (9, 14, 8), "20261103 •••••••••6789 0004.50 TEA"),
        ("0004500123456789 0000000004.50", (16, 14), "••••••••••••6789 0000000004.50"),
        ("4500 1234 5678 9012", (), "•••• •••• •••• 9012"),
        ("ACCOUNT 12-3456789", (4, 8), "ACCOUNT ••-•••6789"),
    ],
)  # fmt: skip
def test_columns_of_fixed_width_can_be_counted(
    text: str, widths: tuple[int, ...], masked: str
) -> None:
    assert unnamed_in_columns(text, widths) == masked


def test_a_cell_that_is_quoted_in_a_reason() -> None:
    assert shown("0004500123456") == "••3456"
    assert shown("2026-13-03") == "2026-13-03"
    assert shown("x" * 100) == "x" * 39 + "…"
