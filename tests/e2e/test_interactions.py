"""How much work each everyday job is: presses of a button, link or shortcut; typing counted apart.

All of them begin on the list of companies, where everybody who works with clients arrives.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from bankfeeds.models import Connection, SourceAccount
from tests import support
from tests.e2e import files
from tests.e2e.desk import THREE, Account

if TYPE_CHECKING:
    from bankfeeds.sandbox.server import Sandbox
    from tests.e2e.conftest import At
    from tests.e2e.desk import Desk
    from tests.e2e.worker import Worker

NAME = "Maple Street Bakery"
NEW_CLIENT = 12
RENEW_AND_COPY, RENAME, FOURTH_ACCOUNT, WHERE_ARE_WE, REFUSED = 2, 3, 4, 1, 4


@contextmanager
def within(desk: Desk, most: int) -> Iterator[None]:
    """From the list of companies, in at most so many presses."""
    desk.open("/admin/bankfeeds/company/")
    before = desk.pressed
    yield
    assert desk.pressed - before <= most


def test_a_client_is_brought_in_and_looked_after(at_desk: At, sandbox: Sandbox) -> None:
    desk = at_desk("manager")
    page = desk.page
    with within(desk, NEW_CLIENT):
        desk.onboard(NAME)
        first = desk.copy_link()
    assert first.startswith(sandbox.url)
    assert SourceAccount.objects.wanted().count() == len(THREE)

    support.age_link(Connection.objects.get(), minutes=61)
    with within(desk, RENEW_AND_COPY):
        desk.press(page.get_by_title(f"Renew link of {NAME}"))
        expect(page.get_by_role("row", name=NAME)).to_contain_text("Valid –")
        desk.press(page.get_by_title(f"Copy link of {NAME}"))
        expect(page.locator("#portal-says")).to_contain_text("Copied. Valid until")
    second = desk.clipboard()
    assert second not in ("", first)

    with within(desk, RENAME):
        desk.link(NAME)
        desk.link("Rename – Reserve")
        desk.type(page.get_by_role("textbox", name="Name"), "Savings")
        desk.button("Rename")
        expect(page.get_by_text("The account is now called Savings.")).to_be_visible()

    support.age_link(Connection.objects.get(), minutes=61)
    with within(desk, FOURTH_ACCOUNT):
        desk.link(NAME)
        desk.link("Add accounts")
        desk.fill_accounts([Account("Payroll", "Checking", "4400118256")])
        desk.send_accounts()
        third = desk.copy_link()
    assert third not in ("", first, second)

    with within(desk, WHERE_ARE_WE):
        desk.search("8256")
        found = page.get_by_role("row", name=NAME)
        expect(found).to_contain_text("Waiting for the client – link valid")
        expect(found).to_contain_text("Give the link to the client")


def test_a_refused_push_goes_without_its_bad_row(
    at_desk: At, worker: Worker, tmp_path: Path
) -> None:
    account = support.onboard(name=NAME).accounts[0]
    desk = at_desk("support")
    page = desk.page
    rows = [("Sales", "100.00"), ("Rent fault-op-failed", "-40.00"), ("Sales", "60.00")]
    desk.upload(account.pk, files.statement(tmp_path, rows))
    desk.save("Save 3 rows")
    desk.push_now()
    desk.reload_until("Refused by Codat")
    with within(desk, REFUSED):
        desk.link("Needs a decision (1)")
        desk.press(page.get_by_role("link", name="#"))
        said = page.get_by_role("region", name="What Codat said of the rows")
        expect(said).to_contain_text("transactions-002")
        expect(page.get_by_role("checkbox", name="transactions-002")).to_be_checked()
        desk.type(page.get_by_label("Reason"), "The client pays this rent by hand.")
        desk.button("Leave out chosen rows and send the rest")
        desk.wait_for("Accepted by Codat")
    (write,) = support.ledger()
    assert write["transactionIds"] == ["transactions-001", "transactions-003"]
