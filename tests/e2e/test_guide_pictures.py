"""The pictures of the guides, in both languages, of one plausible morning.

PICTURES=1 in the environment writes them to `docs/pictures/`; without it there is nothing to do.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Page, expect

from bankfeeds import guides
from bankfeeds.models import Preference
from tests import support
from tests.e2e import bank_day
from tests.e2e.pictures import COMMITTED

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from bankfeeds.sandbox.server import Sandbox
    from tests.e2e.conftest import At
    from tests.e2e.desk import Desk

SIZE = {"width": 1100, "height": 720}
LARGEST = 150_000  # bytes
# The list of all pages takes room, and shows nothing that the text tells of.
CLOSED = "localStorage.setItem('django.admin.navSidebarIsOpen', 'false')"
COPY = {"en": "Copy link", "fr-ca": "Copier le lien"}
LOOK = {"en": "Look at this file", "fr-ca": "Regarder ce fichier"}

pytestmark = pytest.mark.skipif(
    os.environ.get("PICTURES") != "1", reason="PICTURES=1 makes the pictures of the guides"
)


@pytest.mark.parametrize("language", guides.LANGUAGES)
def test_the_pictures_of_the_guides(
    at_desk: At, sandbox: Sandbox, people: dict[str, User], tmp_path: Path, language: str
) -> None:
    manager = support.make_person("manager", username="isabelle.tremblay")
    auditor = support.make_person("auditor", username="daniel.roy")
    for person in (manager, auditor):
        first, _, last = person.username.partition(".")
        person.first_name, person.last_name = first.title(), last.title()
        person.save(update_fields=["first_name", "last_name"])
        Preference.objects.create(user=person, language=language)
    people |= {"isabelle": manager, "daniel": auditor}
    day = bank_day.begun(manager, tmp_path)
    desk = _sits(at_desk, "isabelle")
    _morning(desk, language)
    _link(desk, day, language)
    _preview(desk, day, language)
    _confirm(desk, day, language)
    _refused(desk, day, language)
    _history(_sits(at_desk, "daniel"), language)


def _sits(at_desk: At, who: str) -> Desk:
    desk = at_desk(who, viewport=SIZE)
    desk.page.add_init_script(CLOSED)
    return desk


def _morning(desk: Desk, language: str) -> None:
    desk.open("/admin/bankfeeds/company/")
    expect(desk.page.locator("#result_list tbody tr")).to_have_count(7)
    _take(desk.page, "companies", language)


def _link(desk: Desk, day: bank_day.Day, language: str) -> None:
    desk.open(f"/admin/bankfeeds/company/{day.waiting.company_id}/change/")
    desk.button(COPY[language])
    expect(desk.copied()).not_to_be_empty()
    desk.copied().evaluate("(one) => one.scrollIntoView({block: 'center'})")
    expect(desk.copied()).to_be_in_viewport()
    _take(desk.page, "link", language)


def _preview(desk: Desk, day: bank_day.Day, language: str) -> None:
    desk.open(f"/admin/bankfeeds/statement/import/?account={day.importing.pk}")
    desk.page.locator("input[type=file]").set_input_files(day.new_file)
    desk.button(LOOK[language])
    expect(desk.page.locator("#content h2").first).to_be_visible()
    _take(desk.page, "preview", language)


def _confirm(desk: Desk, day: bank_day.Day, language: str) -> None:
    desk.open(f"/admin/bankfeeds/push/confirm/?account={day.confirming.pk}")
    _take(desk.page, "confirm", language)
    desk.page.evaluate("scrollTo(0, document.body.scrollHeight)")
    _take(desk.page, "send", language)


def _refused(desk: Desk, day: bank_day.Day, language: str) -> None:
    desk.open(f"/admin/bankfeeds/push/{day.refused.pk}/change/#decide")
    _take(desk.page, "refused", language)


def _history(desk: Desk, language: str) -> None:
    desk.open("/admin/bankfeeds/push/")
    _take(desk.page, "history", language)
    desk.page.locator("details.legend summary").click()
    desk.page.locator("details.legend").evaluate("legend => legend.scrollIntoView()")
    _take(desk.page, "legend", language)


def _take(page: Page, name: str, language: str) -> None:
    file = COMMITTED / language / f"{name}.png"
    file.parent.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=file, animations="disabled")
    assert file.stat().st_size < LARGEST, f"{file.name} is too large for the help"
