"""Rows that state no balance, from the file to the account: worked out, marked, never guessed."""

from __future__ import annotations

from decimal import Decimal

import pytest

from bankfeeds import importing
from bankfeeds.importing import Kind, OpeningNeeded, profiles, rehearsal
from bankfeeds.models import SourceAccount
from tests import support as portal
from tests.intake.support import file_of

from .support import look, preview, save
from .test_mending import mended
from .test_opening import balances, state
from .test_profiles import day, make


@pytest.fixture
def account(db: None) -> SourceAccount:
    return portal.make_account()


def rows(*said: str) -> bytes:
    """Rows of today: id, amount, balance or nothing."""
    cells = (each.split(",") for each in said)
    return file_of(
        *(
            f"{name},{portal.today()},Row {name},{amount},{balance}"
            for name, amount, balance in cells
        )
    )


def test_an_empty_column_of_balances_is_none(account: SourceAccount) -> None:
    upload = look(account, rows("A,10.00,", "B,-4.00, "))
    assert upload.states_no_balance
    found = preview(upload)
    assert (found.needs_opening, found.bad, found.understood) == (True, 0, 2)
    with pytest.raises(OpeningNeeded):
        save(upload)
    state(upload, "100.00")
    save(upload)
    assert balances(account) == ["110.00", "106.00"]


def test_a_row_without_one_follows_from_the_others(account: SourceAccount) -> None:
    upload = look(account, rows("A,10.00,110.00", "B,-4.00,", "C,1.00,107.00", "D,2.00,"))
    found = preview(upload)
    assert not upload.states_no_balance
    assert (found.needs_opening, found.derived, found.derived_rows) == (False, False, 2)
    assert (found.opening, found.closing) == (Decimal("100.00"), Decimal("109.00"))
    assert found.movement.first_break is None
    save(upload)
    assert balances(account) == ["110.00", "106.00", "107.00", "109.00"]
    # Sent anew with all of them: what was worked out is what they state, or it is a change.
    whole = ("A,10.00,110.00", "B,-4.00,106.00", "C,1.00,107.00", "D,2.00,109.00")
    assert preview(look(account, rows(*whole))).known == 4
    # A balance that is stated is looked at, however many others are not.
    other = preview(look(account, rows("A,10.00,", "B,-4.00,", "C,1.00,", "D,2.00,119.00")))
    assert [entry.kind for entry in other.entries] == [
        Kind.KNOWN, Kind.KNOWN, Kind.KNOWN, Kind.CHANGED,
    ]  # fmt: skip


def test_a_bad_row_between_leaves_the_rows_behind_it_without_one(account: SourceAccount) -> None:
    upload = look(account, rows("A,10.00,110.00", "B,x,", "C,1.00,", "D,y,", "E,-1.00,108.00"))
    found = preview(upload)
    assert (found.understood, found.bad) == (2, 3)
    header, bad = importing.bad_rows(upload)
    listed = [(each.line, each.code, each.cells[0]) for each in bad]
    assert header == ("id", "date", "description", "amount", "balance")
    assert listed == [
        (3, "not-a-number", "B"),
        (4, "balance-unsure", "C"),
        (5, "not-a-number", "D"),
    ]
    save(upload, leave_out_bad=True)
    again = look(account, mended(upload, {3: {"amount": "-4.00"}, 5: {"amount": "2.00"}}))
    assert (preview(again).new, preview(again).bad) == (3, 0)
    save(again)
    assert balances(account) == ["110.00", "106.00", "107.00", "109.00", "108.00"]


def test_a_mended_row_that_states_one_is_held_against_what_a_person_stated(
    account: SourceAccount,
) -> None:
    upload = look(account, rows("A,10.00,", "B,x,", "C,1.00,"))
    assert preview(upload).needs_every_row
    state(upload, "100.00")
    again = look(account, mended(upload, {3: {"amount": "-4.00", "balance": "106.00"}}))
    assert preview(again).movement.first_break is None
    again = look(account, mended(upload, {3: {"amount": "-4.00", "balance": "999.00"}}))
    assert preview(again).movement.first_break == 3


def test_a_profile_whose_column_of_balances_is_empty(account: SourceAccount) -> None:
    """Also its rehearsal: nothing in such a file tells whether the signs are right."""
    row = make()
    content = day("Café;-4,50;", "Loyer;-50,00;")
    upload = look(account, content)
    assert (upload.profile, upload.states_no_balance) == (row, True)
    state(upload, "100.00")
    save(upload)
    assert balances(account) == ["95.50", "45.50"]
    profile = profiles.of(row)
    assert profile
    found = rehearsal.rehearse(profile, content)
    assert (found.understood, found.states_balances, found.follows) == (2, False, False)
    some = rehearsal.rehearse(profile, day("Café;-4,50;95,50", "Loyer;-50,00;", "Prime;9,00;54,50"))
    assert (some.states_balances, some.follows) == (True, True)
    other = rehearsal.rehearse(
        profile, day("Café;-4,50;95,50", "Loyer;-50,00;", "Prime;9,00;136,50")
    )
    assert (other.signs_reversed, other.follows) == (True, False)
