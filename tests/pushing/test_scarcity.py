"""What runs out: the calls of the day until midnight in UTC, and Codat's patience."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
import requests
from django.conf import settings
from django.utils import timezone

from bankfeeds import budget, tasks
from bankfeeds.models import CallBudget, Push, PushAttempt, PushStatus
from bankfeeds.pushing import lookup
from tests import support

from .test_delivery import again, confirmed, fault

pytestmark = pytest.mark.django_db(transaction=True)
HOUR = dt.timedelta(hours=1)


def test_when_the_calls_of_the_day_are_used_up_all_waits_for_midnight(
    sandbox: object, drain: Callable[[], None]
) -> None:
    made = [confirmed()[0] for _ in range(3)]
    CallBudget.objects.all().delete()
    support.control("quota", left=0)
    drain()
    now = timezone.now()
    midnight = dt.datetime.combine(now.astimezone(dt.UTC).date() + 24 * HOUR, dt.time(), dt.UTC)
    held = budget.closed(now=now)
    assert held is not None and held.until is not None
    assert abs((held.until - midnight).total_seconds()) < 30
    assert {again(push).status for push in made} == {PushStatus.READY}
    assert support.ledger() == []
    # The day ends: at Codat, and by our clock.
    support.control("clock", advanceSeconds=24 * 3600)
    assert budget.closed(now=held.until + HOUR) is None
    CallBudget.objects.update(not_before=None, remaining=None, held_words="")
    Push.objects.update(next_attempt_at=None)
    drain()
    assert {again(push).status for push in made} == {PushStatus.SUCCEEDED}
    assert len(support.ledger()) == len(made)


def test_ten_hours_of_retry_after_hold_all_and_keep_the_key(
    sandbox: object, drain: Callable[[], None]
) -> None:
    (push,) = confirmed()
    key = again(push).idempotency_key
    fault("429-36000")
    drain()
    held = budget.closed(now=timezone.now())
    assert held is not None and held.until is not None
    assert 9.9 * HOUR < held.until - timezone.now() <= 10 * HOUR
    assert budget.take(5, now=timezone.now() + 9 * HOUR) == 0
    assert budget.take(5, now=timezone.now() + 10.1 * HOUR) == 5
    assert again(push).attempts.get().outcome == PushAttempt.Outcome.THROTTLED
    assert (again(push).status, again(push).idempotency_key) == (PushStatus.READY, key)


def submitted() -> list[Push]:
    """Of five companies, each due to be asked about, and ended at Codat."""
    made = [confirmed()[0] for _ in range(5)]
    tasks.deliver()
    support.control("clock", advanceSeconds=1)
    Push.objects.update(next_attempt_at=timezone.now() - HOUR)
    assert {again(push).status for push in made} == {PushStatus.SUBMITTED}
    return made


def test_more_companies_than_fit_into_a_round_are_asked_in_one_job(
    sandbox: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lookup, "COMPANIES", 2)
    made = submitted()
    tasks.sweep()
    assert {again(push).status for push in made} == {PushStatus.SUCCEEDED}


def test_no_further_round_is_begun_while_something_can_be_sent(
    sandbox: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lookup, "COMPANIES", 2)
    made = submitted()
    confirmed()
    tasks.sweep()
    statuses = sorted(again(push).status for push in made)
    assert statuses == [PushStatus.SUBMITTED] * 3 + [PushStatus.SUCCEEDED] * 2


def lists_read() -> int:
    """How often the sandbox was asked for a company's writes, or for one of them."""
    answer = requests.get(f"{settings.CODAT_BASE_URL}/_sandbox/requests", timeout=10)
    return sum(each["method"] == "GET" and "/push" in each["path"] for each in answer.json())


def test_looks_that_fall_due_together_are_one_call(sandbox: object) -> None:
    made = confirmed(accounts=3)
    for _ in made:
        tasks.deliver()
    support.control("clock", advanceSeconds=1)
    now = timezone.now()
    for push, seconds in zip(made, (-1, 3, 4), strict=True):
        at = now + dt.timedelta(seconds=seconds)
        Push.objects.filter(pk=push.pk).update(next_attempt_at=at)
    tasks.sweep()
    assert {again(push).status for push in made} == {PushStatus.SUBMITTED}
    assert lists_read() == 0
    # A stream of them puts it off for a minute, no longer.
    Push.objects.filter(pk=made[0].pk).update(next_attempt_at=now - lookup.PUT_OFF)
    tasks.sweep()
    assert {again(push).status for push in made} == {PushStatus.SUCCEEDED}
    assert lists_read() == 1


def test_what_another_worker_asks_meanwhile_is_not_asked_again(
    sandbox: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between choosing companies and reading their pushes a worker waits for the calls it takes."""
    fault("op-pending", times=5)
    made = submitted()
    take = budget.take

    def take_after_another_worker(wanted: int, *, now: dt.datetime) -> int:
        monkeypatch.setattr(budget, "take", take)
        tasks.sweep()
        return take(wanted, now=now)

    monkeypatch.setattr(budget, "take", take_after_another_worker)
    tasks.sweep()
    assert {again(push).status for push in made} == {PushStatus.SUBMITTED}
    assert lists_read() == len(made)
