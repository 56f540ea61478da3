"""A Codat that takes calls and never answers: seen before the calls give up, and no false alarm."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.conf import settings as portal
from django.utils import timezone

from bankfeeds import budget, tasks
from bankfeeds.codat.wire import Answer
from bankfeeds.models import CallBudget, Incident, Push, PushAttempt, PushStatus
from tests import support

from .test_delivery import confirmed

pytestmark = pytest.mark.django_db(transaction=True)
MANY, FEW = budget.WAITING_CLIENTS, budget.WAITING_CLIENTS - 1
OK = Answer("POST", "/push", 200, 1, "", None, None, None)


@dataclass
class Watch:
    """A clock that is moved by hand, and a job that looks ten times a second."""

    line: budget.Line
    at: float = 1000.0

    def look(self, clients: int, *, seconds: float) -> None:
        for _ in range(round(seconds * 10)):
            self.at += 0.1
            self.line.waits(clients, now=timezone.now())


@pytest.fixture
def watch() -> Watch:
    found: list[Watch] = []
    found.append(Watch(budget.Line(seconds=lambda: found[0].at if found else 1000.0)))
    return found[0]


def is_out() -> bool:
    return Incident.objects.open().filter(kind=Incident.Kind.OUTAGE).exists()


def test_many_clients_without_any_answer_are_an_outage_from_its_beginning(watch: Watch) -> None:
    watch.look(MANY, seconds=14.5)
    assert not is_out()
    watch.look(MANY, seconds=1)
    incident = Incident.objects.get()
    assert timezone.now() - incident.started_at >= dt.timedelta(seconds=15)
    # What is sent next finds out whether somebody answers again: one call at a time.
    assert budget.take(50, now=timezone.now()) == 1
    assert budget.take(50, now=timezone.now()) == 0
    # However long it lasts: one alarm.
    watch.look(MANY, seconds=60)
    assert Incident.objects.count() == 1
    watch.line.heard(OK)
    watch.line.tell(now=timezone.now())
    assert not is_out()
    assert budget.take(5, now=timezone.now()) == 5


def test_a_few_slow_clients_are_none(watch: Watch) -> None:
    watch.look(FEW, seconds=120)
    assert not Incident.objects.exists()


def test_many_slow_ones_are_none_while_anybody_is_answered(watch: Watch) -> None:
    for _ in range(8):
        watch.look(50, seconds=14)
        watch.line.heard(OK)
    assert not Incident.objects.exists()


def test_server_faults_are_no_sign_of_life(watch: Watch) -> None:
    for _ in range(8):
        watch.look(MANY, seconds=2)
        watch.line.heard(Answer("POST", "/push", 503, 1, "", None, None, None))
    assert is_out()


def test_what_another_worker_heard_counts(watch: Watch) -> None:
    budget.take(0, now=timezone.now())
    CallBudget.objects.update(answered_at=timezone.now() - dt.timedelta(seconds=5))
    watch.look(MANY, seconds=16)
    assert not Incident.objects.exists()
    CallBudget.objects.update(answered_at=timezone.now() - dt.timedelta(seconds=50))
    watch.look(MANY, seconds=16)
    assert is_out()


def test_a_worker_that_was_paused_hears_first(watch: Watch) -> None:
    """An hour of SIGSTOP is no silence of Codat's."""
    watch.look(MANY, seconds=5)
    watch.at += 3600
    watch.look(MANY, seconds=14)
    assert not Incident.objects.exists()


def test_it_shows_while_the_calls_still_hang_and_nothing_is_sent_twice(
    sandbox: object, drain: Callable[[], None], settings: Any
) -> None:
    settings.TIMING_FACTOR = 0.2  # three seconds; the calls themselves may take 30
    for _ in range(MANY):
        confirmed()
    support.order_fault("hang-before-4", path="/push/", times=MANY)
    assert portal.CODAT_READ_TIMEOUT > 20
    tasks.deliver()
    incident = Incident.objects.get()
    assert incident.kind == Incident.Kind.OUTAGE and incident.ended_at is not None
    assert 2.5 < (incident.ended_at - incident.started_at).total_seconds() < 20
    # The outage changed nothing about any of them: one attempt, one answer, one write.
    drain()
    assert set(Push.objects.values_list("status", flat=True)) == {PushStatus.SUCCEEDED}
    assert PushAttempt.objects.count() == len(support.ledger()) == MANY
