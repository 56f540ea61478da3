"""Kills and pauses processes of the workers, and the sandbox, in an order that the seed gives."""

from __future__ import annotations

import contextlib
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable

import psutil

from .place import Place, Worker

# Weights. A pool process carries out jobs; the others of its group are sentinel, pusher,
# monitor; a watchdog is the worker command itself.
TARGETS = {"pool": 80, "group": 6, "watchdog": 3, "sandbox": 1, "pause": 5, "pause-all": 2}
# A pool process that has ever sent something has more threads than its kin.
THREADS_OF_A_SENDER = 4
# Seconds until a pool that was just started has answered; one that is killed before is given half
# a minute, which teaches nothing.
GROWN_UP = 4.0


class Killer(threading.Thread):
    """Kills until there were `wanted` kills. pace: seconds between two, on the average.

    may_go_on: asked before each kill, with the share of kills that were made; so that the work
    lasts until the last one. Pauses are longer than a lease and counted apart.
    """

    def __init__(
        self,
        place: Place,
        *,
        wanted: int,
        seed: int,
        pace: float,
        lease: float,
        may_go_on: Callable[[float], bool],
    ) -> None:
        super().__init__(name="killer", daemon=True)
        self._place, self._wanted, self._pace, self._lease = place, wanted, pace, lease
        self._chance = random.Random(f"{seed} killer")
        self._may_go_on = may_go_on
        self._halt = threading.Event()
        self.counts: Counter[str] = Counter()
        self.trouble: Exception | None = None
        self._waking: list[threading.Timer] = []

    @property
    def kills(self) -> int:
        return sum(n for what, n in self.counts.items() if not what.startswith("pause"))

    @property
    def share(self) -> float:
        return self.kills / self._wanted if self._wanted else 1.0

    def halt(self) -> None:
        self._halt.set()
        self.join()

    def run(self) -> None:
        try:
            while self.kills < self._wanted and not self._halt.is_set():
                hit = self._may_go_on(self.share) and self._strike()
                self._halt.wait(self._chance.uniform(0.4, 1.6) * self._pace if hit else 0.2)
        except Exception as error:
            self.trouble = error
        finally:
            for waking in self._waking:
                waking.join()

    def _strike(self) -> bool:
        """False when there was nobody to hit: a pool is just being started."""
        what = self._chance.choices(list(TARGETS), weights=list(TARGETS.values()))[0]
        worker = self._chance.choice(self._place.workers)
        done = {
            "pool": self._pool,
            "group": self._group,
            "watchdog": self._watchdog,
            "sandbox": self._sandbox,
            "pause": self._pause,
            "pause-all": self._pause_all,
        }[what](worker)
        self.counts[what] += done
        return done

    def _pool(self, worker: Worker) -> bool:
        """One that has sent something; where none has since the last kill, any: it may be idle."""
        found = grown_up_family_of(worker)[1:]
        senders = [each for each in found if _threads(each) >= THREADS_OF_A_SENDER]
        return _kill(self._chance.choice(senders or found)) if found else False

    def _group(self, worker: Worker) -> bool:
        found = grown_up_family_of(worker)
        return _kill(self._chance.choice(found)) if found else False

    def _watchdog(self, worker: Worker) -> bool:
        worker.kill()
        return True

    def _sandbox(self, _worker: Worker) -> bool:
        self._place.server.kill()
        return True

    def _pause(self, worker: Worker) -> bool:
        """One pool process: it wakes up after its lease, if nobody ended it meanwhile."""
        found = family_of(worker)
        senders = [each for each in found[1:] if _threads(each) >= THREADS_OF_A_SENDER]
        return self._stop_for_a_while(senders[:1])

    def _pause_all(self, worker: Worker) -> bool:
        """As of a machine that stood still: nobody of it notices, others take over."""
        found = family_of(worker)
        with contextlib.suppress(psutil.NoSuchProcess):
            found.insert(0, psutil.Process(worker.pid))
        return self._stop_for_a_while(found)

    def _stop_for_a_while(self, processes: list[psutil.Process]) -> bool:
        for process in processes:
            _send(process, signal.SIGSTOP)
        seconds = self._lease * self._chance.uniform(1.1, 1.5)
        waking = threading.Timer(seconds, _wake, [processes])
        waking.start()
        self._waking.append(waking)
        return bool(processes)


def _wake(processes: list[psutil.Process]) -> None:
    for process in reversed(processes):
        _send(process, signal.SIGCONT)


def family_of(worker: Worker) -> list[psutil.Process]:
    """The pool of a worker: the sentinel, then those that the sentinel started."""
    try:
        below = psutil.Process(worker.pid).children(recursive=True)
        pool = [each for each in below if "qcluster" in " ".join(each.cmdline())]
    except psutil.NoSuchProcess:
        return []
    return sorted(pool, key=lambda each: (each.create_time(), each.pid))


def grown_up_family_of(worker: Worker) -> list[psutil.Process]:
    found = family_of(worker)
    return found if found and time.time() - found[0].create_time() > GROWN_UP else []


def _threads(process: psutil.Process) -> int:
    try:
        return int(process.num_threads())
    except psutil.NoSuchProcess:
        return 0


def _kill(process: psutil.Process) -> bool:
    return _send(process, signal.SIGKILL)


def _send(process: psutil.Process, number: signal.Signals) -> bool:
    try:
        process.send_signal(number)
    except psutil.NoSuchProcess:
        return False
    return True
