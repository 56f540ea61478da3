"""From something that happens at the sandbox to what the portal knows, over the real wire."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from typing import Any

import pytest
import requests
from django.conf import settings as django_settings
from django.utils import timezone

from bankfeeds import budget, pushing, tasks
from bankfeeds.models import Push, PushStatus, WebhookMessage
from bankfeeds.pushing.wake import GATHERING, OTHERS
from tests import support as rows
from tests.admin import pushes

from .signed import SECRET, URL
from .test_process import at_codat, calls

pytestmark = pytest.mark.django_db(transaction=True)
S = WebhookMessage.State
WRITES = "bankTransactions.write.successful"


@pytest.fixture
def wired(live_server: Any, sandbox: Any) -> Any:
    """The sandbox tells this test's own web server, signed with its secret."""
    rows.control("webhooks", secret=SECRET)
    return live_server


def listen(live_server: Any, *events: str) -> None:
    at_codat("POST", "webhooks", {"url": live_server.url + URL, "eventTypes": list(events)})


def trick(name: str, **more: Any) -> None:
    rows.control("webhooks", next=name, **more)


def delivered() -> list[dict[str, Any]]:
    answer = requests.get(f"{django_settings.CODAT_BASE_URL}/_sandbox/webhooks", timeout=10)
    found: list[dict[str, Any]] = answer.json()["delivered"]
    return found


def came(count: int) -> list[WebhookMessage]:
    rows.wait_until(
        lambda: WebhookMessage.objects.count() >= count, seconds=10, what=f"{count} messages"
    )
    return list(WebhookMessage.objects.order_by("id"))


def submitted() -> Push:
    """A push that Codat has taken, and that nobody would ask about for an hour."""
    client = rows.onboard()
    push = pushes.waiting(client.accounts[0])
    send()
    rows.wait_until(lambda: Push.objects.get().push_operation_key, seconds=10, what="submitted")
    later = timezone.now() + dt.timedelta(hours=1)
    Push.objects.filter(status=PushStatus.SUBMITTED).update(next_attempt_at=later)
    push.refresh_from_db()
    return push


def send() -> None:
    """Carry out what is rung for, and nothing else."""
    rows.run_jobs()


def test_a_message_ends_a_push_soon(wired: Any, drain: Callable[[], None]) -> None:
    listen(wired, WRITES)
    push = submitted()
    (message,) = came(1)
    rows.run_jobs()
    message.refresh_from_db()
    push.refresh_from_db()
    # Woken, but not moved: its state comes from Codat's answer alone.
    assert (message.state, push.status) == (S.PROCESSED, PushStatus.SUBMITTED)
    assert push.next_attempt_at is not None
    assert push.next_attempt_at < timezone.now() + GATHERING
    drain()
    push.refresh_from_db()
    assert push.status == PushStatus.SUCCEEDED


def test_doubled_forged_late_and_out_of_order(wired: Any, drain: Callable[[], None]) -> None:
    listen(wired, WRITES, "bankFeeds.sourceAccount.connected")
    trick("double", times=9)
    trick("forge", times=9)
    trick("late", times=9, seconds=28 * 3600)
    push = submitted()
    messages = came(2)
    assert len(messages) == 2 == len({each.webhook_id for each in messages})
    rows.wait_until(lambda: len(delivered()) >= 6, seconds=10, what="six tries")
    answers = [(each["kind"], each["status"]) for each in delivered()]
    # The late try is refused, the fresh one with the same id is taken.
    assert sorted(set(answers)) == [("", 204), ("forged", 401), ("late", 401)]
    drain()
    push.refresh_from_db()
    assert push.status == PushStatus.SUCCEEDED
    assert Push.objects.count() == 1 and len(rows.ledger()) == 1
    assert {each.state for each in WebhookMessage.objects.all()} == {S.PROCESSED}


def test_a_lost_message_costs_nothing_but_time(wired: Any, drain: Callable[[], None]) -> None:
    listen(wired, WRITES)
    trick("lose")
    push = submitted()
    drain()
    push.refresh_from_db()
    assert push.status == PushStatus.SUCCEEDED
    assert not WebhookMessage.objects.exists()


