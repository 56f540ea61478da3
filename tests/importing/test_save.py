"""Saving: whole or not at all, once, never over what is here; and letting an upload go."""

from __future__ import annotations

import datetime as dt
import threading
from decimal import Decimal
from io import BytesIO

import pytest
from django.db import connection, connections
from django.utils import timezone, translation

from bankfeeds import importing, words
from bankfeeds.importing import (
    BadRowsRemain,
    CannotImport,
    FileKnown,
    NothingToSave,
    UploadGone,
    pieces,
)
from bankfeeds.models import BankTransaction, Event, SourceAccount, Statement
from tests import support as portal
from tests.intake.support import file_of, written

from .support import BY, csv_of, look, rows_of, save


@pytest.fixture
def account(db: None) -> SourceAccount:
    return portal.make_account()


def stored(account: SourceAccount) -> list[tuple[str, Decimal]]:
    rows = account.transactions.in_feed_order()
    return [(row.transaction_id, row.balance) for row in rows]


def with_a_bad_row() -> bytes:
    today = portal.today()
    return file_of(f"A,{today},x,1.00,1.00", f"B,{today},x,NaN,2.00", f"C,{today},x,1.00,2.00")


def test_every_row_is_saved_as_it_stands(account: SourceAccount) -> None:
    row = ["T1", portal.today(), "Café, “Ö”", Decimal("-123456789012.34"), Decimal("0.10"), "Debit"]
    content = written([row], header="id,date,description,amount,balance,type")
    upload = save(look(account, content))
    kept = BankTransaction.objects.get()
    assert [
        kept.transaction_id,
        kept.date,
        kept.description,
        kept.amount,
        kept.balance,
        kept.transaction_type,
    ] == row
    assert (kept.line, kept.statement, kept.account) == (2, upload, account)
    upload.refresh_from_db()
    assert upload.state == Statement.State.SAVED
    assert (upload.rows_saved, upload.rows_known, upload.rows_rejected) == (1, 0, 0)


def test_one_row_is_told_as_one(account: SourceAccount) -> None:
    save(look(account, csv_of(["1.00"])))
    assert ": 1 row saved, 0 already here" in Event.objects.get().words
    with translation.override("fr-ca"):
        assert ": 1 ligne enregistrée" in words.said(Event.objects.get().words)


def test_the_record_names_who_and_how_many(account: SourceAccount) -> None:
    upload = save(look(account, csv_of(["1.00", "2.00"])))
    event = Event.objects.get()
    assert (event.action, event.actor_name, event.statement) == ("statement.saved", "tests", upload)
    assert (event.account, event.company) == (account, account.company)
    assert event.after == {"saved": 2, "known": 0, "left_out": 0}


def test_1001_rows_keep_their_order_and_their_sum(account: SourceAccount) -> None:
    amounts = [f"{number}.01" for number in range(1, 1_002)]
    assert save(look(account, csv_of(amounts))).rows_saved == 1_001
    assert [identity for identity, _ in stored(account)] == [f"T{n}" for n in range(1, 1_002)]
    total = sum(account.transactions.values_list("amount", flat=True))
    assert total == sum(map(Decimal, amounts))


def test_a_file_with_the_newest_first_is_saved_oldest_first(account: SourceAccount) -> None:
    rows = rows_of(["10.00", "-3.00", "1.00"])
    save(look(account, written(rows[::-1])))
    assert [identity for identity, _ in stored(account)] == ["T1", "T2", "T3"]


def test_nothing_is_saved_while_a_row_is_bad(account: SourceAccount) -> None:
    upload = look(account, with_a_bad_row())
    with pytest.raises(BadRowsRemain) as refused:
        save(upload)
    assert [bad.line for bad in refused.value.parsed.rejected] == [3]
    assert not BankTransaction.objects.exists()
    upload.refresh_from_db()
    assert upload.state == Statement.State.PREVIEWED
    assert not Event.objects.exists()


def test_bad_rows_are_left_out_when_somebody_says_so(account: SourceAccount) -> None:
    upload = save(look(account, with_a_bad_row()), leave_out_bad=True)
    assert [identity for identity, _ in stored(account)] == ["A", "C"]
    assert (upload.rows_saved, upload.rows_rejected) == (2, 1)
    [left] = upload.rejected
    assert (left["line"], left["code"], "NaN" in importing.words_of_row(left)) == (
        3,
        "not-a-number",
        True,
    )


