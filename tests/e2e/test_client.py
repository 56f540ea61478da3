"""The small business at Codat's page: what it sees at the link, in time and too late."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import expect

from bankfeeds import conf
from tests import support
from tests.e2e import client

if TYPE_CHECKING:
    from tests.e2e.browser import Watch
    from tests.e2e.conftest import Open


def _link(at: support.Onboarded) -> str:
    return conf.client().get_connection(at.company.id_there, at.connection.id_there).link_url


def test_chooses_two_of_three(portal: str, sandbox: object, window: Open) -> None:
    at = support.onboard(accounts=3, connected=False)
    page = window(java_script_enabled=False).new_page()
    client.connect(page, _link(at), accounts=["Account 1", "Account 3"])
    expect(page.get_by_role("row", name="Account 2")).to_contain_text("not connected")
    theirs = conf.client().list_source_accounts(at.company.id_there, at.connection.id_there)
    assert [account.status for account in theirs] == ["connected", "pending", "connected"]


def test_comes_too_late(portal: str, sandbox: object, window: Open, watch: Watch) -> None:
    watch.expected = {401}
    at = support.onboard(connected=False)
    link = _link(at)
    support.control("clock", advanceSeconds=3601)
    page = window().new_page()
    answer = page.goto(link)
    assert answer is not None and answer.status == 401
    expect(page.get_by_role("alert")).to_contain_text("has expired")
