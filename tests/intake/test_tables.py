"""Rows of a table that state no balance, beside others that do and in files where none does."""

from __future__ import annotations

from decimal import Decimal
from itertools import accumulate

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bankfeeds.intake.columns import read_by
from bankfeeds.intake.delimited import read_csv
from bankfeeds.intake.profile import Layout, Order, Profile
from bankfeeds.intake.shape import Statement
from bankfeeds.intake.tables import in_a_table, unsure
from bankfeeds.intake.xlsx import as_csv

from .support import file_of
from .xlsx_writer import workbook

HEADER = ("Day", "Words", "Amount", "Balance")
UNION = Profile(
    Layout(header=HEADER, columns=4), "Day", "Words", Order.YMD, balance="Balance", amount="Amount"
)
FIXED = Profile(
    Layout(delimiter="", widths=(10, 8, 10, 10), columns=4),
    0,
    1,
    Order.YMD,
    balance=3,
    amount=2,
)


def table(*rows: str, opening: str = "") -> Statement:
    """Rows: day in November, amount, balance or nothing."""
    said = [
        f"T{number},2026-11-{day},x,{amount},{balance}"
        for number, (day, amount, balance) in enumerate(
            (row.split() + ["", ""])[:3] for row in rows
        )
    ]
    parsed = read_csv(file_of(*said), places=2)
    return in_a_table(parsed, Decimal(opening) if opening else None)


def said(statement: Statement) -> str:
    """`~`: worked out."""
    rows = [(row.line, f"{'~' * row.derived}{row.balance:.2f}") for row in statement.rows]
    bad = [(bad.line, bad.code) for bad in statement.rejected]
    return " ".join(text for _line, text in sorted(rows + bad))


@pytest.mark.parametrize(
    ("rows", "balances"),
    [
        # Onwards from the one before, and back to the first.
        (["20 1 11", "20 2", "20 3", "20 4 20"], "11.00 ~13.00 ~16.00 20.00"),
        (["20 1", "20 2", "21 3 16", "21 4"], "~11.00 ~13.00 16.00 ~20.00"),
        # Once a day, and the newest first.
        (["20 1", "20 2 13", "21 3", "21 4 20"], "~11.00 13.00 ~16.00 20.00"),
        (["21 4 20", "21 3", "20 2 13", "20 1"], "20.00 ~16.00 13.00 ~11.00"),
        (["20 2 13", "20 1", "21 4 20", "21 3"], "13.00 ~11.00 20.00 ~16.00"),
        # Of one day with one balance: it is the day's last.
        (["20 1", "20 2", "20 3 16"], "~11.00 ~13.00 16.00"),
        (["20 3 16", "20 2", "20 1"], "16.00 order-unsure order-unsure"),
        (["20 1", "20 2 13", "20 3"], "order-unsure 13.00 order-unsure"),
        # One that is stated stays, and is a check where it stands.
        (["20 1 11", "20 2", "21 3 99", "21 4"], "11.00 ~13.00 99.00 ~103.00"),
        # Either order may be the true one, with other balances between.
        (["20 1 11", "20 -1", "20 1 11"], "11.00 order-unsure 11.00"),
        # Signs that are reversed are seen as such.
        (["20 1 11", "20 2", "21 3 6", "21 4"], "11.00 ~9.00 6.00 ~2.00"),
        # What a bad row did nobody knows.
        (["20 1 11", "20 2", "20 x", "20 3", "21 4 99"], "11.00 ~13.00 number ~95.00 99.00"),
        (
            ["20 1 11", "20 2", "20 x", "20 3", "20 y", "21 4 99"],
            "11.00 ~13.00 number unsure number 99.00",
        ),
        (["21 1 11", "20 2", "20 x", "21 3"], "11.00 unsure number unsure"),
        # Rows that are in no order are put in the one of their days.
        (["21 3 16", "20 1", "20 2", "22 4"], "16.00 ~11.00 ~13.00 ~20.00"),
    ],
)
def test_beside_rows_that_state_one(rows: list[str], balances: str) -> None:
    names = {"number": "not-a-number", "unsure": "balance-unsure"}
    wanted = [names.get(word, word) for word in balances.split()]
    found = table(*rows)
    assert said(found).split() == wanted
    assert (found.from_zero, found.derived) == (False, False)
    assert found.rejected_count == len(found.rejected)


@given(
    amounts=st.lists(st.integers(-3, 3), min_size=1, max_size=7),
    days=st.lists(st.integers(18, 20), min_size=7, max_size=7).map(sorted),
    stated=st.lists(st.booleans(), min_size=7, max_size=7),
    is_newest_first=st.booleans(),
)
def test_none_is_worked_out_wrongly(
    amounts: list[int], days: list[int], stated: list[bool], is_newest_first: bool
) -> None:
    balances = list(accumulate(amounts, initial=10))[1:]
    rows = [
        (f"{day} {amount} {balance if is_stated else ''}", balance)
        for day, amount, balance, is_stated in zip(days, amounts, balances, stated, strict=False)
    ]
    first, last = stated[0], stated[len(rows) - 1]
    # Of one day the balance that stands last alone is taken for the day's last.
    assume(not (is_newest_first and days[0] == days[len(rows) - 1] and first and not last))
    listed = rows[::-1] if is_newest_first else rows
    found = table(*(row for row, _balance in listed))
    true = {line: balance for line, (_row, balance) in enumerate(listed, start=2)}
    assert found.from_zero or all(row.balance == true[row.line] for row in found.rows)
    assert len(found.rows) + found.rejected_count == len(rows)


def test_what_a_person_stated_is_one_before_the_first() -> None:
    assert said(table("20 1", "20 2 13", "20 3", opening="10")) == "~11.00 13.00 ~16.00"
    assert said(table("21 1 14", "20 2", "20 1", opening="10")) == "14.00 ~13.00 ~11.00"
    assert said(table("20 1", "20 2 14", opening="10")) == "~11.00 14.00"
    assert said(table("20 1", "20 2", opening="10")) == "~11.00 ~13.00"


def test_a_header_once_more_moves_no_balance() -> None:
    parsed = read_csv(
        file_of("A,2026-11-20,x,1,11", "id,date,description,amount,balance", "B,2026-11-21,x,2,")
    )
    assert said(in_a_table(parsed)) == "11.00 second-header ~13.00"
    assert unsure(parsed) == {}


def test_a_column_that_is_empty_throughout_is_none() -> None:
    """By the portal's own CSV, and by a profile of delimited, fixed-width and Excel files."""
    own = read_csv(file_of("A,2026-11-20,x,1,", "B,2026-11-20,x,2, "))
    row = "2026-11-20Coffee      -4.50          \n"
    fixed = read_by(FIXED, (row + row.replace("4.50", "1.00")).encode())
    sheet = as_csv(workbook(HEADER, ["2026-11-20", "x", "1.00"], ["2026-11-21", "x", "2.00", ""]))
    union = b"Day,Words,Amount,Balance\n2026-11-20,x,1,\n"
    for parsed in (own, fixed, read_by(UNION, sheet), read_by(UNION, union)):
        found = in_a_table(parsed)
        assert (found.from_zero, found.derived, found.rejected_count) == (True, True, 0)
        assert all(row.derived for row in found.rows)
    assert said(in_a_table(own)) == "~1.00 ~3.00"
    assert said(in_a_table(fixed)) == "~-4.50 ~-5.50"
