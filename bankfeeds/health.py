"""What needs a person: is the worker alive, since when not."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import Min

from .models import Heartbeat, Push, PushStatus
from .rules import FEED_WINDOW

# The watchdog rings every 5 seconds; three missed rings and somebody should know.
QUIET_AFTER = dt.timedelta(seconds=20)
POOL = "pool"


def beat(*, now: dt.datetime) -> None:
    """The pool carries out jobs: it has just carried out this one."""
    Heartbeat.objects.update_or_create(name=POOL, defaults={"beat_at": now})


def last_beat() -> dt.datetime | None:
    return Heartbeat.objects.filter(name=POOL).values_list("beat_at", flat=True).first()


def worker_is_running(*, now: dt.datetime) -> bool:
    beat_at = last_beat()
    return beat_at is not None and now - beat_at < QUIET_AFTER


def pool_is_busy(*, now: dt.datetime) -> bool:
    """A push is on its way under a lease that runs: a pool that is silent may just be waiting."""
    return Push.objects.filter(status=PushStatus.SENDING, lease_until__gt=now).exists()


@dataclass(frozen=True)
class Stopped:
    """The worker is not running: since when (None: never seen), and when that begins to cost."""

    since: dt.datetime | None
    first_loss: dt.date | None


def stopped(*, now: dt.datetime) -> Stopped | None:
    """None while the worker runs. `first_loss`: the day on which confirmed rows get too old."""
    beat_at = last_beat()
    if beat_at is not None and now - beat_at < QUIET_AFTER:
        return None
    oldest = Push.objects.filter(status=PushStatus.READY).aggregate(day=Min("first_date"))["day"]
    return Stopped(beat_at, oldest + FEED_WINDOW + dt.timedelta(days=1) if oldest else None)
