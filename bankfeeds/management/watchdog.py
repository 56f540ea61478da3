"""The worker's watchdog: rings for what is due, and starts the pool again when nobody answers.

One killed idle process stops the whole pool of django-q without a word (the dead one holds the
lock of their queue), so a ring that stays unanswered is the only sign there is.
"""

from __future__ import annotations

import datetime as dt
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from django.conf import settings
from django.db import Error, close_old_connections

from bankfeeds import budget, doorbell, health, pushing
from bankfeeds.models import Push

log = logging.getLogger("bankfeeds.worker")

# Seconds. The sweep comes so often; in between, pushes that are due are seen to at most so often.
SWEEP_EVERY = 5.0
AT_MOST_EVERY = 1.0
# How long a ring may stay unanswered; a pool that has only just been started needs longer.
PATIENCE = 25.0
STARTING = 30.0
LONGEST_PAUSE = 30.0
# Where several workers share the queue, another pool may take our rings for so much longer.
SHARED_PATIENCE = 4


class Pool(Protocol):
    """What carries out jobs: the cluster in its process group."""

    @property
    def is_running(self) -> bool: ...

    def start(self) -> None: ...

    def end(self) -> None: ...


@dataclass(frozen=True)
class Ring:
    at: float
    beat_before: dt.datetime | None


class Watchdog:
    """Call `turn` again and again, twice a second or so. `seconds` is a clock that only grows.

    name: under which the pool shows its life. factor scales the patience with the other timings
    of the portal. has_answered: whether the pool has carried out a job since its last start.
    """

    def __init__(
        self,
        pool: Pool,
        *,
        name: str = "",
        factor: float = 1.0,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._pool, self._factor, self._seconds = pool, factor, seconds
        self._name = name or settings.POOL_NAME
        self._beat: dt.datetime | None = None
        self._beat_seen = seconds()
        self._ring: Ring | None = None
        self._rung_at = self._swept_at = float("-inf")
        self.has_answered = False
        self._starts = 0
        self._start_at: float | None = None
        self._database_is_there = True

    def start(self) -> None:
        self._ring, self.has_answered, self._beat_seen = None, False, self._seconds()
        self._starts += 1
        self._pool.start()

    def turn(self, *, now: dt.datetime) -> None:
        """Look once. Trouble with the database is waited out, never raised."""
        close_old_connections()
        try:
            self._look(now)
        except Error as error:
            if self._database_is_there:
                log.warning("the database does not answer: %s", str(error).strip())
            self._database_is_there = False
            # A pool without a database cannot answer either: its time begins anew.
            self._beat_seen = self._seconds()
            if self._ring is not None:
                self._ring = Ring(self._seconds(), self._ring.beat_before)
        else:
            if not self._database_is_there:
                log.warning("the database answers again")
            self._database_is_there = True

    def _look(self, now: dt.datetime) -> None:
        if self._start_at is not None:
            if self._seconds() >= self._start_at:
                self._start_at = None
                self.start()
        elif not self._pool.is_running:
            self._start_again("the pool has ended by itself")
        elif self._is_unanswered(now):
            self._start_again("the pool does not answer")
        elif self._ring is None and (job := self._what_is_due(now)):
            beat = health.last_beat()
            doorbell.ring(job)
            self._rung_at = self._seconds()
            if job == doorbell.SWEEP:
                self._swept_at = self._rung_at
            self._ring = Ring(self._rung_at, beat)

    def _is_unanswered(self, now: dt.datetime) -> bool:
        """Nobody answers a ring; or others do, and our own pool has long carried out nothing."""
        self._look_for_life()
        silent = self._seconds() - self._beat_seen
        if silent > SHARED_PATIENCE * self._patience():
            return True
        if self._ring is None:
            return False
        if health.last_beat() != self._ring.beat_before:
            self._ring = None
            return False
        return self._seconds() - self._ring.at > self._patience()

    def _look_for_life(self) -> None:
        beat = health.last_beat(pool=self._name)
        if beat != self._beat:
            if self._beat is not None or self._starts:
                self.has_answered, self._starts = True, 1
            self._beat, self._beat_seen = beat, self._seconds()

    def _patience(self) -> float:
        patience = PATIENCE * self._factor
        return patience if self.has_answered else max(patience, STARTING)

    def _what_is_due(self, now: dt.datetime) -> str | None:
        """The job to ring for. All the rest of the sweep can wait while pushes keep it busy."""
        if self._seconds() >= self._swept_at + SWEEP_EVERY:
            return doorbell.SWEEP
        if self._seconds() < self._rung_at + AT_MOST_EVERY:
            return None
        return doorbell.FOLLOW if _something_is_due(now) else None

    def _start_again(self, why: str) -> None:
        """Now, or after a pause that grows as long as starting does not help."""
        pause = min(2.0 ** min(self._starts - 1, 10) - 1, LONGEST_PAUSE)
        log.error("%s: ended, to be started again in %g s", why, pause)
        self._pool.end()
        self._start_at = self._seconds() + pause


def _something_is_due(now: dt.datetime) -> bool:
    if pushing.something_goes(now=now):
        return True
    return Push.objects.to_look_up(now).exists() and budget.closed(now=now) is None
