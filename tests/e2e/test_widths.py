"""What must be seen without scrolling sideways: on a telephone, and on a small office screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.contrib import admin
from django.contrib.auth.models import User

# The site knows no pages before.
import bankfeeds.admin  # noqa: F401
from bankfeeds.models import Company, Event, Push, ReceivedFile
from tests import support
from tests.admin import pushes
from tests.e2e.pictures import HEIGHT, NARROW, WIDE
from tests.matrix import things

if TYPE_CHECKING:
    from bankfeeds.sandbox.server import Sandbox
    from tests.e2e.conftest import At

LONG = "REF-2026-000123456789-ABCDEFGHIJKLMNOP-QRSTUVWX"
# Lists with a long reference, and how far each reaches out of its frame.
FRAMES = "() => [...document.querySelectorAll('.results')].map(e => e.scrollWidth - e.clientWidth)"
# Values that end beside a telephone, and how wide its page is.
BESIDE = """() => [...document.querySelectorAll("#result_list :is(td, th, td *, th *)")]
  .filter((e) => e.getBoundingClientRect().right > innerWidth).map((e) => e.outerHTML)"""
WHOLE = "document.documentElement.scrollWidth"
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


def test_every_list_is_read_on_a_telephone(
    at_desk: At, full: None, people: dict[str, User]
) -> None:
    things.make()
    ReceivedFile.objects.update(words=LONG)
    people["root"] = User.objects.create_superuser("root")
    desk = at_desk("root", viewport={"width": NARROW, "height": HEIGHT})
    folded = set()
    for model in admin.site._registry:
        desk.page.goto(f"{desk.url}/admin/{model._meta.app_label}/{model._meta.model_name}/")
        # The readiness page stands in the place of a list.
        if desk.page.locator("#result_list").count():
            assert desk.page.evaluate(BESIDE) == [], model
            assert desk.page.evaluate(NAMES), model
            folded.add(model)
        assert desk.page.evaluate(WHOLE) <= NARROW, model
    assert {Push, Company, ReceivedFile, Event} <= folded and len(folded) > 15
    desk.page.goto(f"{desk.url}/admin/bankfeeds/push/")
    assert {"Status", "By", "Codat's write id"} <= set(desk.page.evaluate(NAMES))


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
