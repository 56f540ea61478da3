"""Files that name accounts: which statement is used, what is kept, what is refused."""

from __future__ import annotations

import zlib
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from bankfeeds import importing, sealing
from bankfeeds.importing import CannotImport, Kind, pieces
from bankfeeds.intake.shape import Reason, UnreadableFile
from bankfeeds.models import BankTransaction, SourceAccount, Statement
from tests import support as portal
from tests.intake import bai_writer, camt_writer, json_writer, mt940_writer, xlsx_writer
from tests.intake.bai_writer import bai2
from tests.intake.camt_writer import camt
from tests.intake.ofx_writer import Account, Row, ofx

from .support import look, preview, save

pytestmark = pytest.mark.django_db

NUMBER, ROUTING, OTHER = "000123456789", "021000021", "555566667777"


def numbered(number: str = NUMBER, **changes: Any) -> SourceAccount:
    values = {"number_hash": sealing.number_hash(number), "number_last4": sealing.last4(number)}
    return portal.make_account(**{**values, "sort_code": ROUTING, **changes})


@pytest.fixture
def account(db: None) -> SourceAccount:
    return numbered()


def day() -> str:
    return f"{portal.today():%Y%m%d}"


def rows(*amounts: str, prefix: str = "T") -> list[Row]:
    return [Row(f"{prefix}{n}", day(), amount, f"Row {n}") for n, amount in enumerate(amounts, 1)]


def file(*accounts: Account) -> bytes:
    given = accounts or (Account(rows("250.00", "-40.25")),)
    return ofx(*(replace(each, as_of=day()) for each in given))


def with_pending(content: bytes) -> bytes:
    pending = b"<BANKTRANLISTP><STMTTRNP><TRNTYPE>POS<TRNAMT>-3.00<NAME>Bakery</STMTTRNP>"
    return content.replace(b"<LEDGERBAL>", pending + b"</BANKTRANLISTP><LEDGERBAL>", 1)


def test_the_statement_of_the_account_is_used(account: SourceAccount) -> None:
    other = Account(rows("9.99", prefix="OTHER"), number=OTHER)
    upload = look(account, file(other, Account(rows("250.00", "-40.25"))))
    found = preview(upload)
    assert (found.format, found.others, found.derived) == ("OFX", ("7777",), True)
    assert (found.opening, found.closing) == (Decimal("790.25"), Decimal("1000.00"))
    assert (found.new, found.bad, found.held_out) == (2, 0, 0)
    saved = save(upload)
    assert [row.transaction_id for row in BankTransaction.objects.order_by("id")] == ["T1", "T2"]
    assert (saved.rows_saved, saved.rows_rejected) == (2, 0)
    later = file(Account(rows("250.00", "-40.25", "-1.00"), balance="999.00"))
    assert (preview(look(account, later)).known, preview(look(account, later)).new) == (2, 1)


def test_what_is_pending_is_held_out_and_said(account: SourceAccount) -> None:
    upload = look(account, with_pending(file()))
    found = preview(upload)
    [held] = [entry for entry in found.entries if entry.kind is Kind.HELD_OUT]
    assert "pending" in held.words
    assert (found.held_out, found.new, held.is_problem) == (1, 2, True)
    saved = save(upload)
    assert (saved.rows_saved, saved.rows_rejected) == (2, 1)
    assert [entry["code"] for entry in saved.rejected] == ["pending"]
    assert [row.code for row in importing.bad_rows(saved)[1]] == ["pending"]


def test_numbers_and_other_accounts_are_not_kept(account: SourceAccount) -> None:
    other = Account([Row("OTHERS", day(), "9.99", "Their payer")], number=OTHER)
    upload = look(account, file(Account(rows("1.00")), other))
    kept = zlib.decompress(pieces.whole(upload))
    assert b"Row 1" in kept
    for gone in (NUMBER, OTHER, "OTHERS", "Their payer"):
        assert gone.encode() not in kept
    assert look(account, file(Account(rows("1.00")), other)) == upload


