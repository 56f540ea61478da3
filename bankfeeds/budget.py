"""The calls that background work may make to Codat: shared by all workers through one row.

How many now (a token bucket), not before when (429, an outage), and whether the key is taken.
Asks the clock of nobody and Codat nothing; `Line` collects what the calls of a job met.
"""

from __future__ import annotations

import datetime as dt
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from . import conf, messages
from .codat import errors
from .codat.client import Answer
from .models import CallBudget, Event, Incident
from .models.record import WORKER

log = logging.getLogger(__name__)

# Of a minute's calls, how many may be made at once after a quiet time. Bucket and refill together
# never exceed the limit in any 60 seconds.
BURST = 0.05
# Calls leave a little later than they are granted: they may fall into the next minute.
HEADROOM = 0.97
# So many calls in a row, over at least so many seconds, without any answer: Codat is not there.
UNANSWERED = 5
UNANSWERED_FOR = 10.0
# Or: calls of so many clients are on their way for so many seconds, half of what an answer may
# take, and meanwhile nobody at all was answered. Long before the calls themselves give up.
WAITING_CLIENTS = 5
WAITING_FOR = 15.0
LONGEST_PAUSE = 30.0
LONGEST_HOLD = 24 * 3600.0
# Seconds for which a call that tries whether somebody answers again is the only one.
PROBE = 10.0
THROTTLED_FOR = 60.0
# Whatever is left of the day goes to pushes before it goes to looking around.
# Seconds between two notes that all goes well.
TOLD_EVERY = 1.0
REFUSALS = (401, 402, 403)

Kind = Incident.Kind


@dataclass(frozen=True)
class Closed:
    """Why no background call may be made, and until when (None: until somebody says so)."""

    words: str
    until: dt.datetime | None
    # The calls of the day are used up, as far as we were told.
    by_quota: bool = False


def closed(*, now: dt.datetime) -> Closed | None:
    """Whether all background calls are held at this moment. Reads only."""
    refused = Incident.objects.open().filter(kind=Kind.REFUSED).first()
    if refused is not None:
        return Closed(refused.words, None)
    row = CallBudget.objects.first()
    return _held(row, now) if row is not None else None


def take(wanted: int, *, now: dt.datetime) -> int:
    """Take up to `wanted` calls and say how many may be made now; 0 when none may.

    Whoever takes them makes them at once or gives them back. Locks the row until the end of the
    caller's transaction: those who take calls take turns.
    """
    with transaction.atomic():
        if Incident.objects.open().filter(kind=Kind.REFUSED).exists():
            return 0
        row = _locked()
        _fill(row, now)
        granted = 0 if _held(row, now) else max(0, min(wanted, int(row.tokens)))
        if granted and row.unanswered >= UNANSWERED:
            # While nobody answers, one call at a time finds out whether somebody does again.
            granted, row.not_before = 1, now + dt.timedelta(seconds=PROBE * conf.timing_factor())
        row.tokens -= granted
        row.save(update_fields=["tokens", "filled_at", "not_before"])
    return granted


def give_back(calls: int) -> None:
    """Calls that were taken and not made."""
    if calls:
        with transaction.atomic():
            row = _locked()
            row.tokens += calls
            row.save(update_fields=["tokens"])


def charge(calls: int) -> None:
    """Calls that had to be made and were not taken before: the next ones wait longer for it."""
    give_back(-calls)


class Line:
    """What the calls of one job met; told to the shared row in one go. Safe between threads."""

    def __init__(self, *, seconds: Callable[[], float] = time.monotonic) -> None:
        """`seconds` is a clock that only grows."""
        self._lock, self._seconds = threading.Lock(), seconds
        self._told_at = self._looked_at = float("-inf")
        # Since when nobody answers while somebody looks.
        self._silent_since = seconds()
        self._forget()

    def _forget(self) -> None:
        self._answered = self._unanswered = 0
        self._wait: float | None = None
        self._refusal: errors.CodatError | None = None
        self._remaining: int | None = None
        self._resets_at: dt.datetime | None = None

    def heard(self, answer: Answer) -> None:
        """For `Client(on_answer=...)`: any answer but a server fault shows that Codat is there."""
        with self._lock:
            if answer.status >= 500:
                self._unanswered += 1
            else:
                self._answered += 1
                self._unanswered = 0
                self._silent_since = self._seconds()
            if answer.remaining is not None:
                self._remaining, self._resets_at = answer.remaining, answer.reset

    def met(self, error: errors.CodatError) -> None:
        """What a call failed with, in whatever thread."""
        with self._lock:
            if error.status is None:
                self._unanswered += 1
            elif isinstance(error, errors.Throttled):
                wait = error.retry_after or THROTTLED_FOR * conf.timing_factor()
                self._wait = max(self._wait or 0.0, wait)
            elif error.status in REFUSALS:
                self._refusal = error

    def waits(self, clients: int, *, now: dt.datetime) -> None:
        """Calls of so many clients are on their way for `patience()` seconds: is Codat there?

        To be called again and again while any are on their way, ten times a second or so.
        """
        at, patience = self._seconds(), self.patience()
        with self._lock:
            # Who was paused has not listened: an answer may lie there unread.
            if at > self._looked_at + patience / 3:
                self._silent_since = at
            self._looked_at = at
            silent = at - self._silent_since
            if clients < WAITING_CLIENTS or silent < patience:
                return
            self._silent_since = at
        _hung(now=now, since=now - _seconds(silent))

    @staticmethod
    def patience() -> float:
        """In seconds. What others hear is told once in a while: never shorter than that."""
        return max(WAITING_FOR * conf.timing_factor(), 3 * TOLD_EVERY)

    def tell(self, *, now: dt.datetime) -> None:
        """Write down what was met since the last time; opens and ends incidents.

        That all goes well is told once a second.
        """
        with self._lock:
            well = not self._unanswered and self._wait is None and self._refusal is None
            if well and self._seconds() < self._told_at + TOLD_EVERY:
                return
            met = self.__dict__.copy()
            self._told_at = self._seconds()
            self._forget()
        if met["_refusal"] is not None:
            _refused(met["_refusal"], now)
        if not (met["_answered"] or met["_unanswered"] or met["_wait"] is not None):
            return
        with transaction.atomic():
            row = _locked()
            if met["_wait"] is not None:
                until = now + dt.timedelta(seconds=met["_wait"])
                row.not_before = max(row.not_before or until, until)
                row.held_words = _("Codat asked us to wait: too many calls")
            if met["_remaining"] is not None:
                row.remaining, row.resets_at = met["_remaining"], met["_resets_at"]
            _judge_silence(row, met["_answered"], met["_unanswered"], now)
            row.save()


