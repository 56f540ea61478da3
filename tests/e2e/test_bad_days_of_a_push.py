"""What goes wrong between *Send* and *Accepted*: each has a page that says what to do."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from bankfeeds.models import Push
from tests import support
from tests.e2e import files

if TYPE_CHECKING:
    from typing import Any

    from bankfeeds.sandbox.server import Sandbox
    from tests.e2e.conftest import At
    from tests.e2e.worker import Worker

REFUSED_ROW = "Rent fault-op-failed"


def test_a_refused_push_is_sent_without_its_bad_row(
    at_desk: At, worker: Worker, tmp_path: Path
) -> None:
    account = support.onboard().accounts[0]
    rows = [("Sales", "100.00"), (REFUSED_ROW, "-40.00"), ("Sales", "60.00")]
    desk = at_desk("support")
    desk.upload(account.pk, files.statement(tmp_path, rows))
    desk.save("Save 3 rows")
    desk.push_now()
    desk.reload_until("Refused by Codat")
    page = desk.page
    said = page.get_by_role("region", name="What Codat said of the rows")
    expect(said).to_contain_text("transactions-002")
    expect(page.get_by_role("checkbox", name="Leave out transactions-002")).to_be_checked()
    expect(page.get_by_role("checkbox", name="Leave out transactions-001")).not_to_be_checked()
    desk.type(page.get_by_label("Reason"), "The client pays this rent by hand.")
    desk.button("Leave out chosen rows and send the rest")
    expect(page.get_by_text("is replaced by push #")).to_be_visible()
    desk.reload_until("Accepted by Codat")
    assert [write["transactionIds"] for write in support.ledger()] == [
        ["transactions-001", "transactions-003"]
    ]
    refused = Push.objects.earliest("pk")
    page.get_by_role("link", name=f"#{refused.pk}", exact=True).click()
    expect(desk.status()).to_contain_text("Resolved by push")


def test_http_400_shows_codats_words(at_desk: At, worker: Worker) -> None:
    account = support.onboard().accounts[0]
    support.make_transactions(account)
    support.order_fault("400", path="push")
    desk = at_desk("manager")
    desk.open(f"/admin/bankfeeds/push/confirm/?account={account.pk}")
    desk.confirm()
    desk.reload_until("Refused by Codat")
    assert support.ledger() == []
    desk.type(desk.page.get_by_label("Reason"), "Codat says that it was repaired.")
    desk.button("Send again unchanged")
    desk.reload_until("Accepted by Codat")
    assert len(support.ledger()) == 1


def test_a_lost_answer_is_adopted_and_never_sent_twice(at_desk: At, worker: Worker) -> None:
    account = support.onboard().accounts[0]
    support.make_transactions(account)
    support.order_fault("422-after", path="push")
    desk = at_desk("manager")
    desk.open(f"/admin/bankfeeds/push/confirm/?account={account.pk}")
    desk.confirm()
    desk.reload_until("Needs your decision")
    expect(desk.page.get_by_text("doubles it in the client's books")).to_be_visible()
    desk.button("Look again at Codat")
    expect(desk.heading("What Codat has: 1 write since then")).to_be_visible()
    desk.type(desk.page.get_by_label("Reason"), "It is the only one of that minute.")
    desk.button("Codat has it: use this write")
    desk.reload_until("Accepted by Codat")
    assert len(support.ledger()) == 1


def test_the_wrong_key_holds_the_push_and_loses_nothing(
    at_desk: At, worker: Worker, settings: Any
) -> None:
    account = support.onboard().accounts[0]
    support.make_transactions(account)
    right, settings.CODAT_API_KEY = settings.CODAT_API_KEY, "not-the-key"
    desk = at_desk("manager")
    desk.open(f"/admin/bankfeeds/push/confirm/?account={account.pk}")
    desk.confirm()
    desk.reload_until("On hold")
    expect(desk.status()).to_contain_text("Nothing is wrong with these rows.")
    assert support.ledger() == []
    settings.CODAT_API_KEY = right


def test_codat_is_down(at_desk: At, worker: Worker, sandbox: Sandbox) -> None:
    account = support.onboard().accounts[0]
    support.make_transactions(account)
    sandbox.stop()
    desk = at_desk("manager")
    desk.open(f"/admin/bankfeeds/push/confirm/?account={account.pk}")
    desk.confirm()
    desk.reload_until("On hold")
    expect(desk.heading("Stop")).to_be_visible()
