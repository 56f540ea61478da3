"""Deliveries of many connections side by side: claim, send from threads, write down in groups.

The job's own thread does all work on the database; the threads carry bytes and nothing else. One
that fails, hangs or answers nonsense ends as its own outcome and holds up nobody else.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import logging
import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, field

from django.conf import settings
from django.db import DatabaseError, InterfaceError, close_old_connections
from django.utils.translation import gettext as _

from bankfeeds import budget, conf, doorbell, health
from bankfeeds.codat import errors
from bankfeeds.codat.client import Client
from bankfeeds.codat.shapes import PushOperation
from bankfeeds.models import Incident, Push, PushBody, PushStatus

from .claim import Claimed, claim
from .mend import mend
from .outcome import Verdict, accepted, broken, not_accepted
from .settle import settle
from .threads import THREADS, pool
from .wake import is_told

log = logging.getLogger(__name__)

Clock = Callable[[], dt.datetime]
Answered = PushOperation | errors.CodatError | Exception

# Outcomes are written down when so many have come in, or so many seconds after the first.
GROUP = 32
GROUP_WAIT = 0.05
# Seconds between two looks for more to send while something is on its way.
LOOK_EVERY = 0.25
# Seconds between two signs of life of a job that runs long.
BEAT_EVERY = 2.0


def deliver(*, client: Client, line: budget.Line, clock: Clock) -> None:
    """Send whatever is due until nothing is, or the job's time is nearly over.

    Ringing twice, late or for nothing does no harm. No more than one deadline before the end of
    its time it claims nothing new, so that all it has begun is written down.
    """
    mend(now=clock())
    _Round(client, line, clock).run(seconds=settings.TASK_TIMEOUT - conf.longest_call())
    ring_if_due(now=clock())


def ring_if_due(*, now: dt.datetime) -> None:
    """Not while every call is held: it would be rung in vain."""
    if something_goes(now=now):
        doorbell.ring(doorbell.DELIVER)


def something_goes(*, now: dt.datetime) -> bool:
    """Whether a delivery would find something to send at this moment."""
    here = Push.objects.filter(environment=conf.environment())
    # Asked twice a second, and mostly for nothing: the small question first.
    if not here.filter(status__in=(PushStatus.READY, PushStatus.SENDING)).exists():
        return False
    looks = (here.due_again(now), here.due(now))
    return any(rows.exists() for rows in looks) and budget.closed(now=now) is None


@dataclass
class _Round:
    client: Client
    line: budget.Line
    clock: Clock
    on_its_way: dict[Future[Answered], Claimed] = field(default_factory=dict)
    ready: list[tuple[Claimed, Answered]] = field(default_factory=list)
    looked_at: float = float("-inf")
    beat_at: float = float("-inf")

    def run(self, *, seconds: float) -> None:
        ends = time.monotonic() + seconds * 0.75
        while True:
            begun = self._begin_if_possible(ends)
            if not self.on_its_way and not begun:
                return
            self._collect()
            self._write_down()

    def _begin_if_possible(self, ends: float) -> int:
        """Trouble with the database must not cost the answers that are still to come."""
        try:
            self._show_life()
            self._notice_silence()
            return self._begin() if time.monotonic() < ends else 0
        except (DatabaseError, InterfaceError):
            if not self.on_its_way:
                raise
            log.warning("nothing new can be sent: the database does not answer")
            close_old_connections()
            return 0

    def _begin(self) -> int:
        """Claim as many as there are free threads, but not for a few of them all the time.

        To claim costs nearly the same for one push as for many.
        """
        free = THREADS - len(self.on_its_way)
        if self.on_its_way and time.monotonic() < self.looked_at + LOOK_EVERY and free < GROUP:
            return 0
        self.looked_at = time.monotonic()
        claimed = claim(free, now=self.clock())
        for one in claimed:
            self.on_its_way[pool().submit(_send, self.client, one)] = one
        return len(claimed)

    def _collect(self) -> None:
        """Wait for the first answer, then a moment for those that come right behind it."""
        timeout, ends = LOOK_EVERY, None
        while self.on_its_way and len(self.ready) < GROUP:
            done, _waiting = wait(self.on_its_way, timeout=timeout, return_when=FIRST_COMPLETED)
            self.ready += [(self.on_its_way.pop(future), future.result()) for future in done]
            if not self.ready:
                return
            ends = ends or time.monotonic() + GROUP_WAIT
            timeout = max(0.0, ends - time.monotonic())
            if not done or not timeout:
                return

    def _write_down(self) -> None:
        """The answers are known only here: while the database is away, wait for it."""
        if not self.ready:
            return
        for _claimed, answer in self.ready:
            if isinstance(answer, errors.CodatError):
                self.line.met(answer)
        ends = time.monotonic() + conf.longest_call() / 4
        while True:
            try:
                now = self.clock()
                self.line.tell(now=now)
                settle(self._verdicts(now), now=now)
                self.ready.clear()
                return
            except (DatabaseError, InterfaceError) as error:
                if time.monotonic() > ends:
                    raise
                log.warning("outcomes cannot be written yet: %s", type(error).__name__)
                time.sleep(0.2)
                close_old_connections()

    def _verdicts(self, now: dt.datetime) -> list[Verdict]:
        troubled = any(isinstance(answer, Exception) for _, answer in self.ready)
        outage = troubled and Incident.objects.open().exists()
        told = is_told()
        return [_verdict(claimed, answer, now, outage, told) for claimed, answer in self.ready]

    def _show_life(self) -> None:
        if time.monotonic() >= self.beat_at + BEAT_EVERY:
            self.beat_at = time.monotonic()
            health.beat(now=self.clock())

    def _notice_silence(self) -> None:
        """A Codat that accepts calls and never answers shows long before they time out."""
        if self.on_its_way:
            patience = self.line.patience()
            late = (one for one in self.on_its_way.values() if one.begun.seconds() >= patience)
            self.line.waits(len({one.company for one in late}), now=self.clock())


def _send(client: Client, claimed: Claimed) -> Answered:
    """In a thread: one POST of the very bytes that were confirmed."""
    try:
        body = PushBody.unpack(claimed.body)
        if hashlib.sha256(body).hexdigest() != claimed.body_sha256:
            return ValueError(_("The stored body is not the one that was confirmed."))
        # Whoever begins later than this before the end of the lease may still send after it.
        if claimed.begun.seconds() > settings.PUSH_LEASE - settings.TASK_TIMEOUT:
            return errors.NotSent("the worker was held up before it could send")
        return client.push(
            claimed.company, claimed.connection, claimed.account, body, key=claimed.key
        )
    except errors.CodatError as error:
        return error
    except Exception as error:  # a fault of ours must not take the others down
        log.exception("push %s could not be sent", claimed.push.id)
        return error


def _verdict(
    claimed: Claimed, answer: Answered, now: dt.datetime, outage: bool, told: bool
) -> Verdict:
    if isinstance(answer, PushOperation):
        return accepted(claimed, answer, now=now, told=told)
    if isinstance(answer, errors.CodatError):
        return not_accepted(claimed, answer, now=now, outage=outage)
    return broken(claimed, _("The portal has a fault: %(words)s") % {"words": answer})
