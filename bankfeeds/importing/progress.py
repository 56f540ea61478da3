"""How far the reading of a file is, written down for its page."""

from __future__ import annotations

import time
from typing import Any

from django.db.models import QuerySet

# Seconds between two looks at how far it is.
TOLD_EVERY = 1.0


class Progress:
    """Listens to `intake.pace`: into the column `done` of the row, in bytes, now and then."""

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
