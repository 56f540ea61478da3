"""Several files dropped on the page, and the pages of core systems, in a real browser."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from playwright.sync_api import FilePayload, Page, expect

from bankfeeds.models import ReceivedFile, Statement
from tests import support
from tests.e2e import axe
from tests.e2e.pictures import HEIGHT, NARROW, WIDE
from tests.importing.support import csv_of
from tests.senders.support import file, numbered, part, post, sender
from tests.support import run_jobs

if TYPE_CHECKING:
    from tests.e2e.conftest import At
    from tests.e2e.worker import Worker

LOOK = Path(__file__).with_name("looks.js").read_text()
DROP = """(texts) => {
  const carried = new DataTransfer();
  for (const [name, text] of Object.entries(texts)) carried.items.add(new File([text], name));
  const form = document.querySelector("form[data-drop]");
  const how = {dataTransfer: carried, bubbles: true, cancelable: true};
  for (const kind of ["dragover", "drop"]) form.dispatchEvent(new DragEvent(kind, how));
}"""


def looks_right(page: Page, name: str) -> None:
    for width, theme in ((NARROW, axe.THEMES[0]), (WIDE, axe.THEMES[1])):
        page.set_viewport_size({"width": width, "height": HEIGHT})
        assert axe.violations(page, theme) == [], (name, width, theme)
        assert page.evaluate(LOOK) == [], (name, width, theme)


def test_several_files_are_dropped_on_the_page(at_desk: At) -> None:
    account = support.make_account()
    desk = at_desk("support")
    desk.open(f"/admin/bankfeeds/statement/import/?account={account.pk}")
    expect(desk.page.get_by_text("Or drop them here.")).to_be_visible()
    texts = {f"{name}.csv": csv_of(["1.00"], prefix=name).decode() for name in "ab"}
    desk.page.evaluate(DROP, {**texts, "c.csv": "no statement"})
    desk.button("Look at this file")
    desk.says("Nothing is saved yet.", "Choose it alone")
    looks_right(desk.page, "several")
    desk.link("Look at b.csv")
    desk.button("Save 1 row")
    assert Statement.objects.get(state="saved").file_name == "b.csv"


def test_a_sender_and_what_it_sent(at_desk: At) -> None:
    desk = at_desk("administrator")
    desk.open("/admin/bankfeeds/sender/add/")
    desk.type(desk.page.get_by_label("Name of the sender"), "Core")
    desk.page.get_by_label("It posts them, with a token").check()
    looks_right(desk.page, "sender-add")
    desk.button("Make the sender")
    desk.says("This is the only time that the token is shown.")
    looks_right(desk.page, "sender-made")
    desk.link("The token is kept. Go on")
    desk.says("In use: what it sends is taken in.")
    looks_right(desk.page, "sender")
    numbered()
    _row, token = sender("Other")
    post(token, file(part(bad=True), part("555566667777")))
    run_jobs()
    desk = at_desk("support")
    desk.open(f"/admin/bankfeeds/receivedfile/{ReceivedFile.objects.get().pk}/change/")
    desk.says("••7777", "No account here has this number.")
    looks_right(desk.page, "received")
    desk.button("Save without the bad rows")
    run_jobs()
    desk.page.reload()
    desk.says("Saved")
    assert Statement.objects.get(state="saved").rows_saved == 2


def test_a_long_file_is_read_and_saved_in_the_background(
    at_desk: At, worker: Worker, settings: Any
) -> None:
    """The page moves by itself, with the script and without it."""
    settings.IMPORT_AT_ONCE_ROWS = 2
    account = support.make_account()
    for name, script in (("a", True), ("b", False)):
        worker.hold()
        desk = at_desk("support", java_script_enabled=script)
        desk.open(f"/admin/bankfeeds/statement/import/?account={account.pk}")
        content = csv_of(["1.00", "2.00", "3.00"], prefix=name, opening=f"{ord(name) * 10}.00")
        chosen: FilePayload = {
            "name": f"{name}.csv",
            "mimeType": "text/csv",
            "buffer": content,
        }
        desk.page.get_by_label("File to import").set_input_files(chosen)
        desk.button("Look at this file")
        desk.says("gone through", "Nothing to do")
        if script:
            looks_right(desk.page, "waiting")
        worker.go_on()
        expect(desk.page.get_by_text("Nothing is saved yet.")).to_be_visible(timeout=15_000)
        worker.hold()
        desk.button("Save 3 rows")
        desk.says("Being saved", "all of them are saved, or none")
        if script:
            looks_right(desk.page, "saving")
        worker.go_on()
        said = desk.page.get_by_text("3 rows of this file were saved.")
        expect(said).to_be_visible(timeout=15_000)
    assert Statement.objects.filter(state="saved", rows_saved=3).count() == 2
