"""BAI2: the corpus, control totals with both figures, what is written is read back."""

from __future__ import annotations

import datetime as dt
import io
from decimal import Decimal
from typing import Any

import pytest
from bai2 import bai2 as other_reader
from hypothesis import given, settings
from hypothesis import strategies as st

from bankfeeds.intake.bai import read_bai
from bankfeeds.intake.recognise import Format, recognise
from bankfeeds.intake.shape import Statement, UnreadableFile

from .bai_writer import Account, bai2, row
from .corpus import HERE, Outcome, files, outcome
from .fuzz import fuzz
from .test_properties import clock_of

NOTE = "ids-made"


def three(day: str = "20") -> str:
    return f"{day} 250.00 1050.00, {day} -40.25 1009.75, {day} -9.75 1000.00"


def said(rows: str = "", **more: Any) -> Outcome:
    return Outcome(rows, notes=NOTE, **more)


# Ids are left out of these rows: they are made.
EXPECTED: dict[str, list[Outcome]] = {
    "clean.bai": [said(three())],
    "padded.bai": [said(three())],
    "continued.bai": [said(three())],
    "available.bai": [said(three())],
    "several.bai": [said(three()), said("20 5.00 5.00")],
    "duplicate.bai": [said(f"{three()}, 20 -9.75 990.25")],  # two equal coffees are real
    "gap.bai": [said("20 -9.75 1000.00", bad="4 balance-unsure, 5 amount-not-in-cents")],
    "reversed-sign.bai": [said(refused="balance-broken")],
    "own-code.bai": [
        said("20 250.00 1050.00, 20 -9.75 1000.00", bad="5 code-without-sign"),
    ],
    "signed.bai": [said("20 -9.75 1000.00", bad="4 balance-unsure, 5 amount-not-in-cents")],
    "uncleared.bai": [said(held="4 interim, 5 interim, 6 interim")],
    "correction.bai": [said(refused="not-an-update")],
    "future-date.bai": [said(three("2099-12-31"))],
    "no-such-day.bai": [Outcome(refused="date-unknown")],
    "eight-days-old.bai": [said(three("12"))],
    "unordered.bai": [said("20 -9.75 790.25, 20 -40.25 750.00, 20 250.00 1000.00")],
    "1001-rows.bai": [said("20 -1.00 2000.00, ..., 20 -1.00 1000.00")],
    "no-balance.bai": [said("20 250.00 250.00, 20 -40.25 209.75, 20 -9.75 200.00", from_zero=True)],
    "opening-only.bai": [said(three())],
    "broken-balance.bai": [said(refused="balance-broken")],
    "wrong-total.bai": [Outcome(refused="control-total")],
    "wrong-count.bai": [Outcome(refused="control-count")],
    "wrong-encoding.bai": [Outcome(refused="encoding")],
    "clock-change.bai": [said(three("01"))],
    "truncated.bai": [Outcome(refused="truncated")],
    "no-trailer.bai": [Outcome(refused="truncated")],
    "exponent.bai": [Outcome(refused="damaged-record")],
    "balance-twice.bai": [Outcome(refused="balance-twice")],
}


def without_ids(found: Outcome) -> Outcome:
    rows = [entry.partition(" ")[2] or entry for entry in found.rows.split(", ")]
    return found._replace(rows=", ".join(rows))


@pytest.mark.parametrize("file", files("bai2"), ids=lambda file: file.name)
def test_the_corpus(file: Any) -> None:
    assert [without_ids(each) for each in outcome(file)] == EXPECTED[file.name]


def only(content: bytes) -> Statement:
    [statement] = read_bai(content)
    return statement


def test_what_a_statement_says() -> None:
    statement = only(bai2(Account([row(195, 20_000, "Payer, with a comma/ and  a slash", "R1")])))
    assert statement.account is not None
    assert (statement.account.number, statement.account.currency) == ("000123456789", "USD")
    assert (statement.opening, statement.closing) == (Decimal(800), Decimal(1000))
    assert (statement.derived, statement.totals_agree) == (True, True)
    [line] = statement.rows
    assert (line.description, line.transaction_type) == (
        "Payer, with a comma/ and a slash",
        "Credit",
    )
    told = only(bai2(Account(["16,475,20000,Z,B9,1042/"], opening=120_000)))
    assert told.rows[0].description == "1042"


def test_an_id_is_the_same_each_time_and_in_each_file() -> None:
    coffee = row(455, 975, "Coffee")
    once = only(bai2(Account([coffee], opening=None)))
    more = only(bai2(Account([row(195, 1, "x"), coffee, coffee], opening=None)))
    ids = [line.transaction_id for line in more.rows]
    assert len(set(ids)) == 3
    assert ids[1] == once.rows[0].transaction_id
    later = only(bai2(Account([coffee], opening=None), day="261121"))
    assert later.rows[0].transaction_id not in ids


