"""The sweep, and looks at Codat: mend what was left behind, ring what is due, learn the ends."""

from __future__ import annotations

import datetime as dt
import logging
import time
from collections.abc import Callable

from django.utils.translation import gettext as _

from bankfeeds import budget, conf, doorbell, health
from bankfeeds.codat import errors
from bankfeeds.codat.client import Client
from bankfeeds.models import Actor, Push, PushStatus

from . import lookup
from .conclude import conclude
from .deliver import ring_if_due, something_goes
from .mend import mend

log = logging.getLogger(__name__)

Clock = Callable[[], dt.datetime]
# Bounds of one round: it shares the pool with deliveries and has the task's time limit above it.
A_ROUND = 200
PATIENCE = 15.0
# No round is begun later than so many seconds after the first: the last one may be a slow one.
ROUNDS_FOR = 5.0
BEAT_EVERY = 2.0

_SEEN = ("id", "status", "fence", "company_id", "connection_id", "account_id")


def sweep(*, client: Client, line: budget.Line, clock: Clock) -> None:
    """One bounded round; whatever it leaves is there for the next."""
    mend(now=clock())
    ring_if_due(now=clock())
    look_up(client=client, line=line, clock=clock)


def look_up(*, client: Client, line: budget.Line, clock: Clock) -> set[int]:
    """Ask about whatever is due, and ring when that lets something go.

    As long as more is due than fits into a round: round after round, unless something can be sent.
    """
    ends = time.monotonic() + ROUNDS_FOR * conf.timing_factor()
    patient = client.within(PATIENCE * conf.timing_factor())
    moved: set[int] = set()
    while True:
        companies, ended = _look_up(client=patient, line=line, clock=clock)
        moved |= ended
        if companies < lookup.COMPANIES or time.monotonic() > ends:
            break
        if something_goes(now=clock()):
            break
    if moved:
        ring_if_due(now=clock())
    return moved


def _look_up(*, client: Client, line: budget.Line, clock: Clock) -> tuple[int, set[int]]:
    """One round: how many companies were asked about, and which pushes moved."""
    beat_at = time.monotonic()
    companies, moved = 0, set[int]()
    for group in lookup.ask(client=client, clock=clock):
        companies += len(group)
        for error in (answers.error for answers in group if answers.error is not None):
            line.met(error)
            log.warning("looking up writes failed: %s", type(error).__name__)
        budget.charge(sum(answers.calls - 1 for answers in group))
        line.tell(now=clock())
        moved |= _conclude(group, now=clock())
        if time.monotonic() > beat_at + BEAT_EVERY:
            beat_at = time.monotonic()
            health.beat(now=clock())
    return companies, moved


def _conclude(group: list[lookup.Answers], *, now: dt.datetime) -> set[int]:
    """One company's answers that nobody foresaw keep none of the others from being heard."""
    try:
        return conclude(group, now=now)
    except Exception:
        if len(group) == 1:
            log.exception("answers about company %s mean nothing", group[0].company)
            return set()
    return set().union(*(_conclude([answers], now=now) for answers in group))


def look_again(push: Push, *, client: Client, by: Actor, clock: Clock) -> bool:
    """Ask Codat for one push now, because a person wants to know. True when its state moved.

    Errors of Codat go to the caller: a person is waiting for exactly this answer.
    """
    if push.push_operation_key is None and push.status != PushStatus.RECONCILING:
        raise ValueError(f"push {push.pk} has no write at Codat to look at")
    answers = lookup.read([push], client=client, now=clock())
    if answers.error is not None:
        raise answers.error
    if push.push_operation_key in answers.absent:
        raise errors.Absent(_("Codat does not know this write."), status=404)
    moved = conclude([answers], now=clock(), by=by)
    if moved:
        push.refresh_from_db()
        doorbell.ring(doorbell.DELIVER)
    return bool(moved)
