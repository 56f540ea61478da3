"""A double click while a client is onboarded: one company, one connection, three accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bankfeeds import conf
from bankfeeds.models import Company, Connection, SourceAccount
from tests import support
from tests.e2e.codat import asked, companies
from tests.e2e.desk import THREE, Desk
from tests.e2e.test_double_click import HANDS, Press

if TYPE_CHECKING:
    from bankfeeds.sandbox.server import Sandbox
    from tests.e2e.conftest import At


@pytest.fixture
def desk(at_desk: At, sandbox: Sandbox) -> Desk:
    return at_desk("manager")


@HANDS
def test_create_company(desk: Desk, press: Press) -> None:
    desk.open("/admin/bankfeeds/company/add/")
    desk.type(desk.page.get_by_label("Our name"), "Maple Street Bakery")
    press(desk.page.get_by_role("button", name="Create company"))
    assert [company.name for company in companies()] == ["Maple Street Bakery"]
    assert (Company.objects.count(), Connection.objects.count()) == (1, 1)
    assert _posts("connections") == 1


@HANDS
def test_create_connection(desk: Desk, press: Press) -> None:
    desk.open("/admin/bankfeeds/company/add/")
    desk.type(desk.page.get_by_label("Our name"), "Maple Street Bakery")
    desk.page.get_by_label("Create the QuickBooks connection too").uncheck()
    desk.button("Create company")
    assert _posts("connections") == 0
    press(desk.page.get_by_role("button", name="Create QuickBooks connection"))
    assert Connection.objects.count() == 1
    assert _posts("connections") == 1


@HANDS
def test_add_accounts(desk: Desk, press: Press) -> None:
    at = support.onboard(accounts=0, connected=False)
    desk.open(f"/admin/bankfeeds/connection/{at.connection.pk}/accounts/")
    desk.fill_accounts(THREE)
    press(desk.page.get_by_role("button", name="Add accounts"))
    theirs = conf.client().list_source_accounts(at.company.id_there, at.connection.id_there)
    assert len(theirs) == SourceAccount.objects.wanted().count() == 3


@HANDS
def test_renew_link(desk: Desk, press: Press) -> None:
    at = support.onboard(connected=False)
    desk.open(f"/admin/bankfeeds/connection/{at.connection.pk}/change/")
    before = len(asked())
    press(desk.page.get_by_role("button", name="Renew link"))
    reads = [(each["method"], each["path"].split("/")[-2]) for each in asked()[before:]]
    assert reads == [("GET", "connections")]


def _posts(what: str) -> int:
    wanted = [each for each in asked() if each["method"] == "POST"]
    return sum(each["path"].endswith(f"/{what}") for each in wanted)
