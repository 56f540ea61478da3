"""Pages about pushes of unknown fate that stand behind a press: wide, narrow, in both themes.

The crawl over all pages cannot press, so that it does not see them.
"""

from __future__ import annotations

import datetime as dt
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.utils import timezone
from playwright.sync_api import expect

from bankfeeds import pushing
from bankfeeds.models import Decision, Push, PushAttempt, PushStatus, UnclaimedWrite
from tests import support
from tests.admin.pushes import BY, attempt, looked, refused, sending, timed_out, unknown
from tests.e2e.pictures import HEIGHT, NARROW, WIDE

if TYPE_CHECKING:
    from tests.e2e.conftest import At
    from tests.e2e.pictures import Camera

LOOK = Path(__file__).with_name("looks.js").read_text()
DAY = dt.timedelta(days=1)


def checked(page: Any, camera: Camera, name: str) -> None:
    """Nothing wider than the screen, everything has a name, text that can be read."""
    for width in (NARROW, WIDE):
        page.set_viewport_size({"width": width, "height": HEIGHT})
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            assert page.evaluate(LOOK) == [], (name, width, scheme)
    camera.shoot(page, name)


def unclaimed(push: Push) -> None:
    now = timezone.now()
    UnclaimedWrite.objects.create(
        push_operation_key=uuid.uuid4(),
        connection=push.connection,
        requested_at=now,
        codat_status="Success",
        first_seen_at=now,
    )


def test_every_page_of_an_unknown_push_looks_right(
    at_desk: At, camera: Camera, settings: Any, codat: Any
) -> None:
    settings.PUSH_SETTLE = 0
    client = support.onboard(accounts=2)
    account = client.accounts[0]
    support.make_transactions(account, ["10.00"], date=support.today() - 7 * DAY)
    lost = unknown(account)
    account.transactions.filter(amount=10).update(date=support.today() - 8 * DAY)
    codat.push(
        lost.company.codat_id,
        lost.connection.codat_id,
        account.account_id,
        lost.body.content,
        key=lost.idempotency_key,
    )
    desk = at_desk("manager")
    page = desk.page
    desk.open(f"/admin/bankfeeds/push/{lost.pk}/change/")
    desk.button("Look again at Codat")
    expect(desk.heading("What Codat has: 1 write since then")).to_be_visible()
    checked(page, camera, "candidates")
    desk.open(f"/admin/bankfeeds/push/{lost.pk}/change/")
    expect(page.get_by_text("Not known: may be this push")).to_be_visible()
    checked(page, camera, "unknown")
    out = timed_out(support.onboard().accounts[0])
    desk.open(f"/admin/bankfeeds/push/{out.pk}/change/")
    desk.button("Look again at Codat")
    checked(page, camera, "candidates-timed-out")
    chosen = f"{lost.pk},{out.pk},{unknown().pk},{refused().pk}"
    desk.open(f"/admin/bankfeeds/push/together/?chosen={chosen}")
    checked(page, camera, "together")
    desk.type(page.get_by_label("Reason"), "Outage of this morning.")
    desk.button("Codat does not have them: send 3 pushes again")
    expect(desk.heading("1 of 3 done")).to_be_visible()
    checked(page, camera, "together-done")


def test_pages_that_warn_of_what_may_be_there_look_right(
    at_desk: At, camera: Camera, settings: Any
) -> None:
    settings.PUSH_SETTLE = 0
    push = sending()
    attempt(push, PushAttempt.Outcome.UNKNOWN, words="read timeout")
    attempt(push, PushAttempt.Outcome.REFUSED, http_status=400, correlation_id=uuid.uuid4().hex)
    unclaimed(push)
    push.step(PushStatus.FAILED, by=BY, now=timezone.now(), error_message="accountId is not known")
    given_up = looked(unknown())
    now = timezone.now()
    first = given_up.items.get(position=0).transaction_id
    pushing.decide(
        given_up, Decision.GIVE_UP, reason="The client looks.", by=BY, now=now, leave_out=[first]
    )
    again = sending()
    Push.objects.filter(pk=again.pk).update(
        next_attempt_at=now + dt.timedelta(minutes=1), unsure_since=now, tries=2
    )
    desk = at_desk("manager")
    page = desk.page
    desk.open(f"/admin/bankfeeds/push/{push.pk}/change/")
    expect(desk.heading("An earlier try may have arrived")).to_be_visible()
    checked(page, camera, "lost-try")
    desk.open(f"/admin/bankfeeds/push/confirm/?account={given_up.account_id}")
    expect(page.get_by_text("2 rows may be at Codat already.")).to_be_visible()
    checked(page, camera, "confirm-doubt")
    desk.open(f"/admin/bankfeeds/push/{again.pk}/change/")
    expect(desk.status()).to_contain_text("trying again at")
    checked(page, camera, "trying-again")


def test_the_header_moves_with_the_push(at_desk: At) -> None:
    push = sending()
    desk = at_desk("manager")
    desk.open(f"/admin/bankfeeds/push/{push.pk}/change/")
    assert "Needs a decision" not in desk.page.locator("#header").inner_text()
    push.step(PushStatus.NEEDS_REVIEW, by=BY, now=timezone.now())
    expect(desk.page.locator("#header")).to_contain_text("Needs a decision (1)")
    expect(desk.heading("Decide")).to_be_visible()
