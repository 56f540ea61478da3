"""camt.053: the corpus, every version, what is written is read back, hostile XML."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bankfeeds.intake.camt import NO_REFERENCE, read_camt
from bankfeeds.intake.cells import CONTROLS
from bankfeeds.intake.recognise import Format, recognise
from bankfeeds.intake.shape import Statement, UnreadableFile

from .camt_writer import Account, Entry, camt, details
from .corpus import HERE, Outcome, files, outcome
from .fuzz import fuzz
from .test_properties import clock_of

THREE = "T1 18 250.00 1050.00, T2 19 -40.25 1009.75, T3 20 -9.75 1000.00"
EXPECTED: dict[str, list[Outcome]] = {
    "1001-rows.xml": [Outcome("N0 20 -1.00 2000.00, ..., N1000 20 -1.00 1000.00")],
    "batch.xml": [Outcome(THREE)],
    "broken-balance.xml": [Outcome(refused="balance-broken")],
    "clean-02.xml": [Outcome(THREE)],
    "clean-03.xml": [Outcome(THREE)],
    "clean-04.xml": [Outcome(THREE)],
    "clean-05.xml": [Outcome(THREE)],
    "clean-06.xml": [Outcome(THREE)],
    "clean-07.xml": [Outcome(THREE)],
    "clean-08.xml": [Outcome(THREE)],
    "clock-change.xml": [Outcome("T1 01 100.00 900.00, T2 01 50.00 950.00, T3 01 50.00 1000.00")],
    "closing-only.xml": [Outcome(THREE)],
    "dtd.xml": [Outcome(refused="xml-declares")],
    "duplicate.xml": [Outcome(THREE, bad="25 id-twice")],
    "eight-days-old.xml": [
        Outcome("T1 12 250.00 1050.00, T2 19 -40.25 1009.75, T3 20 -9.75 1000.00")
    ],
    "entities.xml": [Outcome(refused="xml-declares")],
    "future-date.xml": [
        Outcome("T1 18 250.00 1050.00, T2 19 -40.25 1009.75, T3 2099-12-31 -9.75 1000.00")
    ],
    "gap.xml": [Outcome(bad="10 balance-unsure, 15 date-format, 20 balance-unsure")],
    "intraday.xml": [Outcome(refused="camt-other")],
    "latin-1.xml": [Outcome("T1 18 250.00 1050.00")],
    "minus.xml": [Outcome("T1 18 250.00 1050.00, T3 20 -9.75 1000.00", bad="15 sign-unclear")],
    "newest-first.xml": [
        Outcome("T3 20 -9.75 1000.00, T2 19 -40.25 1009.75, T1 18 250.00 1050.00")
    ],
    "no-balance.xml": [
        Outcome("T1 18 250.00 250.00, T2 19 -40.25 209.75, T3 20 -9.75 200.00", from_zero=True)
    ],
    "no-reference.xml": [
        Outcome("T1 18 250.00 1050.00, made 19 -40.25 1009.75, made 20 -9.75 1000.00")
    ],
    "one-line.xml": [Outcome(THREE)],
    "other-currency.xml": [
        Outcome("T1 18 250.00 1050.00, T3 20 -9.75 1000.00", bad="15 other-currency")
    ],
    "overdrawn.xml": [Outcome("T1 18 250.00 40.00, T2 19 -40.25 -0.25, T3 20 -9.75 -10.00")],
    "prefixed.xml": [Outcome(THREE)],
    "reversal.xml": [Outcome(f"{THREE}, T4 20 40.25 1040.25")],
    "reversed-sign.xml": [Outcome(refused="balance-broken")],
    "truncated.xml": [Outcome(refused="damaged-xml")],
    "two-accounts.xml": [Outcome(THREE), Outcome("T1 20 5.00 5.00")],
    "uncleared.xml": [Outcome(THREE, bad="35 status-unknown", held="25 pending, 30 not-booked")],
    "unordered.xml": [Outcome("T3 20 -9.75 1000.00, T1 18 250.00 1050.00, T2 19 -40.25 1009.75")],
    "version-13.xml": [Outcome(refused="camt-other")],
    "wrong-amounts.xml": [
        Outcome(
            bad="10 exponent, 15 not-a-number, 20 thousands-separator, 25 minus-elsewhere,"
            " 30 too-many-decimals, 35 sign-unclear, 40 amount-missing"
        )
    ],
    "wrong-batch.xml": [Outcome("T2 19 -40.25 1009.75, T3 20 -9.75 1000.00", bad="10 batch-total")],
    "wrong-count.xml": [Outcome(refused="control-count")],
    "wrong-encoding.xml": [Outcome(refused="damaged-xml")],
}


def without_made_ids(found: Outcome) -> Outcome:
    rows = [
        entry if len(entry.partition(" ")[0]) < 32 else f"made {entry.partition(' ')[2]}"
        for entry in found.rows.split(", ")
    ]
    return found._replace(rows=", ".join(rows))


@pytest.mark.parametrize("file", files("camt"), ids=lambda file: file.name)
def test_the_corpus(file: Any) -> None:
    assert [without_made_ids(each) for each in outcome(file)] == EXPECTED[file.name]


def only(content: bytes) -> Statement:
    [statement] = read_camt(content, places=2)
    return statement


COFFEE = Entry("T1", "2026-11-20", "200.00", "CRDT", "Coffee")


def test_what_a_statement_says() -> None:
    statement = only(camt(Account([COFFEE], count=1)))
    assert statement.account is not None
    stated = (statement.account.number, statement.account.routing, statement.account.currency)
    assert stated == ("000123456789", "021000021", "USD")
    assert (statement.opening, statement.closing) == (Decimal(800), Decimal(1000))
    assert (statement.derived, statement.totals_agree) == (True, True)
    assert only(camt(Account([COFFEE]))).totals_agree is None


def test_a_single_payment_is_described_by_who_and_what_for() -> None:
    payment = (
        "<NtryDtls><TxDtls><RltdPties><Dbtr><Nm>Payer &amp; Co</Nm></Dbtr>"
        "<DbtrAcct><Id><IBAN>DE00SECRET</IBAN></Id></DbtrAcct></RltdPties>"
        "<RmtInf><Ustrd>Invoice</Ustrd><Ustrd>17</Ustrd></RmtInf></TxDtls></NtryDtls>"
    )
    content = camt(Account([Entry("T1", "2026-11-20", "200.00", "CRDT", "x", more=payment)]))
    [line] = only(content).rows
    assert (line.description, line.transaction_type) == ("Payer & Co Invoice 17", "Credit")
    assert "SECRET" not in line.raw
    [batch] = only(
        camt(
            Account(
                [
                    Entry(
                        "T1",
                        "2026-11-20",
                        "200.00",
                        "CRDT",
                        "2 payments",
                        more=details([("150.00", "CRDT"), ("50.00", "CRDT")]),
                    )
                ]
            )
        )
    ).rows
    assert (batch.description, batch.amount) == ("2 payments", Decimal(200))


@pytest.mark.parametrize(
    ("before", "after", "code"),
    [
        (b"<Ntry>", b"<Ntrx>", "damaged-xml"),
        (b"</Ntry>", b"", "damaged-xml"),
        (b"</Ntry>", b"<a/>" * 100_000 + b"</Ntry>", "too-many-tags"),
        (b"<Stmt>", b"<Stmt><Acct></Acct>", "damaged-xml"),
        (b"<Ntry>", b"<Ntry>" + b"<a>" * 10_000, "too-deep"),
        (b"</Stmt>", b"</Stmt>" + b" " * 10_000_000 + b"<", "damaged-xml"),
        (b"Coffee", b"\0", "damaged-xml"),
        (b"Coffee", b"&unknown;", "damaged-xml"),
        (b"UTF-8", b"no-such", "damaged-xml"),
        (b"<Document", b"<!DOCTYPE x><Document", "xml-declares"),
        (b"CLBD", b"OPBD", "damaged-xml"),
        (b"1000.00</Amt>", b"1e999</Amt>", "exponent"),
        (b"Stmt>", b"Other>", "no-statement"),
    ],
)
def test_hostile_files(before: bytes, after: bytes, code: str) -> None:
    content = camt(Account([COFFEE]))
    assert before in content
    many = -1 if code == "no-statement" else 1
    with pytest.raises(UnreadableFile) as refused:
        read_camt(content.replace(before, after, many), places=2)
    assert (refused.value.code, bool(refused.value.words)) == (code, True)


def test_a_long_text_costs_no_more_than_its_length() -> None:
    content = camt(Account([COFFEE])).replace(b"Coffee", b"x\n" * 2_000_000)
    statement = only(content)
    assert [bad.code for bad in statement.rejected] == ["description-too-long"]


def test_it_is_recognised_by_what_is_in_it() -> None:
    assert recognise(b"\xef\xbb\xbf" + camt(Account([COFFEE]))) is Format.CAMT
    assert recognise(camt(Account([COFFEE]), prefix="n:", version=8)) is Format.CAMT


# As an id, a word for "none" would be no id.
texts = (
    st.text(st.characters(codec="utf-8", exclude_categories=["C"]), min_size=1, max_size=40)
    .map(lambda text: " ".join(text.split()))
    .filter(lambda text: text and text.isprintable() and not CONTROLS.search(text))
    .filter(lambda text: text not in NO_REFERENCE)
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


@given(written_rows, st.integers(2, 8), st.booleans())
@settings(max_examples=60, deadline=None)
def test_what_was_written_is_read_back(rows: list[Any], version: int, prefixed: bool) -> None:
    total = sum((row[2] for row in rows), Decimal(0))
    entries = [
        Entry(key, str(day), f"{abs(amount):f}", "DBIT" if amount < 0 else "CRDT", text)
        for key, day, amount, text in rows
    ]
    account = Account(entries, opening="0.00", closing=f"{total:f}")
    read = only(camt(account, version=version, prefix="n:" if prefixed else ""))
    assert (read.refused, read.rejected) == (None, [])
    found = [(row.transaction_id, row.date, row.amount, row.description) for row in read.rows]
    assert found == rows
    assert sum(row.amount for row in read.rows) == total


@pytest.mark.parametrize("zone", ["UTC", "America/St_Johns", "Pacific/Kiritimati"])
def test_a_date_is_the_same_day_in_every_zone(zone: str) -> None:
    with clock_of(zone):
        read = only((HERE / "camt/clock-change.xml").read_bytes())
    assert {line.date for line in read.rows} == {dt.date(2026, 11, 1)}


@pytest.mark.parametrize("written", ["2026-11-20Z", "2026-11-20-05:00", "2026-11-20+14:00"])
def test_a_zone_behind_a_day_moves_it_nowhere(written: str) -> None:
    content = camt(Account([COFFEE]))
    statement = only(
        content.replace(b"<BookgDt><Dt>2026-11-20<", f"<BookgDt><Dt>{written}<".encode())
    )
    assert [row.date for row in statement.rows] == [dt.date(2026, 11, 20)]


def test_mutated_files() -> None:
    assert fuzz("camt", 400) > 5
