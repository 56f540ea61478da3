"""A support agent's two weeks: a bad row, a wrong push, a late call, an outage, a lost feed.

Everything that support does is done on the pages. Clients were brought in by a manager before.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils import timezone
from playwright.sync_api import expect

from bankfeeds import conf, links
from tests import support
from tests.e2e import client, files
from tests.e2e.two_weeks import ledger

if TYPE_CHECKING:
    from bankfeeds.models import Actor, SourceAccount
    from tests.e2e.conftest import Open
    from tests.e2e.desk import Desk
    from tests.e2e.two_weeks.calendar import Calendar

BAKERY, CLINIC, GARAGE = "Maple Street Bakery", "Cedar Hill Veterinary", "Northside Auto Repair"
NEXT_FRIDAY = "From Nov 7, 2026 on, the oldest waiting rows would be too late for the feed."


@dataclass
class Story:
    calendar: Calendar
    window: Open
    folder: Path
    bakery: support.Onboarded
    clinic: support.Onboarded
    garage: support.Onboarded
    # By account id, in the order in which they must have reached Codat.
    sent: dict[str, list[str]] = field(default_factory=dict)

    def file(self, name: str, rows: Sequence[files.Row], *, days_ago: int = 0) -> Path:
        start = support.today() - dt.timedelta(days=days_ago)
        return files.statement(self.folder, rows, name=f"{name}.csv", start=start)

    def reached_codat(self, account: SourceAccount, *ids: str) -> None:
        self.sent.setdefault(account.account_id, []).extend(ids)


def test_two_weeks_of_support(
    calendar: Calendar, window: Open, actor: Actor, tmp_path: Path
) -> None:
    story = Story(
        calendar,
        window,
        tmp_path,
        bakery=support.onboard(name=BAKERY, accounts=2),
        clinic=support.onboard(name=CLINIC),
        garage=support.onboard(name=GARAGE, connected=False),
    )
    links.renew(story.garage.connection, client=conf.client(), by=actor, clock=timezone.now)
    a_file_comes_before_the_client_connects(story)
    one_bad_row_of_400(story)
    the_client_disconnects_and_nobody_knows(story)
    a_wrong_push(story)
    the_mistake_is_out_and_the_feed_goes_on(story)
    the_client_calls_on_day_9(story)
    codat_is_down_from_friday(story)
    month_end_and_a_weekend_with_codat_down_until_monday(story)
    the_disconnect_is_noticed_after_ten_days(story)
    at_the_end_everything_is_there_once(story)


def a_file_comes_before_the_client_connects(story: Story) -> None:
    desk = story.calendar.morning("Oct 20", "support")
    _import(desk, GARAGE, story.file("oct20", [("Invoice 3301", "420.00"), ("Parts", "-88.10")]))
    desk.save("Save 2 rows")
    desk.says("They wait until somebody pushes them.", "send the client a new link")
    expect(desk.page.get_by_role("button", name="Push now")).to_be_disabled()


def one_bad_row_of_400(story: Story) -> None:
    """The other 399 go today; the bad one follows on the same day, out of a corrected file."""
    desk = story.calendar.morning("Oct 21", "support")
    file = story.file("till", [("Card sales", "10.00")] * 400)
    right = file.read_text()
    file.write_text(right.replace("till-200,2026-10-21", "till-200,21st of October"))
    _import(desk, BAKERY, file)
    desk.says("399 understood", "1 bad", "Balance moves with the amounts: no, break in line 202")
    desk.link("Problems only (2)")
    desk.says("Bad row", "21st of October")
    with desk.page.expect_download() as bad:
        desk.link("Download bad rows with reasons")
    assert "till-200" in bad.value.path().read_text()
    desk.press(desk.page.get_by_role("checkbox"))
    desk.save("Save 399, leave 1 out")
    desk.push_now()
    desk.reload_until("Accepted by Codat")
    corrected = file.with_name("corrected.csv")
    corrected.write_text(right)
    _import(desk, BAKERY, corrected)
    desk.says("400 understood", "399 already here")
    desk.save("Save 1 row")
    desk.push_now()
    desk.reload_until("Accepted by Codat")
    ids = [f"till-{number:03d}" for number in range(1, 401) if number != 200]
    story.reached_codat(story.bakery.accounts[0], *ids, "till-200")
    _send(story, desk, CLINIC, "oct21", [("Card payments", "1890.25")])


def the_client_disconnects_and_nobody_knows(story: Story) -> None:
    desk = story.calendar.morning("Oct 22", "support")
    page = story.window().new_page()
    page.goto(
        f"{settings.CODAT_BASE_URL}/quickbooks/connections/{story.clinic.connection.codat_id}"
    )
    client.disconnect(page, "Account 1")
    story.calendar.later(minutes=20)
    _send(story, desk, CLINIC, "oct22", [("Laboratory", "-240.00")])
    desk.open_company(CLINIC)
    desk.says("Connected (1 of 1)")


def a_wrong_push(story: Story) -> None:
    """The file of another client went to the bakery's second account."""
    desk = story.calendar.morning("Oct 23", "support")
    rows = [("Brake job", "684.00"), ("Tires", "1120.00")]
    _send(story, desk, BAKERY, "oct23", rows, account=1)
    desk.link("Record a mistake")
    desk.says("Nothing can be called back")
    for tick in desk.page.get_by_role("checkbox", name="was sent in error").all():
        desk.press(tick)
    desk.press(desk.page.get_by_label("These rows are another client's data"))
    desk.press(desk.page.get_by_label("Stop sending for this account too"))
    desk.type(desk.page.get_by_label("Reason (kept)"), "The garage's file was taken by mistake.")
    desk.button("Mark the ticked rows as sent in error")
    desk.says(
        "2 rows are marked.",
        "Sending is stopped for this account.",
        "Another client's data was sent. Report it as an incident, now",
        "For review",
        "Exclude",
    )
    desk.open_company(BAKERY)
    desk.says("Sending stopped", "The garage's file was taken by mistake.")


