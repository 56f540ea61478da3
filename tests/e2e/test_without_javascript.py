"""The main job with JavaScript switched off: all but copying by a press and counting down."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from bankfeeds.models import BankTransaction
from tests import support
from tests.e2e import client, files
from tests.e2e.codat import asked
from tests.e2e.desk import THREE

if TYPE_CHECKING:
    from bankfeeds.sandbox.server import Sandbox
    from tests.e2e.conftest import At, Open
    from tests.e2e.worker import Worker


def test_decisions_and_stops(at_desk: At, worker: Worker) -> None:
    acme = support.onboard(accounts=2)
    refused, unknown = acme.accounts
    rows = support.make_transactions(refused)
    BankTransaction.objects.filter(pk=rows[1].pk).update(description="Rent fault-op-failed")
    desk = at_desk("manager", java_script_enabled=False)
    reason = desk.page.get_by_label("Reason")
    desk.open(f"/admin/bankfeeds/push/confirm/?account={refused.pk}")
    desk.confirm()
    desk.reload_until("Refused by Codat")
    desk.type(reason, "The client pays this rent by hand.")
    desk.button("Leave out chosen rows and send the rest")
    desk.reload_until("Accepted by Codat")
    support.make_transactions(unknown)
    support.order_fault("422-after", path="push")
    desk.open(f"/admin/bankfeeds/push/confirm/?account={unknown.pk}")
    desk.confirm()
    desk.reload_until("Needs your decision")
    desk.button("Look again at Codat")
    desk.type(reason, "It is the only one of that minute.")
    desk.button("Codat has it: use this write")
    desk.reload_until("Accepted by Codat")
    assert len(support.ledger()) == 2
    desk.open(f"/admin/bankfeeds/sourceaccount/{unknown.pk}/change/")
    desk.link("Stop sending")
    desk.type(reason, "The amounts look wrong.")
    desk.press(desk.page.get_by_role("button", name="Stop sending for"))
    desk.says("Sending is stopped")
    desk.allow_sending("They were right.")
    desk.says("Sending is allowed again")
    desk.open_company(acme.company.name)
    desk.link("Client moves to another QuickBooks company, or connects anew")
    desk.page.get_by_label("Another QuickBooks company").check()
    desk.type(desk.page.get_by_label("Reason (kept)"), "New books.")
    desk.button("Unlink, and create the new connection")
    expect(desk.heading("Add accounts")).to_be_visible()


def test_the_main_job(
    at_desk: At, sandbox: Sandbox, worker: Worker, window: Open, tmp_path: Path
) -> None:
    desk = at_desk("manager", java_script_enabled=False)
    page = desk.page
    desk.open()
    desk.add_company("Boulangerie Trois-Rivières")
    desk.button("Create company")
    expect(page.get_by_role("alert")).to_contain_text("Boulangerie Trois-Rivieres")
    assert asked() == []
    desk.button("Create as Boulangerie Trois-Rivieres")
    desk.fill_accounts(THREE)
    desk.send_accounts()
    desk.button("Copy link")
    link = page.get_by_label("Link", exact=True).input_value()
    client.connect(window(java_script_enabled=False).new_page(), link, accounts=["Operating"])
    desk.open_company("Boulangerie Trois-Rivières")
    desk.button("Refresh statuses")
    expect(page.locator(".headline")).to_contain_text("Partly connected (1 of 3)")
    desk.link("Import file – Operating")
    page.get_by_label("File to import").set_input_files(files.statement(tmp_path))
    desk.button("Look at this file")
    desk.save("Save 6 rows")
    desk.push_now()
    desk.reload_until("Accepted by Codat")
    # What would do nothing is not there.
    expect(page.get_by_role("button", name="Copy")).to_have_count(0)
    assert len(support.ledger()) == 1
