"""Excel workbooks: the corpus, what another library writes, numbers without noise, zip bombs."""

from __future__ import annotations

import datetime as dt
import io
from decimal import Decimal
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import openpyxl  # type: ignore[import-untyped]
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bankfeeds.intake.cells import CONTROLS
from bankfeeds.intake.recognise import Format, read, recognise
from bankfeeds.intake.shape import Statement, UnreadableFile

from .corpus import HERE, Outcome, files, outcome
from .fuzz import fuzz
from .test_properties import clock_of
from .xlsx_writer import HEADER, number, workbook

THREE = "T1 18 250.00 1050.00, T2 19 -40.25 1009.75, T3 20 -9.75 1000.00"
EXPECTED: dict[str, list[Outcome]] = {
    "1001-rows.xlsx": [Outcome("N0 20 -1.00 2000.00, ..., N1000 20 -1.00 1000.00")],
    "blank-rows.xlsx": [Outcome(THREE)],
    "broken-balance.xlsx": [
        Outcome("T1 18 250.00 1050.00, T2 19 -40.25 1009.75, T3 20 -9.75 1000.01")
    ],
    "clean.xlsx": [Outcome(THREE)],
    "clock-change.xlsx": [Outcome("T1 01 100.00 900.00, T2 01 100.00 1000.00")],
    "dtd.xlsx": [Outcome(refused="xml-declares")],
    "duplicate.xlsx": [Outcome(THREE, bad="5 id-twice")],
    "eight-days-old.xlsx": [
        Outcome("T1 12 250.00 1050.00, T2 19 -40.25 1009.75, T3 20 -9.75 1000.00")
    ],
    "empty-sheets.xlsx": [Outcome(THREE)],
    "empty.xlsx": [Outcome(refused="no-table")],
    "error-cell.xlsx": [Outcome(refused="formula")],
    "formula.xlsx": [Outcome(refused="formula")],
    "future-date.xlsx": [
        Outcome("T1 18 250.00 1050.00, T2 19 -40.25 1009.75, T3 2099-12-31 -9.75 1000.00")
    ],
    "gap.xlsx": [Outcome("T1 18 250.00 1050.00, T3 20 -9.75 1000.00", bad="3 date-format")],
    "no-header.xlsx": [Outcome(refused="columns-missing")],
    "noise.xlsx": [Outcome("T1 20 0.30 1234.56", bad="3 too-many-decimals")],
    "numbers-as-dates.xlsx": [Outcome(bad="2 date-format, 3 date-format, 4 date-format")],
    "ragged.xlsx": [Outcome("T1 18 250.00 1050.00, T3 20 -9.75 1000.00", bad="3 amount-missing")],
    "reversed-sign.xlsx": [
        Outcome("T1 18 -250.00 1050.00, T2 19 -40.25 1009.75, T3 20 -9.75 1000.00")
    ],
    "since-1904.xlsx": [Outcome("T1 20 1.00 1.00")],
    "texts.xlsx": [Outcome(THREE)],
    "truncated.xlsx": [Outcome(refused="damaged-xlsx")],
    "two-headers.xlsx": [Outcome(THREE, bad="3 second-header")],
    "two-sheets.xlsx": [Outcome(refused="several-sheets")],
    "uncleared.xlsx": [Outcome(THREE, bad="5 date-format")],
    "unordered.xlsx": [Outcome("T3 20 -9.75 1000.00, T1 18 250.00 1050.00, T2 19 -40.25 1009.75")],
    "wrong-amounts.xlsx": [
        Outcome(
            "Z 20 0.00 1.00",
            bad="2 exponent, 3 not-a-number, 4 thousands-separator, "
            "5 minus-elsewhere, 6 too-many-decimals, 7 exponent, "
            "8 amount-missing, 9 not-a-number, 10 not-a-number",
        )
    ],
    "wrong-encoding.xlsx": [Outcome(refused="damaged-xlsx")],
}


@pytest.mark.parametrize("file", files("xlsx"), ids=lambda file: file.name)
def test_the_corpus(file: Any) -> None:
    assert outcome(file) == EXPECTED[file.name]


def only(content: bytes) -> Statement:
    [statement] = read(content, places=2).statements
    return statement


ROW = ["T1", number(46346, 1), "Coffee", number("-4.5"), number(95)]


