"""Accounts before they are sent: every field checked, the routing number as Codat hears it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bankfeeds.onboarding import (
    AccountDraft,
    check_draft,
    currency_doubt,
    made_account_id,
    routing_as_sent,
)

GOOD: dict[str, Any] = {
    "name": "Operating",
    "account_type": "checking",
    "account_number": "12345678",
    "sort_code": "021000021",
    "currency": "USD",
    "balance": Decimal("0"),
}


def problems(country: str = "US", **changes: Any) -> set[str]:
    return set(check_draft(AccountDraft(**{**GOOD, **changes}), country=country))


def test_a_good_draft_has_no_problem() -> None:
    assert problems() == set()
    assert problems(account_type="Debit", balance=Decimal("-12.50"), account_id="acc-1") == set()
    assert problems("CA", sort_code="12345-678", currency="CAD") == set()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "  "),
        ("name", "x" * 201),
        ("name", "a\x00b"),
        ("account_type", ""),
        ("account_type", "piggybank"),
        ("account_type", "Unknown"),
        ("account_number", ""),
        ("account_number", "123"),
        ("account_number", "1" * 35),
        ("account_number", "1234/5678"),
        ("account_number", "१२३४५"),
        ("sort_code", ""),
        ("sort_code", "12345678"),
        ("sort_code", "021000022"),
        ("sort_code", "000000000"),
        ("sort_code", "٠٢١٠٠٠٠٢١"),
        ("currency", ""),
        ("currency", "GBP"),
        ("currency", "usd"),
        ("balance", Decimal("NaN")),
        ("balance", Decimal("Infinity")),
        ("balance", Decimal("1e15")),
        ("balance", Decimal("0.00001")),
        ("account_id", "a b"),
        ("account_id", "../x"),
        ("account_id", "x" * 101),
        ("account_id", "é"),
        ("account_id", "acc-12345678"),
        ("account_id", "1234-5678"),
        ("account_id", "acc.12.34.56.78.9"),
        # From there on it would be shown from right to left.
        ("name", "Till \u202e1"),
    ],
)
def test_a_bad_field_is_named(field: str, value: Any) -> None:
    assert problems(**{field: value}) == {field}


def test_all_problems_are_told_at_once() -> None:
    assert problems(name="", currency="EUR", sort_code="1") == {"name", "currency", "sort_code"}


@pytest.mark.parametrize(
    "typed", ["12345-678", "12345 678", "12345678", "067812345", " 12345-678 "]
)
def test_a_canadian_number_is_understood_in_both_forms(typed: str) -> None:
    assert routing_as_sent(typed, country="CA") == "12345-678"
    assert "sort_code" not in problems("CA", sort_code=typed)


@pytest.mark.parametrize("typed", ["123456789", "1234-5678", "12345-67", "abc"])
def test_what_is_no_canadian_number_is_refused(typed: str) -> None:
    assert problems("CA", sort_code=typed) == {"sort_code"}


def test_an_american_number_loses_its_separators() -> None:
    assert routing_as_sent("0210-0002 1", country="US") == "021000021"
    assert routing_as_sent(" 12-34-56 ", country="US") == "12-34-56"


@given(st.text(alphabet="0123456789", min_size=8, max_size=8))
def test_exactly_one_check_digit_fits(digits: str) -> None:
    good = [d for d in "0123456789" if not problems(sort_code=digits + d)]
    assert len(good) == (0 if digits == "0" * 8 else 1)


@given(st.text(alphabet="0123456789", min_size=4, max_size=34))
def test_a_made_id_is_allowed_beside_any_number(number: str) -> None:
    assert problems(account_number=number, account_id=made_account_id()) == set()


def test_made_ids_differ() -> None:
    assert len({made_account_id() for _ in range(100)}) == 100


def test_a_draft_in_an_error_report_shows_no_number() -> None:
    assert "12345678" not in repr(AccountDraft(**GOOD))


@pytest.mark.parametrize(
    ("currency", "country", "asks"),
    [("USD", "US", False), ("CAD", "CA", False), ("CAD", "US", True), ("USD", "CA", True)],
)
def test_the_other_countrys_currency_raises_a_doubt(
    currency: str, country: str, asks: bool
) -> None:
    assert bool(currency_doubt(currency, country=country)) == asks
