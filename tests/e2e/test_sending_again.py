"""Refused pushes go again by one order; what a disconnect may have cost is chosen row by row."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from django.utils import timezone
from playwright.sync_api import expect

from bankfeeds import conf, pushing, sync
from bankfeeds.models import Push, PushStatus
from bankfeeds.models.record import SCHEDULE
from tests import support
from tests.e2e.pictures import HEIGHT, NARROW, WIDE
from tests.e2e.test_looks import LOOK

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from bankfeeds.models import Actor, SourceAccount
    from tests.e2e.conftest import At
    from tests.e2e.pictures import Camera
    from tests.e2e.worker import Worker


def looked_at(camera: Camera, page: Page, name: str) -> None:
    """Photographed, and held against the rules for every page on a telephone."""
    camera.shoot(page, name)
    page.set_viewport_size({"width": NARROW, "height": HEIGHT})
    assert page.evaluate(LOOK) == []
    page.set_viewport_size({"width": WIDE, "height": HEIGHT})


def confirmed(account: SourceAccount, by: Actor) -> Push:
    support.make_transactions(account)
    (push,) = pushing.confirm(
        [account], fingerprint=None, form_key=str(uuid.uuid4()), by=by, now=timezone.now()
    )
    return push


def ended(push: Push, status: PushStatus) -> None:
    def has_ended() -> bool:
        push.refresh_from_db()
        return push.status == status

    support.wait_until(has_ended, seconds=20, what=f"{push} {status}")


def test_refused_pushes_are_sent_again_by_one_order(
    at_desk: At, worker: Worker, actor: Actor, camera: Camera
) -> None:
    support.order_fault("400", path="push", times=2)
    pushes = [confirmed(support.onboard().accounts[0], actor) for _ in range(2)]
    for push in pushes:
        ended(push, PushStatus.FAILED)
    desk = at_desk("support")
    page = desk.page
    desk.open("/admin/bankfeeds/push/?status=failed")
    for push in pushes:
        page.locator(f'input[name="_selected_action"][value="{push.pk}"]').check()
    desk.choose(page.locator("select[name=action]"), "Send again")
    desk.button("Go")
    expect(page.get_by_text("2 ticked pushes")).to_be_visible()
    looked_at(camera, page, "estimate")
    desk.type(page.get_by_label("Reason"), "Codat has repaired it.")
    worker.hold()
    desk.button("Send 2 pushes with 6 transactions again")
    expect(page.get_by_text("0 of 2 pushes had their turn")).to_be_visible()
    looked_at(camera, page, "order-under-way")
    worker.go_on()
    # The page looks again by itself.
    expect(page.get_by_text("2 of 2 pushes had their turn")).to_be_visible()
    expect(page.get_by_text("In a new push").last).to_be_visible()
    looked_at(camera, page, "order-done")
    for push in pushes:
        replacement = push.decisions.get().replacement
        assert replacement
        ended(replacement, PushStatus.SUCCEEDED)
    assert len(support.ledger()) == 2


def test_after_a_disconnect_a_person_looks_after_what_may_be_missing(
    at_desk: At, worker: Worker, actor: Actor, camera: Camera
) -> None:
    them = support.onboard()
    account = them.accounts[0]
    push = confirmed(account, actor)
    ended(push, PushStatus.SUCCEEDED)
    worker.hold()
    place = {"connectionId": str(them.connection.codat_id), "accountIds": [account.account_id]}
    support.control("disconnect", **place)
    them.connection.refresh_from_db()
    sync.refresh_connection(them.connection, client=conf.client(), by=SCHEDULE, clock=timezone.now)
    desk = at_desk("support")
    page = desk.page
    desk.open(f"/admin/bankfeeds/sourceaccount/{account.pk}/change/")
    expect(page.get_by_text("When the client has connected again")).to_be_visible()
    timeline = page.get_by_role("region", name="Status timeline").last
    expect(timeline).to_contain_text("Background refresh")
    looked_at(camera, page, "account-disconnected")
    support.control("connect", **place)
    desk.button("Refresh")
    expect(timeline).to_contain_text("Refreshed by support")
    desk.link("Choose what goes again")
    expect(page.get_by_text("doubles it in the client's books")).to_be_visible()
    page.get_by_role("checkbox").first.check()
    looked_at(camera, page, "choose")
    desk.type(page.get_by_label("Reason"), "All three are in QuickBooks.")
    desk.button("Mark all as seen to")
    expect(page.get_by_text("1 push is marked as seen to.")).to_be_visible()
    expect(page.get_by_role("link", name="Choose what goes again")).to_have_count(0)
    desk.open(f"/admin/bankfeeds/push/{push.pk}/change/")
    expect(desk.status()).to_contain_text("All three are in QuickBooks.")
    looked_at(camera, page, "push-marked")
    desk.open("/admin/bankfeeds/push/?mark=any")
    looked_at(camera, page, "history-marked")
    desk.open(f"/admin/bankfeeds/connection/{them.connection.pk}/change/")
    expect(page.get_by_role("region", name="Status timeline").last).to_contain_text("Disconnected")
    looked_at(camera, page, "connection-timeline")
    assert Push.objects.count() == 1
