"""The keyboard alone, from a company to a decision: every stop of Tab is seen, nothing traps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import Locator, Page, expect

from bankfeeds.models import BankTransaction
from tests import support

if TYPE_CHECKING:
    from tests.e2e.conftest import At
    from tests.e2e.worker import Worker

MOST_STOPS = 150
# What has the focus, and whether a person sees that it has: a ring around it, within the window.
FOCUS = """() => {
  const one = document.activeElement, style = getComputedStyle(one);
  const box = one.getBoundingClientRect();
  const ring = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0;
  const inside = box.width > 0 && box.bottom > 0 && box.top < innerHeight;
  const name = `${one.tagName} ${one.id || one.name || one.textContent.trim().slice(0, 40)}`;
  return {name, seen: ring && inside};
}"""


def tab_to(page: Page, wanted: Locator) -> None:
    """By Tab, from where the focus is."""
    unseen = []
    for _stop in range(MOST_STOPS):
        page.keyboard.press("Tab")
        focus = page.evaluate(FOCUS)
        if not focus["seen"]:
            unseen.append(focus["name"])
        if wanted.evaluate("(each) => each === document.activeElement"):
            break
    expect(wanted).to_be_focused()
    assert unseen == []


def press(page: Page, wanted: Locator, key: str = "Enter") -> None:
    tab_to(page, wanted)
    page.keyboard.press(key)


def test_from_a_company_over_its_push_to_a_decision(at_desk: At, worker: Worker) -> None:
    client = support.onboard()
    rows = support.make_transactions(client.accounts[0])
    BankTransaction.objects.filter(pk=rows[1].pk).update(description="Rent fault-op-failed")
    desk = at_desk("manager")
    page = desk.page
    desk.open(f"/admin/bankfeeds/company/{client.company.pk}/change/")
    press(page, page.get_by_role("link", name="Push connected accounts"))
    expect(desk.heading("Send to QuickBooks")).to_be_visible()
    press(page, page.get_by_label("Money in and money out are right"), "Space")
    press(page, page.get_by_role("button", name="Send "))
    desk.reload_until("Refused by Codat")
    tab_to(page, page.get_by_label("Reason"))
    page.keyboard.type("The client pays this rent by hand.")
    press(page, page.get_by_role("button", name="Leave out chosen rows and send the rest"))
    desk.wait_for("Accepted by Codat")
    assert [len(write["transactionIds"]) for write in support.ledger()] == [len(rows) - 1]