def the_mistake_is_out_and_the_feed_goes_on(story: Story) -> None:
    desk = story.calendar.morning("Oct 26", "support")
    desk.open_company(BAKERY)
    desk.press(desk.page.get_by_role("link", name="Allow sending"))
    desk.allow_sending("The client has excluded both rows in QuickBooks.")
    _send(story, desk, BAKERY, "oct26", [("Catering", "1250.00")], account=1)
    _send(story, desk, CLINIC, "clinic26", [("Card payments", "310.40")])


def the_client_calls_on_day_9(story: Story) -> None:
    """The link of day one is long gone; what is too old for the feed goes as a file."""
    desk = story.calendar.morning("Oct 29", "support")
    _import(desk, GARAGE, story.file("oct29", [("Invoice 3344", "980.00")]))
    desk.save("Save 1 row")
    desk.search("northside")
    row = desk.page.get_by_role("row", name=GARAGE)
    expect(row).to_contain_text("Waiting for the client – link expired")
    expect(row).to_contain_text("Renew link when client calls")
    desk.press(row.get_by_role("button", name="Renew link"))
    expect(row).to_contain_text("Valid –")
    desk.press(row.get_by_role("button", name="Copy link"))
    expect(desk.page.locator("#portal-says")).to_contain_text("Copied. Valid until")
    client.connect(story.window().new_page(), desk.clipboard(), accounts=["Account 1"])
    desk.choose_company(GARAGE)
    desk.button("Refresh statuses")
    desk.says("Connected (1 of 1)", "Push 1 row by Nov 4, 2026")
    desk.link("Push connected accounts")
    desk.says("It is more than seven days old", "Give the client a file")
    desk.confirm()
    desk.reload_until("Accepted by Codat")
    story.reached_codat(story.garage.accounts[0], "oct29-001")
    desk.open_company(GARAGE)
    desk.link("Too late for the feed")
    with desk.page.expect_download() as file:
        desk.button("File for the client: 2 transactions")
    assert "Invoice 3301" in file.value.path().read_text()


def codat_is_down_from_friday(story: Story) -> None:
    """What is confirmed waits; nobody has to do anything."""
    desk = story.calendar.morning("Oct 30", "support")
    story.calendar.codat_goes_down()
    _import(desk, BAKERY, story.file("oct30", [("Card sales", "988.15")], days_ago=0))
    desk.save("Save 1 row")
    desk.push_now()
    desk.reload_until("On hold – Codat cannot be reached")
    expect(desk.status()).to_contain_text("Goes on by itself.")
    band = desk.page.get_by_role("alert").filter(has_text="Codat cannot be reached")
    story.calendar.minute_by_minute(lambda: desk.page.reload() and band.count())
    expect(band).to_contain_text("(since Oct 30, 2026")
    expect(band).to_contain_text("Nothing is lost so far: what was confirmed waits.")
    expect(band).to_contain_text("Nothing to do: sending goes on by itself")


