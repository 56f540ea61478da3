"""What is guessed from a sample, and what is left to a person because it cannot be told."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bankfeeds.intake.columns import read_by
from bankfeeds.intake.guess import Guess, guess
from bankfeeds.intake.guess_layout import has_dates
from bankfeeds.intake.profile import Amounts, Encoding, Layout, Order, Profile, Sign
from bankfeeds.intake.shape import UnreadableFile

from .corpus import HERE
from .corpus.profiles import PROFILES


def of(name: str) -> Guess:
    return guess((HERE / "profile" / name).read_bytes())


def doubts(found: Guess) -> list[str]:
    return [doubt.code for doubt in found.doubts]


def profile(found: Guess) -> Profile:
    assert found.order is not None and found.sign is not None
    return Profile(
        layout=found.layout,
        order=found.order,
        amounts=found.amounts,
        sign=found.sign,
        decimal=found.decimal,
        thousands=found.thousands,
        out_words=found.out_words,
        in_words=found.in_words,
        end_words=found.end_words,
        **found.columns,
    )


@pytest.mark.parametrize(
    ("file", "name"), [("caisse-clean.csv", "caisse"), ("union-clean.csv", "union")]
)
def test_a_clean_file_gives_its_profile(file: str, name: str) -> None:
    assert profile(of(file)) == PROFILES[name]
    assert not of(file).doubts


def test_a_file_with_a_footer_or_another_encoding_gives_it_too() -> None:
    assert profile(of("caisse-footer.csv")) == replace(PROFILES["caisse"], end_words=("Total",))
    assert profile(of("caisse-newest-first.csv")) == PROFILES["caisse"]
    assert of("caisse-wrong-encoding.csv").layout.encoding is Encoding.UTF8
    assert of("core-wrong-encoding.txt").layout.encoding is Encoding.WIDE
    dos = (HERE / "profile/caisse-clean.csv").read_bytes().decode("cp1252").encode("cp850")
    assert guess(dos).layout.encoding is Encoding.DOS


def test_the_order_of_dates_is_judged_over_all_rows() -> None:
    rows = [f"{n % 12 + 1:02}/{n % 11 + 1:02}/2026,Coffee,-1.00,{900 - n}.00" for n in range(900)]
    header = "Date,Description,Amount,Balance"
    unsure = guess("\n".join((header, *rows)).encode())
    assert unsure.orders == (Order.DMY, Order.MDY)
    assert unsure.order is None
    assert "order-unsure" in doubts(unsure)
    sure = guess("\n".join((header, *rows, "13/01/2026,Coffee,-1.00,-1.00")).encode())
    assert sure.order is Order.DMY
    assert "order-unsure" not in doubts(sure)


@pytest.mark.parametrize(
    ("amounts", "sign"),
    [
        (("-1.00,99.00", "-2.00,97.00", "5.00,102.00"), Sign.MINUS_OUT),
        (("1.00,99.00", "2.00,97.00", "-5.00,102.00"), Sign.MINUS_IN),
        (("-1.00,99.00", "-2.00,50.00", "5.00,70.00"), None),
        (("1.00,99.00",), None),
    ],
)
def test_the_sign_is_told_by_the_balance_or_not_at_all(
    amounts: tuple[str, ...], sign: Sign | None
) -> None:
    rows = [f"2026-11-{n:02},Coffee,{each}" for n, each in enumerate(amounts, start=13)]
    found = guess("\n".join(("Date,Memo,Amount,Balance", *rows)).encode())
    assert found.sign is sign
    assert doubts(found) == ([] if sign else ["sign-unsure"])


def test_columns_that_are_mixed_up_are_named() -> None:
    rows = ("2026-11-13,Pay,5.00,,105.00", "2026-11-14,Rent,,1.00,104.00")
    found = guess("\n".join(("Date,Memo,Debit,Credit,Balance", *rows)).encode())
    assert found.amounts is Amounts.TWO
    assert doubts(found) == ["signs-against-balance"]


def test_a_column_of_types() -> None:
    rows = ("2026-11-13,Pay,5.00,CR,105.00", "2026-11-14,Rent,1.00,DR,104.00")
    found = guess("\n".join(("Date,Memo,Amount,Type,Balance", *rows)).encode())
    assert found.amounts is Amounts.TYPED
    assert (found.out_words, found.in_words) == (("DR",), ("CR",))
    assert found.sign is Sign.UNSIGNED


def test_brackets_behind_a_name_do_not_hide_it() -> None:
    header = "Date;Libellé;Débit (retrait);Crédit (dépôt);Solde ($)"
    rows = ("13/11/2026;Paie;;5,00;105,00", "14/11/2026;Loyer;1,00;;104,00")
    found = guess("\n".join((header, *rows)).encode())
    assert found.amounts is Amounts.TWO
    assert (found.columns["money_out"], found.columns["money_in"]) == tuple(header.split(";")[2:4])
    assert not found.doubts


def test_the_number_of_a_card_is_no_balance() -> None:
    header = "Posted,Card No.,Description,Debit,Credit"
    rows = ("2026-11-27,2210,UBER TRIP,14.20,", "2026-11-28,2210,PAYMENT,,300.00")
    found = guess("\n".join((header, *rows)).encode())
    assert "balance" not in found.columns
    assert doubts(found) == ["no-balance"]


@pytest.mark.parametrize("day", ["27-Nov-2026", "27 nov. 2026", "November 27, 2026", "27 août 26"])
def test_a_month_in_words_is_a_date_too(day: str) -> None:
    assert has_dates(f"Date|Narrative|Amount\n{day}|Rent|1.00\n".encode())


TABLE = (
    "Date;Text;Amount;Balance\n2026-11-19;0;1,00;10,00\n2026-11-20;A;-1,00;9,00\n"
    "2026-11-28;B;-2,00;7,00\n"
)


@pytest.mark.parametrize(
    ("last", "words"),
    [
        ("Total;;-3,00;7,00\nEnd of report 17:05\n", ("Total", "End of report")),
        ("Total: 2;;-3,00;\nTotal: all;;;\n", ("Total",)),
        (";C;-1,00;6,00\n", ()),  # a row without its date
        (";C;-1,00;6,00\nTotal;;-4,00;\n", ("Total",)),
        (";;-3,00;7,00\n", ()),
        ("Total;;-3,00;\n;;7,00;\n", ()),
        ("", ()),
    ],
)
def test_how_the_lines_below_the_table_begin(last: str, words: tuple[str, ...]) -> None:
    assert guess((TABLE + last).encode()).end_words == words


def test_cents_that_no_amount_shows_are_asked_for() -> None:
    rows = ("13/11/2026|Coffee shop|-450|9550", "14/11/2026|Rent|-500|9050")
    assert doubts(guess("\n".join(rows).encode())) == ["cents-unsure"]


def test_the_number_of_an_account_is_no_description() -> None:
    rows = (
        "13/11/2026|0004-5678-9012-3456-78|Coffee|-4.50|95.50",
        "14/11/2026|0004-5678-9012-3456-78|Rent|-5.00|90.50",
    )
    found = guess("\n".join(rows).encode())
    assert found.columns["description"] == 2


def test_a_file_without_a_header() -> None:
    content = b"13/11/2026|Coffee shop|-4.50|95.50\n14/11/2026|Rent|-5.00|90.50\n"
    found = guess(content)
    assert found.layout == Layout(delimiter="|", columns=4)
    assert dict(found.columns) == {"date": 0, "description": 1, "amount": 2, "balance": 3}
    assert len(read_by(profile(found), content).rows) == 2


def test_fixed_widths_are_cut_where_every_line_has_blanks() -> None:
    content = (
        b"20261113  COFFEE SHOP        -4.50       95.50\n"
        b"20261114  RENT OF ROOM   -1,250.00   -1,154.50\n"
        b"20261115  PAY             2,000.00      845.50\n"
    )
    found = guess(content)
    assert (found.layout.delimiter, found.layout.columns) == ("", 4)
    assert dict(found.columns) == {"date": 0, "description": 1, "amount": 2, "balance": 3}
    assert found.sign is Sign.MINUS_OUT
    wider = content.replace(b"  -1,154.50", b"-111,154.50").replace(
        b"        -4.50", b"   -11,114.50"
    )
    read = read_by(profile(found), wider, places=2)
    assert not read.rejected
    assert [f"{row.amount:.2f}" for row in read.rows] == ["-11114.50", "-1250.00", "2000.00"]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty"),
        (b"PK\x03\x04", "binary"),
        (b"\0\1\2\3\4\5\6\7\x08", "binary"),
        (b"a;b;c\n" + b"x" * 70_000, "line-too-long"),
        # More columns than a profile can have: in the header, in each row, of fixed width.
        (b"a;" * 201 + b"\n2026-11-20;x;1\n", "too-many-columns"),
        ((b"2026-11-20;" * 201 + b"\n") * 2, "too-many-columns"),
        (b"ab  " * 201, "too-many-columns"),
    ],
)
def test_what_is_no_sample(content: bytes, code: str) -> None:
    with pytest.raises(UnreadableFile) as error:
        guess(content)
    assert error.value.code == code


@pytest.mark.parametrize(
    "content", [b"x", b"\n\n\nx y z", b"a;b;c\n;;\n", b"1,2,3\n4,5,6\n", b"Date,Amount,Balance\n"]
)
def test_what_tells_nothing_is_no_error(content: Any) -> None:
    assert not guess(content).orders
