"""What must be seen without scrolling sideways: on a telephone, and on a small office screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests import support
from tests.admin import pushes
from tests.e2e.pictures import HEIGHT, NARROW, WIDE

if TYPE_CHECKING:
    from bankfeeds.sandbox.server import Sandbox
    from tests.e2e.conftest import At

LONG = "REF-2026-000123456789-ABCDEFGHIJKLMNOP-QRSTUVWX"
# Lists with a long reference, and how far each reaches out of its frame.
FRAMES = "() => [...document.querySelectorAll('.results')].map(e => e.scrollWidth - e.clientWidth)"
# The names of columns that stand above the values of cards.
NAMES = """() => [...document.querySelectorAll("#result_list [data-label]")]
  .filter((e) => getComputedStyle(e, "::before").content !== "none").map((e) => e.dataset.label)"""
# Words of the legend that reach into what they mean.
WIDER = """() => [...document.querySelectorAll("details.legend dt")]
  .filter((each) => each.scrollWidth > each.clientWidth).map((each) => each.textContent)"""


@pytest.fixture
def full(sandbox: Sandbox) -> None:
    company = support.make_company("Boulangerie du Vieux-Port et Fils", reference=LONG)
    account = support.make_account(support.make_connection(company), name="Operating account")
    pushes.succeeded(account)
    pushes.refused()


def test_the_status_of_a_push_is_seen_on_a_telephone(at_desk: At, full: None) -> None:
    desk = at_desk("manager", viewport={"width": NARROW, "height": HEIGHT})
    desk.page.goto(f"{desk.url}/admin/bankfeeds/push/")
    for badge in desk.page.locator("td.field-status_and_marks .badge").all():
        box = badge.bounding_box()
        assert box is not None and box["x"] >= 0 and box["x"] + box["width"] <= NARROW
    assert {"Status", "By", "Codat's write id"} <= set(desk.page.evaluate(NAMES))
    assert max(desk.page.evaluate(FRAMES)) <= 1


def test_header_and_lists_fit_a_small_office_screen(at_desk: At, full: None) -> None:
    desk = at_desk("manager", viewport={"width": WIDE, "height": HEIGHT})
    for name in ("push", "company", "event"):
        desk.page.goto(f"{desk.url}/admin/bankfeeds/{name}/")
        assert max(desk.page.evaluate(FRAMES)) <= 1, name
    header = desk.page.locator("#header").bounding_box()
    assert header is not None and header["height"] < 60
    desk.page.goto(f"{desk.url}/admin/bankfeeds/push/")
    desk.page.locator("details.legend summary").click()
    assert desk.page.evaluate(WIDER) == []
