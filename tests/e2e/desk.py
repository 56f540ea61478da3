"""What a member of staff does at the portal, by what is written on the pages.

Clicks, submits and shortcuts are counted; what is typed or chosen in a field is counted apart.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from tests.support import PASSWORD


@dataclass(frozen=True)
class Account:
    """What is typed in one row of *Add accounts*."""

    name: str
    kind: str
    number: str
    balance: str = "1000.00"
    routing: str = "021000021"


THREE = (
    Account("Operating", "Checking", "4400118231"),
    Account("Reserve", "Savings", "4400118249"),
    Account("Company card", "Credit card", "5500772210", balance="-250.00"),
)


class Desk:
    """One window of one person. `pressed` and `typed` are how much work it was."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url
        self.pressed = 0
        self.typed = 0

    def open(self, path: str = "/admin/") -> None:
        self.page.goto(f"{self.url}{path}")

    def press(self, what: Locator) -> None:
        self.pressed += 1
        # What is still being laid out moves away from under the mouse.
        self.page.wait_for_load_state()
        what.click()

    def button(self, name: str) -> None:
        self.press(self.page.get_by_role("button", name=name, exact=True))

    def link(self, name: str) -> None:
        self.press(self.page.get_by_role("link", name=name, exact=True))

    def type(self, into: Locator, text: str) -> None:
        self.typed += 1
        into.fill(text)

    def choose(self, field: Locator, label: str) -> None:
        self.typed += 1
        field.select_option(label=label)

    def heading(self, name: str) -> Locator:
        return self.page.get_by_role("heading", name=name)

    def sign_in(self, who: str) -> None:
        self.open()
        self.type(self.page.get_by_label("Username"), who)
        self.type(self.page.get_by_label("Password"), PASSWORD)
        self.button("Log in")

    def says(self, *texts: str) -> None:
        for text in texts:
            expect(self.page.locator("main")).to_contain_text(text)

    def never_says(self, *texts: str) -> None:
        """Of what is on the page now, in sight or not."""
        content = self.page.content()
        assert [text for text in texts if text in content] == []

    def search(self, text: str) -> None:
        """A company, from whatever page."""
        header = self.page.locator("#header")
        self.type(header.get_by_role("searchbox", name="Search companies"), text)
        self.press(header.get_by_role("button", name="Search"))

    def choose_company(self, name: str) -> None:
        """From the list."""
        self.press(self.page.locator("#result_list").get_by_role("link", name=name))

    # --- Onboard -----------------------------------------------------------------------------

    def add_company(self, name: str, *, reference: str = "", country: str = "") -> None:
        """From the list of companies to the form, filled in and not yet sent."""
        self.link("Add company")
        self.type(self.page.get_by_label("Our name"), name)
        if reference:
            self.type(self.page.get_by_label("Internal reference"), reference)
        if country:
            self.choose(self.page.get_by_label("Country"), country)

    def fill_accounts(self, accounts: Sequence[Account]) -> None:
        """The routing number once: an empty one is as in the row above."""
        for number, account in enumerate(accounts, start=1):
            # Behind the number may stand which earlier account it goes on from.
            row = self.page.get_by_role("group", name=re.compile(rf"^Account {number}\b"))
            self.type(row.get_by_label("Name", exact=True), account.name)
            self.choose(row.get_by_label("Type", exact=True), account.kind)
            self.type(row.get_by_label("Account number", exact=True), account.number)
            self.type(row.get_by_label("Balance", exact=True), account.balance)
            if number == 1:
                self.type(row.get_by_label("Routing number", exact=True), account.routing)

    def send_accounts(self) -> None:
        self.button("Add accounts")

    def onboard(self, name: str, accounts: Sequence[Account] = THREE) -> None:
        """From the list of companies to the page with the link; a name that Codat keeps."""
        self.add_company(name)
        self.button("Create company")
        self.fill_accounts(accounts)
        self.send_accounts()

    def copy_link(self) -> str:
        """Presses *Copy link* and reads the clipboard, as the mail program would."""
        self.button("Copy link")
        expect(self.copied()).to_contain_text("Copied. Valid until")
        return self.clipboard()

    def copied(self) -> Locator:
        """Where a screen reader hears that it was copied."""
        return self.page.locator(".copied[role=status]")

    def clipboard(self) -> str:
        text: str = self.page.evaluate("navigator.clipboard.readText()")
        return text

    def open_company(self, name: str) -> None:
        self.open("/admin/bankfeeds/company/")
        self.page.get_by_role("link", name=name).click()

    def open_account(self, last4: str) -> None:
        """From the page of the company or the connection."""
        self.press(self.page.get_by_role("link", name=f"••{last4}"))

    # --- Ways out ----------------------------------------------------------------------------

    def takes(self, way: str, *, reason: str = "", button: str = "") -> None:
        """One of the *Ways out*, through the page that asks; `button` where it has another name."""
        self.link(way)
        if reason:
            self.type(self.page.get_by_label("Reason (kept)"), reason)
        self.button(button or way)

    def allow_sending(self, reason: str) -> None:
        """From the page of the stop."""
        self.type(self.page.get_by_label("Reason (kept)"), reason)
        self.press(self.page.get_by_role("button", name="Allow sending"))

    # --- Import and push ---------------------------------------------------------------------

    def upload(self, account: int, file: Path) -> None:
        self.open(f"/admin/bankfeeds/statement/import/?account={account}")
        self.page.get_by_label("File to import").set_input_files(file)
        self.button("Look at this file")

    def save(self, label: str) -> None:
        self.button(label)
        expect(self.heading("What was saved")).to_be_visible()

    def push_now(self) -> None:
        self.link("Push now")
        self.confirm()

    def confirm(self) -> None:
        send = self.page.get_by_role("button", name="Send ")
        send.wait_for()
        for tick in self.page.get_by_label("Money in and money out are right").all():
            self.press(tick)
        self.press(send)

    def status(self) -> Locator:
        """The block of a push's page that moves by itself."""
        return self.page.locator("#push-status")

    def wait_for(self, status: str) -> None:
        """Until the page shows it by itself, without a press of anything."""
        expect(self.status()).to_contain_text(status, timeout=20_000)

    def reload_until(self, text: str, *, within: str = "#push-status") -> None:
        """As an impatient person does; also where there is no JavaScript."""
        place = self.page.locator(within)
        for number in range(24):
            if text in place.inner_text():
                return
            self.page.wait_for_timeout(min(250 * 2**number, 1000))
            self.page.reload()
        expect(place).to_contain_text(text)


def rows(page: Page) -> Sequence[str]:
    return page.locator("#result_list tbody tr").all_inner_texts()
