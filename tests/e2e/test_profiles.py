"""A column profile is made in a browser, and the late file of the next day is four presses."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import Page, expect

from tests import support
from tests.admin import pushes
from tests.e2e import axe
from tests.e2e.pictures import HEIGHT, NARROW, WIDE

if TYPE_CHECKING:
    from tests.e2e.browser import Watch
    from tests.e2e.conftest import At
    from tests.e2e.pictures import Camera

LATE_FILE = 4
LOOK = Path(__file__).with_name("looks.js").read_text()


def extract(folder: Path, name: str, rows: list[tuple[str, str]], opening: str) -> Path:
    """As a Canadian core system writes it: Windows, semicolons, a title, decimal commas."""
    balance, day = Decimal(opening), support.today().isoformat()
    lines = ["Caisse du Vieux-Port", "Date;Libellé;Montant;Solde"]
    for text, amount in rows:
        balance += Decimal(amount)
        lines.append(";".join((day, text, amount, str(balance))).replace(".", ","))
    file = folder / name
    file.write_bytes("\n".join(lines).encode("cp1252"))
    return file


def looks_right(page: Page, name: str) -> None:
    for width, theme in ((NARROW, axe.THEMES[0]), (WIDE, axe.THEMES[1])):
        page.set_viewport_size({"width": width, "height": HEIGHT})
        assert axe.violations(page, theme) == [], (name, width, theme)
        assert page.evaluate(LOOK) == [], (name, width, theme)


def test_a_profile_is_made_and_reads_the_next_file(
    at_desk: At, camera: Camera, watch: Watch, tmp_path: Path
) -> None:
    account = support.make_account()
    # The first push of an account asks for one press more.
    pushes.succeeded(account)
    desk = at_desk("manager")
    page = desk.page
    rows = [("Dépôt", "250.00"), ("Hydro-Québec", "-40.25"), ("Café", "-9.75"), ("Café", "-9.75")]
    desk.upload(account.pk, extract(tmp_path, "monday.csv", rows, "1070.25"))
    desk.says("Read it by a profile", "There is no profile yet.")
    looks_right(page, "profile-unread")
    desk.link("Make a profile from this file")
    desk.says("the client PAID 40.25", "to Hydro-Québec", "the client RECEIVED 250.00")
    camera.shoot(page, "profile-sample")
    # Asked for is what goes with the chosen kind of amounts.
    expect(page.get_by_label("Money out", exact=True)).to_be_hidden()
    desk.choose(page.get_by_label("Amounts"), "Two columns: money out, money in")
    expect(page.get_by_label("Money out", exact=True)).to_be_visible()
    expect(page.get_by_label("Amount", exact=True)).to_be_hidden()
    desk.choose(page.get_by_label("Amounts"), "One column of amounts")
    desk.choose(page.get_by_label("Signs"), "A minus is money in")
    desk.type(page.get_by_label("Name of the profile"), "Daily")
    desk.button("Keep this profile and read the file by it")
    desk.says("Nothing was kept", "The signs look reversed.", "the client RECEIVED 40.25")
    looks_right(page, "profile-reversed")
    desk.choose(page.get_by_label("Signs"), "A minus is money out")
    page.get_by_role("button", name="Look again").first.click()
    desk.press(page.get_by_label("I have read these sentences"))
    desk.button("Keep this profile and read the file by it")
    desk.says("The profile was kept: Daily", "Balance moves with the amounts: yes", "4 understood")
    desk.button("Save 4 rows")
    desk.press(page.get_by_role("link", name="Daily (Our institution), version 1"))
    desk.says("In use: a file that it fits is read by it.")

    desk = at_desk("support")
    late = extract(tmp_path, "tuesday.csv", [*rows[2:], ("Loyer", "-100.00")], "1280.00")
    desk.open(f"/admin/bankfeeds/statement/import/?account={account.pk}")
    before = desk.pressed
    desk.page.get_by_label("File to import").set_input_files(late)
    desk.button("Look at this file")
    desk.says("2 already here", "Daily (Our institution), version 1")
    desk.button("Save 1 row")
    desk.link("Push now")
    desk.press(desk.page.get_by_role("button", name="Send 5 transactions"))
    assert desk.pressed - before <= LATE_FILE
    desk.says("confirmed: 5 transactions")
    push = account.pushes.latest("pk")
    assert push.items.values("transaction__transaction_id").distinct().count() == push.rows == 5
