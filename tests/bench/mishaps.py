"""The four clocks of `recovery`: each lets something happen to a portal and times what follows."""

from __future__ import annotations

import math
import random
import signal
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import psutil
from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection

from bankfeeds.management.process import Family

from . import outage
from .place import note
from .portal import NeverCame, Portal, Waiting

CLICKS = 60
# Seconds between two clicks: wider than the queue's poll, so that they fall anywhere within it.
BETWEEN = (0.3, 1.3)
# A pool that has lost its lock cannot send sooner than this; whoever did had not lost it.
NOT_STUCK = 10.0
TRIES = 8
# Seconds that PostgreSQL is away. Whoever fills the queue notices at once, pauses for 10 s and
# looks again: the last is just too long for its second look.
DOWN = (0.0, 3.0, 11.0)
# Looks at who works, and seconds from one to the next.
LOOKS = 5
LOOK_FOR = 0.3
FLOW_EVERY = 0.4
FLOW_BEFORE = 3.0
STOCK = 100
CAME = 300.0


@dataclass(frozen=True)
class Figure:
    """`seconds` of each time that it was measured; `goal` for what `of` makes of them."""

    name: str
    seconds: Sequence[float]
    goal: float
    of: Callable[[Sequence[float]], float] = max

    @property
    def value(self) -> float:
        return self.of(self.seconds)

    def line(self) -> str:
        if not self.seconds:
            return f"  {self.name:<62}     not measured"
        verdict = "met" if self.value <= self.goal else "MISSED"
        low, middle, high = min(self.seconds), share(self.seconds, 0.5), max(self.seconds)
        span = f"(n {len(self.seconds)}: {low:.2f}, p50 {middle:.2f}, max {high:.2f})"
        return f"  {self.name:<62}{self.value:>8.2f} s  goal <= {self.goal:g} s  {verdict:<7}{span}"


def share(values: Sequence[float], part: float) -> float:
    """The smallest value that so large a part of them does not exceed."""
    return sorted(values)[max(0, math.ceil(part * len(values)) - 1)]


def click_to_post(portal: Portal, *, times: int = CLICKS) -> Figure:
    """From the commit of a confirmation until its POST has come to the server."""
    portal.start_anew()
    chance, taken = random.Random(1), []
    for _ in range(times):
        what = portal.rows()
        time.sleep(chance.uniform(*BETWEEN))
        sent = portal.confirm(what)
        taken.append(portal.arrival(sent, within=CAME) - sent.at)
    return Figure("click to POST, p95", taken, 0.5, lambda values: share(values, 0.95))


def killed_worker(portal: Portal, *, times: int) -> Figure:
    """From the kill of a process whose POST is on its way until that push is sent again."""
    taken = []
    for _ in range(times):
        portal.start_anew()
        what = portal.rows()
        portal.fault(f"hang-{60 * portal.factor:.1f}", what.account)
        sent = portal.confirm(what)
        first = portal.arrival(sent, within=CAME)
        _busy(portal.pool()).kill()
        killed = time.time()
        again = portal.arrival(sent, after=first, within=CAME)
        note(
            f"sent again {again - killed:.1f} s after the kill, {again - first:.1f} after the POST"
        )
        taken.append(again - killed)
    lease = float(settings.PUSH_LEASE)
    return Figure(f"killed worker, to the second POST (lease {lease:g} s)", taken, lease + 10)


def _busy(pool: Sequence[psutil.Process]) -> psutil.Process:
    """Who has something on its way looks for more all the time; a sweep is over in no time."""
    looks = [[_switches(each) for each in pool]]
    for _ in range(LOOKS):
        time.sleep(LOOK_FOR)
        looks.append([_switches(each) for each in pool])
    least = [min(b - a for a, b in pairwise(seen)) for seen in zip(*looks, strict=True)]
    return pool[least.index(max(least))]


def _switches(process: psutil.Process) -> int:
    return int(process.num_ctx_switches().voluntary)


def deadlocked_pool(portal: Portal, *, times: int) -> Figure:
    """From the kill of an idle process until a push that was confirmed right after it is sent."""
    taken: list[float] = []
    for _ in range(times + TRIES):
        if len(taken) == times:
            break
        portal.start_anew()
        _wait_for_idleness(portal)
        what = portal.rows()
        _reader(portal.pool()).send_signal(signal.SIGKILL)
        killed = time.time()
        came = portal.arrival(portal.confirm(what), within=CAME) - killed
        if came > NOT_STUCK * portal.factor:
            taken.append(came)
        else:
            note(f"a kill that stopped nobody: sent after {came:.1f} s")
    return Figure("deadlocked pool, to the next POST", taken, 30 * portal.factor + 5)


def _wait_for_idleness(portal: Portal) -> None:
    """Nothing left to look up, and a moment between two sweeps."""
    portal.wait_for_the_end(seconds=60)
    time.sleep(random.uniform(1, 6))


def _reader(pool: Sequence[psutil.Process]) -> psutil.Process:
    """Who waits for the next job with the queue's lock in its hands; the others wait for the lock.

    Where the kernel does not tell, anybody.
    """
    for process in pool:
        if Path(f"/proc/{process.pid}/wchan").read_text().endswith("pipe_read"):
            return process
    return pool[0]


def restarted_database(portal: Portal, *, times: int, url: str, family: Family) -> list[Figure]:
    """From the moment at which PostgreSQL answers again until the next POST, pushes flowing."""
    portal.start_anew()
    outage.commit_for_good(url)
    figures = []
    for down in DOWN:
        taken = [_restarted(portal, url=url, family=family, down=down) for _ in range(times)]
        figures.append(Figure(f"database away for {down:g} s, to the next POST", taken, 15))
    return figures


def _restarted(portal: Portal, *, url: str, family: Family, down: float) -> float:
    with _Flow(portal):
        time.sleep(FLOW_BEFORE)
        back = outage.restart(url, down=down, family=family)

        def next_post() -> float | None:
            return next((at for at, _key in portal.posts() if at > back), None)

        came = float(portal.wait(next_post, "POST", CAME))
    note(f"away for {down:g} s and more, sent {came - back:.1f} s after it was back")
    return came - back


class _Flow(threading.Thread):
    """Somebody who confirms one push after the other, again and again while that fails."""

    def __init__(self, portal: Portal) -> None:
        super().__init__(name="flow", daemon=True)
        self._portal = portal
        self._halt = threading.Event()
        self._trouble: Exception | None = None
        self._stock: list[Waiting] = []

    def __enter__(self) -> None:
        # Made before, since the database is away for a part of the time.
        self._stock = [self._portal.rows() for _ in range(STOCK)]
        self.start()

    def __exit__(self, *_: object) -> None:
        self._halt.set()
        self.join()
        connection.close()
        if self._trouble is not None:
            raise self._trouble

    def run(self) -> None:
        try:
            while self._stock and not self._halt.wait(FLOW_EVERY):
                self._confirm(self._stock.pop(), form_key=str(uuid.uuid4()))
        except Exception as error:
            self._trouble = error
        finally:
            connection.close()

    def _confirm(self, what: Waiting, *, form_key: str) -> None:
        ends = time.monotonic() + CAME
        while time.monotonic() < ends:
            try:
                self._portal.confirm(what, form_key=form_key)
                return
            except (DatabaseError, InterfaceError):
                connection.close()
                time.sleep(0.1)
        raise NeverCame("the database")
