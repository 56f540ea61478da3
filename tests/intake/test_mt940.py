"""MT940: the corpus, marks and pages, what is written is read back, files that are damaged."""

from __future__ import annotations

import datetime as dt
import logging
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bankfeeds.intake.mt940 import read_mt940
from bankfeeds.intake.recognise import Format, recognise
from bankfeeds.intake.shape import Statement, UnreadableFile

from .corpus import HERE, Outcome, files, outcome
from .fuzz import fuzz
from .mt940_writer import Account, Entry, mt940
from .test_camt import without_made_ids
from .test_properties import clock_of

THREE = "made 18 250.00 1050.00, made 19 -40.25 1009.75, made 20 -9.75 1000.00"
EXPECTED: dict[str, list[Outcome]] = {
    "1001-rows.sta": [
        Outcome("made 20 -1.00 2000.00, ..., made 20 -1.00 1000.00", notes="ids-made-mt940")
    ],
    "broken-balance.sta": [Outcome(notes="ids-made-mt940", refused="balance-broken")],
    "broken-field.sta": [Outcome(refused="damaged-mt940")],
    "clean.sta": [Outcome(THREE, notes="ids-made-mt940")],
    "clock-change.sta": [Outcome("made 01 200.00 1000.00", notes="ids-made-mt940")],
    "duplicate.sta": [
        Outcome(
            "made 18 250.00 1050.00, made 19 -40.25 1009.75, "
            "made 20 -9.75 1000.00, made 20 -9.75 990.25",
            notes="ids-made-mt940",
        )
    ],
    "eight-days-old.sta": [
        Outcome(
            "made 12 250.00 1050.00, made 19 -40.25 1009.75, made 20 -9.75 1000.00",
            notes="ids-made-mt940",
        )
    ],
    "entry-date.sta": [
        Outcome(
            "made 2026-01-02 250.00 1009.75, made 2025-12-31 -40.25 759.75, made 19 -9.75 1000.00",
            notes="ids-made-mt940",
        )
    ],
    "envelope.sta": [Outcome(THREE, notes="ids-made-mt940")],
    "future-date.sta": [
        Outcome(
            "made 18 250.00 1050.00, made 19 -40.25 1009.75, made 2099-12-31 -9.75 1000.00",
            notes="ids-made-mt940",
        )
    ],
    "gap.sta": [
        Outcome(bad="5 balance-unsure, 7 date-unknown, 9 balance-unsure", notes="ids-made-mt940")
    ],
    "last-page-missing.sta": [Outcome(refused="damaged-mt940")],
    "newest-first.sta": [
        Outcome(
            "made 20 -9.75 1000.00, made 19 -40.25 1009.75, made 18 250.00 1050.00",
            notes="ids-made-mt940",
        )
    ],
    "no-balance.sta": [Outcome(refused="damaged-mt940")],
    "no-text.sta": [Outcome(THREE, notes="ids-made-mt940")],
    "other-currency.sta": [Outcome(refused="damaged-mt940")],
    "overdrawn.sta": [
        Outcome(
            "made 18 250.00 40.00, made 19 -40.25 -0.25, made 20 -9.75 -10.00",
            notes="ids-made-mt940",
        )
    ],
    "page-missing.sta": [Outcome(refused="page-missing")],
    "pages.sta": [Outcome(THREE, notes="ids-made-mt940")],
    "reversals.sta": [
        Outcome(
            "made 18 250.00 1050.00, made 19 -40.25 1009.75, "
            "made 20 -9.75 1000.00, made 20 9.75 1009.75, "
            "made 20 -250.00 759.75",
            notes="ids-made-mt940",
        )
    ],
    "reversed-sign.sta": [Outcome(notes="ids-made-mt940", refused="balance-broken")],
    "subfields.sta": [Outcome(THREE, notes="ids-made-mt940")],
    "truncated.sta": [Outcome(refused="damaged-mt940")],
    "two-accounts.sta": [
        Outcome(THREE, notes="ids-made-mt940"),
        Outcome("made 20 5.00 5.00", notes="ids-made-mt940"),
    ],
    "uncleared.sta": [Outcome(THREE, held="11 pending", notes="ids-made-mt940")],
    "unix.sta": [Outcome(THREE, notes="ids-made-mt940")],
    "unknown-field.sta": [Outcome(refused="damaged-mt940")],
    "unknown-mark.sta": [
        Outcome(
            bad="5 balance-unsure, 7 balance-unsure, 9 balance-unsure, 11 field-61",
            notes="ids-made-mt940",
        )
    ],
    "unordered.sta": [
        Outcome(
            "made 20 -9.75 1000.00, made 18 250.00 1050.00, made 19 -40.25 1009.75",
            notes="ids-made-mt940",
        )
    ],
    "windows-1252.sta": [Outcome(THREE, notes="ids-made-mt940")],
    "wrong-amounts.sta": [
        Outcome(
            bad="5 field-61, 7 field-61, 9 decimal-comma, 11 field-61, "
            "13 field-61, 15 too-many-decimals, 17 field-61, 19 field-61, "
            "21 balance-unsure",
            notes="ids-made-mt940",
        )
    ],
    "wrong-count.sta": [Outcome(notes="ids-made-mt940", refused="control-total-mt940")],
    "wrong-encoding.sta": [Outcome(refused="encoding")],
    "wrong-total.sta": [Outcome(notes="ids-made-mt940", refused="control-total-mt940")],
}


