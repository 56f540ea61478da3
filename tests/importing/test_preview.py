"""What a file would bring, before anything is saved."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from bankfeeds.importing import Kind
from bankfeeds.models import BankTransaction, PushStatus, SourceAccount, Statement
from tests import support as portal
from tests.intake.support import HEADER, file_of, written

from .support import csv_of, look, preview, rows_of, save

pytestmark = pytest.mark.django_db


@pytest.fixture
def account(db: None) -> SourceAccount:
    return portal.make_account()


def test_the_figures_of_a_file(account: SourceAccount) -> None:
    found = preview(look(account, csv_of(["100.00", "-25.50", "-4.25"])))
    assert (found.understood, found.new, found.bad, found.known, found.changed) == (3, 3, 0, 0, 0)
    assert (found.money_in.count, found.money_in.total) == (1, Decimal("100.00"))
    assert (found.money_out.count, found.money_out.total) == (2, Decimal("29.75"))
    assert (found.opening, found.closing) == (Decimal("1000.00"), Decimal("1070.25"))
    assert found.first_date == found.last_date == portal.today()
    assert [row.line for row in found.money_out.first] == [3, 4]
    assert not any(entry.is_problem for entry in found.entries)


def test_nothing_is_saved_however_often_it_is_looked_at(account: SourceAccount) -> None:
    upload = look(account, csv_of(["100.00"]))
    assert preview(upload).entries == preview(upload).entries
    assert not BankTransaction.objects.exists()
    assert Statement.objects.get().state == Statement.State.PREVIEWED


def test_a_file_of_1001_rows(account: SourceAccount) -> None:
    assert preview(look(account, csv_of(["1.00"] * 1_001))).new == 1_001


def test_bad_rows_stand_where_they_are_in_the_file(account: SourceAccount) -> None:
    today = portal.today()
    content = file_of(f"A,{today},x,1,1", "B,2026-02-30,x,1,2", f"C,{today},x,1,2")
    found = preview(look(account, content))
    assert [entry.kind for entry in found.entries] == [Kind.NEW, Kind.BAD, Kind.NEW]
    assert (found.bad, found.new) == (1, 2)
    assert "2026-02-30" in found.entries[1].words
    assert found.entries[1].raw == "B,2026-02-30,x,1,2"


def test_cents_are_checked_by_currency(account: SourceAccount) -> None:
    assert preview(look(account, csv_of(["1.005"]))).bad == 1


def test_rows_that_are_here_and_rows_that_changed(account: SourceAccount) -> None:
    first = rows_of(["10.00", "20.00", "30.00"])
    save(look(account, written(first)))
    second = [*first, ["T4", portal.today(), "Row T4", "5.00", "1065.00"]]
    second[1] = ["T2", portal.today(), "Row T2", "21.00", "1030.00"]
    found = preview(look(account, written(second)))
    assert (found.new, found.known, found.changed) == (1, 2, 1)
    changed = found.entries[1]
    assert changed.kind is Kind.CHANGED
    assert "another amount" in changed.words
    assert "20.00" in changed.words
    # The first new row is compared with the last that is here.
    assert found.opening_differs_by == 0


def test_a_type_that_one_side_lacks_is_no_change(account: SourceAccount) -> None:
    save(look(account, csv_of(["10.00"])))
    content = written([[*rows_of(["10.00"])[0], "Credit"]], header=f"{HEADER},type")
    assert preview(look(account, content)).known == 1


def test_the_opening_balance_against_our_last(account: SourceAccount) -> None:
    first = preview(look(account, csv_of(["10.00"])))
    assert first.opening_differs_by is None
    save(first.statement)
    agrees = preview(look(account, csv_of(["5.00"], opening="1010.00", prefix="U")))
    assert agrees.opening_differs_by == 0
    assert agrees.movement.first_break is None
    differs = preview(look(account, csv_of(["5.00"], opening="1000.00", prefix="V")))
    assert differs.opening_differs_by == Decimal("-10.00")
    assert differs.movement.first_break == 2
    assert [rule.code for rule, _n in differs.found] == ["balance-break"]


def test_reversed_signs_are_said(account: SourceAccount) -> None:
    today = portal.today()
    content = file_of(
        f"A,{today},x,-10.00,110.00", f"B,{today},x,4.00,106.00", f"C,{today},x,6,100"
    )
    assert preview(look(account, content)).movement.signs_reversed


def test_the_rules_are_applied_to_new_rows(account: SourceAccount) -> None:
    today = portal.today()
    days = {"old": -8, "last-day": -7, "fine": 0, "future": 1}
    balance = 100
    rows = []
    for number, (name, offset) in enumerate(days.items()):
        balance += number
        rows.append([name, today + dt.timedelta(days=offset), name, number, balance])
    found = preview(look(account, written(rows)))
    codes = {e.row.transaction_id: [f.code for f in e.findings] for e in found.entries if e.row}
    assert codes == {
        "old": ["too-old", "zero-amount"],
        "last-day": ["last-day"],
        "fine": [],
        "future": ["future-date"],
    }
    assert [(rule.code, n) for rule, n in found.found] == [
        ("future-date", 1),
        ("too-old", 1),
        ("zero-amount", 1),
        ("last-day", 1),
    ]


def test_rows_before_the_feed_start_are_found(account: SourceAccount) -> None:
    account.feed_start_date = portal.today()
    account.save()
    rows = rows_of(["1.00"], date=portal.today() - dt.timedelta(days=1))
    found = preview(look(account, written(rows)))
    assert [rule.code for rule, _n in found.found] == ["before-feed-start"]


def test_balances_are_followed_through_rows_that_are_here(account: SourceAccount) -> None:
    first = rows_of(["10.00", "20.00"])
    save(look(account, written([first[1]])))
    rows = [*first, ["T3", portal.today(), "x", "1.00", "1031.00"]]
    assert preview(look(account, written(rows))).found == []


def test_late_is_what_the_institution_has_chosen(account: SourceAccount, settings: Any) -> None:
    day = portal.today() - dt.timedelta(days=3)
    before = portal.make_transactions(account, ["1.00"], date=day - dt.timedelta(days=1))
    portal.make_push(account, before, status=PushStatus.SUCCEEDED)
    upload = look(account, written(rows_of(["1.00"], date=day)))

    def codes() -> list[str]:
        return [rule.code for entry in preview(upload).entries for rule in entry.findings]

    assert "late" in codes()
    settings.LATE_AFTER_DAYS = 5
    assert "late" not in codes()
