"""Money and dates go out exactly, and the same input is the same bytes."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bankfeeds.codat import bodies
from bankfeeds.codat.bodies import TransactionOut
from bankfeeds.codat.receiving import parse

MONEY = st.decimals(min_value=-(10**13), max_value=10**13, allow_nan=False, places=2)
ANY_DECIMAL = st.decimals(allow_nan=False, allow_infinity=False).filter(
    lambda d: abs(d.adjusted()) <= 40
)
WORDS = st.text(st.characters(exclude_categories=["Cs"]))
NUMBER = re.compile(rb"-?(0|[1-9][0-9]*)(\.[0-9]+)?")

TRANSACTIONS = st.builds(
    TransactionOut,
    id=WORDS,
    date=st.dates(),
    description=WORDS,
    amount=MONEY,
    balance=MONEY,
    transaction_type=st.sampled_from(["", "Credit", "Debit"]),
)


@given(ANY_DECIMAL)
def test_a_decimal_goes_out_and_comes_back_exactly(amount: Decimal) -> None:
    written = bodies.encode(amount)
    assert NUMBER.fullmatch(written)
    assert Decimal(parse(written)) == amount


@pytest.mark.parametrize(
    ("amount", "written"),
    [
        ("1.50", b"1.50"),
        ("-0.00", b"0.00"),
        ("1E+3", b"1000"),
        ("1E-7", b"0.0000001"),
        ("0.1", b"0.1"),
        ("12345678901234567890.12", b"12345678901234567890.12"),
    ],
)
def test_a_decimal_is_written_digit_by_digit(amount: str, written: bytes) -> None:
    assert bodies.encode(Decimal(amount)) == written


@pytest.mark.parametrize("amount", ["NaN", "sNaN", "Infinity", "-Infinity", "1E+1000000"])
def test_what_is_no_amount_is_refused(amount: str) -> None:
    with pytest.raises(ValueError, match="money"):
        bodies.encode({"balance": Decimal(amount)})


@pytest.mark.parametrize("value", [1.5, datetime(2024, 5, 1, tzinfo=UTC), b"x", {1, 2}, object()])
def test_what_is_not_exact_is_refused(value: object) -> None:
    with pytest.raises(TypeError):
        bodies.encode({"x": value})


def test_text_that_utf8_cannot_carry_is_refused() -> None:
    with pytest.raises(ValueError, match="surrogates"):
        bodies.company_body(name="\ud800")


@given(st.lists(TRANSACTIONS, max_size=20))
def test_a_push_says_what_it_was_given(rows: list[TransactionOut]) -> None:
    body = bodies.push_body(account_id="a-1", transactions=iter(rows))
    assert body == bodies.push_body(account_id="a-1", transactions=rows)
    told = parse(body)
    assert told["accountId"] == "a-1"
    back = [
        TransactionOut(
            id=row["id"],
            date=date.fromisoformat(row["date"]),
            description=row["description"],
            amount=Decimal(row["amount"]),
            balance=Decimal(row["balance"]),
            transaction_type=row.get("transactionType", ""),
        )
        for row in told["transactions"]
    ]
    assert back == rows


def test_a_push_as_bytes() -> None:
    row = TransactionOut("t1", date(2024, 5, 1), "Café\n", Decimal("-12.30"), Decimal("7"), "Debit")
    assert (
        bodies.push_body(account_id="a/1", transactions=[row])
        == (
            '{"accountId":"a/1","transactions":[{"id":"t1","date":"2024-05-01",'
            '"description":"Café\\n","amount":-12.30,"balance":7,"transactionType":"Debit"}]}'
        ).encode()
    )


def test_a_source_account_carries_all_seven_fields() -> None:
    body = bodies.source_account_body(
        id="a-1",
        account_name="Everyday",
        account_type="checking",
        account_number="46762629",
        sort_code="009911",
        currency="USD",
        balance=Decimal("0"),
    )
    assert json.loads(body) == {
        "id": "a-1",
        "accountName": "Everyday",
        "accountType": "checking",
        "accountNumber": "46762629",
        "sortCode": "009911",
        "currency": "USD",
        "balance": 0,
    }


def test_the_small_bodies() -> None:
    assert bodies.connection_body() == b'{"platformKey":"hcws"}'
    assert bodies.unlink_body() == b'{"status":"Unlinked"}'
    assert bodies.rename_body(id="a", account_name="B") == b'{"id":"a","accountName":"B"}'
    assert bodies.company_body(name="A", description="r") == b'{"name":"A","description":"r"}'
