"""The small business: opens its link and goes through Codat's page and QuickBooks, as a person."""

from __future__ import annotations

from collections.abc import Sequence

from playwright.sync_api import Page, expect


def connect(page: Page, link: str, *, accounts: Sequence[str]) -> None:
    """From the link to *Connect*, choosing the accounts whose names begin so."""
    get_credentials(page, link)
    sign_in(page)
    choose(page, accounts)


def get_credentials(page: Page, link: str) -> None:
    answer = page.goto(link)
    assert answer is not None and answer.status == 200
    page.get_by_role("button", name="Next").click()
    page.get_by_role("button", name="Get credentials").click()


def sign_in(page: Page) -> None:
    """As a person does: reads the two from the page and types them at QuickBooks."""
    username = page.locator("#shown-username").inner_text()
    password = page.locator("#shown-password").inner_text()
    page.get_by_role("button", name="Continue to QuickBooks").click()
    page.get_by_label("Username").fill(username)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def choose(page: Page, accounts: Sequence[str]) -> None:
    for name in accounts:
        page.get_by_role("checkbox", name=name).check()
    page.get_by_role("button", name="Connect").click()
    expect(page.get_by_role("heading", name="Bank transactions")).to_be_visible()


def disconnect(page: Page, account: str) -> None:
    """On the page that QuickBooks shows after *Connect*. It tells nobody."""
    page.get_by_role("row", name=account).get_by_role("button", name="Disconnect").click()
    expect(page.get_by_text("Codat will notice after ten days")).to_be_visible()
