"""A double click on every button that creates, sends or decides has one effect."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Locator, expect

from bankfeeds.models import BankTransaction, Push, PushDecision, PushStatus, Statement
from tests import support
from tests.e2e import files
from tests.e2e.desk import Desk
from tests.e2e.twice import double_click, two_at_once

if TYPE_CHECKING:
    from tests.e2e.conftest import At
    from tests.e2e.worker import Worker

Press = Callable[[Locator], None]


def at_once(button: Locator) -> None:
    answers = two_at_once(button)
    assert {status for status, _ in answers} == {200}, answers
    # Whoever came second was shown what the first had done.
    assert len({url for _, url in answers}) == 1, answers


HANDS = pytest.mark.parametrize("press", [double_click, at_once])


@pytest.fixture
def desk(at_desk: At) -> Desk:
    return at_desk("manager")


@HANDS
def test_save_import(desk: Desk, worker: Worker, tmp_path: Path, press: Press) -> None:
    account = support.onboard().accounts[0]
    desk.upload(account.pk, files.statement(tmp_path))
    press(desk.page.get_by_role("button", name="Save 6 rows"))
    assert BankTransaction.objects.count() == 6
    assert Statement.objects.count() == 1


@HANDS
@pytest.mark.both_databases
def test_send_push(desk: Desk, worker: Worker, press: Press) -> None:
    account = support.onboard().accounts[0]
    support.make_transactions(account)
    desk.open(f"/admin/bankfeeds/push/confirm/?account={account.pk}")
    desk.page.get_by_label("Money in and money out are right").check()
    press(desk.page.get_by_role("button", name="Send 3 transactions of 1 account"))
    desk.open(f"/admin/bankfeeds/push/{Push.objects.get().pk}/change/")
    desk.reload_until("Accepted by Codat")
    assert len(support.ledger()) == 1


@HANDS
def test_stop(desk: Desk, worker: Worker, press: Press) -> None:
    push = _waiting_push(desk, worker)
    desk.page.get_by_label("Reason").fill("The file was wrong.")
    press(desk.page.get_by_role("button", name="Stop this push"))
    push.refresh_from_db()
    assert push.status == PushStatus.CANCELLED
    assert push.events.filter(after__status=PushStatus.CANCELLED).count() == 1
    worker.go_on()
    desk.open(f"/admin/bankfeeds/push/{push.pk}/change/")
    expect(desk.status()).to_contain_text("Stopped before sending")
    assert support.ledger() == []


@pytest.mark.parametrize(
    ("button", "press"),
    [("Leave out chosen rows and send the rest", at_once), ("Give up", double_click)],
)
def test_decisions(desk: Desk, worker: Worker, press: Press, button: str) -> None:
    _refused_push(desk)
    desk.page.get_by_label("Reason").fill("Row two is not ours.")
    press(desk.page.get_by_role("button", name=button))
    assert PushDecision.objects.count() == 1
    assert Push.objects.count() == (2 if button.startswith("Leave") else 1)


def _waiting_push(desk: Desk, worker: Worker) -> Push:
    account = support.onboard().accounts[0]
    support.make_transactions(account)
    worker.hold()
    desk.open(f"/admin/bankfeeds/push/confirm/?account={account.pk}")
    desk.confirm()
    desk.reload_until("Waiting to be sent")
    return Push.objects.get()


def _refused_push(desk: Desk) -> None:
    account = support.onboard().accounts[0]
    rows = support.make_transactions(account)
    BankTransaction.objects.filter(pk=rows[1].pk).update(description="Rent fault-op-failed")
    desk.open(f"/admin/bankfeeds/push/confirm/?account={account.pk}")
    desk.confirm()
    desk.reload_until("Refused by Codat")
    expect(desk.heading("Decide")).to_be_visible()