def bomb(name: str, begin: str, times: int) -> bytes:
    """A good workbook with one part that inflates to much."""
    made, out = workbook(HEADER, ROW), io.BytesIO()
    with ZipFile(io.BytesIO(made)) as given, ZipFile(out, "w", ZIP_DEFLATED) as packed:
        for each in given.namelist():
            packed.writestr(each, given.read(each))
        packed.writestr(name, begin * times)
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (bomb("xl/media/x.png", "x" * 1_000, 12_000), "too-large-inflated"),
        (workbook(HEADER, ROW, sharedStrings="<sst>" + "<si/>" * 300_000), "too-large-inflated"),
        (workbook(HEADER, ["T1", "x" * 50_000]), "too-large-inflated"),
        (workbook(HEADER, ROW, more="<a/>" * 300_000), "too-large-inflated"),
        (
            workbook(HEADER, ROW, more="<a/>" * 60_000, styles="<a>" + "<b/>" * 60_000 + "</a>"),
            "too-large-inflated",
        ),
        (workbook(HEADER, [f"<c>{'<v>1</v>' * 50_000}</c>"]), "too-large-inflated"),
        (workbook(HEADER, *[[number(1)]] * 30_000), "too-large-inflated"),
        (
            workbook(HEADER, ROW, sharedStrings=f"<sst><si>{'<t>abc</t>' * 20_000}</si></sst>"),
            "too-large-inflated",
        ),
        (workbook(HEADER, ROW, more="<a>" * 10_000), "damaged-xlsx"),
        (workbook(HEADER, ROW, more="<a>" * 10_000 + "</a>" * 10_000), "damaged-xlsx"),
        (workbook(HEADER, ROW, more="</a>"), "damaged-xlsx"),
        (workbook(HEADER, ['<c r="A9"><v>1</v></c>']), "damaged-xlsx"),
        (workbook(HEADER, ['<c r="ZZZ2"><v>1</v></c>']), "too-large-inflated"),
        (workbook(HEADER, ['<c t="s"><v>7</v></c>']), "damaged-xlsx"),
        (workbook(HEADER, ROW, workbook="<workbook/>"), "no-table"),
        # One sheet named over and over would be read as often.
        (
            workbook(HEADER, ROW, workbook='<b xmlns:r="r">' + '<sheet r:id="r0"/>' * 2 + "</b>"),
            "damaged-xlsx",
        ),
        (workbook(HEADER, ROW)[:-22], "damaged-xlsx"),
    ],
)
def test_hostile_files(content: bytes, code: str) -> None:
    with pytest.raises(UnreadableFile) as refused:
        read(content, places=2)
    assert (refused.value.code, bool(refused.value.words)) == (code, True)


def test_a_number_too_large_for_any_is_a_bad_row() -> None:
    """Exponents past those that a decimal can have."""
    [bad] = only(workbook(HEADER, ["T1", "2026-11-20", "C", number("1e9999999"), "1"])).rejected
    assert bad.reason.code == "exponent"


def test_a_size_that_lies_does_not_help() -> None:
    made = bytearray(bomb("xl/styles.xml.x", "<a>", 4_000_000))
    at = made.rindex(b"PK\x01\x02") + 24
    made[at : at + 4] = (10).to_bytes(4, "little")
    assert only(bytes(made)).rows  # it is never opened
    lying = bytearray(workbook(HEADER, ROW, sharedStrings="<sst>" + " " * 12_000_000))
    at = lying.rindex(b"PK\x01\x02") + 24
    lying[at : at + 4] = (10).to_bytes(4, "little")
    with pytest.raises(UnreadableFile):
        read(bytes(lying))


def test_it_is_recognised_by_what_is_in_it() -> None:
    assert recognise(workbook(HEADER, ROW)) is Format.XLSX
    out = io.BytesIO()
    with ZipFile(out, "w") as packed:
        packed.writestr("statement.csv", "id,date\n")
    with pytest.raises(UnreadableFile, match="a zip archive"):
        recognise(out.getvalue())


texts = (
    st.text(st.characters(codec="utf-8", exclude_categories=["C"]), min_size=1, max_size=40)
    .map(str.strip)
    .filter(lambda text: text and not CONTROLS.search(text) and text[0] not in "=<")
)
written_rows = st.lists(
    st.tuples(
        texts,
        st.dates(dt.date(1990, 1, 1), dt.date(2100, 1, 1)),
        texts,
        st.decimals(min_value=-(10**9), max_value=10**9, places=2),
        st.decimals(min_value=-(10**9), max_value=10**9, places=2),
    ),
    min_size=1,
    max_size=12,
    unique_by=lambda row: row[0],
)


@given(written_rows, st.booleans())
@settings(max_examples=40, deadline=None)
def test_what_another_library_wrote_is_read_back(rows: list[Any], as_floats: bool) -> None:
    """Sums of floats too, as a program writes them: 0.1 + 0.2 is 0.30."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(HEADER)
    for row in rows:
        sheet.append([float(x) if as_floats and isinstance(x, Decimal) else x for x in row])
    out = io.BytesIO()
    book.save(out)
    found = only(out.getvalue())
    assert not found.rejected
    assert [
        (row.transaction_id, row.date, row.description, row.amount, row.balance)
        for row in found.rows
    ] == rows


@given(written_rows)
@settings(max_examples=40, deadline=None)
def test_what_was_written_is_read_back(rows: list[Any]) -> None:
    epoch = dt.date(1899, 12, 30)
    given_rows = [
        [key, number((day - epoch).days, 1), text, number(f"{amount:f}"), f"{balance:f}"]
        for key, day, text, amount, balance in rows
    ]
    found = only(workbook(HEADER, *given_rows))
    assert [
        (row.transaction_id, row.date, row.description, row.amount, row.balance)
        for row in found.rows
    ] == rows


@pytest.mark.parametrize("zone", ["UTC", "America/St_Johns", "Pacific/Kiritimati"])
def test_a_date_is_the_same_day_in_every_zone(zone: str) -> None:
    with clock_of(zone):
        found = only((HERE / "xlsx/clock-change.xlsx").read_bytes())
    assert {line.date for line in found.rows} == {dt.date(2026, 11, 1)}


def test_mutated_files() -> None:
    assert fuzz("xlsx", 400) > 5
