"""Statuses read again in the background: every connection about once a day, fresh links sooner.

Reads source accounts only (`sync.refresh_connection`), oldest knowledge first, a few at a time
and never more calls than the budget grants. Rung by the sweep; losing a round costs nothing.
"""

from __future__ import annotations

import datetime as dt
import functools
import logging
import operator
import time
from collections.abc import Callable

from django.db.models import Min, Q, QuerySet

from . import budget, doorbell, sync
from .codat import errors
from .codat.client import Client
from .models import Connection, Heartbeat, Intent, SourceAccount
from .models.mirror import LINK_LIFETIME
from .models.record import SCHEDULE

log = logging.getLogger(__name__)

Clock = Callable[[], dt.datetime]

DAY = dt.timedelta(days=1)
# Whoever has just been given a link is likely to use it: how long ago it was issued, how often.
WATCHED = ((LINK_LIFETIME, dt.timedelta(minutes=3)), (DAY, dt.timedelta(hours=1)))
# One round of all workers together, and what it may read at most.
ROUND = "refresh"
ROUND_EVERY = dt.timedelta(seconds=30)
MOST = 20
# A connection that could not be read lets others go first.
TRY_AGAIN = dt.timedelta(minutes=10)
PATIENCE = 8.0
# Whatever is read next would meet the same. (404 marks the connection and is no error here.)
CONCERNS_ALL = (
    errors.KeyRefused,
    errors.PaymentRequired,
    errors.Throttled,
    errors.Unavailable,
)
LONGEST_ROUND = 20.0


def ring_due(*, now: dt.datetime) -> bool:
    """Ring for a round if one is due; of all workers' sweeps one in half a minute does."""
    if not _claim_round(now) or not due(now):
        return False
    doorbell.ring(doorbell.REFRESH)
    return True


def carry_out(*, client: Client, line: budget.Line, clock: Clock) -> int:
    """One round; says how many connections were read. Trouble at Codat ends it quietly.

    `line` hears what the calls met, and tells the budget of all workers.
    """
    wanted = due(clock())
    granted = budget.take(len(wanted), now=clock()) if wanted else 0
    read, made, began = 0, 0, time.monotonic()
    try:
        for pk in wanted[:granted]:
            if time.monotonic() - began > LONGEST_ROUND:
                break
            connection = _claim(pk, now=clock())
            if connection is None:
                continue
            made += 1
            if not _read(connection, client=client.within(PATIENCE), line=line, clock=clock):
                break
            read += 1
    finally:
        budget.give_back(granted - made)
        line.tell(now=clock())
    return read


def due(now: dt.datetime) -> list[int]:
    """Connections to be read in this round: those with a fresh link first, then the oldest."""
    watched = _oldest_first(_watched(now), now)[:MOST]
    daily = _oldest_first(Q(status_as_of=None) | Q(status_as_of__lte=now - DAY), now)
    room = min(_share(), MOST - len(watched))
    return list(dict.fromkeys([*watched, *daily[:room]]))


def _watched(now: dt.datetime) -> Q:
    """Not connected (any more), and the client was given a link lately."""
    fresh = [
        Q(connection__link_issued_at__gt=now - issued, status_as_of__lte=now - every)
        for issued, every in WATCHED
    ]
    return functools.reduce(operator.or_, fresh) & ~Q(status__iexact="connected")


def _oldest_first(which: Q, now: dt.datetime) -> QuerySet[SourceAccount, int]:
    free = Q(claimed_until=None) | Q(claimed_until__lte=now)
    rows = _alive().filter(which).filter(free)
    grouped = rows.order_by().values("connection").annotate(oldest=Min("status_as_of"))
    ordered = grouped.order_by("oldest", "connection_id")
    found: QuerySet[SourceAccount, int] = ordered.values_list("connection", flat=True)
    return found


def _alive() -> QuerySet[SourceAccount]:
    """Accounts by which we know of a connection that exists at Codat."""
    there = Q(connection__intent=Intent.DONE, connection__gone_at=None, company__gone_at=None)
    there &= Q(company__closed_at=None)
    return SourceAccount.objects.wanted().filter(there)


def _share() -> int:
    """What a round must read for all to have their turn within half a day: spread, no burst."""
    alive = Connection.objects.filter(intent=Intent.DONE, gone_at=None).count()
    return -(-alive * 2 * int(ROUND_EVERY.total_seconds()) // int(DAY.total_seconds()))


def _claim_round(now: dt.datetime) -> bool:
    """Compare-and-set on the time of the last round. Its row is a sign of life as any other:
    only a sweep writes it."""
    rounds = Heartbeat.objects.filter(name=ROUND)
    last = rounds.values_list("beat_at", flat=True).first()
    if last is None:
        _row, is_new = Heartbeat.objects.get_or_create(name=ROUND, defaults={"beat_at": now})
        return is_new
    # A clock that was set back must not stop the rounds until it has caught up.
    if now - ROUND_EVERY < last <= now:
        return False
    return bool(rounds.filter(beat_at=last).update(beat_at=now))


def _claim(pk: int, *, now: dt.datetime) -> Connection | None:
    """Take a connection for one read; until it succeeds, nobody tries again for a while."""
    rows = SourceAccount.objects.wanted().filter(connection=pk)
    free = rows.filter(Q(claimed_until=None) | Q(claimed_until__lte=now))
    if not free.update(claimed_until=now + TRY_AGAIN):
        return None
    return Connection.objects.defer("link_url").select_related("company").get(pk=pk)


def _read(connection: Connection, *, client: Client, line: budget.Line, clock: Clock) -> bool:
    """False when the next of the round would fare the same."""
    try:
        sync.refresh_connection(connection, client=client, by=SCHEDULE, clock=clock)
    except CONCERNS_ALL as error:
        line.met(error)
        log.warning("background refresh stopped: %s", type(error).__name__)
        return False
    except errors.CodatError as error:
        line.met(error)
        log.warning("connection %s was not read: %s", connection.pk, type(error).__name__)
        return True
    connection.accounts.wanted().update(claimed_until=None)
    return True
