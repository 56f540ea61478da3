"""Clocks that can be trusted a little more than the one on the wall: leases, waits, steps of time.

Waits between processes go by the wall's clock, since they share no other; so whenever that clock
was set, what had to be waited for is waited for once more.
"""

from __future__ import annotations

import datetime as dt
import logging
import socket
import time

from django.db import connection
from django.db.models import Max
from django.utils import timezone

from bankfeeds.models import HostClock

log = logging.getLogger(__name__)

# The wall's clock is made faster or slower a little all the time; more than this, and it was set.
SET_BY = dt.timedelta(seconds=5)


class Stopwatch:
    """How long ago something was, whatever the clock of the machine was set to meanwhile."""

    def __init__(self) -> None:
        self._steady, self._wall = _steady(), time.time()

    def seconds(self) -> float:
        return max(_steady() - self._steady, time.time() - self._wall)


def database_now() -> dt.datetime:
    """Leases go by the database's time: machines that share it may disagree on theirs."""
    if connection.vendor == "sqlite":
        return timezone.now()
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        now: dt.datetime = cursor.fetchone()[0]
    return now


def check(*, now: dt.datetime) -> bool:
    """Notice that this machine's clock was set since somebody last looked; True when it was."""
    started = now - dt.timedelta(seconds=_steady())
    row, made = HostClock.objects.get_or_create(
        host=socket.gethostname()[:100], defaults={"started_at": started}
    )
    changed = abs(started - row.started_at)
    if made or not changed:
        return False
    set_at = now if changed > SET_BY else row.set_at
    HostClock.objects.filter(pk=row.pk).update(started_at=started, set_at=set_at)
    if set_at is not now:
        return False
    log.warning("the clock of this machine was set, by %s", started - row.started_at)
    return True


def last_set() -> dt.datetime | None:
    """When a clock of ours was last seen to have been set."""
    newest: dt.datetime | None = HostClock.objects.aggregate(newest=Max("set_at"))["newest"]
    return newest


def _steady() -> float:
    """Counts on while the machine sleeps, where the system has such a clock."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))
