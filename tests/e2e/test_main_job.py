"""The story that the portal is for: from a new client to a push that Codat accepted.

Three people play it: the manager, the client and the auditor. Every page is photographed.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests import support
from tests.e2e import client, files
from tests.e2e.desk import THREE, Desk

if TYPE_CHECKING:
    from bankfeeds.sandbox.server import Sandbox
    from tests.e2e.conftest import Open
    from tests.e2e.pictures import Camera
    from tests.processes import Program

NAME = "Café Québec & Fils"
AT_CODAT = "Cafe Quebec & Fils"


def test_the_main_job(
    portal: str,
    sandbox: Sandbox,
    real_worker: Program,
    window: Open,
    camera: Camera,
    tmp_path: Path,
) -> None:
    manager = _arrive(portal, window, "manager", camera)
    link = _onboard(manager, camera)
    _be_the_client(window, link, camera)
    _refresh(manager, camera)
    _import(manager, files.statement(tmp_path), camera)
    _push(manager, camera)
    _audit(_arrive(portal, window, "auditor"), link, camera)


def _arrive(portal: str, window: Open, who: str, camera: Camera | None = None) -> Desk:
    context = window()
    context.grant_permissions(["clipboard-read", "clipboard-write"], origin=portal)
    desk = Desk(context.new_page(), portal)
    if camera:
        desk.open()
        camera.shoot(desk.page, "sign-in")
    desk.sign_in(who)
    expect(desk.page.get_by_text("SANDBOX", exact=True)).to_be_visible()
    return desk


def _onboard(desk: Desk, camera: Camera) -> str:
    """The link, as it comes out of the clipboard."""
    page = desk.page
    camera.shoot(page, "companies-empty")
    desk.add_company(NAME, reference="REF-1042")
    expect(page.locator(".name-preview")).to_contain_text(f"Name at Codat: {AT_CODAT}")
    camera.shoot(page, "add-company")
    desk.button("Create company")
    expect(desk.heading(f"Add accounts of {NAME}")).to_be_visible()
    desk.fill_accounts(THREE)
    camera.shoot(page, "add-accounts")
    desk.send_accounts()
    expect(page.get_by_text("3 accounts added")).to_be_visible()
    camera.shoot(page, "connection")
    link = desk.copy_link()
    camera.shoot(page, "link-copied")
    return link


def _be_the_client(window: Open, link: str, camera: Camera) -> None:
    page = window().new_page()
    client.get_credentials(page, link)
    camera.shoot(page, "client-credentials")
    client.sign_in(page)
    camera.shoot(page, "client-choose")
    client.choose(page, ["Operating", "Company card"])
    camera.shoot(page, "client-connected")


def _refresh(desk: Desk, camera: Camera) -> None:
    desk.open_company(NAME)
    desk.button("Refresh statuses")
    expect(desk.page.locator(".headline")).to_contain_text("Partly connected (2 of 3)")
    camera.shoot(desk.page, "company")


def _import(desk: Desk, file: Path, camera: Camera) -> None:
    desk.link("Import file – Operating")
    camera.shoot(desk.page, "import")
    desk.page.get_by_label("File to import").set_input_files(file)
    desk.button("Look at this file")
    expect(desk.page.get_by_text("186.35 USD left the account to Maple Flour Mill")).to_be_visible()
    expect(desk.page.get_by_text("Balance moves with the amounts: yes")).to_be_visible()
    camera.shoot(desk.page, "preview")
    desk.save("Save 6 rows")
    camera.shoot(desk.page, "saved")


def _push(desk: Desk, camera: Camera) -> None:
    desk.link("Push now")
    camera.shoot(desk.page, "confirm")
    desk.confirm()
    desk.wait_for("Accepted by Codat")
    (write,) = support.ledger()
    assert write["transactionIds"] == [f"transactions-{n:03d}" for n in range(1, 7)]
    # What is below the status has moved along by itself, too.
    expect(desk.page.get_by_text(write["pushOperationKey"])).to_be_visible()
    camera.shoot(desk.page, "push")


def _audit(desk: Desk, link: str, camera: Camera) -> None:
    page = desk.page
    expect(page.get_by_role("heading", name="Push history")).to_be_visible()
    camera.shoot(page, "history")
    row = page.get_by_role("row", name="Accepted by Codat")
    expect(row).to_contain_text(NAME)
    row.get_by_role("link", name="#").click()
    _digest_is_true(desk)
    expect(page.locator("#content button:visible")).to_have_count(0)
    camera.shoot(page, "push-as-auditor")
    desk.open_company(NAME)
    expect(page.get_by_role("button", name="Copy link")).to_have_count(0)
    assert link not in page.content()
    camera.shoot(page, "company-as-auditor")


def _digest_is_true(desk: Desk) -> None:
    with desk.page.expect_download() as download:
        desk.link("Download the body")
    digest = hashlib.sha256(download.value.path().read_bytes()).hexdigest()
    expect(desk.page.get_by_text(digest)).to_be_visible()
