"""What goes wrong while a client is onboarded: a message in three parts, nothing done twice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from bankfeeds.models import Company, Connection, SourceAccount
from tests import support
from tests.e2e.codat import asked, companies
from tests.e2e.desk import THREE, Account, Desk

if TYPE_CHECKING:
    from bankfeeds.sandbox.server import Sandbox
    from tests.e2e.conftest import At


@pytest.fixture
def desk(at_desk: At, sandbox: Sandbox) -> Desk:
    return at_desk("manager")


def _create(desk: Desk, name: str) -> None:
    desk.open("/admin/bankfeeds/company/add/")
    desk.type(desk.page.get_by_label("Our name"), name)
    desk.button("Create company")


def test_the_wrong_key(desk: Desk, settings: Any) -> None:
    right, settings.CODAT_API_KEY = settings.CODAT_API_KEY, "not-the-key"
    _create(desk, "Maple Street Bakery")
    desk.says("Codat does not accept our key.", "Nothing was created", "Tell the administrator")
    settings.CODAT_API_KEY = right
    desk.button("Continue")
    desk.says("Company created.")
    assert len(companies()) == 1


def test_codat_is_down(desk: Desk, sandbox: Sandbox) -> None:
    sandbox.stop()
    _create(desk, "Maple Street Bakery")
    desk.says("Codat could not be reached.", "The company was not created.")
    expect(desk.page.get_by_role("button", name="Continue")).to_be_visible()
    assert Company.objects.count() == 1


def test_an_empty_answer_after_the_company_was_created(desk: Desk) -> None:
    _create(desk, "Maple fault-empty-200-once Bakery")
    desk.button("Continue")
    desk.says("Company created.")
    desk.button("Create QuickBooks connection")
    expect(desk.heading("Add accounts")).to_be_visible()
    assert len(companies()) == 1


def test_half_way(desk: Desk, settings: Any) -> None:
    _create(desk, "Maple fault-connections-503-once Bakery")
    desk.says("Continue", "no second company will be made")
    desk.button("Continue")
    desk.says("may still be making it", "Nothing was sent again. Press Continue after")
    settings.PUSH_SETTLE = 0
    desk.button("Continue")
    desk.says("QuickBooks connection created.")
    assert len(companies()) == Company.objects.count() == Connection.objects.count() == 1


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("***", "Codat would keep nothing of this name. Nothing was created."),
        ("日本", "Codat would keep nothing of this name. Nothing was created."),
        ("   ", "Enter the name of the company."),
    ],
)
def test_a_name_of_which_nothing_is_left(desk: Desk, name: str, words: str) -> None:
    _create(desk, name)
    expect(desk.page.get_by_role("alert").filter(has_text=words)).to_be_visible()
    assert asked() == []


def test_a_likely_duplicate_is_shown_first(desk: Desk) -> None:
    support.make_company("Café Maple Inc.", folded_name="cafe maple")
    _create(desk, "Cafe Maple")
    desk.says("This client may be here already.", "Café Maple Inc.")
    expect(desk.page.get_by_role("link", name="Open that one")).to_be_visible()
    assert asked() == []
    desk.button("Create anyway")
    expect(desk.heading("Add accounts of Cafe Maple")).to_be_visible()
    assert len(companies()) == 1


def test_one_wrong_account_of_three_sends_none(desk: Desk) -> None:
    _at_add_accounts(desk)
    before = len(asked())
    wrong = Account("Reserve", "Savings", "12", routing="021000021")
    desk.fill_accounts([THREE[0], wrong, THREE[2]])
    desk.send_accounts()
    desk.says("1 row has a problem. Nothing was added.", "4 to 34 digits or letters")
    assert len(asked()) == before
    row = desk.page.get_by_role("group", name="Account 1", exact=True)
    expect(row.get_by_label("Account number")).to_have_value(THREE[0].number)
    row = desk.page.get_by_role("group", name="Account 2", exact=True)
    desk.type(row.get_by_label("Account number"), THREE[1].number)
    desk.send_accounts()
    desk.says("3 accounts added")


def test_codat_refuses_one_account_of_three(desk: Desk) -> None:
    _at_add_accounts(desk)
    second = Account("Reserve fault-400-once", "Savings", THREE[1].number)
    desk.fill_accounts([THREE[0], second, THREE[2]])
    desk.send_accounts()
    desk.says("2 accounts added", "1 account was not added; its row is still filled in")
    # Its routing number was that of the row above, which is gone; it need not be typed now.
    desk.send_accounts()
    desk.says("1 account added")
    assert SourceAccount.objects.wanted().count() == 3


def test_an_id_that_contains_the_number(desk: Desk) -> None:
    _at_add_accounts(desk)
    desk.fill_accounts(THREE[:1])
    row = desk.page.get_by_role("group", name="Account 1", exact=True)
    row.get_by_text("made by the portal").click()
    desk.type(row.get_by_role("textbox", name="Account id"), f"acc-{THREE[0].number}")
    desk.send_accounts()
    desk.says("The account id contains the account number.")
    assert SourceAccount.objects.count() == 0


def _at_add_accounts(desk: Desk) -> None:
    at = support.onboard(accounts=0, connected=False)
    desk.open(f"/admin/bankfeeds/connection/{at.connection.pk}/accounts/")