@pytest.mark.parametrize("file", files("mt940"), ids=lambda file: file.name)
def test_the_corpus(file: Any) -> None:
    assert [without_made_ids(each) for each in outcome(file)] == EXPECTED[file.name]


def only(content: bytes) -> Statement:
    [statement] = read_mt940(content, places=2)
    return statement


COFFEE = Entry("261120", "C", "200,00", "Coffee")


def test_what_a_statement_says() -> None:
    statement = only(mt940(Account([COFFEE], more=":90C:1USD200,00\n")))
    assert statement.account is not None
    stated = (statement.account.number, statement.account.routing, statement.account.currency)
    assert stated == ("000123456789", "021000021", "USD")
    assert (statement.opening, statement.closing) == (Decimal(800), Decimal(1000))
    assert (statement.derived, statement.totals_agree) == (True, True)
    bare = only(mt940(Account([COFFEE], number="123456USD", routing="")))
    assert bare.totals_agree is None
    assert (bare.account and bare.account.number) == "123456"


def test_a_row_is_described_by_what_the_bank_says() -> None:
    read = only((HERE / "mt940/subfields.sta").read_bytes())
    assert [row.description for row in read.rows] == [
        "166 TRANSFER Invoice 17 Payer & Co", "Office rent Land Lord", "Coffee",
    ]  # fmt: skip
    read = only((HERE / "mt940/no-text.sta").read_bytes())
    assert [row.description for row in read.rows] == ["INVOICE 17", "Cheque 12", "NMSC"]


def test_ids_are_the_same_each_time_and_different_for_equal_rows() -> None:
    content = mt940(Account([COFFEE, COFFEE], opening="C600,00"))
    ids = [row.transaction_id for row in only(content).rows]
    assert len(set(ids)) == 2
    assert [row.transaction_id for row in only(content).rows] == ids


@pytest.mark.parametrize(
    ("before", "after", "code"),
    [
        (b":60F:", b":60Q:", "damaged-mt940"),
        (b":60F:C261120USD800,00", b":60F:C261120USD800,00x", "damaged-mt940"),
        (b":60F:C261120USD800,00", b":60F:C261120USD", "damaged-mt940"),
        (b":60F:C261120USD800,00", b":60F:C261120USD8,0,0", "decimal-comma"),
        (b":60F:C261120USD800,00", b":60F:C261120USD800,001", "too-many-decimals"),
        (b":60F:", b":60M:", "damaged-mt940"),
        (b":62F:", b":62M:", "damaged-mt940"),
        (b":25:", b":25:\r\n:25:", "damaged-mt940"),
        (b":20:", b"stray\r\n:20:", "damaged-mt940"),
        (b":86:", b":86\r\n", "damaged-mt940"),
        (b":61:", b":61\r\n:", "damaged-mt940"),
        (b"Coffee", b"x" * 10_000_000, "damaged-mt940"),
        (b"Coffee", b"x\r\n" * 1_000_000, "damaged-mt940"),
        (b"Coffee", b"\0", "nul-byte"),
        (b":61:", b":61:\n" * 200_000 + b":61:", "too-many-entries"),
    ],
)
def test_hostile_files(before: bytes, after: bytes, code: str) -> None:
    content = mt940(Account([COFFEE]))
    assert before in content
    with pytest.raises(UnreadableFile) as refused:
        read_mt940(content.replace(before, after, 1), places=2)
    assert (refused.value.code, bool(refused.value.words)) == (code, True)


