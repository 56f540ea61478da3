"""Taking an import back: only while nothing of it was pushed, and only so that nothing is lost."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial

import pytest
from django.db import connection, connections
from django.utils import timezone

from bankfeeds import importing, pushing
from bankfeeds.importing import CannotUndo
from bankfeeds.models import BankTransaction, Event, Push, SourceAccount, Statement
from tests import support as portal
from tests.intake.support import written

from .support import BY, csv_of, look, rows_of, save


@pytest.fixture
def account(db: None) -> SourceAccount:
    return portal.make_account()


def undo(statement: Statement) -> bool:
    return importing.undo(statement, reason="wrong client", by=BY, now=timezone.now())


def test_its_rows_go_and_the_file_stays(account: SourceAccount) -> None:
    other = save(look(portal.make_account(), csv_of(["9.00"])))
    statement = save(look(account, csv_of(["1.00", "2.00"])))
    assert undo(statement)
    assert list(BankTransaction.objects.values_list("statement", flat=True)) == [other.pk]
    statement.refresh_from_db()
    assert (statement.state, statement.rows_saved) == (Statement.State.UNDONE, 2)
    assert importing.read(statement).statement.rows[1].transaction_id == "T2"
    event = Event.objects.get(action="statement.undone")
    assert (event.reason, event.actor_name, event.statement) == ("wrong client", "tests", statement)
    assert (event.before, event.after) == ({"saved": 2}, {"saved": 0})


def test_a_second_time_changes_nothing(account: SourceAccount) -> None:
    statement = save(look(account, csv_of(["1.00"])))
    assert undo(statement)
    assert not undo(statement)
    assert Event.objects.filter(action="statement.undone").count() == 1


def test_the_same_file_can_come_in_again(account: SourceAccount) -> None:
    content = csv_of(["1.00", "2.00"])
    undo(save(look(account, content)))
    again = save(look(account, content))
    assert again.rows_saved == 2
    assert account.transactions.count() == 2


@pytest.mark.parametrize("then", ["waits", "stopped"])
def test_not_once_a_row_was_in_a_push(account: SourceAccount, then: str) -> None:
    statement = save(look(account, csv_of(["1.00", "2.00"])))
    now = timezone.now()
    [push] = pushing.confirm([account], fingerprint=None, form_key="k", by=BY, now=now)
    if then == "stopped":
        assert pushing.cancel(push, reason="no", by=BY, now=now)
    with pytest.raises(CannotUndo, match="are or were in a push"):
        undo(statement)
    assert account.transactions.count() == 2


def test_a_later_file_that_left_rows_out_for_it_comes_first(account: SourceAccount) -> None:
    rows = rows_of(["1.00", "2.00", "3.00"])
    first = save(look(account, written(rows[:2])))
    second = save(look(account, written(rows), name="later.csv"))
    assert second.rows_known == 2
    with pytest.raises(CannotUndo, match=r"later\.csv was imported later"):
        undo(first)
    assert undo(second)
    assert undo(first)
    assert not account.transactions.exists()


def test_a_later_file_with_other_rows_is_none_of_its_business(account: SourceAccount) -> None:
    first = save(look(account, csv_of(["1.00"])))
    save(look(account, csv_of(["5.00"], prefix="U", opening="1001.00")))
    assert undo(first)
    assert [row.transaction_id for row in account.transactions.all()] == ["U1"]


def test_a_later_file_that_left_out_a_bad_row_alone_does_not_need_it(
    account: SourceAccount,
) -> None:
    first = save(look(account, csv_of(["1.00"])))
    bad: list[list[object]] = [
        *rows_of(["5.00"], prefix="U"),
        ["U2", "no day", "x", "1.00", "1.00"],
    ]
    save(look(account, written(bad)), leave_out_bad=True)
    assert undo(first)


def test_a_later_file_with_a_row_in_other_words_needs_it(account: SourceAccount) -> None:
    [row] = rows_of(["1.00"])
    first = save(look(account, written([row])))
    other: list[object] = [*row[:2], "other words", *row[3:]]
    second = save(look(account, written([other, *rows_of(["5.00"], prefix="U")])))
    assert second.rows_rejected == 1
    with pytest.raises(CannotUndo, match="Take that import back first"):
        undo(first)


def test_an_upload_that_was_never_saved_has_nothing_to_take_back(account: SourceAccount) -> None:
    with pytest.raises(CannotUndo, match="never saved"):
        undo(look(account, csv_of(["1.00"])))


@pytest.mark.django_db(transaction=True)
def test_a_confirmation_and_an_undo_at_the_same_moment() -> None:
    """Either the rows are in a push and stay, or they are gone and in none."""
    for _turn in range(5):
        account = portal.make_account()
        statement = save(look(account, csv_of(["1.00", "2.00"])))
        _together(partial(undo, statement), partial(_confirm, account))
        in_push = Push.objects.filter(account=account).exists()
        statement.refresh_from_db()
        assert in_push == (statement.state == Statement.State.SAVED)
        assert account.transactions.count() == (2 if in_push else 0)


def _confirm(account: SourceAccount) -> None:
    key = f"once-{account.pk}"
    with suppress(pushing.RowsChanged):
        pushing.confirm([account], fingerprint=None, form_key=key, by=BY, now=timezone.now())


def _together(*calls: Callable[[], object]) -> None:
    begin = threading.Barrier(len(calls))

    def run(call: Callable[[], object]) -> None:
        begin.wait()
        with suppress(CannotUndo):
            call()
        connections.close_all()

    threads = [threading.Thread(target=run, args=[call]) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    connection.close()
