"""Codat's word on the calls of the day: it has Codat asked once, and holds nothing by itself."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.utils import timezone

from bankfeeds import budget, words
from bankfeeds.models import CallBudget, Incident, WebhookMessage
from tests import support as rows
from tests.holding.support import refuse

from . import signed, support
from .test_process import after, calls

pytestmark = pytest.mark.django_db(transaction=True)
S = WebhookMessage.State
UNTIL = "2026-11-29T00:00:00.0000000Z"


def told(what: str = "reached", **payload: Any) -> WebhookMessage:
    given = {"dailyQuota": 3000, "quotaRemaining": 0, "expiryDate": UNTIL, **payload}
    return support.taken(signed.event(f"client.rateLimit.{what}", given))


def used_up(*, hours: float = 5) -> CallBudget:
    """Codat's last answer said that none are left."""
    now = timezone.now()
    row: CallBudget = CallBudget.objects.create(
        tokens=10, remaining=0, resets_at=now + dt.timedelta(hours=hours), answered_at=now
    )
    return row


def test_a_word_that_the_next_answer_does_not_confirm_holds_nothing(sandbox: Any) -> None:
    rows.onboard()
    before = len(calls())
    message = support.process(told())
    assert message.state == S.PROCESSED
    assert "Codat says that the calls of the day are used up until" in message.words
    assert "Calls are not held." in message.words
    assert calls()[before:] == ["GET bankFeedAccounts"]
    assert budget.closed(now=timezone.now()) is None


def test_where_calls_are_held_as_it_says_codat_is_not_asked(sandbox: Any) -> None:
    rows.onboard()
    row, before = used_up(), len(calls())
    message = support.process(told(expiryDate="x"))
    assert message.state == S.PROCESSED and "Codat was asked" not in message.words
    assert f"Calls are held until {words.moment(row.resets_at)}" in message.words
    assert len(calls()) == before


def test_that_they_are_there_again_is_asked_once_and_lets_calls_go(sandbox: Any) -> None:
    rows.onboard()
    CallBudget.objects.all().delete()
    used_up()
    assert budget.closed(now=timezone.now()) is not None
    before = len(calls())
    message = support.process(told("reset"))
    assert message.state == S.PROCESSED and "Calls are not held." in message.words
    assert len(calls()) == before + 1
    assert budget.closed(now=timezone.now()) is None


def test_neither_a_wait_that_codat_asked_for_nor_a_refused_key_is_passed_by(sandbox: Any) -> None:
    rows.onboard()
    CallBudget.objects.all().delete()
    until = timezone.now() + dt.timedelta(hours=1)
    CallBudget.objects.create(tokens=10, not_before=until, held_words="too many calls")
    before = len(calls())
    message = support.process(told("reset"))
    assert message.state == S.PROCESSED and "too many calls" in message.words
    CallBudget.objects.all().delete()
    refuse()
    for what in ("reset", "reached"):
        message = support.process(told(what))
        assert message.state == S.PROCESSED and "Calls are held:" in message.words
    assert len(calls()) == before
    assert Incident.objects.open().count() == 1


def test_without_a_call_to_spare_it_waits(sandbox: Any) -> None:
    rows.onboard()
    CallBudget.objects.all().delete()
    CallBudget.objects.create(tokens=-50, filled_at=timezone.now())
    message = support.process(told())
    assert message.state == S.WAITING
    assert support.process(message, clock=after(minutes=2)).state == S.PROCESSED


def test_while_codat_is_away_it_is_asked_again(sandbox: Any) -> None:
    rows.onboard()
    rows.order_fault("fault-500", method="GET", times=100)
    message = support.process(told())
    assert message.state == S.WAITING and "asked again" in message.words


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ({"errorMessage": "User cancelled"}, "“User cancelled”"),
        ({"errorMessage": "", "statusText": "Forbidden"}, "“Forbidden”"),
        ({"errorMessage": "Account 12345670 at https://x.example/?otp=1"}, "“(hidden)”"),
        ({"errorMessage": "x" * 5000}, f"“{'x' * 300}”"),
        ({"errorMessage": 3}, ""),
        ("text", ""),
        (None, ""),
    ],
)
def test_why_linking_failed_is_said_without_secrets(sandbox: Any, error: Any, words: str) -> None:
    client = rows.onboard(connected=False)
    tie = {"id": str(client.connection.codat_id), "dataConnectionErrors": [error, {}]}
    body = signed.event("connection.failed", {"connection": tie})
    message = support.process(support.taken(body))
    assert message.state == S.PROCESSED
    assert words in message.words
    assert ("Linking to QuickBooks failed" in message.words) is bool(words)