@pytest.mark.parametrize("amount", ["1e999", "1,5E10", "1.234,56", "1 000,00", "1" * 20, "1,00.5"])
def test_no_part_of_an_amount_is_taken_for_all_of_it(amount: str) -> None:
    """Also where the balances would agree with that part."""
    before, after = b"C200,00N", f"C{amount}N".encode()
    content = mt940(Account([COFFEE]))
    assert before in content
    found = only(content.replace(before, after))
    assert (found.rows, [bad.code for bad in found.rejected]) == ([], ["field-61"])


def test_nothing_of_a_bad_file_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        bad = only(mt940(Account([Entry("261120", "X", "SECRET", "x")])))
    assert [entry.code for entry in bad.rejected] == ["field-61"]
    assert not caplog.records


def test_it_is_recognised_by_what_is_in_it() -> None:
    for content in (mt940(Account([COFFEE])), mt940(Account([COFFEE]), envelope=True)):
        assert recognise(content) is Format.MT940
        assert recognise(b"\r\n" + content.replace(b"\r\n", b"\r")) is Format.MT940
    assert recognise(b":20:,id\nx,:25:\n") is Format.CSV


texts = st.text(
    st.characters(min_codepoint=32, max_codepoint=126, exclude_characters="?/"),
    min_size=1,
    max_size=60,
).map(lambda text: " ".join(text.split())).filter(bool)  # fmt: skip
written_rows = st.lists(
    st.tuples(
        st.dates(dt.date(2000, 2, 1), dt.date(2099, 11, 1)),
        st.integers(-40, 40),
        st.sampled_from(["C", "D", "RC", "RD"]),
        st.decimals(min_value=0, max_value=10**9, places=2),
        texts,
    ),
    min_size=1,
    max_size=12,
)


@pytest.mark.parametrize(
    ("value", "entry", "day"),
    [
        ("251231", "0102", "2026-01-02"),
        ("260102", "1231", "2025-12-31"),
        ("240101", "0229", "2024-02-29"),
        ("261101", "", "2026-11-01"),
        ("261101", "    ", "2026-11-01"),
        ("270101", "0229", None),
        ("261101", "1301", None),
        ("261101", "0000", None),
    ],
)
def test_the_year_of_an_entry_date(value: str, entry: str, day: str | None) -> None:
    read = only(mt940(Account([Entry(value, "C", "200,", "x", entry=entry)])))
    assert [str(row.date) for row in read.rows] == ([day] if day else [])


@given(written_rows)
@settings(max_examples=80, deadline=None)
def test_what_was_written_is_read_back(rows: list[Any]) -> None:
    entries, expected = [], []
    for value_day, off, mark, amount, text in rows:
        day = value_day + dt.timedelta(days=off)
        written = f"{amount:f}".replace(".", ",")
        entries.append(Entry(f"{value_day:%y%m%d}", mark, written, text, entry=f"{day:%m%d}"))
        expected.append((day, amount if mark in {"C", "RD"} else 0 - amount, text))
    total = sum((row[1] for row in expected), Decimal(0))
    closing = f"{'D' if total < 0 else 'C'}{abs(total):f}".replace(".", ",")
    read = only(mt940(Account(entries, opening="C0,", closing=closing)))
    assert (read.refused, read.rejected) == (None, [])
    assert [(row.date, row.amount, row.description) for row in read.rows] == expected
    assert sum(row.amount for row in read.rows) == total


@pytest.mark.parametrize("zone", ["UTC", "America/St_Johns", "Pacific/Kiritimati"])
def test_a_date_is_the_same_day_in_every_zone(zone: str) -> None:
    with clock_of(zone):
        read = only((HERE / "mt940/clock-change.sta").read_bytes())
    assert {line.date for line in read.rows} == {dt.date(2026, 11, 1)}


def test_mutated_files() -> None:
    assert fuzz("mt940", 400) > 5
