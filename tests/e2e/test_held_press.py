"""A press takes its time: what arrives while the button is held takes no click away.

A browser makes a click of a press only where it ends on what it began on. So nothing moves below a
mouse that is down, however late an answer comes; and what is known to come has its room already.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Locator, Route, expect

from bankfeeds.models import SourceAccount
from tests import support
from tests.e2e.codat import companies
from tests.e2e.desk import THREE, Desk

if TYPE_CHECKING:
    from bankfeeds.sandbox.server import Sandbox
    from tests.e2e.conftest import At


@pytest.fixture
def desk(at_desk: At, sandbox: Sandbox) -> Desk:
    return at_desk("manager")


class Late:
    """Answers of one address, which come when they are let through."""

    def __init__(self, desk: Desk, address: str) -> None:
        self._page = desk.page
        self._held: list[Route] = []
        self._page.route(address, lambda route: self._held.append(route))

    def come(self) -> None:
        self._page.wait_for_timeout(400)
        assert self._held
        last = self._held[-1].request
        with self._page.expect_response(lambda answer: answer.request == last):
            for route in self._held:
                route.continue_()
        self._page.wait_for_timeout(200)


def held(button: Locator, late: Late) -> None:
    """Pressed; the answers come; let go where it was pressed."""
    button.scroll_into_view_if_needed()
    mouse, box = button.page.mouse, button.bounding_box()
    assert box
    mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    mouse.down()
    late.come()
    assert button.bounding_box() == box
    mouse.up()


def test_the_name_at_codat_comes_while_the_button_is_held(desk: Desk) -> None:
    late = Late(desk, "**/name-at-codat/**")
    desk.open("/admin/bankfeeds/company/add/")
    desk.type(desk.page.get_by_label("Our name"), "Maple Street Bakery")
    held(desk.page.get_by_role("button", name="Create company"), late)
    expect(desk.heading("Add accounts")).to_be_visible()
    assert [company.name for company in companies()] == ["Maple Street Bakery"]


def test_the_routing_number_comes_while_the_button_is_held(desk: Desk) -> None:
    at = support.onboard(accounts=0, connected=False)
    late = Late(desk, "**/routing/**")
    desk.open(f"/admin/bankfeeds/connection/{at.connection.pk}/accounts/")
    desk.fill_accounts(THREE[:1])
    held(desk.page.get_by_role("button", name="Add accounts"), late)
    expect(desk.page).to_have_url(re.compile("/change/"))
    assert [account.name for account in SourceAccount.objects.all()] == ["Operating"]
