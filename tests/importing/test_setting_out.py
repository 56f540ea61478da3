"""A long file is compared and set out before anybody waits, and comes in as a short one does."""

from __future__ import annotations

import datetime as dt
import sys
from typing import Any

import pytest
from django.db import connection

from bankfeeds import importing
from bankfeeds.importing import planning, setting_out
from bankfeeds.models import BankTransaction, Doubt, SourceAccount, Statement
from tests import support as portal
from tests.intake.support import written

from .support import csv_of, look, rows_of, save
from .test_mending import mended

pytestmark = pytest.mark.django_db
# The room, whose name the verb has taken.
save_room = sys.modules["bankfeeds.importing.save"]
YESTERDAY = portal.today() - dt.timedelta(days=1)


@pytest.fixture(autouse=True)
def short(settings: Any) -> None:
    settings.IMPORT_AT_ONCE_ROWS = 0


def account() -> SourceAccount:
    return portal.make_account()


def stored(account: SourceAccount) -> list[tuple[Any, ...]]:
    """As they go to Codat, each with its file."""
    rows = BankTransaction.objects.filter(account=account).in_feed_order()
    names = "statement__file_name", "line", "transaction_id", "date", "description"
    return list(rows.values_list(*names, "amount", "balance", "transaction_type"))


def story(account: SourceAccount) -> None:
    """Newest first, a resent file with a late, a changed and a bad row, and that one mended."""
    before = rows_of(["10.00", "-0.05"], date=YESTERDAY, prefix="Y")
    first = rows_of(["-3.10", "40.00"], opening="1009.95")
    first[1][2] = 'Café \\N "quoted", \\t'
    save(look(account, written([*reversed(first), *reversed(before)]), name="first"))
    late = [["L", portal.today(), "Late", "1.00", "1007.85"], ["Z", portal.today(), "x", "no", "1"]]
    before[1][2] = "Told otherwise"
    resent = look(account, written([*before, first[0], *late, first[1]]), name="resent")
    save(resent, leave_out_bad=True)
    cells = {"amount": "1.00", "balance": "1008.85"}
    save(look(account, mended(resent, {6: cells}), name="mended"), leave_out_bad=True)


def test_the_same_comes_in_as_of_a_short_one(settings: Any) -> None:
    long, short = account(), account()
    story(long)
    settings.IMPORT_AT_ONCE_ROWS = 5_000
    story(short)
    assert stored(long) == stored(short)
    assert [row[2] for row in stored(long)] == ["Y1", "Y2", "T1", "L", "Z", "T2"]
    said = [
        list(Doubt.objects.filter(account=each).values_list("kind", "transaction_id", "line"))
        for each in (long, short)
    ]
    assert said[0] == said[1]


def test_nobody_waits_while_they_are_compared_and_set_out(monkeypatch: pytest.MonkeyPatch) -> None:
    upload = look(account(), csv_of(["1.00", "2.00"]))
    depths = []
    for room, name in ((planning, "_plan"), (setting_out, "_fill"), (save_room, "move_in")):
        real = getattr(room, name)

        def told(*given: Any, real: Any = real, **more: Any) -> Any:
            depths.append(len(connection.savepoint_ids))
            return real(*given, **more)

        monkeypatch.setattr(room, name, told)
    save(upload)
    assert depths == [0, 0, 1]
    assert BankTransaction.objects.count() == 2


def test_what_came_in_meanwhile_does_not_come_in_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    ours = account()
    upload = look(ours, csv_of(["1.00", "2.00", "3.00"]))
    real = planning._plan

    def meanwhile(statement: Statement, *given: Any) -> Any:
        found = real(statement, *given)
        monkeypatch.undo()
        save(look(ours, csv_of(["1.00"])))
        return found

    monkeypatch.setattr(planning, "_plan", meanwhile)
    saved = save(upload)
    assert (saved.rows_saved, saved.rows_known) == (2, 1)
    assert [row[2] for row in stored(ours)] == ["T1", "T2", "T3"]


def test_broken_off_nothing_of_it_is_saved(monkeypatch: pytest.MonkeyPatch) -> None:
    ours = account()
    upload = look(ours, csv_of(["1.00", "2.00"]))

    def ended(*given: Any, **more: Any) -> None:
        raise SystemExit

    with monkeypatch.context() as patched:
        patched.setattr(save_room, "record", ended)
        with pytest.raises(SystemExit):
            save(upload)
    assert not BankTransaction.objects.exists()
    assert Statement.objects.get().state == Statement.State.PREVIEWED
    # The connection is as it was: the next one finds no table of the one before.
    other = [*rows_of(["1.00"], prefix="N"), ["N", YESTERDAY, "x", "no", "1"]]
    with pytest.raises(importing.BadRowsRemain):
        save(look(ours, written(other)))
    assert save(upload).rows_saved == 2
