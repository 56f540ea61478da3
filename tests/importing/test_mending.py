"""Bad rows, taken out, mended and uploaded again: lines of their file, each once."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from decimal import Decimal

import pytest
from django.utils import timezone

from bankfeeds import importing
from bankfeeds.importing import CannotImport, CannotUndo, FileKnown, Kind
from bankfeeds.intake.mended import COLUMNS, file_mark
from bankfeeds.intake.shape import UnreadableFile
from bankfeeds.models import BankTransaction, SourceAccount, Statement
from tests import support as portal
from tests.intake.ofx_writer import Account, Row
from tests.intake.support import file_of
from tests.intake.xlsx_writer import workbook

from .support import BY, csv_of, look, preview, save
from .test_formats import file, numbered, rows
from .test_profiles import day, make


@pytest.fixture
def account(db: None) -> SourceAccount:
    return portal.make_account()


def a_day() -> bytes:
    """1000.00 before; lines 3 and 5 are bad."""
    on = portal.today()
    return file_of(
        f"A,{on},Rent,-100.00,900.00",
        f"B,{on},Sale,50;00,950.00",
        f"C,{on},Fee,-1.00,949.00",
        f"D,{on},Sale,NaN,999.00",
    )


def rows_of_list(upload: Statement) -> list[list[str]]:
    """As they are handed out: line, code, reason, file and the columns of the file."""
    header, bad = importing.bad_rows(upload)
    mark = file_mark((upload.mends or upload).sha256)
    return [
        [*COLUMNS, *header],
        *([str(each.line), each.code, "why", mark, *each.cells] for each in bad),
    ]


def mended(
    upload: Statement, change: Mapping[int, Mapping[str, str]], *, separator: str = ","
) -> bytes:
    """The list with other cells, by line and column."""
    header, *rows = rows_of_list(upload)
    for row in rows:
        for name, value in change.get(int(row[0]), {}).items():
            row[header.index(name)] = value
    out = io.StringIO()
    csv.writer(out, delimiter=separator).writerows([header, *rows])
    return out.getvalue().encode("utf-8-sig")


def both(upload: Statement) -> bytes:
    return mended(upload, {3: {"amount": "50.00"}, 5: {"amount": "50.00"}})


def here(account: SourceAccount) -> list[tuple[str, int, Decimal]]:
    rows = account.transactions.in_feed_order()
    return [(row.transaction_id, row.line, row.balance) for row in rows]


WHOLE = [
    ("A", 2, Decimal("900.00")),
    ("B", 3, Decimal("950.00")),
    ("C", 4, Decimal("949.00")),
    ("D", 5, Decimal("999.00")),
]


def test_before_the_first_file_was_saved_they_are_saved_together(account: SourceAccount) -> None:
    first = look(account, a_day())
    upload = look(account, both(first), name="day-bad-rows.csv")
    found = preview(upload)
    assert (found.new, found.bad, found.closing) == (4, 0, Decimal("999.00"))
    assert not found.movement.breaks
    assert found.mended == {Kind.NEW: 2}
    assert [entry.line for entry in found.entries if entry.is_mended] == [3, 5]
    saved = save(upload)
    assert here(account) == WHOLE
    first.refresh_from_db()
    assert (first.state, first.rows_saved, first.rows_rejected) == ("saved", 2, 2)
    assert (saved.rows_saved, saved.rows_known, saved.rows_rejected) == (2, 0, 0)
    assert importing.mended_lines(first) == {3, 5}
    with pytest.raises(FileKnown):
        look(account, a_day())


def test_after_the_first_file_was_saved_only_they_come_in(account: SourceAccount) -> None:
    first = save(look(account, a_day()), leave_out_bad=True)
    upload = look(account, both(first))
    found = preview(upload)
    assert (found.new, found.known, found.closing) == (2, 2, Decimal("999.00"))
    saved = save(upload)
    assert (saved.rows_saved, saved.rows_known, saved.rows_rejected) == (2, 0, 0)
    assert sorted(here(account)) == WHOLE
    first.refresh_from_db()
    assert (first.rows_saved, first.rows_rejected) == (2, 2)
    with pytest.raises(FileKnown):
        look(account, both(first))


def test_what_is_still_wrong_is_listed_and_can_be_mended_again(account: SourceAccount) -> None:
    first = save(look(account, a_day()), leave_out_bad=True)
    half = look(account, mended(first, {3: {"amount": "50.00"}, 5: {"amount": "fifty"}}))
    found = preview(half)
    assert (found.mended[Kind.NEW], found.still_wrong) == (1, 1)
    [bad] = [entry for entry in found.entries if entry.kind is Kind.BAD]
    assert (bad.line, "fifty" in bad.words) == (5, True)
    save(half, leave_out_bad=True)
    # The list of the first file, with more of it mended; and what is here in other words.
    again = look(
        account,
        mended(first, {3: {"amount": "51.00", "id": "Z"}, 5: {"amount": "50.00"}}),
    )
    assert preview(again).mended == {Kind.KNOWN: 1, Kind.NEW: 1}
    assert save(again).rows_saved == 1
    assert sorted(here(account)) == WHOLE


def test_the_list_of_a_list(account: SourceAccount) -> None:
    first = save(look(account, a_day()), leave_out_bad=True)
    half = save(look(account, mended(first, {3: {"amount": "50.00"}})), leave_out_bad=True)
    assert [row[0] for row in rows_of_list(half)[1:]] == ["5"]
    save(look(account, mended(half, {5: {"amount": "50.00"}})))
    assert sorted(here(account)) == WHOLE


@pytest.mark.parametrize("separator", [";", "\t"])
def test_as_a_spreadsheet_saves_it(account: SourceAccount, separator: str) -> None:
    first = save(look(account, a_day()), leave_out_bad=True)
    change = {3: {"amount": "50.00"}, 5: {"amount": "50.00"}}
    save(look(account, mended(first, change, separator=separator)))
    assert sorted(here(account)) == WHOLE


def test_as_a_workbook(account: SourceAccount) -> None:
    first = save(look(account, a_day()), leave_out_bad=True)
    header, *rows = rows_of_list(first)
    for row in rows:
        row[header.index("amount")] = "50.00"
    save(look(account, workbook(header, *rows)))
    assert sorted(here(account)) == WHOLE


def test_a_file_read_by_a_profile_is_mended_by_it(account: SourceAccount) -> None:
    make()
    first = save(
        look(account, day("Loyer;-100,00;900,00", "Vente;5O,00;950,00")), leave_out_bad=True
    )
    [_header, [line, *_rest]] = rows_of_list(first)
    save(look(account, mended(first, {int(line): {"Montant": "50,00"}})))
    rows = account.transactions.in_feed_order()
    assert [(row.line, row.amount, row.statement.mends) for row in rows] == [
        (4, Decimal("-100.00"), None),
        (5, Decimal("50.00"), first),
    ]


def test_two_people_mend_the_same_row(account: SourceAccount) -> None:
    first = save(look(account, a_day()), leave_out_bad=True)
    one = look(account, mended(first, {3: {"amount": "50.00"}}))
    two = look(account, mended(first, {3: {"amount": "50.00", "id": "B2"}, 5: {"amount": "50.00"}}))
    save(one, leave_out_bad=True)
    with pytest.raises(CannotImport, match="Meanwhile somebody changed"):
        save(two)
    assert BankTransaction.objects.count() == 3


def test_the_first_import_was_taken_back_meanwhile(account: SourceAccount) -> None:
    first = save(look(account, a_day()), leave_out_bad=True)
    upload = look(account, both(first))
    importing.undo(first, reason="wrong", by=BY, now=timezone.now())
    with pytest.raises(CannotImport, match="Meanwhile somebody changed"):
        save(upload)
    with pytest.raises(CannotImport, match="no longer here"):
        look(account, both(first))
    assert not BankTransaction.objects.exists()


def test_mended_rows_are_taken_back_before_their_file(account: SourceAccount) -> None:
    first = save(look(account, a_day()), leave_out_bad=True)
    upload = save(look(account, both(first)))
    with pytest.raises(CannotUndo, match="were mended and imported with"):
        importing.undo(first, reason="wrong", by=BY, now=timezone.now())
    importing.undo(upload, reason="wrong", by=BY, now=timezone.now())
    assert [name for name, _line, _balance in here(account)] == ["A", "C"]
    importing.undo(first, reason="wrong", by=BY, now=timezone.now())
    assert not BankTransaction.objects.exists()


def test_an_upload_that_is_cancelled_takes_its_mended_rows_along(account: SourceAccount) -> None:
    first = look(account, a_day())
    look(account, both(first))
    assert importing.discard(first, by=BY, now=timezone.now())
    assert not Statement.objects.exists()


def test_lists_that_are_none_of_this(account: SourceAccount) -> None:
    first = save(look(account, a_day()), leave_out_bad=True)
    header, one, two = rows_of_list(first)
    other = [*one]
    other[3] = file_mark("0" * 64)

    def upload(*rows: list[str]) -> None:
        look(account, "\n".join(",".join(row) for row in rows).encode())

    def refused(*rows: list[str]) -> str:
        with pytest.raises((UnreadableFile, CannotImport)) as error:
            upload(*rows)
        return str(error.value)

    assert "Line 2 of day.csv is not one of its bad rows" in refused(header, ["2", *one[1:]])
    assert "once more" in refused(header, one, one)
    assert "which line of the first file" in refused(header, ["", *one[1:]])
    assert "which file it is of" in refused(header, [*one[:3], "", *one[4:]])
    assert "more than one file" in refused(header, other, two)
    assert "no longer here" in refused(header, other)
    assert "columns of this list" in refused([*header[:4], "other", *header[5:]], one)
    assert "no rows" in refused(header)


def test_another_account_s_list_names_that_account(account: SourceAccount) -> None:
    first = save(look(account, a_day()), leave_out_bad=True)
    with pytest.raises(CannotImport, match="which is of") as refused:
        look(portal.make_account(), both(first))
    assert str(account) in str(refused.value)


def test_a_file_that_is_no_table_is_mended_at_its_source(db: None) -> None:
    account = numbered()
    upload = look(account, file(Account([*rows("1.00"), Row("T2", "2026-13-40", "1.00", "x")])))
    with pytest.raises(CannotImport, match="is no table"):
        look(account, mended(upload, {}))


def test_a_row_that_comes_late_into_its_day_stands_where_it_happened(
    account: SourceAccount,
) -> None:
    on = portal.today()
    lines = [f"A,{on},x,-1.00,9.00", f"B,{on},x,5.00,14.00", f"C,{on},x,-2.00,12.00"]
    one = save(look(account, file_of(lines[0], lines[2])))
    two = save(look(account, file_of(*lines)))
    found = [(name, balance) for name, _line, balance in here(account)]
    assert found == [("A", Decimal(9)), ("B", Decimal(14)), ("C", Decimal(12))]
    assert [row.statement for row in account.transactions.in_feed_order()] == [one, two, one]
    assert (one.rows_saved, two.rows_saved, two.rows_known) == (2, 1, 2)


@pytest.mark.parametrize("then", ["in a push", "another file"])
def test_a_day_of_which_something_went_on_stays_as_it_is(account: SourceAccount, then: str) -> None:
    first = save(look(account, a_day()), leave_out_bad=True)
    if then == "in a push":
        portal.make_push(account, [account.transactions.get(transaction_id="C")])
    else:
        save(look(account, csv_of(["1.00"], opening="949.00")))
    before = set(account.transactions.values_list("pk", "transaction_id"))
    save(look(account, both(first)))
    assert before < set(account.transactions.values_list("pk", "transaction_id"))
