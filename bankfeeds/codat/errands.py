"""One request with its repeats: how long it may take, and how far it came.

Kept for its thread while it runs, so that connections deep below can look at it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Self


def _steady() -> float:
    """Counts on while the machine sleeps, where the system has such a clock."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


@dataclass
class Errand:
    """One request with its repeats: how long it may take and how far it came."""

    read: float
    ends: float = 0.0
    opened: bool = False
    began: bool = False
    started: float = field(default_factory=_steady)

    @classmethod
    def starting(cls, *, read: float, deadline: float) -> Self:
        errand = cls(read=read)
        errand.ends = errand.started + deadline
        return errand

    def left(self) -> float:
        return self.ends - _steady()

    def ms(self) -> int:
        return round((_steady() - self.started) * 1000)

    def wait(self, most: float) -> float:
        """Return how long a step may take; TimeoutError if the time is up."""
        left = self.left()
        if left <= 0:
            raise TimeoutError("deadline")
        return min(most, left)

    def surely_not_sent(self) -> bool:
        # Of a session that is not ours nothing is known: `opened` stays unset.
        return self.opened and not self.began


class _Here(threading.local):
    errand: Errand | None = None


_here = _Here()


def current() -> Errand | None:
    """The errand of this thread; None in a session that somebody else runs."""
    return _here.errand


@contextmanager
def running(errand: Errand) -> Iterator[None]:
    """Make it the errand of this thread for a while."""
    _here.errand = errand
    try:
        yield
    finally:
        _here.errand = None
