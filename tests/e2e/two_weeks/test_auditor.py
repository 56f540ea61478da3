"""An auditor looks back over two weeks: what was sent, by whom, what was answered, what was held.

Others have worked meanwhile, by the same verbs as their pages; the auditor uses pages only.
"""

from __future__ import annotations

import csv
import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from django.utils import timezone
from playwright.sync_api import expect

from bankfeeds import conf, links, mistakes, pushing
from bankfeeds.models import Actor, Decision, Incident, Push, PushStatus
from tests import support
from tests.e2e.test_sending_again import confirmed, ended

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from tests.e2e.desk import Desk
    from tests.e2e.two_weeks.calendar import Calendar

CLIENT = "Maple Street Bakery"
# Of buttons, where those lead that neither search nor take a list out.
CHANGES = """(buttons) => buttons
  .filter((each) => each.form.method === "post")
  .map((each) => each.getAttribute("formaction") || each.form.getAttribute("action"))
  .filter((address) => !address?.includes("/export/"))"""


@dataclass
class Past:
    """What is to be found again. `link` must not be."""

    client: support.Onboarded
    accepted: list[Push] = field(default_factory=list)
    refused: Push | None = None
    link: str = ""


def test_an_auditor_looks_back_over_two_weeks(
    calendar: Calendar, people: dict[str, User], tmp_path: Path
) -> None:
    people["robin"] = support.make_person("manager", username="robin")
    past = two_weeks_of_others(calendar, people)
    desk = calendar.morning("Nov 3", "auditor")
    what_was_sent_is_what_codat_has(desk, tmp_path)
    a_refused_push_and_its_decision(desk, past)
    a_wrong_push_is_marked(desk)
    codat_was_down_from_friday_to_monday(desk)
    nothing_sent_was_altered(desk, past)
    the_record_tells_who_did_what(desk)
    a_staff_member_has_left(desk)
    no_link_and_nothing_to_change(desk, past)


def two_weeks_of_others(calendar: Calendar, people: dict[str, User]) -> Past:
    manager, agent = Actor.person(people["manager"]), Actor.person(people["support"])
    # Of three accounts the client connects two.
    past = Past(support.onboard(name=CLIENT, accounts=3, connected=False))
    first, second, _third = past.client.accounts
    support.connect(past.client.connection, [first, second])
    past.link = _given_to_the_client(past, manager)
    _accepted(past, confirmed(first, agent))

    calendar.move_to("Oct 22")
    _refused_and_decided(past, agent)

    calendar.move_to("Oct 23")
    wrong = _accepted(past, confirmed(second, agent))
    rows = [item.transaction_id for item in wrong.items.all()]
    mistakes.record(
        wrong,
        rows,
        reason="Another client's file.",
        wrong_client=True,
        by=agent,
        now=timezone.now(),
    )

    administrator = calendar.morning("Oct 29", "administrator")
    administrator.open(f"/admin/auth/user/{people['robin'].pk}/change/")
    administrator.page.get_by_label("Active").uncheck()
    administrator.button("Save")
    administrator.says("was changed successfully")

    calendar.move_to("Oct 30")
    calendar.codat_goes_down()
    waiting = confirmed(first, agent)
    calendar.minute_by_minute(Incident.objects.open().exists)
    calendar.move_to("Nov 2")
    calendar.codat_comes_back()
    calendar.later(minutes=1)
    _accepted(past, waiting)
    return past


def _given_to_the_client(past: Past, by: Actor) -> str:
    links.renew(past.client.connection, client=conf.client(), by=by, clock=timezone.now)
    return links.reveal(past.client.connection, by=by, now=timezone.now())


def _accepted(past: Past, push: Push) -> Push:
    ended(push, PushStatus.SUCCEEDED)
    past.accepted.append(push)
    return push


def _refused_and_decided(past: Past, by: Actor) -> None:
    support.order_fault("400", path="push")
    push = confirmed(past.client.accounts[0], by)
    ended(push, PushStatus.FAILED)
    past.refused = push
    why = "Codat says that it was repaired."
    again = pushing.decide(push, Decision.SEND_AGAIN, reason=why, by=by, now=timezone.now())
    assert again
    _accepted(past, again)