@pytest.mark.parametrize(
    ("given", "changes", "words"),
    [
        (Account(number=OTHER), {}, "not of this account (••6789). It is of: ••7777."),
        (Account(number=""), {}, "an account without a number"),
        (Account(routing="011000015"), {}, "another routing number than 021000021"),
        (Account(currency="CAD"), {}, "The statement is in CAD and this account is in USD."),
        (Account(), {"number_hash": ""}, "The number of this account is not known here"),
    ],
)
def test_a_file_of_another_account(given: Account, changes: dict[str, Any], words: str) -> None:
    given.rows = rows("1.00")
    with pytest.raises(CannotImport) as refused:
        look(numbered(**changes), file(given))
    assert words in str(refused.value)
    assert OTHER not in str(refused.value)
    assert not Statement.objects.exists()


@pytest.mark.parametrize("routing", ["067812345", "12345-678", "678", "0678-12345", ""])
def test_a_canadian_routing_number_in_each_way(routing: str) -> None:
    account = numbered(sort_code="12345-678", currency="CAD")
    content = file(Account(rows("1.00"), routing=routing, currency="CAD"))
    assert save(look(account, content)).rows_saved == 1


def test_a_number_is_the_same_with_spaces_and_dashes() -> None:
    account = numbered("12-34 56")
    assert save(look(account, file(Account(rows("1.00"), number="123456")))).rows_saved == 1


def test_days_are_said_in_words(account: SourceAccount) -> None:
    note = Reason("x", "of %(day)s", {"day": "2026-11-28"})
    assert importing.words_of(note) == "of Nov 28, 2026"


def test_two_statements_of_one_account_are_one(account: SourceAccount) -> None:
    first = Account(rows("1.00"), balance="11.00")
    second = Account([*rows("1.00"), *rows("2.00", prefix="U")], balance="13.00")
    found = preview(look(account, file(first, second)))
    assert (found.new, found.bad, found.movement.breaks) == (2, 1, 0)
    header, bad = importing.bad_rows(found.statement)
    assert header == ("entry",)
    [again] = bad
    assert again.code == "id-twice"
    assert again.cells == (again.raw,)


def test_bai2_and_camt_from_the_file_to_the_rows(account: SourceAccount) -> None:
    day = portal.today()
    bai = bai2(
        bai_writer.Account([bai_writer.row(195, 25_000, "Payer"), bai_writer.row(455, 5_000, "X")]),
        day=f"{day:%y%m%d}",
    )
    found = preview(look(account, bai))
    assert (found.format, found.totals_agree) == ("BAI2", True)
    assert (found.opening, found.closing) == (Decimal(800), Decimal(1000))
    saved = save(found.statement)
    assert (saved.rows_saved, NUMBER in str(saved.rejected)) == (2, False)
    assert (
        preview(
            look(
                account,
                bai2(
                    bai_writer.Account(number=OTHER),
                    bai_writer.Account(
                        [bai_writer.row(195, 25_000, "Payer"), bai_writer.row(455, 5_000, "X")]
                    ),
                    day=f"{day:%y%m%d}",
                ),
            )
        ).known
        == 2
    )  # the same rows in another file

    entry = camt_writer.Entry("C1", str(day), "200.00", "CRDT", "Payer")
    pending = replace(entry, id="", status="PDNG")
    content = camt(
        camt_writer.Account([replace(entry, id="C2")], number=OTHER),
        camt_writer.Account([entry, pending], opening="1000.00", closing="1200.00"),
        version=8,
    )
    found = preview(look(account, content))
    assert (found.format, found.others, found.held_out) == ("camt.053", ("7777",), 1)
    assert (found.new, found.opening_differs_by) == (1, Decimal(0))
    assert save(found.statement).rows_saved == 1
    assert BankTransaction.objects.order_by("-id")[0].balance == Decimal(1200)


def test_a_statement_that_does_not_add_up_is_refused(account: SourceAccount) -> None:
    entry = camt_writer.Entry("C1", str(portal.today()), "200.00", "CRDT", "Payer")
    with pytest.raises(UnreadableFile, match="give 1000.00, but it states") as refused:
        look(account, camt(camt_writer.Account([entry], closing="999.00")))
    assert "800.00" in importing.words_of(refused.value.reason)
    assert not Statement.objects.exists()


