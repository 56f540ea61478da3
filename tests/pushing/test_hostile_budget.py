"""What could keep calls from being made for ever, or lets workers ring each other for nothing."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from bankfeeds import budget, conf, tasks
from bankfeeds.codat import errors, limits
from bankfeeds.codat.wire import Answer
from bankfeeds.models import CallBudget, Push, PushStatus
from tests import support
from tests.pushing.hostile import HOUR, SECOND, unsent
from tests.pushing.test_delivery import again

DAY = dt.timedelta(days=1)
pytestmark = pytest.mark.django_db


@pytest.fixture
def push() -> Push:
    return unsent()


def test_calls_that_were_overdrawn_are_not_granted_and_not_paid_twice() -> None:
    now = timezone.now()
    budget.take(0, now=now)
    CallBudget.objects.update(tokens=2.0, filled_at=now)
    # A look-up read 40 more pages than were taken.
    budget.charge(40)
    assert budget.take(32, now=now) == 0
    assert CallBudget.objects.get().tokens == -38.0


def test_jobs_go_on_while_calls_are_overdrawn(push: Push) -> None:
    budget.take(0, now=timezone.now())
    CallBudget.objects.update(tokens=-1000.0, filled_at=timezone.now())
    tasks.deliver()
    tasks.sweep()
    assert again(push).status == PushStatus.READY
    assert -1000.0 <= CallBudget.objects.get().tokens < 0
    # Slowly it comes back by itself.
    assert budget.take(1, now=timezone.now() + HOUR) == 1


@pytest.mark.parametrize(
    "words", ["9999-12-31T00:00:00Z", "Fri, 31 Dec 2100 00:00:00 GMT", "999999999", "4102444800"]
)
def test_a_quota_that_says_it_comes_back_in_many_years_does_not_hold_for_longer_than_a_day(
    words: str,
) -> None:
    now = timezone.now()
    _tell_remaining(0, limits.reset_moment(words, now=now), now=now)
    assert budget.closed(now=now + HOUR) is not None
    assert budget.take(1, now=now + HOUR) == 0
    assert budget.closed(now=now + DAY + SECOND) is None
    assert budget.take(1, now=now + DAY + SECOND) == 1


def test_a_pause_that_a_wrong_clock_set_does_not_last(push: Push) -> None:
    now, line = timezone.now(), budget.Line()
    for seconds in range(0, 18, 3):
        line.met(errors.Uncertain("the line to Codat broke"))
        line.tell(now=now + 2 * DAY + seconds * SECOND)
    assert budget.closed(now=now + 2 * DAY + 15 * SECOND) is not None
    assert budget.closed(now=now) is None
    assert budget.take(1, now=now) == 1


def test_nobody_rings_for_a_push_of_another_environment(push: Push) -> None:
    Push.objects.update(environment="live")
    assert conf.environment() != "live"
    for _ in range(3):
        tasks.deliver()
        tasks.sweep()
    assert support.queued() == []
    assert again(push).status == PushStatus.READY


def test_nobody_rings_while_every_call_is_held(push: Push) -> None:
    budget.take(0, now=timezone.now())
    held = timezone.now() + HOUR
    CallBudget.objects.update(not_before=held, held_words="Codat asked us to wait")
    for _ in range(3):
        tasks.deliver()
        tasks.sweep()
    assert support.queued() == []
    CallBudget.objects.update(not_before=None)
    tasks.sweep()
    assert [job for job, _ in support.queued()] == ["bankfeeds.tasks.deliver"]


def _tell_remaining(remaining: int, reset: dt.datetime | None, *, now: dt.datetime) -> None:
    assert reset is not None
    line = budget.Line()
    line.heard(Answer("GET", "/companies", 200, 1, "", 1000, remaining, reset))
    line.tell(now=now)