def what_was_sent_is_what_codat_has(desk: Desk, folder: Path) -> None:
    """The list that is taken out has every write that Codat knows, in its order, once."""
    expect(desk.heading("Push history")).to_be_visible()
    with desk.page.expect_download() as told:
        desk.button("Export this list")
    file = folder / "history.csv"
    told.value.save_as(file)
    with file.open(encoding="utf-8-sig", newline="") as lines:
        taken = sorted(csv.DictReader(lines), key=lambda row: int(row["Push"]))
    keys = [row["Codat's write id"] for row in taken if row["Status"] == "Accepted by Codat"]
    assert keys == [write["pushOperationKey"] for write in support.ledger()]
    assert {row["By"] for row in taken} == {"support"}
    desk.link("Count and total")
    desk.says(str(len(taken)))


def a_refused_push_and_its_decision(desk: Desk, past: Past) -> None:
    assert past.refused
    desk.open("/admin/bankfeeds/push/?status=failed")
    desk.press(desk.page.locator("#result_list").get_by_role("link", name=f"{past.refused.pk}"))
    desk.says(
        "Refused by Codat",
        "What Codat said",
        "Resolved by push",
        "Codat says that it was repaired.",
    )


def a_wrong_push_is_marked(desk: Desk) -> None:
    desk.open("/admin/bankfeeds/push/?mark=any")
    row = desk.page.get_by_role("row", name="Sent in error")
    expect(row).to_contain_text(CLIENT)
    desk.press(row.get_by_role("link").first)
    desk.says("Another client's file.", "Sent in error")
    desk.link("Text for the client")
    desk.says("Another client's data was sent.", "Exclude")


def codat_was_down_from_friday_to_monday(desk: Desk) -> None:
    desk.open("/admin/bankfeeds/incident/")
    desk.press(desk.page.locator("#result_list").get_by_role("link").first)
    desk.says(
        "Over",
        "From Oct 30, 2026",
        "to Nov 2, 2026",
        "Codat did not answer any call.",
        "1 confirmed push waited. No row of them became too late for the feed meanwhile.",
        "Nothing: sending went on by itself",
    )


def nothing_sent_was_altered(desk: Desk, past: Past) -> None:
    """Each body has the digest of its confirmation; of one the auditor computes it."""
    for push in past.accepted:
        desk.open(f"/admin/bankfeeds/push/{push.pk}/change/")
        same = desk.page.locator("dt", has_text="Same as confirmed").locator("+ dd")
        expect(same).to_have_text("Yes")
    with desk.page.expect_download() as body:
        desk.link("Download the body")
    digest = hashlib.sha256(body.value.path().read_bytes()).hexdigest()
    expect(desk.page.get_by_text(digest)).to_be_visible()


def the_record_tells_who_did_what(desk: Desk) -> None:
    desk.open("/admin/bankfeeds/event/")
    for who, what in (
        ("auditor", "export"),
        ("manager", "link.copied"),
        ("manager", "link.renewed"),
        ("support", "push.mistake"),
        ("support", "push.ready"),
        ("administrator", "person.deactivated"),
    ):
        row = desk.page.get_by_role("row").filter(has_text=what).filter(has_text=who)
        expect(row.first).to_be_visible()
    with desk.page.expect_download() as told:
        desk.button("Export this list")
    assert "person.deactivated" in told.value.path().read_text(encoding="utf-8-sig")


def a_staff_member_has_left(desk: Desk) -> None:
    desk.open("/admin/bankfeeds/event/")
    desk.link("Who may do what")
    expect(desk.page.get_by_role("row", name="robin")).to_contain_text("No")
    desk.says("Copy the link of a client")


def no_link_and_nothing_to_change(desk: Desk, past: Past) -> None:
    """On the pages of the client, its connection, an account, a push, the record."""
    assert past.link
    account, push = past.client.accounts[0], past.accepted[0]
    for path in (
        f"company/{past.client.company.pk}/change/",
        f"connection/{past.client.connection.pk}/change/",
        f"sourceaccount/{account.pk}/change/",
        f"push/{push.pk}/change/",
        "company/",
        "connection/",
        "event/",
    ):
        desk.open(f"/admin/bankfeeds/{path}")
        desk.never_says(past.link)
        assert desk.page.locator("main [type=submit]:visible").evaluate_all(CHANGES) == []
