"""The watchdog's judgement, with a pool and a clock of our own; real processes: test_worker."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from django.db import OperationalError
from django.utils import timezone

from bankfeeds import doorbell, health
from bankfeeds.management import watchdog
from bankfeeds.management.watchdog import Watchdog
from tests import support

pytestmark = pytest.mark.django_db(transaction=True)

SWEEP, FOLLOW = (doorbell.SWEEP, ()), (doorbell.FOLLOW, ())


class Pool:
    """Answers the sweep when told to."""

    def __init__(self) -> None:
        self.is_running = False
        self.starts = self.ends = 0

    def start(self) -> None:
        self.is_running = True
        self.starts += 1

    def end(self) -> None:
        self.is_running = False
        self.ends += 1


class Bench:
    """A watchdog on a bench: `pass_time` turns it twice a second, `answer` plays the pool."""

    def __init__(self, *, factor: float = 1.0) -> None:
        self.pool, self.seconds = Pool(), 0.0
        self.dog = Watchdog(self.pool, factor=factor, seconds=lambda: self.seconds)
        self.dog.start()

    def pass_time(self, seconds: float, *, answering: bool = False) -> None:
        for _ in range(round(seconds * 2)):
            self.seconds += 0.5
            self.dog.turn(now=timezone.now())
            if answering:
                self.answer()

    def answer(self) -> None:
        if support.queued():
            support.empty_queue()
            health.beat(now=timezone.now())


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture
def due(monkeypatch: pytest.MonkeyPatch) -> Callable[[bool], None]:
    """Says whether something is due, whatever the tables say."""
    answer = [False]
    monkeypatch.setattr(watchdog, "_something_is_due", lambda _now: answer[0])
    return lambda value: answer.__setitem__(0, value)


def rings(bench: Bench, seconds: float) -> Counter[Any]:
    """How often it rings a pool that answers, and for what, within so many seconds."""
    count: Counter[Any] = Counter()
    for _ in range(round(seconds * 2)):
        bench.pass_time(0.5)
        count.update(support.queued())
        bench.answer()
    return count


def test_it_rings_at_once_then_every_five_seconds(
    bench: Bench, due: Callable[[bool], None]
) -> None:
    bench.pass_time(0.5)
    assert support.queued() == [SWEEP]
    bench.answer()
    assert rings(bench, 60) in ({SWEEP: 11}, {SWEEP: 12})


def test_it_rings_every_second_for_the_pushes_alone_while_something_is_due(
    bench: Bench, due: Callable[[bool], None]
) -> None:
    due(True)
    assert rings(bench, 60) == {SWEEP: 12, FOLLOW: 48}


def test_what_is_due_is_read_from_the_pushes(bench: Bench) -> None:
    now = timezone.now()
    assert not watchdog._something_is_due(now)
    push = support.make_push(status="submitted", next_attempt_at=now + dt.timedelta(seconds=9))
    assert not watchdog._something_is_due(now)
    assert watchdog._something_is_due(now + dt.timedelta(seconds=10))
    support.make_push(push.account, status="ready")
    assert not watchdog._something_is_due(now), "it waits behind the first"
    support.make_push(status="ready")
    assert watchdog._something_is_due(now)


def test_it_never_leaves_two_rings_unanswered(bench: Bench, due: Callable[[bool], None]) -> None:
    due(True)
    bench.pass_time(25)
    assert support.queued() == [SWEEP]


def test_a_pool_that_stopped_answering_is_started_again_after_half_a_minute(bench: Bench) -> None:
    bench.pass_time(10, answering=True)
    bench.pass_time(24)
    assert (bench.pool.ends, bench.pool.starts) == (0, 1)
    bench.pass_time(10)
    assert (bench.pool.ends, bench.pool.starts) == (1, 2)


def test_patience_follows_the_factor_but_starting_takes_its_time() -> None:
    bench = Bench(factor=0.1)
    bench.pass_time(20)
    assert bench.pool.starts == 1
    bench.pass_time(10, answering=True)
    bench.pass_time(12)
    assert bench.pool.starts == 2


def test_a_pool_that_shows_life_while_it_waits_for_codat_is_left_alone(bench: Bench) -> None:
    bench.pass_time(10, answering=True)
    for _ in range(30):
        bench.pass_time(2)
        health.beat(now=timezone.now())
    assert bench.pool.ends == 0


def test_while_other_pools_answer_the_own_one_has_longer_but_not_for_ever(
    bench: Bench, settings: Any
) -> None:
    bench.pass_time(10, answering=True)
    settings.POOL_NAME = "another machine"
    bench.pass_time(85, answering=True)
    assert bench.pool.ends == 0
    bench.pass_time(30, answering=True)
    assert bench.pool.ends == 1


def test_a_pool_that_ended_is_cleared_away_and_started_again(bench: Bench) -> None:
    bench.pass_time(10, answering=True)
    bench.pool.is_running = False
    bench.pass_time(1)
    assert (bench.pool.ends, bench.pool.starts) == (1, 2)


def test_a_pool_that_ends_again_and_again_is_started_less_and_less_often(bench: Bench) -> None:
    for _ in range(1200):
        bench.pool.is_running = False
        bench.pass_time(0.5)
    assert 18 <= bench.pool.starts <= 26


def test_trouble_with_the_database_is_waited_out(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.pass_time(10, answering=True)
    bench.pass_time(5)

    def broken(*_: Any, **__: Any) -> None:
        raise OperationalError("database is locked")

    with monkeypatch.context() as patch:
        patch.setattr(health, "last_beat", broken)
        bench.pass_time(120)
    bench.pass_time(20)
    assert bench.pool.ends == 0
    bench.pass_time(3, answering=True)
    bench.pass_time(60, answering=True)
    assert bench.pool.ends == 0