@pytest.mark.parametrize(
    ("before", "after", "both"),
    [
        (b"16,475,4025", b"16,475,4026", ("210000", "210001")),
        (b"49,210000,5", b"49,210000,4", ("4", "5")),
        (b"98,210000,1,7", b"98,210001,1,7", ("210001", "210000")),
        (b"98,210000,1,7", b"98,210000,2,7", ("2", "1")),
        (b"99,210000,1,9", b"99,1,1,9", ("1", "210000")),
        (b"99,210000,1,9", b"99,210000,1,", ("0", "9")),
    ],
)
def test_a_wrong_control_total_names_both_figures(
    before: bytes, after: bytes, both: tuple[str, str]
) -> None:
    content = (HERE / "bai2/clean.bai").read_bytes()
    assert before in content
    with pytest.raises(UnreadableFile) as refused:
        read_bai(content.replace(before, after))
    assert refused.value.code in {"control-total", "control-count"}
    assert all(figure in refused.value.words for figure in both)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty"),
        (b"01,a,b,261120,0600,1,,,2/\n", "truncated"),
        (b"01,a,b,261120,0600,1,,,2/\n99,0,0,2/\n", "no-statement"),
        (b"01,a,b/\n88,c/\n77,x/\n", "damaged-record"),
        (b"88,a/\n", "damaged-record"),
        (b"01,a/\n99,0,0,2/\n99,0,0,2/\n", "damaged-record"),
        (b"01,a\0/\n", "nul-byte"),
        (b"01," + b"9" * 100_000, "line-too-long"),
        (b"01,a/\n" + b"88,x/\n" * 50_000, "truncated"),
    ],
)
def test_hostile_files(content: bytes, code: str) -> None:
    with pytest.raises(UnreadableFile) as refused:
        read_bai(content)
    assert (refused.value.code, bool(refused.value.words)) == (code, True)


def test_it_is_recognised_by_what_is_in_it() -> None:
    assert recognise(bai2(Account([row(195, 1, "x")]))) is Format.BAI2
    assert recognise(b"\n" + bai2(Account([row(195, 1, "x")]))) is Format.BAI2


texts = (
    st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "Zs"]), max_size=40)
    .map(lambda text: " ".join(text.split()).rstrip("/"))
    .filter(lambda text: text and text.isprintable() and text == " ".join(text.split()))
)
written_rows = st.lists(
    st.tuples(st.integers(100, 699), st.integers(0, 10**12), texts), min_size=1, max_size=12
)


@given(written_rows, st.integers(-(10**12), 10**12), st.dates(dt.date(2001, 1, 1)))
@settings(max_examples=60, deadline=None)
def test_what_was_written_is_read_back(
    rows: list[tuple[int, int, str]], opening: int, day: dt.date
) -> None:
    day = day.replace(year=2001 + day.year % 90, day=min(day.day, 28))
    signed = [cents if code < 400 else -cents for code, cents, _text in rows]
    closing = opening + sum(signed)
    account = Account([row(*each) for each in rows], opening=opening, closing=closing)
    read = only(bai2(account, day=f"{day:%y%m%d}"))
    assert read.refused is None
    assert [(line.amount, line.description) for line in read.rows] == [
        (Decimal(cents) / 100, text)
        for cents, (_code, _given, text) in zip(signed, rows, strict=True)
    ]
    assert {line.date for line in read.rows} == {day}
    assert read.rows[-1].balance * 100 == closing
    assert sum(line.amount for line in read.rows) * 100 == sum(signed)


@pytest.mark.parametrize("zone", ["UTC", "America/St_Johns", "Pacific/Kiritimati"])
def test_a_date_is_the_same_day_in_every_zone(zone: str) -> None:
    with clock_of(zone):
        read = only((HERE / "bai2/clock-change.bai").read_bytes())
    assert {line.date for line in read.rows} == {dt.date(2026, 11, 1)}


@pytest.mark.parametrize("name", ["clean.bai", "continued.bai", "available.bai", "several.bai"])
def test_another_reader_finds_the_same(name: str) -> None:
    content = (HERE / "bai2" / name).read_bytes()
    theirs = other_reader.parse_from_lines(io.StringIO(content.decode()).read().splitlines())
    found = [
        [
            each.amount if each.type_code.transaction.value == "credit" else -each.amount
            for each in account.children
        ]
        for group in theirs.children
        for account in group.children
    ]
    ours = [[line.amount * 100 for line in each.rows] for each in read_bai(content)]
    assert ours == found


def test_mutated_files() -> None:
    assert fuzz("bai2", 400) >= 0
