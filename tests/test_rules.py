"""The rules, one by one and as properties."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from decimal import Decimal

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from bankfeeds import rules
from bankfeeds.rules import Standing

TODAY = dt.date(2026, 11, 20)


@dataclass(frozen=True)
class Line:
    transaction_id: str = "t1"
    date: dt.date = TODAY
    description: str = "coffee"
    amount: Decimal = Decimal("-4.50")
    balance: Decimal = Decimal("95.50")
    transaction_type: str = ""


def ago(days: int) -> dt.date:
    return TODAY - dt.timedelta(days=days)


def codes(line: Line, **standing: object) -> list[str]:
    stands = replace(Standing(today=TODAY), **standing)  # type: ignore[arg-type]
    return [rule.code for rule in rules.judge([line], standing=stands)[0].findings]


@pytest.mark.parametrize(
    ("line", "standing", "expected"),
    [
        (Line(), {}, []),
        (Line(date=ago(6)), {}, []),
        (Line(date=ago(7)), {}, ["last-day"]),
        (Line(date=ago(8)), {}, ["too-old"]),
        (Line(date=ago(-1)), {}, ["future-date"]),
        (Line(date=ago(3)), {"feed_start": ago(2)}, ["before-feed-start"]),
        (Line(date=ago(2)), {"feed_start": ago(2)}, []),
        (Line(date=ago(1)), {"newest": TODAY}, ["older-than-newest"]),
        (Line(date=ago(1)), {"newest": ago(1)}, []),
        (Line(date=ago(2)), {"newest": ago(4)}, ["late"]),
        (Line(transaction_id=" "), {}, ["no-id"]),
        (Line(description=""), {}, ["no-description"]),
        (Line(amount=Decimal(0)), {}, ["zero-amount"]),
        (Line(transaction_type="Credit"), {}, ["sign-type"]),
        (Line(transaction_type="debit"), {}, []),
        (Line(transaction_type="Debit", amount=Decimal(4)), {}, ["sign-type"]),
        (Line(transaction_type="Fee", amount=Decimal(4)), {}, []),
        (Line(), {"balance": Decimal("100.00")}, []),
        (Line(), {"balance": Decimal("100.01")}, ["balance-break"]),
    ],
)
def test_each_rule(line: Line, standing: dict[str, object], expected: list[str]) -> None:
    assert codes(line, **standing) == expected


def test_errors_stop_a_row_and_warnings_do_not() -> None:
    stands = Standing(today=TODAY)
    old, last_day = rules.judge([Line("a", date=ago(8)), Line("b", date=ago(7))], standing=stands)
    assert not old.goes
    assert last_day.goes


def test_a_repeated_id_stops_the_second_row() -> None:
    first, second = rules.judge([Line(), Line()], standing=Standing(today=TODAY))
    assert first.goes
    assert [rule.code for rule in second.findings if rule.severity == "error"] == ["repeated-id"]


def test_codes_are_unique_and_every_rule_names_its_remedy_and_source() -> None:
    assert len(rules.BY_CODE) == len(rules.RULES)
    assert all(str(rule.reason) and str(rule.remedy) and rule.source for rule in rules.RULES)


dates = st.integers(min_value=-2, max_value=12).map(ago)


@given(st.lists(dates, max_size=30))
def test_rows_come_out_oldest_first_and_rows_of_a_day_keep_their_order(days: list[dt.date]) -> None:
    lines = [Line(str(number), date=day) for number, day in enumerate(days)]
    judged = rules.judge(lines, standing=Standing(today=TODAY))
    assert [row.row for row in judged] == sorted(lines, key=lambda line: line.date)


@given(st.lists(dates, max_size=30), dates, dates)
def test_what_goes_is_always_within_what_codat_takes(
    days: list[dt.date], newest: dt.date, feed_start: dt.date
) -> None:
    stands = Standing(today=TODAY, newest=newest, feed_start=feed_start)
    lines = [Line(str(number), date=day) for number, day in enumerate(days)]
    for row in rules.judge(lines, standing=stands):
        allowed = max(ago(7), newest, feed_start) <= row.row.date <= TODAY
        assert row.goes == allowed


@given(st.lists(st.integers(), max_size=3500), st.integers(min_value=1, max_value=1000))
def test_splitting_loses_nothing_and_keeps_the_order(rows: list[int], limit: int) -> None:
    pieces = rules.split(rows, limit=limit)
    assert [row for piece in pieces for row in piece] == rows
    assert all(1 <= len(piece) <= limit for piece in pieces)


def test_the_institution_chooses_what_is_late() -> None:
    chosen = {"newest": ago(5), "late_after": dt.timedelta(days=3)}
    assert codes(Line(date=ago(3)), **chosen) == []
    assert codes(Line(date=ago(4)), **chosen) == ["late"]


def test_a_rule_is_the_same_in_every_language() -> None:
    with translation.override("en"):
        here = {rules.TOO_OLD}
    with translation.override("fr-ca"):
        assert rules.TOO_OLD in here
