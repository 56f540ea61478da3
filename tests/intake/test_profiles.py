"""Files of an institution's own kind, read by a profile: understood or refused, cell by cell."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bankfeeds.intake import written
from bankfeeds.intake.cells import BadCell
from bankfeeds.intake.columns import fits, read_by
from bankfeeds.intake.layouts import is_utf8_otherwise
from bankfeeds.intake.profile import (
    Amounts,
    Encoding,
    Layout,
    Order,
    Profile,
    Sign,
    WrongProfile,
    profile_of,
)
from bankfeeds.intake.shape import Parsed, UnreadableFile

from .corpus import Outcome
from .corpus import files as files_of
from .corpus.profiles import read_outcome
from .fuzz import fuzz
from .profile_writer import Row, files, write

HEADER = ("Date", "Libellé", "Montant", "Solde")
FRENCH = Profile(
    layout=Layout(delimiter=";", encoding=Encoding.WINDOWS, above=2, header=HEADER, columns=4),
    date="Date",
    description="Libellé",
    amount="Montant",
    balance="Solde",
    order=Order.DMY,
    decimal=",",
    thousands=" ",
)
TOP = "Caisse populaire\nRelevé au 20/11/2026\n"


def french(*rows: str, header: str = ";".join(HEADER)) -> bytes:
    return "".join(f"{line}\n" for line in (*TOP.splitlines(), header, *rows)).encode("cp1252")


def bad(parsed: Parsed) -> list[tuple[int, str]]:
    return [(each.line, each.code) for each in parsed.rejected]


# --- What was written is read back ----------------------------------------------------------------


@given(files())
@settings(max_examples=80, deadline=None)
def test_what_was_written_by_a_profile_is_read_back_by_it(
    given_file: tuple[Profile, list[Row]],
) -> None:
    profile, rows = given_file
    content = write(profile, rows)
    assume(not is_utf8_otherwise(content, profile.layout.encoding))
    profile = profile_of(profile.plain())
    parsed = read_by(profile, content, places=2)
    assert not parsed.rejected, [(str(each.reason), each.raw) for each in parsed.rejected]
    expected = [(r.date, r.description, r.amount, r.balance) for r in rows]
    assert [(r.date, r.description, r.amount, r.balance) for r in parsed.rows] == expected
    if profile.id is not None:
        assert [r.transaction_id for r in parsed.rows] == [r.id for r in rows]
    total = sum((row.amount for row in rows), Decimal(0))
    assert sum((row.amount for row in parsed.rows), Decimal(0)) == total
    assert [row.raw for row in parsed.rows]
    assert fits(profile, content)


@given(st.binary(max_size=500), files())
@settings(max_examples=60, deadline=None)
def test_any_bytes_below_a_header(content: bytes, given_file: tuple[Profile, list[Row]]) -> None:
    profile, rows = given_file
    for whole in (content, write(profile, rows[:1]) + content):
        try:
            parsed = read_by(profile, whole, places=2)
        except UnreadableFile as refused:
            assert refused.words
        else:
            ids = [row.transaction_id for row in parsed.rows]
            assert len(set(ids)) == len(ids)
        fits(profile, whole)


# --- Cells ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "decimal", "thousands", "value"),
    [
        ("1,234.56", ".", ",", "1234.56"),
        ("1.234,56", ",", ".", "1234.56"),
        ("1 234,56", ",", " ", "1234.56"),
        ("1\u00a0234,56", ",", " ", "1234.56"),
        ("1\u202f234,56 $", ",", " ", "1234.56"),
        ("1'234.56", ".", "'", "1234.56"),
        ("(12.00)", ".", "", "-12.00"),
        ("($1,234.50)", ".", ",", "-1234.50"),
        ("12.00-", ".", "", "-12.00"),
        ("\u221212.00", ".", "", "-12.00"),
        ("+12", ".", "", "12"),
        ("-0", ".", "", "0"),
        (".5", ".", "", "0.5"),
        ("0000004210", "", "", "42.10"),
        ("7", "", "", "0.07"),
        ("4210-", "", "", "-42.10"),
    ],
)
def test_numbers(text: str, decimal: str, thousands: str, value: str) -> None:
    found = written.money(text, decimal=decimal, thousands=thousands, column="amount", places=2)
    assert found == Decimal(value)
    assert not (found == 0 and found.is_signed())


@pytest.mark.parametrize(
    ("text", "decimal", "thousands", "code"),
    [
        ("1e999", ".", ",", "exponent"),
        ("NaN", ".", ",", "number-format"),
        ("Infinity", ".", ",", "number-format"),
        ("", ".", ",", "amount-missing"),
        ("1,234.56", ".", "", "number-format"),
        ("1.234,56", ".", ",", "number-format"),
        ("1,234", ",", "", "number-format"),  # one and a quarter, or a thousand?
        ("12,34.56", ".", ",", "number-format"),
        ("--5", ".", "", "number-format"),
        ("-5-", ".", "", "number-format"),
        ("(-5)", ".", "", "number-format"),
        ("12.", ".", "", "number-format"),
        (".", ".", "", "number-format"),
        ("$", ".", "", "number-format"),
        ("٣", ".", "", "number-format"),
        ("12.34", "", "", "number-format"),
        ("12.3456", ".", "", "too-many-decimals"),
        ("9" * 16, ".", "", "too-many-digits"),
        ("9" * 70, ".", "", "number-format"),
    ],
)
def test_what_is_no_number_of_the_profile(
    text: str, decimal: str, thousands: str, code: str
) -> None:
    with pytest.raises(BadCell) as error:
        written.money(text, decimal=decimal, thousands=thousands, column="amount", places=2)
    assert error.value.reason.code == code
    assert str(error.value.reason)


@pytest.mark.parametrize(
    ("text", "order"),
    [
        ("2026-11-03", Order.YMD),
        ("20261103", Order.YMD),
        ("26/11/03", Order.YMD),
        ("2026-11-03T23:59:59-05:00", Order.YMD),
        ("2026-11-03 00:15", Order.YMD),
        ("03/11/2026", Order.DMY),
        ("3.11.26", Order.DMY),
        ("3 nov. 2026", Order.DMY),
        ("03-NOV-2026 11:30 p.m.", Order.DMY),
        ("03112026", Order.DMY),
        ("11/3/2026", Order.MDY),
        ("November 3, 2026", Order.MDY),
        ("110326", Order.MDY),
    ],
)
def test_dates(text: str, order: Order) -> None:
    assert written.date(text, order) == dt.date(2026, 11, 3)


@pytest.mark.parametrize(
    ("text", "order", "code"),
    [
        ("", Order.DMY, "date-format"),
        ("2026-11-03", Order.DMY, "date-format"),
        ("03/11/2026", Order.YMD, "date-format"),
        ("13/11/2026", Order.MDY, "date-unknown"),
        ("31/04/2026", Order.DMY, "date-unknown"),
        ("3 jui 2026", Order.DMY, "date-format"),  # June or July
        ("3 xyz 2026", Order.DMY, "date-format"),
        ("03/11/1826", Order.DMY, "date-unknown"),
        ("03/11/0", Order.DMY, "date-format"),
        ("9" * 500, Order.DMY, "date-format"),
        ("٠٣/١١/٢٠٢٦", Order.DMY, "date-format"),
    ],
)
def test_what_is_no_date_of_the_profile(text: str, order: Order, code: str) -> None:
    with pytest.raises(BadCell) as error:
        written.date(text, order)
    assert error.value.reason.code == code


# --- Whole files ----------------------------------------------------------------------------------


def test_a_french_file_with_lines_above_the_header() -> None:
    content = french(
        "20/11/2026;Café, deux;-7,50;1 992,50", "", "21/11/2026;Dépôt;1 200,00;3 192,50"
    )
    parsed = read_by(FRENCH, content, places=2)
    assert not parsed.rejected
    first, second = parsed.rows
    assert (first.line, first.date, first.description) == (4, dt.date(2026, 11, 20), "Café, deux")
    assert (first.amount, first.balance) == (Decimal("-7.50"), Decimal("1992.50"))
    assert (second.line, second.amount) == (6, Decimal("1200.00"))
    assert first.raw == "20/11/2026;Café, deux;-7,50;1 992,50"


def test_bad_rows_are_listed_with_line_and_reason() -> None:
    content = french(
        "20/11/2026;Café;-7.50;1 992,50",
        "2026-11-20;Café;-7,50;1 992,50",
        "20/11/2026;;-7,50;1 992,50",
        "20/11/2026;Café;-7,50",
        ";".join(HEADER),
        '20/11/2026;"Ca"fé;-7,50;1,00',
        "Total;;-7,50;",
        "20/11/2026;Café;-7,50;1 992,50",
        header=";".join(HEADER),
    )
    parsed = read_by(FRENCH, content, places=2)
    assert bad(parsed) == [
        (4, "number-format"), (5, "date-format"), (6, "description-missing"), (7, "ragged"),
        (8, "second-header"), (9, "stray-quote"), (10, "date-format"),
    ]  # fmt: skip
    assert [row.line for row in parsed.rows] == [11]
    assert parsed.rejected[0].cells == ("20/11/2026", "Café", "-7.50", "1 992,50")


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty"),
        (b"\0\1\2\3\4\5\6\7", "binary"),
        (b"PK\x03\x04 zip", "binary"),
        (french(), "no-rows"),
        (french("x", header="Date;Libellé;Montant"), "profile-header"),
        (french('20/11/2026;"Café;-7,50;1,00'), "open-quote"),
        (french("20/11/2026;a\0b;-7,50;1,00"), "nul-byte"),
        (french("x" * 70_000), "line-too-long"),
        (french("20/11/2026;Caf") + b"\x81\n", "encoding-stated"),
    ],
)
def test_files_that_are_refused(content: bytes, code: str) -> None:
    with pytest.raises(UnreadableFile) as error:
        read_by(FRENCH, content, places=2)
    assert error.value.code == code
    assert error.value.words


def test_columns_are_found_by_name_where_a_file_lists_them_in_another_order() -> None:
    content = french(
        "-7,50;20/11/2026;12;1,00;Café", header="Montant;Date;Succursale;Solde;Libellé"
    )
    parsed = read_by(FRENCH, content, places=2)
    assert [(row.amount, row.description) for row in parsed.rows] == [(Decimal("-7.50"), "Café")]
    assert [note.values for note in parsed.notes] == [{"columns": "Succursale"}]
    # A person sees to it first: the columns may have changed their meaning too.
    assert not fits(FRENCH, content)


TWO = Profile(
    layout=Layout(columns=5),
    date=0,
    description=1,
    money_out=2,
    money_in=3,
    balance=4,
    order=Order.YMD,
    amounts=Amounts.TWO,
    sign=Sign.UNSIGNED,
)
TYPED = replace(
    TWO,
    amounts=Amounts.TYPED,
    amount=2,
    kind=3,
    money_out=None,
    money_in=None,
    out_words=("D",),
    in_words=("C",),
)


@pytest.mark.parametrize(
    ("profile", "cells", "amount"),
    [
        (TWO, "42.10,", "-42.10"),
        (TWO, ",100.00", "100.00"),
        (TWO, "42.10,0.00", "-42.10"),
        (TWO, "0.00,100.00", "100.00"),
        (TWO, "0.00,0.00", "0.00"),
        (TWO, ",", "no-amount"),
        (TWO, "1.00,2.00", "two-amounts"),
        (TWO, "-42.10,", "odd-sign"),
        (TWO, ",-5.00", "odd-sign"),
        (replace(TWO, sign=Sign.MINUS_OUT), "-42.10,", "-42.10"),
        (replace(TWO, sign=Sign.MINUS_OUT), "42.10,", "odd-sign"),
        (replace(TWO, sign=Sign.MINUS_OUT), ",100.00", "100.00"),
        (TYPED, "42.10,D", "-42.10"),
        (TYPED, "42.10,c", "42.10"),
        (TYPED, "42.10,", "type-other"),
        (TYPED, "42.10,RD", "type-other"),
        (TYPED, "-42.10,D", "odd-sign"),
        (replace(TYPED, sign=Sign.MINUS_OUT), "-42.10,D", "-42.10"),
        (replace(TYPED, amounts=Amounts.ONE, sign=Sign.MINUS_IN), "42.10,", "-42.10"),
        (replace(TYPED, amounts=Amounts.ONE, sign=Sign.MINUS_IN), "(42.10),", "42.10"),
        (replace(TYPED, amounts=Amounts.ONE, sign=Sign.MINUS_OUT), "(42.10),", "-42.10"),
    ],
)
def test_which_way_the_money_went(profile: Profile, cells: str, amount: str) -> None:
    parsed = read_by(profile, f"2026-11-03,Hydro,{cells},1.00\n".encode(), places=2)
    found = [f"{row.amount:.2f}" for row in parsed.rows] or [parsed.rejected[0].code]
    assert found == [amount]


FIXED = Profile(
    layout=Layout(delimiter="", widths=(8, 12, 10, 10), columns=4),
    date=0,
    description=1,
    amount=2,
    balance=3,
    order=Order.YMD,
    decimal="",
)


def test_fixed_width_text() -> None:
    content = (
        b"20261103COFFEE      0000000750-000099250\n"
        b"\n"
        b"20261103RENT        -000012000000087250 and more\n"
        b"20261104DEPOSIT     0000005000  92250\r\n"
        b"20261104CUT OFF     0000005000  9225"
    )
    parsed = read_by(FIXED, content, places=2)
    assert [(row.line, row.amount, row.balance) for row in parsed.rows] == [
        (1, Decimal("7.50"), Decimal("-992.50")),
        (4, Decimal("50.00"), Decimal("922.50")),
    ]
    assert bad(parsed) == [(3, "too-long"), (5, "cut-off")]


def test_what_old_systems_put_behind_the_last_line() -> None:
    parsed = read_by(FRENCH, french("20/11/2026;Thé;-7,50;1,00") + b"\x1a", places=2)
    assert (len(parsed.rows), parsed.rejected_count) == (1, 0)


# --- Ids that no column states --------------------------------------------------------------------


def ids(*rows: str, above: Sequence[str] = ()) -> list[str]:
    return [row.transaction_id for row in read_by(TWO, "\n".join((*above, *rows)).encode()).rows]


COFFEES = (
    "2026-11-03,Coffee,4.50,,95.50",
    "2026-11-03,Coffee,4.50,,91.00",
    "2026-11-03,Refund,,4.50,95.50",
    "2026-11-03,Coffee,4.50,,91.00",
)


def test_equal_rows_are_two_and_a_resent_file_brings_the_same_ids() -> None:
    found = ids(*COFFEES)
    assert len(set(found)) == 4
    assert ids(*COFFEES) == found
    # Written in another way, other rows before them, or the newest first: the same rows.
    again = [row.replace("4.50,,", '"4.5",0.00,') for row in COFFEES]
    assert ids("2026-11-02,Rent,9.00,,100.00", *again)[1:] == found
    assert sorted(ids(*reversed(COFFEES))) == sorted(found)
    # A file that begins behind the first coffee says that it is the second.
    assert set(ids(*COFFEES[1:2])) == {found[1]}


def test_a_row_once_more_with_one_balance_is_no_second_coffee() -> None:
    twice = "\n".join((*COFFEES, COFFEES[3])).encode()
    assert bad(read_by(TWO, twice)) == [(5, "row-twice")]
    backwards = "\n".join((COFFEES[3], *reversed(COFFEES))).encode()
    assert bad(read_by(TWO, backwards)) == [(2, "row-twice")]


# --- The corpus -----------------------------------------------------------------------------------

THREE = "18 250.00 1050.00, 19 -40.25 1009.75, 20 -9.75 1000.00"
EXPECTED: dict[str, Outcome] = {
    "caisse-1001-rows.csv": Outcome(rows="20 -1.00 2000.00, ..., 20 -1.00 1000.00"),
    "caisse-amounts.csv": Outcome(
        rows="20 0.00 1.00, 20 -12.00 1.00, 20 -12.00 1.00, 20 1234.50 1.00",
        bad="4 exponent, 5 number-format, 7 number-format, 8 number-format,"
        " 12 number-format, 13 amount-missing, 14 number-format",
    ),
    "caisse-broken-balance.csv": Outcome(
        rows="18 250.00 1050.00, 20 -9.75 1000.00", bad="5 number-format"
    ),
    "caisse-clean.csv": Outcome(rows=THREE),
    "caisse-clock-change.csv": Outcome(rows="01 -1.00 999.00, 01 -1.00 998.00, 01 -1.00 997.00"),
    "caisse-duplicate.csv": Outcome(rows=THREE, bad="7 row-twice"),
    "caisse-eight-days-old.csv": Outcome(rows=f"12 -1.00 800.00, {THREE}"),
    "caisse-footer.csv": Outcome(rows=THREE, bad="7 date-format"),
    "caisse-future-date.csv": Outcome(rows=f"{THREE}, 2099-12-31 -1.00 999.00"),
    "caisse-gap.csv": Outcome(rows="18 250.00 1050.00, 20 -9.75 1000.00"),
    "caisse-newest-first.csv": Outcome(
        rows="20 -9.75 1000.00, 19 -40.25 1009.75, 18 250.00 1050.00"
    ),
    "caisse-no-letter.csv": Outcome(refused="encoding-stated"),
    "caisse-one-line-less.csv": Outcome(refused="profile-header"),
    "caisse-other-institution.csv": Outcome(refused="profile-header"),
    "caisse-two-coffees.csv": Outcome(rows=f"{THREE}, 20 -9.75 990.25"),
    "caisse-two-headers.csv": Outcome(rows=THREE, bad="5 second-header"),
    "caisse-unordered.csv": Outcome(rows="20 -9.75 1000.00, 18 250.00 1050.00, 19 -40.25 1009.75"),
    "caisse-utf-8-with-mark.csv": Outcome(rows=THREE),
    "caisse-wrong-encoding.csv": Outcome(rows=THREE, notes="encoding-is-utf8"),
    "core-clean.txt": Outcome(rows=THREE),
    "core-cut-off.txt": Outcome(rows="18 250.00 1050.00, 19 -40.25 1009.75", bad="3 cut-off"),
    "core-reversed-sign.txt": Outcome(rows="18 250.00 1050.00, 20 -9.75 1000.00", bad="2 odd-sign"),
    "core-too-long.txt": Outcome(rows="18 250.00 1050.00, 20 -9.75 1000.00", bad="2 too-long"),
    "core-uncleared.txt": Outcome(rows=THREE, bad="4 type-other"),
    "core-wrong-encoding.txt": Outcome(refused="encoding"),
    "union-both-sides.csv": Outcome(
        rows="R1 18 250.00 1050.00, R3 20 -9.75 1000.00", bad="3 two-amounts"
    ),
    "union-clean.csv": Outcome(
        rows="R1 18 250.00 1050.00, R2 19 -40.25 1009.75, R3 20 -9.75 1000.00"
    ),
    "union-day-before-month.csv": Outcome(rows="R3 20 -9.75 1000.00", bad="2 date-unknown"),
    "union-duplicate.csv": Outcome(
        rows="R1 18 250.00 1050.00, R2 19 -40.25 1009.75, R3 20 -9.75 1000.00", bad="5 id-twice"
    ),
    "union-formulas.csv": Outcome(rows="R3 20 -9.75 1000.00"),
    "union-ragged.csv": Outcome(
        rows="R1 18 250.00 1050.00, R3 20 -9.75 1000.00", bad="3 ragged, 4 ragged"
    ),
    "union-reversed-sign.csv": Outcome(
        rows="R1 18 250.00 1050.00, R3 20 -9.75 1000.00", bad="3 odd-sign"
    ),
    "union-truncated.csv": Outcome(refused="open-quote"),
}


@pytest.mark.parametrize("file", files_of("profile"), ids=lambda file: file.name)
def test_the_corpus(file: Any) -> None:
    assert read_outcome(file) == EXPECTED[file.name]


def test_the_corpus_has_what_the_table_names() -> None:
    assert {file.name for file in files_of("profile")} == EXPECTED.keys()


def test_mutated_files() -> None:
    assert fuzz("profile", 600)


# --- Profiles as data -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changes",
    [
        {"sign": Sign.UNSIGNED},
        {"amount": None},
        {"amount": "Nothing"},
        {"amount": 4},
        {"amount": "Date"},
        {"decimal": ",", "thousands": ","},
        {"decimal": "x"},
        {"amounts": Amounts.TYPED, "sign": Sign.UNSIGNED, "kind": 3},
    ],
)
def test_parts_that_do_not_go_together(changes: dict[str, Any]) -> None:
    with pytest.raises(WrongProfile):
        replace(FRENCH, **changes).places()


@pytest.mark.parametrize(
    "layout",
    [
        {"delimiter": "x"},
        {"delimiter": "", "columns": 3},
        {"widths": (3, 3), "columns": 2},
        {"delimiter": "", "widths": (3, 0), "columns": 2},
        {"above": -1, "columns": 2},
        {"columns": 0},
        {"columns": 2, "header": ("a",)},
    ],
)
def test_layouts_that_are_none(layout: dict[str, Any]) -> None:
    with pytest.raises(WrongProfile):
        Layout(**layout)


# --- What stands below the table ------------------------------------------------------------------

ENDED = replace(FRENCH, end_words=("Total", "Fin du relevé"))
ROW = "28/11/2026;Café;-4,50;95,50"


def test_lines_below_the_table_are_left_out_and_named() -> None:
    content = french(ROW, "", "Total;Compte 000312345-4400229911;-4,50;", "Fin du relevé")
    parsed = read_by(ENDED, content, places=2)
    assert len(parsed.rows) == 1
    assert not parsed.rejected
    [note] = parsed.notes
    assert note.code == "lines-below"
    assert "6 “Total;Compte ••9911;-4,50;”, 7 “Fin du relevé”" in str(note)
    assert profile_of(ENDED.plain()) == ENDED


@pytest.mark.parametrize(
    "line",
    [
        "28/11/2026;Total;-4,50;91,00",  # a row, whatever its words are
        "29/11/2026;Fin du relevé;-1,00;90,00",
    ],
)
def test_a_line_with_a_date_is_a_row_wherever_it_stands(line: str) -> None:
    parsed = read_by(ENDED, french(ROW, line, "Total;;;"), places=2)
    assert len(parsed.rows) == 2
    assert "5" not in str(parsed.notes[0])


@pytest.mark.parametrize(
    "lines",
    [
        ["Total;;-4,50;", ROW],  # the table goes on
        ["Total;;-4,50;", ";Thé;-1,00;94,50"],
        ["Totally Bagels;;-4,50;"],
        ["Total Wine;;-4,50;"],
        ["Total;;;"] * 21,
    ],
)
def test_what_may_be_of_the_table_is_not_left_out(lines: list[str]) -> None:
    parsed = read_by(ENDED, french(ROW, *lines), places=2)
    assert len(parsed.rows) + len(parsed.rejected) == 1 + len(lines)
    assert not parsed.notes


def test_below_columns_of_fixed_width() -> None:
    layout = Layout(delimiter="", widths=(10, 8, 8, 8), columns=4)
    profile = Profile(
        layout=layout,
        date=0,
        description=1,
        amount=2,
        balance=3,
        order=Order.YMD,
        end_words=("End of report",),
    )
    content = b"2026-11-28Coffee     -4.50   95.50\nEnd of report 000001\n"
    parsed = read_by(profile, content, places=2)
    assert (len(parsed.rows), parsed.rejected) == (1, [])
    assert "2 “End of report 000001”" in str(parsed.notes[0])
