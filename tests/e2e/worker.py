"""The worker's work in a thread: jobs of the queue and the sweep, until it is told to stop."""

from __future__ import annotations

import threading
import time
from types import TracebackType
from typing import Any

PAUSE = 0.1
# Between two sweeps while nothing moves: one asks thirty questions, and mostly for nothing.
IDLE = 1.0
# What each says is another once somebody has written.
VERSION = {
    "sqlite": "PRAGMA data_version",
    "postgresql": "SELECT pg_snapshot_xmax(pg_current_snapshot())",
}


class Worker:
    """`with Worker() as worker:`; an error in its thread is raised when it ends.

    `hold()` lets it go on beating and do nothing, so that what is confirmed stays waiting.
    """

    def __init__(self) -> None:
        self._stopping = threading.Event()
        self._may_work = threading.Event()
        self._may_work.set()
        self._resting = threading.Event()
        self._thread = threading.Thread(target=self._run, name="worker", daemon=True)
        self._error: BaseException | None = None
        self._next_sweep = 0.0
        self._moves = False
        self._seen: Any = None

    def hold(self) -> None:
        self._resting.clear()
        self._may_work.clear()
        assert self._resting.wait(10), "the worker is stuck in a job"

    def go_on(self) -> None:
        # The clock may have moved meanwhile.
        self._next_sweep = 0.0
        self._may_work.set()

    def __enter__(self) -> Worker:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stopping.set()
        self._thread.join(timeout=30)
        assert not self._thread.is_alive(), "the worker is stuck in a job"
        if self._error is not None:
            raise self._error

    def _run(self) -> None:
        from django.db import connections

        from bankfeeds.codat import transport

        try:
            while not self._stopping.wait(PAUSE):
                self._turn()
        except BaseException as error:  # told to the test in its own thread
            self._error = error
        finally:
            transport.close()
            connections.close_all()

    def _turn(self) -> None:
        from django.utils import timezone

        from bankfeeds import health, tasks
        from bankfeeds.models import Push, PushStatus
        from tests import support

        if not self._may_work.is_set():
            health.beat(now=timezone.now())
            self._resting.set()
            return
        before, self._seen = self._seen, _version()
        may_sweep = time.monotonic() >= self._next_sweep
        if before == self._seen and not self._moves and not may_sweep:
            return
        ran = support.run_jobs()
        # The sandbox decides within 50 ms; a test need not wait for the next poll.
        submitted = Push.objects.filter(status=PushStatus.SUBMITTED)
        self._moves = bool(ran + submitted.update(next_attempt_at=timezone.now()))
        if may_sweep:
            tasks.sweep()
            self._next_sweep = time.monotonic() + IDLE
        elif self._moves:
            tasks.follow()


def _version() -> Any:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(VERSION[connection.vendor])
        return cursor.fetchone()
