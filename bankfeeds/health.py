"""What needs a person: is the worker alive, does Codat answer, may we send; what that may cost."""

from __future__ import annotations

import datetime as dt
import time
from dataclasses import dataclass

from django.conf import settings
from django.core.cache import cache
from django.db.models import Count, Max, Min, Q
from django.utils import timezone

from . import ageing
from .models import Heartbeat, Incident, Push, PushItem, PushStatus, SendingStop
from .rules import FEED_WINDOW

# The watchdog rings every 5 seconds; three missed rings and somebody should know.
QUIET_AFTER = dt.timedelta(seconds=20)
# Confirmed, and not known to be at Codat.
CONFIRMED = (PushStatus.READY, PushStatus.SENDING, PushStatus.RECONCILING)
# A row of day D may go through D+7.
TOO_LATE_AFTER = FEED_WINDOW + dt.timedelta(days=1)
# What takes longer, in seconds, is kept for so many times as long.
SLOW, KEPT_FOR = 0.5, 30


def beat(*, now: dt.datetime) -> None:
    """The pool of this process carries out jobs: it is doing so right now."""
    Heartbeat.objects.update_or_create(name=settings.POOL_NAME, defaults={"beat_at": now})


def last_beat(*, pool: str = "") -> dt.datetime | None:
    """The newest sign of life of one pool, or of any."""
    rows = Heartbeat.objects.filter(name=pool) if pool else Heartbeat.objects.all()
    newest: dt.datetime | None = rows.aggregate(newest=Max("beat_at"))["newest"]
    return newest


def forget_old_pools(*, now: dt.datetime) -> None:
    """Every start of a worker is a pool of its own; those long silent are of no interest."""
    Heartbeat.objects.filter(beat_at__lt=now - dt.timedelta(days=1)).delete()


def worker_is_running(*, now: dt.datetime) -> bool:
    return stopped(now=now) is None


def stands_still(claimed_at: dt.datetime | None, *, now: dt.datetime) -> bool:
    """Whether a job goes on no more: nobody can be at it, and no worker runs that would be.

    A pool that writes a long file on SQLite lets nobody write that it is alive.
    """
    may_be_at_it = claimed_at and now - claimed_at < dt.timedelta(seconds=settings.TASK_TIMEOUT)
    return not may_be_at_it and not worker_is_running(now=now)


@dataclass(frozen=True)
class Stopped:
    """The worker is not running: since when (None: never seen)."""

    since: dt.datetime | None


def stopped(*, now: dt.datetime) -> Stopped | None:
    """None while the worker runs."""
    beat_at = last_beat()
    if beat_at is not None and now - beat_at < QUIET_AFTER:
        return None
    return Stopped(beat_at)


@dataclass(frozen=True)
class Loss:
    """`first`: the next day on which rows get too late for the feed that were confirmed, wait for
    a decision or could go today; None when there are none. `already`: waiting pushes with rows
    that are.
    """

    first: dt.date | None = None
    already: int = 0


def loss(*, today: dt.date) -> Loss:
    """`today`: the institution's day. Reads pushes that have not ended, the undecided ones, and
    the oldest row that nobody confirmed so far."""
    oldest = today - FEED_WINDOW
    open_ones = Push.objects.filter(status__in=CONFIRMED) | Push.objects.undecided()
    late = Q(first_date__lt=oldest, status__in=CONFIRMED)
    found = open_ones.aggregate(
        first=Min("first_date", filter=Q(first_date__gte=oldest)),
        already=Count("pk", filter=late),
        part=Count("pk", filter=Q(first_date__lt=oldest, last_date__gte=oldest)),
    )
    first = found["first"]
    if found["part"] and first != oldest:
        # Of a push that is late already in part, only its rows know which day is next.
        part = open_ones.filter(first_date__lt=oldest, last_date__gte=oldest)
        rows = PushItem.objects.filter(push__in=part, released=False, transaction__date__gte=oldest)
        first = _earlier(first, rows.aggregate(day=Min("transaction__date"))["day"])
    first = _earlier(first, _first_waiting(today))
    return Loss(first + TOO_LATE_AFTER if first else None, found["already"])


def _first_waiting(today: dt.date) -> dt.date | None:
    """As `ageing` finds it. Where very many rows are read for it, it is not asked for every page:
    what took long is kept by this process for a multiple of that time."""
    name = f"first-waiting-{today}"
    known: tuple[dt.date | None] | None = cache.get(name)
    if known is not None:
        return known[0]
    began = time.monotonic()
    first = ageing.first_waiting(today=today)
    took = time.monotonic() - began
    if took > SLOW:
        cache.set(name, (first,), timeout=took * KEPT_FOR)
    return first


def _earlier(*days: dt.date | None) -> dt.date | None:
    return min((day for day in days if day is not None), default=None)


@dataclass(frozen=True)
class Troubles:
    """What keeps everything from leaving. `loss` is read only when there is trouble."""

    worker: Stopped | None = None
    outage: Incident | None = None
    refused: Incident | None = None
    everything: SendingStop | None = None
    loss: Loss = Loss()


def troubles(*, now: dt.datetime, others: bool) -> Troubles:
    """For the bands above every page: one small question, four more when there is trouble.

    others: whether there is an open incident or a stop of everything.
    """
    worker = stopped(now=now)
    if worker is None and not others:
        return Troubles()
    open_ones = {incident.kind: incident for incident in Incident.objects.open()}
    return Troubles(
        worker=worker,
        outage=open_ones.get(Incident.Kind.OUTAGE),
        refused=open_ones.get(Incident.Kind.REFUSED),
        everything=SendingStop.objects.of_everything().first(),
        loss=loss(today=timezone.localdate(now)),
    )
