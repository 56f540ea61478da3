"""A manager's two weeks: clients come, accounts turn out wrong, a link goes astray, someone leaves.

Everything that the manager does is done on the pages; the client is a person in another window.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests import support
from tests.e2e import client, files
from tests.e2e.desk import THREE, Account, Desk
from tests.e2e.two_weeks import ledger

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from playwright.sync_api import Page

    from tests.e2e.conftest import Open
    from tests.e2e.two_weeks.calendar import Calendar

DENTAL, GARAGE, BAKERY = "Harbour Point Dental", "Northside Auto Repair", "Maple Street Bakery"
TWIN = "H. P. Dental"
GARAGE_ACCOUNT = Account("Operating", "Checking", "7700220011")


@dataclass
class Story:
    calendar: Calendar
    window: Open
    folder: Path
    # Of each client's accounts, in the order in which they must have reached Codat.
    sent: dict[str, list[str]] = field(default_factory=dict)

    def visitor(self) -> Page:
        return self.window().new_page()

    def file(self, name: str, *rows: files.Row, opening: str = "1000.00") -> Path:
        return files.statement(
            self.folder, rows, name=f"{name}.csv", opening=opening, start=support.today()
        )


def test_two_weeks_of_a_manager(
    calendar: Calendar, window: Open, people: dict[str, User], tmp_path: Path
) -> None:
    story = Story(calendar, window, tmp_path)
    robin = support.make_person("manager", username="robin")
    robin.first_name, robin.last_name = "Robin", "Gill"
    robin.save()
    people["robin"] = robin
    three_accounts_of_which_two_get_connected(story)
    the_wrong_account(story)
    a_duplicate_client(story)
    the_link_goes_to_the_wrong_person(story)
    the_link_has_been_used_and_is_undone(story)
    a_colleague_leaves(story, robin)
    at_the_end_everything_is_there_once(story)


def three_accounts_of_which_two_get_connected(story: Story) -> None:
    desk = story.calendar.morning("Oct 20", "manager")
    desk.add_company(DENTAL, reference="RB-20455")
    desk.button("Create company")
    desk.fill_accounts(THREE)
    desk.send_accounts()
    desk.says("3 accounts added")
    client.connect(story.visitor(), desk.copy_link(), accounts=["Operating", "Company card"])
    desk.button("Refresh statuses")
    desk.says("Partly connected (2 of 3)", "Ask about the rest", "mark them not wanted")
    desk.open_account("8249")
    desk.says("Not connected yet", "Nothing can be sent; rows keep ageing.")
    desk.takes("Mark not wanted", reason="The client keeps it out of the books.")
    desk.says("Not wanted", "No reminders, nothing is sent.")
    desk.open_company(DENTAL)
    desk.says("Connected (2 of 2)", "Nothing to push: import a file when there is one")
    _send(story, desk, "Operating", "oct20", ("Insurance payout", "3120.00"), ("Rent", "-900.00"))
    story.sent["Operating"] = ["oct20-001", "oct20-002"]


def the_wrong_account(story: Story) -> None:
    """The client calls: the card has another number. Nothing was sent for it yet."""
    desk = story.calendar.morning("Oct 21", "manager")
    desk.search("RB-20455")
    desk.choose_company(DENTAL)
    desk.open_account("2210")
    desk.says("Wrong number or type: remove and add again.")
    desk.takes("Remove account")
    desk.says("Done at Codat", "Removed")
    desk.open_company(DENTAL)
    desk.link("Add accounts")
    right = Account("Company card", "Credit card", "5500772219", balance="-250.00")
    desk.fill_accounts([right])
    desk.send_accounts()
    desk.says("1 account added")
    client.connect(story.visitor(), desk.copy_link(), accounts=["Company card"])
    desk.button("Refresh statuses")
    desk.says("Connected (2 of 2)")
    desk.open_company(DENTAL)
    card = story.file("card", ("Dental supplies", "-86.40"), opening="-250.00")
    desk.open_account("2219")
    desk.link("Import file")
    _upload_and_send(desk, card, "Save 1 row")
    story.sent["Company card"] = ["card-001"]


def a_duplicate_client(story: Story) -> None:
    """The portal warns of a like name; one that was written otherwise is closed a day later."""
    desk = story.calendar.morning("Oct 22", "manager")
    desk.add_company(DENTAL.upper())
    desk.button("Create company")
    desk.says("This client may be here already.", DENTAL, "Connected (2 of 2)")
    desk.press(desk.page.get_by_role("link", name="Open that one"))
    expect(desk.heading(DENTAL)).to_be_visible()
    desk.open()
    desk.onboard(TWIN, [Account("Operating", "Checking", "4400118231")])

    desk = story.calendar.morning("Oct 23", "manager")
    desk.open_company(TWIN)
    desk.link("Close company")
    desk.says("Sending stops, and no file is taken in any more.", "Its history stays here.")
    desk.type(desk.page.get_by_label("Duplicate of"), DENTAL)
    desk.type(desk.page.get_by_label("Reason (kept)"), "The same client, entered twice.")
    desk.button("Close company")
    desk.says("Nothing to do: the company is closed.", "It goes on as")
    desk.press(desk.page.locator("#ways-out ~ p").get_by_role("link", name=DENTAL))
    expect(desk.heading(DENTAL)).to_be_visible()


def the_link_goes_to_the_wrong_person(story: Story) -> None:
    desk = story.calendar.morning("Oct 26", "manager")
    desk.onboard(GARAGE, [GARAGE_ACCOUNT])
    went_astray = desk.copy_link()
    stranger = story.visitor()
    client.connect(stranger, went_astray, accounts=["Operating"])
    desk.takes(
        "Link went to the wrong person",
        reason="Mailed to a client of nearly the same name.",
        button="Stop sending and make a new link",
    )
    desk.says("Sending is stopped.", "A new link was made.")
    desk.says("only unlinking or removing the connection is sure to undo it")
    assert desk.copy_link() != went_astray


def the_link_has_been_used_and_is_undone(story: Story) -> None:
    """Nothing went to the stranger; what waited goes to the client, and only there."""
    desk = story.calendar.morning("Oct 27", "manager")
    desk.open_company(GARAGE)
    desk.button("Refresh statuses")
    desk.says("Connected (1 of 1)", "Sending stopped", "nearly the same name")
    invoice = story.file("oct27", ("Invoice 3307", "684.00"), ("Parts", "-312.75"))
    desk.link("Import file – Operating")
    desk.page.get_by_label("File to import").set_input_files(invoice)
    desk.button("Look at this file")
    desk.save("Save 2 rows")
    desk.open_company(GARAGE)
    expect(desk.page.get_by_role("button", name="Push connected accounts")).to_be_disabled()
    desk.link("Open the connection")
    desk.link("Remove connection at Codat")
    desk.says("This cannot be taken back")
    desk.type(desk.page.get_by_label("to confirm"), GARAGE)
    desk.type(desk.page.get_by_label("Reason (kept)"), "A stranger had finished the set-up.")
    desk.button("Remove connection at Codat")
    desk.says("Done at Codat")
    desk.open_company(GARAGE)
    desk.button("Create QuickBooks connection")
    desk.fill_accounts([GARAGE_ACCOUNT])
    desk.send_accounts()
    desk.says("1 account added")
    client.connect(story.visitor(), desk.copy_link(), accounts=["Operating"])
    desk.button("Refresh statuses")
    desk.open_company(GARAGE)
    desk.says("Connected (1 of 1)", "Sending is stopped for this company", "Open the stop")
    desk.link("Open the stop")
    desk.allow_sending("The stranger's connection is gone.")
    desk.open_company(GARAGE)
    desk.says("Push 2 rows by Nov 2, 2026")
    desk.link("Push connected accounts")
    desk.confirm()
    desk.reload_until("Accepted by Codat")
    story.sent[GARAGE] = ["oct27-001", "oct27-002"]


def a_colleague_leaves(story: Story, robin: User) -> None:
    """Robin's session ends at once, Robin's client gets another owner, the feed goes on."""
    desk = story.calendar.morning("Oct 29", "robin")
    desk.onboard(BAKERY, [Account("Till", "Checking", "8800330099")])
    client.connect(story.visitor(), desk.copy_link(), accounts=["Till"])
    desk.button("Refresh statuses")
    administrator = story.calendar.sits("administrator")
    administrator.open(f"/admin/auth/user/{robin.pk}/change/")
    administrator.page.get_by_label("Active").uncheck()
    administrator.button("Save")
    administrator.says("Robin Gill looked after 1 company.", "Companies of Robin Gill")
    desk.open("/admin/bankfeeds/company/")
    expect(desk.page.get_by_role("button", name="Log in")).to_be_visible()

    desk = story.calendar.morning("Oct 30", "manager")
    desk.open_company(BAKERY)
    desk.says("Robin Gill has left")
    desk.open("/admin/bankfeeds/company/")
    desk.page.get_by_role("row", name=BAKERY).get_by_role("checkbox").check()
    desk.choose(desk.page.locator("select[name=action]"), "Change owner")
    desk.button("Go")
    desk.choose(desk.page.get_by_label("New owner"), "manager")
    desk.button("Change owner")
    desk.open()
    expect(desk.page.get_by_role("row", name=BAKERY)).to_be_visible()
    desk.choose_company(BAKERY)
    _send(story, desk, "Till", "oct30", ("Card sales", "988.15"))
    story.sent["Till"] = ["oct30-001"]


def at_the_end_everything_is_there_once(story: Story) -> None:
    """Month end is over, the clocks went back: the manager looks at every client."""
    desk = story.calendar.morning("Nov 3", "manager")
    for name in (DENTAL, GARAGE, BAKERY):
        expect(desk.page.get_by_role("row", name=name)).to_contain_text("Nothing to push")
    closed = desk.page.get_by_role("row", name=TWIN)
    expect(closed).to_contain_text("Closed")
    expect(desk.page.locator("#header")).not_to_contain_text("Needs a decision")
    # One line of feed for each account, and none on the connection that the stranger had.
    assert sorted(ledger.rows().values()) == sorted(story.sent.values())


def _send(story: Story, desk: Desk, account: str, name: str, *rows: files.Row) -> None:
    """From the page of the company to *Accepted by Codat*."""
    desk.link(f"Import file – {account}")
    count = f"{len(rows)} row" + ("s" if len(rows) > 1 else "")
    _upload_and_send(desk, story.file(name, *rows), f"Save {count}")


def _upload_and_send(desk: Desk, file: Path, save: str) -> None:
    desk.page.get_by_label("File to import").set_input_files(file)
    desk.button("Look at this file")
    desk.save(save)
    desk.push_now()
    desk.reload_until("Accepted by Codat")