def _locked() -> CallBudget:
    row = CallBudget.objects.select_for_update().first()
    if row is None:
        CallBudget.objects.bulk_create(
            [CallBudget(tokens=conf.calls_per_minute() * BURST)], ignore_conflicts=True
        )
        row = CallBudget.objects.select_for_update().get()
    return row


def _fill(row: CallBudget, now: dt.datetime) -> None:
    limit = conf.calls_per_minute() * HEADROOM
    most = max(1.0, limit * BURST)
    # A clock that was set back adds nothing, and is believed from then on.
    passed = max(0.0, (now - row.filled_at).total_seconds()) if row.filled_at else 60.0
    row.tokens = min(most, row.tokens + passed * (limit - most) / 60)
    row.filled_at = now


def _held(row: CallBudget, now: dt.datetime) -> Closed | None:
    """A time further off than any that is set here was set by a clock that was wrong."""
    longest = LONGEST_HOLD if row.held_words else LONGEST_PAUSE
    if row.not_before is not None and now < row.not_before <= now + _seconds(longest):
        words = row.held_words or _("Codat cannot be reached")
        return Closed(words, row.not_before)
    if row.remaining == 0 and row.resets_at and row.answered_at and row.answered_at <= now:
        # The quota is one of a day: an answer that says otherwise is not believed for longer.
        until = min(row.resets_at, row.answered_at + _seconds(LONGEST_HOLD))
        words = _("Today's calls to Codat are used up")
        return Closed(words, until, by_quota=True) if until > now else None
    return None


def _seconds(seconds: float) -> dt.timedelta:
    return dt.timedelta(seconds=seconds)


def _judge_silence(row: CallBudget, answered: int, unanswered: int, now: dt.datetime) -> None:
    if answered:
        row.answered_at, row.unanswered, row.unanswered_since = now, 0, None
        if not row.held_words:
            row.not_before = None
        _end_outage(now)
    if row.held_words and (row.not_before is None or row.not_before <= now):
        row.held_words = ""
    if not unanswered:
        return
    row.unanswered += unanswered
    row.unanswered_since = row.unanswered_since or now
    if row.unanswered < UNANSWERED:
        return
    factor = conf.timing_factor()
    silent = (now - row.unanswered_since).total_seconds()
    if silent >= UNANSWERED_FOR * factor:
        _open(Kind.OUTAGE, row.unanswered_since, _("Codat does not answer any call."), None)
    if not row.held_words:
        pause = min(LONGEST_PAUSE, 2.0 ** min(row.unanswered - UNANSWERED, 10)) * factor
        row.not_before = now + dt.timedelta(seconds=pause)


def _hung(*, now: dt.datetime, since: dt.datetime) -> None:
    """The beginning of an outage, unless others were answered since. What is on its way goes on."""
    with transaction.atomic():
        row = _locked()
        if row.answered_at is not None and since < row.answered_at <= now:
            return
        row.unanswered = max(row.unanswered, UNANSWERED)
        row.unanswered_since = min(since, row.unanswered_since or since)
        row.save(update_fields=["unanswered", "unanswered_since"])
        _open(Kind.OUTAGE, row.unanswered_since, _("Codat does not answer any call."), None)


def _refused(error: errors.CodatError, now: dt.datetime) -> None:
    _open(Kind.REFUSED, now, messages.what_happened(error), error.status)


def _open(kind: Incident.Kind, since: dt.datetime, words: str, status: int | None) -> None:
    """One alarm, however many calls met the same."""
    if Incident.objects.open().filter(kind=kind).exists():
        return
    try:
        with transaction.atomic():
            Incident.objects.create(kind=kind, started_at=since, words=words, http_status=status)
            Event.objects.record(f"incident.{kind}", by=WORKER, at=since, words=words)
    except IntegrityError:
        return
    log.error("%s: %s", kind, words)


def _end_outage(now: dt.datetime) -> None:
    for incident in Incident.objects.open().filter(kind=Kind.OUTAGE):
        Incident.objects.filter(pk=incident.pk, ended_at=None).update(
            ended_at=now, ended_by=WORKER.name
        )
        Event.objects.record("incident.ended", by=WORKER, at=now, words=incident.words)
        log.warning("%s: over", incident.kind)