def test_the_client_connects_and_the_portal_knows(wired: Any) -> None:
    listen(wired)
    client = rows.onboard(accounts=3, connected=False)
    rows.control(
        "connect",
        connectionId=str(client.connection.codat_id),
        accountIds=[each.account_id for each in client.accounts[:2]],
    )
    # company and connection created, two accounts and the connection connected.
    came(5)
    before = len(calls())
    rows.run_jobs()
    states = [str(each) for each in client.connection.accounts.order_by("pk").values_list("status")]
    assert states == ["('connected',)", "('connected',)", "('pending',)"]
    assert set(calls()[before:]) == {"GET bankFeedAccounts"}
    assert len(calls()) == before + 1
    assert not WebhookMessage.objects.filter(state__in=(S.WAITING, S.FAILED)).exists()


def test_a_client_who_breaks_off_is_shown_with_the_reason(wired: Any) -> None:
    listen(wired, "connection.failed")
    client = rows.onboard(connected=False)
    rows.control("cancel", connectionId=str(client.connection.codat_id))
    (message,) = came(1)
    before = len(calls())
    rows.run_jobs()
    message.refresh_from_db()
    assert message.state == S.PROCESSED
    assert "Linking to QuickBooks failed. Codat says: “User cancelled”." in message.words
    assert calls()[before:] == ["GET bankFeedAccounts"]
    assert {each.status for each in client.connection.accounts.all()} == {"pending"}


def test_a_used_up_day_is_held_by_codats_own_answer(wired: Any) -> None:
    listen(wired, "client.rateLimit.reached")
    rows.onboard()
    rows.control("quota", left=1)
    # Somebody else uses the last call: this portal has not seen that none are left.
    at_codat("GET", "companies")
    (message,) = came(1)
    assert budget.closed(now=timezone.now()) is None
    before = len(calls())
    rows.run_jobs()
    message.refresh_from_db()
    assert message.state == S.PROCESSED and "Codat was asked. Codat says" in message.words
    assert calls()[before:] == ["GET bankFeedAccounts"]
    held = budget.closed(now=timezone.now())
    assert held is not None and held.until is not None and held.words in message.words


def test_many_messages_of_one_company_are_answered_by_one_list(
    wired: Any, drain: Callable[[], None]
) -> None:
    client = rows.onboard(accounts=5)
    made = [pushes.waiting(account) for account in client.accounts]
    # One after the other on this connection; then all five are being checked.
    for _ in made:
        rows.run_jobs()
        tasks.deliver()
    later = timezone.now() + dt.timedelta(hours=1)
    under_way = Push.objects.filter(status=PushStatus.SUBMITTED)
    assert under_way.count() == 5
    under_way.update(next_attempt_at=later)
    now = timezone.now()
    for push in under_way.order_by("pk"):
        # The first wait for the rest; with the last, it is time for all.
        assert now + GATHERING not in set(under_way.values_list("next_attempt_at", flat=True))
        assert push.push_operation_key
        assert pushing.wake(push.push_operation_key, now=now) == push
        push.refresh_from_db()
        assert push.next_attempt_at in (now + OTHERS, now + GATHERING)
    assert {each.next_attempt_at for each in under_way.all()} == {now + GATHERING}
    time.sleep(0.1)  # all five have ended at Codat
    before = len(calls())
    drain()
    assert {each.status for each in Push.objects.all()} == {PushStatus.SUCCEEDED}
    assert len(calls()) - before <= 2


def test_the_last_message_is_the_last_though_its_job_read_its_clock_first(wired: Any) -> None:
    client = rows.onboard(accounts=2)
    made = [pushes.waiting(account) for account in client.accounts]
    for _ in made:
        rows.run_jobs()
        tasks.deliver()
    Push.objects.update(next_attempt_at=timezone.now() + dt.timedelta(hours=1))
    first, last = Push.objects.order_by("pk")
    assert first.push_operation_key and last.push_operation_key
    now = timezone.now()
    pushing.wake(first.push_operation_key, now=now + dt.timedelta(milliseconds=20))
    pushing.wake(last.push_operation_key, now=now)
    assert set(Push.objects.values_list("next_attempt_at", flat=True)) == {now + GATHERING}