def test_a_file_without_one_good_row_cannot_be_saved(account: SourceAccount) -> None:
    with pytest.raises(NothingToSave):
        save(look(account, file_of("rubbish")), leave_out_bad=True)


def test_saving_twice_shows_the_first_result(account: SourceAccount) -> None:
    upload = look(account, csv_of(["1.00"]))
    stale = Statement.objects.get(pk=upload.pk)
    save(upload)
    assert save(stale).rows_saved == 1
    assert BankTransaction.objects.count() == Event.objects.count() == 1


def test_what_is_here_is_counted_and_never_overwritten(account: SourceAccount) -> None:
    rows = rows_of(["10.00", "20.00"])
    save(look(account, written(rows)))
    rows[1] = ["T2", portal.today(), "Rewritten", "99.00", "1109.00"]
    upload = save(look(account, written([*rows, ["T3", portal.today(), "x", "1.00", "1031.00"]])))
    assert (upload.rows_saved, upload.rows_known, upload.rows_rejected) == (1, 1, 1)
    assert [left["code"] for left in upload.rejected] == ["changed"]
    assert BankTransaction.objects.get(transaction_id="T2").amount == Decimal("20.00")


def test_the_same_id_on_another_account_is_another_transaction(account: SourceAccount) -> None:
    other = portal.make_account(account.connection)
    assert save(look(account, csv_of(["1.00"]))).rows_saved == 1
    assert save(look(other, csv_of(["2.00", "3.00"]))).rows_saved == 2


def test_an_upload_saved_under_another_name_meanwhile(account: SourceAccount) -> None:
    content = csv_of(["1.00"])
    upload = look(account, content)
    twin = portal.make_statement(account, sha256=upload.sha256, state="previewed")
    pieces.write(twin, BytesIO(pieces.whole(upload)))
    first = save(upload)
    with pytest.raises(FileKnown) as known:
        save(twin)
    assert known.value.statement == first
    assert BankTransaction.objects.count() == 1


def test_an_account_removed_meanwhile(account: SourceAccount) -> None:
    upload = look(account, csv_of(["1.00"]))
    SourceAccount.objects.update(gone_at=timezone.now())
    with pytest.raises(CannotImport):
        save(Statement.objects.get(pk=upload.pk))


def test_cancel_lets_the_upload_go(account: SourceAccount) -> None:
    upload = look(account, csv_of(["1.00"]))
    assert importing.discard(upload, by=BY, now=timezone.now())
    assert not Statement.objects.exists()
    assert Event.objects.get().action == "statement.discarded"
    assert not importing.discard(upload, by=BY, now=timezone.now())
    with pytest.raises(UploadGone):
        save(upload)


def test_a_saved_file_cannot_be_cancelled(account: SourceAccount) -> None:
    upload = save(look(account, csv_of(["1.00"])))
    assert not importing.discard(upload, by=BY, now=timezone.now())
    assert BankTransaction.objects.count() == 1


def test_the_cost_in_questions_does_not_grow_with_each_row(
    account: SourceAccount, django_assert_max_num_queries: object
) -> None:
    upload = look(account, csv_of(["1.00"] * 400))
    with django_assert_max_num_queries(20):  # type: ignore[operator]
        save(upload)


@pytest.mark.django_db(transaction=True)
def test_two_people_who_save_the_same_file_at_once() -> None:
    account = portal.make_account()
    upload = look(account, csv_of(["1.00"] * 200))
    together = threading.Barrier(2)
    results: list[int] = []

    def press() -> None:
        try:
            mine = Statement.objects.get(pk=upload.pk)
            together.wait(timeout=10)
            results.append(save(mine).rows_saved)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=press) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert results == [200, 200]
    assert BankTransaction.objects.count() == 200
    assert Event.objects.filter(action="statement.saved").count() == 1


@pytest.mark.django_db(transaction=True)
def test_overlapping_files_at_once_lose_and_double_nothing() -> None:
    account = portal.make_account()
    date = portal.today() - dt.timedelta(days=1)
    rows = rows_of(["1.00"] * 60, date=date)
    uploads = [look(account, written(rows[:40])), look(account, written(rows[20:]))]
    together = threading.Barrier(2)
    done: list[Statement] = []

    def press(upload: Statement) -> None:
        try:
            together.wait(timeout=10)
            done.append(save(upload))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=press, args=(upload,)) for upload in uploads]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert BankTransaction.objects.count() == 60
    assert sum(upload.rows_saved for upload in done) == 60
    assert sum(upload.rows_known for upload in done) == 20
    assert connection.vendor in {"sqlite", "postgresql"}