def test_rows_of_a_day_in_another_order_are_the_same_rows(account: SourceAccount) -> None:
    listed = rows("10.00", "-4.00", "2.00")
    save(look(account, file(Account(listed, balance="108.00"))))
    more = [*listed[::-1], Row("U1", day(), "1.00", "Later")]
    found = preview(look(account, file(Account(more, balance="109.00"))))
    assert (found.known, found.changed, found.new) == (3, 0, 1)
    assert found.opening_differs_by == 0
    changed = [replace(listed[0], amount="11.00"), *listed[1:]]
    assert preview(look(account, file(Account(changed, balance="109.00")))).changed == 1


def test_a_row_without_an_id_that_comes_in_other_words_is_no_new_one(
    account: SourceAccount,
) -> None:
    """Its id is made of its words: another one must not send it a second time."""

    def day_of(*texts: str) -> bytes:
        made = [bai_writer.row(195, 500, text) for text in texts]
        total = 80_000 + 500 * len(texts)
        return bai2(bai_writer.Account(made, closing=total), day=f"{portal.today():%y%m%d}")

    assert save(preview(look(account, day_of("Coffee", "Tea"))).statement).rows_saved == 2
    found = preview(look(account, day_of("Coffee shop", "Tea")))
    assert (found.new, found.known, found.changed) == (0, 1, 1)
    [entry] = [each for each in found.entries if each.kind == importing.Kind.CHANGED]
    assert "here already with another description" in entry.words
    # One more of the day, before the others.
    found = preview(look(account, day_of("Water", "Coffee", "Tea")))
    assert (found.new, found.known, found.changed) == (1, 2, 0)
    # One more, and one in other words: which is which a person must see, so neither goes.
    found = preview(look(account, day_of("Water", "Coffee shop", "Tea")))
    assert (found.new, found.known, found.changed) == (0, 1, 2)


def test_json_from_the_file_to_the_rows(account: SourceAccount) -> None:
    day = str(portal.today())
    entry = json_writer.entry("J1", day, "200.00", "Payer", balance="1000.00")
    pending = json_writer.entry("J2", day, "-1.00", "Tea", status="pending")
    content = json_writer.json_batch(
        json_writer.Account([entry], number=OTHER), json_writer.Account([entry, pending])
    )
    found = preview(look(account, content))
    assert (found.format, found.others, found.held_out) == ("JSON", ("7777",), 1)
    assert (found.new, found.derived) == (1, False)
    assert save(found.statement).rows_saved == 1
    assert NUMBER.encode() not in zlib.decompress(pieces.whole(found.statement))


def test_mt940_from_the_file_to_the_rows(account: SourceAccount) -> None:
    day = f"{portal.today():%y%m%d}"
    entry = mt940_writer.Entry(day, "C", "200,00", "Payer")
    expected = mt940_writer.Entry(day, "EC", "3,00", "Tea")
    content = mt940_writer.mt940(
        mt940_writer.Account([entry], number=OTHER), mt940_writer.Account([entry, expected])
    )
    found = preview(look(account, content))
    assert (found.format, found.others, found.held_out) == ("MT940", ("7777",), 1)
    assert (found.new, found.closing) == (1, Decimal(1000))
    assert save(found.statement).rows_saved == 1
    assert preview(look(account, content + b"\r\n")).known == 1


def test_excel_from_the_file_to_the_rows(account: SourceAccount) -> None:
    day = str(portal.today())
    good = ["T1", day, "Payer", xlsx_writer.number("200"), xlsx_writer.number("1000")]
    content = xlsx_writer.workbook(xlsx_writer.HEADER, good, ["T2", "no day", "x", "1", "2"])
    upload = look(account, content)
    found = preview(upload)
    assert (found.new, found.bad, found.derived) == (1, 1, False)
    header, bad = importing.bad_rows(upload)
    assert header == tuple(xlsx_writer.HEADER)
    assert [(row.line, row.code) for row in bad] == [(3, "date-format")]
    assert save(upload, leave_out_bad=True).rows_saved == 1
