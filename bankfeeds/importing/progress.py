"""How far a job on a file is, written down for its page."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db.models import QuerySet

from bankfeeds.intake import pace

# Seconds between two looks at how far it is.
TOLD_EVERY = 1.0


class Progress:
    """Listens to `intake.pace`: into the column `done` of the row, now and then.

    `size`: what stands there when all is done, such as bytes.
    """

    def __init__(self, row: QuerySet[Any], *, size: int) -> None:
        self._row, self._size = row, size
        self._done, self._told_at = 0, time.monotonic()

    def __call__(self, share: float) -> None:
        now = time.monotonic()
        done = int(share * self._size)
        # A file may be gone through more than once.
        if now - self._told_at < TOLD_EVERY or done <= self._done:
            return
        self._told_at, self._done = now, done
        self._row.update(done=done)


@contextmanager
def watched(row: QuerySet[Any]) -> Iterator[None]:
    """A job on all rows of a long file: how far it is, of a hundred, stands in the row."""
    with pace.told(Progress(row, size=100)), _uncollected():
        yield


@contextmanager
def _uncollected() -> Iterator[None]:
    """Rows by the hundred thousand all stay until the end, and to look through them again and again
    for what has gone is a quarter of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
