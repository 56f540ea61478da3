"""A look and what was chosen of it, carried out in the background in bounded turns.

One turn at a time: a lease on the look. Each company is read, or taken, by itself and whole, so a
worker that is killed leaves nothing half done. The sweep rings again for what has stopped.
"""

from __future__ import annotations

import datetime as dt
import logging
import time
from collections.abc import Callable

from django.db import IntegrityError, transaction
from django.db.models import Q

from bankfeeds import budget, doorbell, messages
from bankfeeds.codat import errors
from bankfeeds.codat.client import Client
from bankfeeds.models import Actor, Event, FoundCompany, Look

from . import steps

log = logging.getLogger(__name__)

Clock = Callable[[], dt.datetime]

# A turn outlives neither its job nor its lease.
LONGEST = 15.0
PATIENCE = 8.0
LEASE = dt.timedelta(seconds=90)
CALLS = 40
# What was rung for is rung for again when nothing came of it for so long.
QUIET = dt.timedelta(seconds=15)
SOON = dt.timedelta(seconds=5)
# How long it rests after trouble that whatever comes next would meet too, and how often.
WAITS = tuple(dt.timedelta(seconds=s) for s in (15, 30, 60, 120, 300))
RINGS_A_ROUND = 20


def look(*, form_key: str, by: Actor, now: dt.datetime) -> Look:
    """Write the order down and ring the worker; the same `form_key` again gives the first look."""
    try:
        with transaction.atomic():
            made = Look.objects.create(
                form_key=form_key,
                asked_at=now,
                asked_by=by.name,
                user_id=by.user_id,
                next_turn_at=now,
            )
            Event.objects.record("adopting.looked", by=by, at=now, words=str(made))
            doorbell.ring(doorbell.ADOPT, made.pk)
    except IntegrityError:
        return Look.objects.get(form_key=form_key)
    return made


def go_on(pk: int, *, now: dt.datetime) -> None:
    """A person lets a look go on that has come to rest before its end."""
    with transaction.atomic():
        Look.objects.filter(pk=pk).update(next_turn_at=now, failures=0, problem="")
        doorbell.ring(doorbell.ADOPT, pk)


def ring_due(*, now: dt.datetime) -> int:
    free = Q(claimed_until=None) | Q(claimed_until__lte=now)
    due = Look.objects.filter(free, next_turn_at__lte=now).order_by("next_turn_at")
    rung = list(due.values_list("pk", flat=True)[:RINGS_A_ROUND])
    for pk in rung:
        doorbell.ring(doorbell.ADOPT, pk)
    Look.objects.filter(pk__in=rung).update(next_turn_at=now + QUIET)
    return len(rung)


def carry_out(pk: int, *, client: Client, line: budget.Line, clock: Clock) -> int:
    """One turn; says how many steps were done. Rings for the next while there is more to do."""
    if not _claim(pk, now=clock()):
        return 0
    turn = _Turn(pk, client=client.within(PATIENCE), line=line, clock=clock)
    try:
        turn.run()
    finally:
        turn.end()
    return turn.done


def _claim(pk: int, *, now: dt.datetime) -> bool:
    free = Q(claimed_until=None) | Q(claimed_until__lte=now)
    rows = Look.objects.filter(free, pk=pk, next_turn_at__isnull=False)
    return bool(rows.update(claimed_until=now + LEASE))


class _Turn:
    def __init__(self, pk: int, *, client: Client, line: budget.Line, clock: Clock) -> None:
        self.pk, self.client, self.line, self.clock = pk, client, line, clock
        self.done = 0
        # Unless told otherwise, it was broken off: the sweep sees to it.
        self.next_turn_at = clock() + QUIET
        self.told: dict[str, object] = {}
        self.rings = self.rests = self.gives_up = False

    def run(self) -> None:
        granted = left = budget.take(CALLS, now=self.clock())
        if not granted:
            self.next_turn_at = self.clock() + SOON
            return
        began = time.monotonic()
        try:
            while left > 0 and time.monotonic() - began < LONGEST:
                calls = self._step()
                if calls is None:
                    return
                left -= calls
                self.done += 1
            self.rings = True
        finally:
            budget.give_back(left)
            self.line.tell(now=self.clock())

    def end(self) -> None:
        with transaction.atomic():
            made = Look.objects.select_for_update().get(pk=self.pk)
            if self.rests and made.found.filter(outcome=FoundCompany.Outcome.WAITING).exists():
                # Chosen since the last step: whoever rang for it found the lease taken.
                self.rests, self.rings = False, True
            at = None if self.rests or self.gives_up else self.next_turn_at
            rows = Look.objects.filter(pk=self.pk)
            rows.update(claimed_until=None, next_turn_at=at, **self.told)
            if self.rings:
                doorbell.ring(doorbell.ADOPT, self.pk)

    def _step(self) -> int | None:
        """How many calls it took; None when there is no next one, for now or for good."""
        made = Look.objects.get(pk=self.pk)
        try:
            calls = steps.next_step(made, client=self.client, line=self.line, clock=self.clock)
        except errors.CodatError as error:
            self.line.met(error)
            log.warning("look %s has to wait: %s", self.pk, type(error).__name__)
            self._wait(made, error)
            return None
        if made.failures or made.problem:
            Look.objects.filter(pk=self.pk).update(failures=0, problem="")
        self.rests = calls is None
        return calls

    def _wait(self, made: Look, error: errors.CodatError) -> None:
        """It tries again by itself, ever later; then it rests until a person lets it go on."""
        happened = messages.with_details(messages.what_happened(error), error)
        self.told = {"problem": happened, "failures": made.failures + 1}
        self.gives_up = made.failures >= len(WAITS)
        if not self.gives_up:
            self.next_turn_at = self.clock() + WAITS[made.failures]
