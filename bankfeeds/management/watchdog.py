"""The worker's watchdog: rings the sweep, and starts the pool again when nobody answers.

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

from django.db import Error, close_old_connections

from bankfeeds import doorbell, health
from bankfeeds.models import Push

log = logging.getLogger("bankfeeds.worker")

# Seconds. At least so often, and at most so often when something is due.
AT_LEAST_EVERY = 5.0
AT_MOST_EVERY = 1.0
# How long a ring may stay unanswered; a pool that has only just been started needs longer.
PATIENCE = 30.0
STARTING = 30.0
LONGEST_PAUSE = 30.0


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

    factor scales the patience with the other timings of the portal.
    has_answered: whether the pool has carried out a job since it was last started.
    """

    def __init__(
        self, pool: Pool, *, factor: float = 1.0, seconds: Callable[[], float] = time.monotonic
    ) -> None:
        self._pool, self._factor, self._seconds = pool, factor, seconds
        self._ring: Ring | None = None
        self._rung_at = float("-inf")
        self.has_answered = False
        self._starts = 0
        self._start_at: float | None = None
        self._database_is_there = True

    def start(self) -> None:
        """Start the pool with an empty queue: jobs of a dead time are rung again as needed."""
        if dropped := doorbell.silence():
            log.info("%s jobs of an earlier time dropped; the sweep rings again", dropped)
        self._ring, self.has_answered = None, False
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
        elif self._ring is None and self._is_time(now):
            beat = health.last_beat()
            doorbell.ring(doorbell.SWEEP)
            self._rung_at = self._seconds()
            self._ring = Ring(self._rung_at, beat)

    def _is_unanswered(self, now: dt.datetime) -> bool:
        if self._ring is None:
            return False
        if health.last_beat() != self._ring.beat_before:
            self._ring, self.has_answered, self._starts = None, True, 1
            return False
        patience = PATIENCE * self._factor
        if not self.has_answered:
            patience = max(patience, STARTING)
        silent = self._seconds() - self._ring.at
        return silent > patience and not health.pool_is_busy(now=now)

    def _is_time(self, now: dt.datetime) -> bool:
        passed = self._seconds() - self._rung_at
        if passed < AT_MOST_EVERY:
            return False
        return passed >= AT_LEAST_EVERY or _something_is_due(now)

    def _start_again(self, why: str) -> None:
        """Now, or after a pause that grows as long as starting does not help."""
        pause = min(2.0 ** min(self._starts - 1, 10) - 1, LONGEST_PAUSE)
        log.error("%s: ended, to be started again in %g s", why, pause)
        self._pool.end()
        self._start_at = self._seconds() + pause


def _something_is_due(now: dt.datetime) -> bool:
    looks = (Push.objects.due(now), Push.objects.to_poll(now), Push.objects.lease_ran_out(now))
    return any(rows.exists() for rows in looks)
