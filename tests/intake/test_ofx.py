"""OFX and QFX: the corpus, what is written is read back, hostile files."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from ofxtools.Parser import OFXTree

from bankfeeds.intake.cells import CONTROLS
from bankfeeds.intake.layouts import is_utf8_otherwise
from bankfeeds.intake.ofx import read_ofx
from bankfeeds.intake.profile import Encoding
from bankfeeds.intake.recognise import Format, recognise
from bankfeeds.intake.shape import Statement, UnreadableFile

from .corpus import HERE, Outcome, files, outcome
from .fuzz import fuzz
from .ofx_writer import Account, Row, ofx, row_of
from .test_properties import clock_of

THREE = "T1 18 250.00 1050.00, T2 19 -40.25 1009.75, T3 20 -9.75 1000.00"
EXPECTED: dict[str, list[Outcome]] = {
    "clean.ofx": [Outcome(THREE)],
    "clean.qfx": [Outcome(THREE)],
    "clean-2.ofx": [Outcome(THREE)],
    "one-line.ofx": [Outcome(THREE)],
    "card.ofx": [Outcome("T1 18 250.00 -260.00, T2 19 -40.25 -300.25, T3 20 -9.75 -310.00")],
    "two-accounts.ofx": [Outcome(THREE), Outcome("T1 20 5.00 5.00")],
    "duplicate.ofx": [Outcome(THREE, bad="44 id-twice")],
    "repeated-id.ofx": [
        Outcome("T1 18 250.00 1041.25, T2 19 -40.25 1001.00", bad="37 id-twice"),
    ],
    "gap.ofx": [Outcome("T3 20 -9.75 1000.00", bad="23 balance-unsure, 30 id-missing")],
    "reversed-sign.ofx": [Outcome(bad="23 sign-contradicts, 30 sign-contradicts")],
    "uncleared.ofx": [Outcome(THREE, held="47 pending")],
    "future-date.ofx": [Outcome(f"{THREE}, T4 2099-12-31 -1.00 999.00", notes="balance-earlier")],
    "eight-days-old.ofx": [Outcome(f"T0 12 -1.00 800.00, {THREE}")],
    "unordered.ofx": [
        Outcome("T3 20 -9.75 1000.00, T1 18 250.00 1050.00, T2 19 -40.25 1009.75"),
    ],
    "newest-first.ofx": [
        Outcome("T3 20 -9.75 1000.00, T2 19 -40.25 1009.75, T1 18 250.00 1050.00"),
    ],
    "1001-rows.ofx": [Outcome("N0 20 -1.00 2000.00, ..., N1000 20 -1.00 1000.00")],
    "no-balance.ofx": [
        Outcome("T1 18 250.00 250.00, T2 19 -40.25 209.75, T3 20 -9.75 200.00", from_zero=True)
    ],
    "broken-balance.ofx": [Outcome(refused="exponent")],
    "wrong-amounts.ofx": [
        Outcome(
            "T3 20 -9.75 1000.00",
            bad="23 exponent, 30 not-a-number, 37 thousands-separator, 44 thousands-separator,"
            " 51 minus-elsewhere, 58 too-many-decimals, 65 amount-missing, 72 minus-elsewhere",
        )
    ],
    "odd-amounts.ofx": [
        Outcome("A 19 0.00 1009.40, B 19 -12.50 996.90, C 20 3.10 1000.00"),
    ],
    "windows-1252.ofx": [Outcome("T1 18 -4.50 1000.00")],
    "utf-8-said-1252.ofx": [Outcome("T1 18 -4.50 1000.00", notes="encoding-other")],
    "wrong-encoding.ofx": [Outcome(refused="encoding-stated")],
    "clock-change.ofx": [
        Outcome(
            "T1 01 -1.00 1003.00, T2 01 -1.00 1002.00, T3 01 -1.00 1001.00, T4 01 -1.00 1000.00"
        )
    ],
    "truncated.ofx": [Outcome(refused="truncated")],
    "entities.ofx": [Outcome(refused="xml-declares")],
    "other-currency.ofx": [
        Outcome(
            bad="23 balance-unsure, 30 balance-unsure, 37 balance-unsure, 44 other-currency",
        )
    ],
    "correction.ofx": [Outcome(THREE, bad="44 correction")],
}


@pytest.mark.parametrize("file", files("ofx"), ids=lambda file: file.name)
def test_the_corpus(file: Any) -> None:
    assert outcome(file) == EXPECTED[file.name]


def only(content: bytes) -> Statement:
    [statement] = read_ofx(content, places=2)
    return statement


def test_the_account_as_the_file_states_it() -> None:
    statement = only(ofx(Account([Row("T1", "20261120", "1.00", "Coffee")])))
    assert statement.account is not None
    stated = (statement.account.number, statement.account.routing, statement.account.currency)
    assert stated == ("000123456789", "021000021", "USD")
    assert "123456789" not in repr(statement)
    assert (statement.derived, statement.closing) == (True, Decimal("1000.00"))
    assert statement.totals_agree is None


def test_what_an_entry_says() -> None:
    more = "<CHECKNUM>1042\n<MEMO>Two &amp; a half\n"
    rows = [
        Row("T1", "20261120", "-1.00", "A & B", "SRVCHG", more=more),
        Row("T2", "20261120", "-1.00", "", "CHECK", more="<CHECKNUM>1043\n"),
        Row("T3", "20261120", "-1.00", "", "DEBIT", more="<PAYEE>\n<NAME>Shop\n</PAYEE>\n"),
        Row("T4", "20261120", "-1.00", "", "NEW", more="<MEMO><![CDATA[5 < 6]]>\n<SIC>\n"),
    ]
    read = only(ofx(Account(rows)))
    assert [(row.description, row.transaction_type) for row in read.rows] == [
        ("A & B Two & a half", "SerChg"),
        ("CHECK 1043", "Check"),
        ("Shop", "Debit"),
        ("5 < 6", ""),
    ]


def test_a_balance_of_an_earlier_and_of_a_later_day() -> None:
    rows = [Row("T1", "20261118", "10.00", "a"), Row("T2", "20261120", "5.00", "b")]
    earlier = only(ofx(Account(rows, balance="100.00", as_of="20261119")))
    assert [row.balance for row in earlier.rows] == [Decimal(100), Decimal(105)]
    content = ofx(Account(rows, as_of="20261125"))
    assert [note.code for note in only(content).notes] == ["balance-later"]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty"),
        (b"OFXHEADER:100\n\n", "no-statement"),
        (b"<OFX>", "truncated"),
        (b"<OFX></OFX>", "no-statement"),
        (b"<OFX>" + b"<A>" * 10_000, "too-deep"),
        (b"<OFX>" + b"<" * 1_000_000, "truncated"),
        (b"<OFX>" + b" " * 10_000_000 + b"</OFX>", "no-statement"),
        (b"OFXHEADER:100\n<OFX><STMTRS>\n\0</STMTRS></OFX>", "nul-byte"),
        (b"<!DOCTYPE OFX SYSTEM 'x'><OFX></OFX>", "xml-declares"),
        (b"<OFX><STMTRS></OFX>", "damaged"),
        (b"<OFX><!--", "truncated"),
        (b"<OFX>" + b"<A></A>" * 100_000, "too-many-tags"),
        ("<OFX></OFX>".encode("utf-16"), "encoding"),
        # Of several files in one the others would be lost without a word.
        ((HERE / "ofx" / "clean.ofx").read_bytes() * 2, "more-behind-end"),
        ((HERE / "ofx" / "clean.ofx").read_bytes() + b"\n<STMTTRN>", "more-behind-end"),
        (b"<OFX></OFX>\r\n\x1a", "no-statement"),
    ],
)
def test_hostile_files(content: bytes, code: str) -> None:
    with pytest.raises(UnreadableFile) as refused:
        read_ofx(content)
    assert refused.value.code == code
    assert refused.value.words


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"</STMTTRN>\n<STMTTRN>", b""),  # two entries in one would lose one of them
        (b"</STMTTRN>", b""),
        (b"<STMTTRN>", b"<STMTTRX>"),
        (b"<STMTTRN>", b"<STMTTRN>x"),
        (b"<LEDGERBAL>", b"<LEDGERBAL><BALAMT>1.00</LEDGERBAL><LEDGERBAL>"),
        (b"<ACCTID>", b"<ACCTID>1\n<ACCTID>"),
        (b"<TRNAMT>2", b"<TRNAMT>1<!-- -->2"),
    ],
)
def test_no_entry_vanishes_in_a_damaged_file(before: bytes, after: bytes) -> None:
    content = (HERE / "ofx/clean.ofx").read_bytes().replace(b"\r\n", b"\n")
    assert before in content
    damaged = content.replace(before, after, 1)
    try:
        statement = only(damaged)
    except UnreadableFile as refused:
        assert refused.code == "damaged"
        return
    assert [bad.code for bad in statement.rejected if bad.code != "balance-unsure"] == [
        "value-twice"
    ]


def test_it_is_recognised_by_what_is_in_it() -> None:
    row = Row("T1", "20261120", "1.00", "Coffee")
    for content in (ofx(Account([row])), ofx(Account([row]), xml=True)):
        assert recognise(content) is Format.OFX
        assert recognise(b"\xef\xbb\xbf\r\n" + content) is Format.OFX
    assert recognise(b"id,date,description,amount,balance\n1,2026-11-20,<OFX>,1,1") is Format.CSV
    for other in (b"<html><body>Sign in</body></html>", b"<?xml version='1.0'?><a/>"):
        with pytest.raises(UnreadableFile) as refused:
            recognise(other)
        assert refused.value.code == "markup-unknown"


names = (
    st.text(st.characters(codec="cp1252", exclude_characters="<>"), min_size=1, max_size=40)
    .map(lambda text: " ".join(text.split()))
    .filter(lambda text: text and text.isprintable() and not CONTROLS.search(text))
)
written_rows = st.lists(
    st.tuples(
        names,
        st.dates(dt.date(1990, 1, 1), dt.date(2100, 1, 1)),
        st.decimals(min_value=-(10**9), max_value=10**9, places=2),
        names,
    ),
    min_size=1,
    max_size=12,
    unique_by=lambda row: row[0],
)


@given(written_rows, st.booleans(), st.sampled_from(["utf-8", "cp1252"]))
@settings(max_examples=60, deadline=None)
def test_what_was_written_is_read_back(rows: list[Any], xml: bool, encoding: str) -> None:
    encoding = "utf-8" if xml else encoding
    account = Account([row_of(*row) for row in rows], balance="12.34", as_of="21500101")
    content = ofx(account, xml=xml, encoding=encoding)
    # What happens to be UTF-8 is read as that, whatever the file says.
    assume(encoding == "utf-8" or not is_utf8_otherwise(content, Encoding.WINDOWS))
    read = only(content)
    assert not read.rejected
    found = [(row.transaction_id, row.date, row.amount, row.description) for row in read.rows]
    assert found == [(key, day, amount, name) for key, day, amount, name in rows]
    assert sum(row.amount for row in read.rows) == sum(amount for _, _, amount, _ in rows)
    balances = sorted(read.rows, key=lambda row: row.date)
    assert any(row.balance == Decimal("12.34") for row in balances)


@pytest.mark.parametrize("zone", ["UTC", "America/St_Johns", "Pacific/Kiritimati"])
def test_a_date_is_the_same_day_in_every_zone(zone: str) -> None:
    with clock_of(zone):
        read = only((HERE / "ofx/clock-change.ofx").read_bytes())
    assert {row.date for row in read.rows} == {dt.date(2026, 11, 1)}


@pytest.mark.parametrize("name", ["clean.ofx", "clean-2.ofx", "card.ofx", "newest-first.ofx"])
def test_another_reader_finds_the_same(name: str) -> None:
    file = HERE / "ofx" / name
    other = OFXTree()
    other.parse(str(file))
    [theirs] = other.convert().statements
    ours = only(file.read_bytes())
    assert [(row.transaction_id, row.amount, row.description) for row in ours.rows] == [
        (each.fitid, each.trnamt, each.name) for each in theirs.transactions
    ]
    assert ours.closing == theirs.balance.balamt
    assert ours.account is not None
    assert ours.account.number == theirs.account.acctid


def test_mutated_files() -> None:
    assert fuzz("ofx", 400) > 20
