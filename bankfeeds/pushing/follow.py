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
from bankfeeds.models import Actor, Incident, Push, PushStatus
from bankfeeds.models.mirror import KEY_LIFETIME
from bankfeeds.models.record import WORKER
from bankfeeds.models.states import Seen, Step

from . import lookup
from .claim import database_now, lease
from .conclude import conclude
from .deliver import ring_if_due
from .outcome import Closing, Outcome, Verdict, perhaps_sent
from .settle import settle

log = logging.getLogger(__name__)

Clock = Callable[[], dt.datetime]
# Bounds of one round: it shares the pool with deliveries and has the task's time limit above it.
A_ROUND = 200
PATIENCE = 15.0
BEAT_EVERY = 2.0

_SEEN = ("id", "status", "fence", "company_id", "connection_id", "account_id")


def sweep(*, client: Client, line: budget.Line, clock: Clock) -> None:
    """One bounded round; whatever it leaves is there for the next."""
    mend(now=clock())
    ring_if_due(now=clock())
    look_up(client=client, line=line, clock=clock)


def mend(*, now: dt.datetime) -> None:
    """Leases that ran out, and keys that have become too old to be used once more."""
    orphans = Push.objects.lease_ran_out(now=database_now(), lease=lease())
    settle([_orphaned(row, now) for row in orphans.order_by("id")[:A_ROUND]], now=now)
    waiting = Push.objects.filter(status=PushStatus.SENDING, lease_until=None)
    old = waiting.filter(first_sent_at__lt=now - KEY_LIFETIME).values(*_SEEN)[:A_ROUND]
    words = _("Its key has become too old to be sent again.")
    columns = {"next_attempt_at": now, "polls": 0}
    steps = [Step(Seen(**row), PushStatus.RECONCILING, words, columns) for row in old]
    Push.objects.step_all(steps, by=WORKER, now=now)


def look_up(*, client: Client, line: budget.Line, clock: Clock) -> set[int]:
    """Ask about whatever is due, and ring when that lets something go."""
    beat_at = time.monotonic()
    moved: set[int] = set()
    patient = client.within(PATIENCE * conf.timing_factor())
    for group in lookup.ask(client=patient, clock=clock):
        for error in (answers.error for answers in group if answers.error is not None):
            line.met(error)
            log.warning("looking up writes failed: %s", type(error).__name__)
        budget.charge(sum(answers.calls - 1 for answers in group))
        line.tell(now=clock())
        moved |= conclude(group, now=clock())
        if time.monotonic() > beat_at + BEAT_EVERY:
            beat_at = time.monotonic()
            health.beat(now=clock())
    if moved:
        ring_if_due(now=clock())
    return moved


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


def _orphaned(push: Push, now: dt.datetime) -> Verdict:
    """The worker died or hung while the push was on its way: it may have arrived."""
    words = _("The worker ended while this push was on its way. It may have arrived.")
    to, columns = perhaps_sent(first_sent_at=push.first_sent_at, now=now)
    columns = {**columns, "lease_until": None, "unsure_since": push.unsure_since or now}
    if not Incident.objects.open().exists():
        columns["tries"] = push.tries + 1
    seen = Seen(**{name: getattr(push, name) for name in _SEEN})
    step = Step(seen, to, words, columns)
    return Verdict(step, Closing(Outcome.UNKNOWN, words=words), seen, push.fence)
