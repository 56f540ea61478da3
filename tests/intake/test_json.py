"""The portal's own JSON: the corpus, the published schema, what is written is read back."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from bankfeeds.intake.cells import CONTROLS
from bankfeeds.intake.json_batch import read_json
from bankfeeds.intake.recognise import Format, recognise
from bankfeeds.intake.shape import Statement, UnreadableFile

from .corpus import HERE, Outcome, files, outcome
from .fuzz import fuzz
from .json_writer import Account, entry, json_batch
from .test_properties import clock_of

DOCS = Path(__file__).parents[2] / "docs"
SCHEMA = Draft202012Validator(json.loads((DOCS / "statements.schema.json").read_text()))
THREE = "T1 18 250.00 1050.00, T2 19 -40.25 1009.75, T3 20 -9.75 1000.00"
EXPECTED: dict[str, list[Outcome]] = {
    "1001-rows.json": [Outcome("N0 20 -1.00 2000.00, ..., N1000 20 -1.00 1000.00")],
    "balance-missing.json": [
        Outcome("T1 18 250.00 1050.00, T3 20 -9.75 1000.00", bad="8 balance-missing")
    ],
    "balances-alone.json": [Outcome(THREE)],
    "balances.json": [Outcome(THREE)],
    "broken-balance.json": [Outcome(refused="balance-broken")],
    "clean.json": [Outcome(THREE)],
    "clock-change.json": [Outcome("T1 01 100.00 900.00, T2 01 50.00 950.00, T3 01 50.00 1000.00")],
    "closing-elsewhere.json": [Outcome(refused="closing-elsewhere")],
    "duplicate.json": [Outcome(THREE, bad="10 id-twice")],
    "eight-days-old.json": [
        Outcome("T1 12 250.00 1050.00, T2 19 -40.25 1009.75, T3 20 -9.75 1000.00")
    ],
    "future-date.json": [
        Outcome("T1 18 250.00 1050.00, T2 19 -40.25 1009.75, T3 2099-12-31 -9.75 1000.00")
    ],
    "gap.json": [Outcome(bad="7 balance-unsure, 8 date-format, 9 balance-unsure")],
    "half-character.json": [
        Outcome("T2 19 -40.25 1009.75, T3 20 -9.75 1000.00", bad="7 text-broken")
    ],
    "key-twice.json": [Outcome("T1 18 250.00 1050.00, T3 20 -9.75 1000.00", bad="8 value-twice")],
    "minus-zero.json": [Outcome("Z 20 0.00 1.00")],
    "newest-first.json": [
        Outcome("T3 20 -9.75 1000.00, T2 19 -40.25 1009.75, T1 18 250.00 1050.00")
    ],
    "no-balance.json": [
        Outcome("T1 18 250.00 250.00, T2 19 -40.25 209.75, T3 20 -9.75 200.00", from_zero=True)
    ],
    "numbers.json": [Outcome(THREE)],
    "one-line.json": [Outcome(THREE), Outcome("T1 18 250.00 250.00")],
    "other-currency.json": [
        Outcome("T1 18 250.00 1050.00, T3 20 -9.75 1000.00", bad="8 other-currency")
    ],
    "reversed-sign.json": [Outcome(refused="balance-broken")],
    "truncated.json": [Outcome(refused="damaged-json")],
    "two-accounts.json": [Outcome(THREE), Outcome("T1 20 5.00 5.00")],
    "uncleared.json": [Outcome(THREE, bad="11 status-unknown", held="10 pending")],
    "unknown-field.json": [
        Outcome("T1 18 250.00 1050.00, T3 20 -9.75 1000.00", bad="8 field-unknown")
    ],
    "unordered.json": [Outcome("T3 20 -9.75 1000.00, T1 18 250.00 1050.00, T2 19 -40.25 1009.75")],
    "version-2.json": [Outcome(refused="version-unknown")],
    "wrong-amounts.json": [
        Outcome(
            "T1 18 250.00 1050.00",
            bad="7 exponent, 8 not-a-number, 9 thousands-separator, "
            "10 thousands-separator, 11 minus-elsewhere, 12 too-many-decimals, "
            "13 amount-missing, 14 field-wrong, 15 field-wrong, 16 not-a-number",
        )
    ],
    "wrong-count.json": [Outcome(refused="control-count")],
    "wrong-encoding.json": [Outcome(refused="encoding-stated")],
    "wrong-total.json": [Outcome(refused="control-total")],
}
# What a reader of JSON takes for no JSON, or for the last of two values of one name.
NOT_FOR_THE_SCHEMA = {"truncated.json", "wrong-encoding.json", "half-character.json"}
AGAINST_THE_SCHEMA = {
    "gap.json", "uncleared.json", "unknown-field.json", "version-2.json", "wrong-amounts.json",
}  # fmt: skip
COFFEE = entry("T1", "2026-11-20", "200.00", "Coffee")


@pytest.mark.parametrize("file", files("json"), ids=lambda file: file.name)
def test_the_corpus(file: Any) -> None:
    assert outcome(file) == EXPECTED[file.name]


def test_the_published_schema_holds_for_the_corpus() -> None:
    Draft202012Validator.check_schema(SCHEMA.schema)
    for file in files("json"):
        if file.name not in NOT_FOR_THE_SCHEMA:
            good = SCHEMA.is_valid(json.loads(file.read_bytes()))
            assert good is (file.name not in AGAINST_THE_SCHEMA), file.name


def test_the_example_of_the_page_is_read() -> None:
    example = (DOCS / "en/statements.md").read_text().split("```json\n")[1].split("```")[0]
    assert SCHEMA.is_valid(json.loads(example))
    statement = only(example.encode())
    assert (statement.refused, statement.totals_agree) == (None, True)
    assert [row.balance for row in statement.rows] == [Decimal(1050), Decimal(1000)]


def only(content: bytes) -> Statement:
    [statement] = read_json(content, places=2)
    return statement


def test_what_a_statement_says() -> None:
    statement = only(json_batch(Account([COFFEE | {"type": "dep"}])))
    assert statement.account is not None
    stated = (statement.account.number, statement.account.routing, statement.account.currency)
    assert stated == ("000123456789", "021000021", "USD")
    assert (statement.opening, statement.closing) == (Decimal(800), Decimal(1000))
    assert (statement.derived, statement.totals_agree) == (True, None)
    assert [row.transaction_type for row in statement.rows] == ["Dep"]
    assert not only(json_batch(Account([COFFEE | {"balance": "1000.00"}]))).derived


def test_an_amount_is_what_stands_there() -> None:
    long = "9007199254740.01"
    content = json_batch(Account([entry("T1", "2026-11-20", "@", "x")], closing=None))
    [row] = only(content.replace(b'"@"', long.encode())).rows
    assert row.amount == Decimal(long)


@pytest.mark.parametrize(
    ("before", "after", "code"),
    [
        (b"[", b"[" * 10_000, "too-deep"),
        (
            b'"opening":',
            b'"closing": ' + b'{"a":' * 10_000 + b"1" + b"}" * 10_000 + b",",
            "too-deep",
        ),
        (b"Coffee", b"x" * 10_000_000, "entry-too-long"),
        (b'"T1"', b" " * 10_000_000, "entry-too-long"),
        (b'"T1"', b"[" + b"1," * 3_000_000 + b"1]", "entry-too-long"),
        (b'{"id"', b"{}," * 300_000 + b'{"id"', "too-many-entries"),
        (b"Coffee", b"Cof\nfee", "damaged-json"),
        (b"Coffee", b"\0", "nul-byte"),
        (b'"opening": "800.00"', b'"opening": "800.00", "opening": "1"', "value-twice"),
        (b'"version": 1', b'"version": 1, "version": 1', "value-twice"),
        (b'"version": 1', b'"version": "1"', "version-unknown"),
        (b'"version": 1,', b"", "version-unknown"),
        (b'"opening": "800.00"', b'"opening": 1e999', "exponent"),
        (b'"opening": "800.00"', b'"opening": NaN', "not-a-number"),
        (b'"opening": "800.00"', b'"opening": null', "field-wrong"),
        (b'"opening"', b'"openning"', "field-unknown"),
        (b'"000123456789"', b"123456789", "field-wrong"),
        (b'"number"', b'"no"', "field-unknown"),
        (b'"statements"', b'"statments"', "field-unknown"),
        (b"]}\n", b"]} x\n", "damaged-json"),
        (b"]}\n", b"]}{}\n", "damaged-json"),
        (b'{"id"', b"{id", "damaged-json"),
    ],
)
def test_hostile_files(before: bytes, after: bytes, code: str) -> None:
    content = json_batch(Account([COFFEE]))
    assert before in content
    at = content.rindex(before)
    with pytest.raises(UnreadableFile) as refused:
        read_json(content[:at] + after + content[at + len(before) :], places=2)
    assert (refused.value.code, bool(refused.value.words)) == (code, True)


def test_one_long_line_is_read_in_pieces() -> None:
    rows = [entry(f"N{n}", "2026-11-20", "0.01", "x" * 200) for n in range(5_000)]
    statement = only(json_batch(Account(rows, opening="0.00", closing="50.00"), one_line=True))
    assert (len(statement.rows), statement.counts_entries) == (5_000, True)
    assert [row.line for row in statement.rows] == list(range(1, 5_001))


def test_it_is_recognised_by_what_is_in_it() -> None:
    for begin in (b"", b"\xef\xbb\xbf", b"\r\n  "):
        assert recognise(begin + json_batch(Account([COFFEE]))) is Format.JSON
    assert recognise(b"[]") is Format.JSON
    assert recognise(b"[id],date,description,amount,balance\n") is Format.CSV
    with pytest.raises(UnreadableFile):
        read_json(b"[]")


texts = (
    st.text(st.characters(codec="utf-8", exclude_categories=["C"]), min_size=1, max_size=40)
    .map(str.strip)
    .filter(lambda text: text and not CONTROLS.search(text))
)
written_rows = st.lists(
    st.tuples(
        texts,
        st.dates(dt.date(1990, 1, 1), dt.date(2100, 1, 1)),
        st.decimals(min_value=-(10**9), max_value=10**9, places=2),
        texts,
    ),
    min_size=1,
    max_size=12,
    unique_by=lambda row: row[0],
)


@given(written_rows, st.booleans())
@settings(max_examples=60, deadline=None)
def test_what_was_written_is_read_back(rows: list[Any], one_line: bool) -> None:
    total = sum((row[2] for row in rows), Decimal(0))
    entries = [entry(key, str(day), f"{amount:f}", text) for key, day, amount, text in rows]
    account = Account(entries, opening="0.00", closing=f"{total:f}")
    read = only(json_batch(account, one_line=one_line))
    assert (read.refused, read.rejected) == (None, [])
    found = [(row.transaction_id, row.date, row.amount, row.description) for row in read.rows]
    assert found == rows
    assert sum(row.amount for row in read.rows) == total


@pytest.mark.parametrize("zone", ["UTC", "America/St_Johns", "Pacific/Kiritimati"])
def test_a_date_is_the_same_day_in_every_zone(zone: str) -> None:
    with clock_of(zone):
        read = only((HERE / "json/clock-change.json").read_bytes())
    assert {line.date for line in read.rows} == {dt.date(2026, 11, 1)}


def test_mutated_files() -> None:
    assert fuzz("json", 400) > 5