def month_end_and_a_weekend_with_codat_down_until_monday(story: Story) -> None:
    """Saturday was the last of the month. Its rows follow Friday's, in order, by themselves."""
    desk = story.calendar.morning("Nov 2", "support")
    band = desk.page.get_by_role("alert").filter(has_text="Codat cannot be reached")
    expect(band).to_contain_text("(since Oct 30, 2026")
    expect(band).to_contain_text(NEXT_FRIDAY)
    rows = [("Interest", "4.12"), ("Bank fees", "-18.00"), ("Card sales", "1284.60")]
    _import(desk, BAKERY, story.file("month-end", rows, days_ago=2))
    desk.says("Oct 31, 2026 – Nov 1, 2026")
    desk.save("Save 3 rows")
    desk.push_now()
    expect(desk.status()).to_contain_text("On hold")
    story.calendar.codat_comes_back()
    story.calendar.later(minutes=1)
    desk.wait_for("Accepted by Codat")
    desk.page.reload()
    expect(band).to_have_count(0)
    ids = [f"month-end-{number:03d}" for number in (1, 2, 3)]
    story.reached_codat(story.bakery.accounts[0], "oct30-001", *ids)


def the_disconnect_is_noticed_after_ten_days(story: Story) -> None:
    """Codat noticed on Sunday, when it could not be asked: all that went meanwhile is marked."""
    desk = story.calendar.morning("Nov 3", "support")
    desk.open_company(CLINIC)
    desk.reload_until("Disconnected", within=".headline")
    desk.says("QuickBooks no longer asks for any account.")
    desk.says("May not have reached QuickBooks", "Renew link when client calls")
    desk.button("Renew link")
    desk.says("Give the link to the client")
    link = desk.copy_link()
    client.connect(story.window().new_page(), link, accounts=["Account 1"])
    desk.button("Refresh statuses")
    desk.says("Connected (1 of 1)")
    desk.press(desk.page.get_by_role("link", name="Account 1 · "))
    desk.says("3 pushes with 3 rows", "Look what is missing in QuickBooks")
    desk.link("Choose what goes again")
    desk.says("Sending what is already there doubles it in the client's books.", "Cannot go")
    with desk.page.expect_download() as file:
        desk.button("Download the file of all 3 rows")
    assert "Laboratory" in file.value.path().read_text()
    desk.type(desk.page.get_by_label("Reason (kept)"), "The client took two rows out of the file.")
    desk.button("Mark all as seen to")
    desk.says("3 pushes are marked as seen to.")


def at_the_end_everything_is_there_once(story: Story) -> None:
    desk = story.calendar.morning("Nov 4", "support")
    for name in (BAKERY, CLINIC, GARAGE):
        expect(desk.page.get_by_role("row", name=name)).to_contain_text("Nothing to push")
    expect(desk.page.locator("#header")).not_to_contain_text("Needs a decision")
    assert {account: ids for (_, account), ids in ledger.rows().items()} == story.sent


def _import(desk: Desk, company: str, file: Path, *, account: int = 0) -> None:
    """From the list of companies to the preview."""
    desk.open_company(company)
    desk.link(f"Import file – Account {account + 1}")
    desk.page.get_by_label("File to import").set_input_files(file)
    desk.button("Look at this file")


def _send(
    story: Story,
    desk: Desk,
    company: str,
    name: str,
    rows: Sequence[files.Row],
    *,
    account: int = 0,
) -> None:
    """From the list of companies to *Accepted by Codat*."""
    _import(desk, company, story.file(name, rows), account=account)
    desk.save(f"Save {len(rows)} row" + ("s" if len(rows) > 1 else ""))
    desk.push_now()
    desk.reload_until("Accepted by Codat")
    them = story.bakery if company == BAKERY else story.clinic
    ids = [f"{name}-{number:03d}" for number in range(1, len(rows) + 1)]
    story.reached_codat(them.accounts[account], *ids)
