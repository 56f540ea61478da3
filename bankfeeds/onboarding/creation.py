"""The one way in which a row comes to exist at Codat: claim it, look or send, keep the outcome.

The intent is committed before the call and its outcome after it; no transaction is open while
Codat is asked. A key whose fate is unknown is repeated or looked after, never replaced blindly.
Source: Codat's guide to idempotency (the first answer of a key is replayed for 90 minutes).
"""

from __future__ import annotations

import datetime as dt
import uuid
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from bankfeeds.codat import errors
from bankfeeds.codat.errors import CodatError
from bankfeeds.messages import explain, what_happened, with_details
from bankfeeds.models import Actor, Event, Intent, RemoteCreation
from bankfeeds.words import clock_time

Clock = Callable[[], dt.datetime]
Answer = TypeVar("Answer")

_OPEN_QUESTION = frozenset({Intent.UNKNOWN, Intent.SERVER_FAULT})


class NotAtCodat(ValueError):
    """What the new thing belongs to does not exist at Codat."""


@dataclass(frozen=True)
class Words:
    """The parts of the messages that differ from noun to noun."""

    not_done: str
    unknown: str
    again: str
    refused: str


class Blocked(Exception):
    """It cannot be sent now; nothing was. Carries the whole message, and what is known after it."""

    def __init__(self, message: str, *, intent: Intent | None = None) -> None:
        super().__init__(message)
        self.intent = intent


class Creation(ABC, Generic[Answer]):
    """What is particular to one noun. `noun` begins the names of its events."""

    noun: str
    row: RemoteCreation
    # Whether a second POST with another key would make a second one.
    may_double = True

    @property
    @abstractmethod
    def words(self) -> Words: ...

    @abstractmethod
    def send(self) -> Answer:
        """Make the one POST, with the row's idempotency key and always the same bytes."""

    @abstractmethod
    def look_up(self) -> Answer | None:
        """Find at Codat what an earlier POST of ours may have made. Blocked: it is not ours."""

    @abstractmethod
    def columns(self, answer: Answer, *, now: dt.datetime) -> dict[str, Any]:
        """What of Codat's answer is kept in the row."""

    def prepare(self) -> None:
        """Raise Blocked if it cannot be sent; called before anything is marked as sent."""

    def reword(self, error: errors.Refused) -> str | None:
        """Return better words than Codat's for a refusal. May ask Codat."""
        return None

    def afterwards(self, answer: Answer, *, by: Actor, now: dt.datetime) -> None:
        """Do what follows once the row is known to exist, in the transaction that says so."""


def carry_out(creation: Creation[Answer], *, by: Actor, clock: Clock) -> bool:
    """Send it, or continue where it stopped; True once it exists at Codat.

    False while somebody else calls for it (the row's `problem` stays as it was) and after a
    failure (`problem` says what happened, what it means, what to do). The row is up to date
    afterwards. Raises no CodatError.
    """
    return Press(creation, by=by, clock=clock).run()


def in_progress(row: RemoteCreation, *, now: dt.datetime) -> bool:
    """Whether somebody is calling Codat for this row right now."""
    return row.intent != Intent.DONE and row.claimed_until is not None and row.claimed_until > now


class Overtaken(Exception):
    """Our lease ran out and somebody else went on: whatever they do is right."""


class Press(Generic[Answer]):
    """One person's press of a button for one row: holds it, and writes down what came of it."""

    def __init__(self, creation: Creation[Answer], *, by: Actor, clock: Clock) -> None:
        self.creation = creation
        self.row = creation.row
        self.by = by
        self.clock = clock
        self.lease = dt.timedelta(seconds=settings.PUSH_LEASE)
        self.held_until: dt.datetime | None = None
        self.sending = False
        self.was_unknown = False
        # What a call of which nothing is known leaves behind.
        self.doubt = Intent.UNKNOWN

    def run(self) -> bool:
        if self.take():
            try:
                self._go_on()
            finally:
                self.let_go()
        self.row.refresh_from_db()
        return self.row.intent == Intent.DONE

    def take(self) -> bool:
        """Hold the row, up to date; False while somebody else does, and when it is done."""
        now = self.clock()
        if not self.row.claim(now=now, lease=self.lease):
            return False
        self.held_until = now + self.lease
        self.row.refresh_from_db()
        if self.row.intent != Intent.PLANNED or self.row.problem:
            self._record("continued")
        return True

    def let_go(self) -> None:
        self._mine().update(claimed_until=None)

    def _go_on(self) -> None:
        try:
            answer = self._find_or_send()
        except Overtaken:
            return
        except Blocked as blocked:
            self.keep_failure(str(blocked), intent=blocked.intent)
        except CodatError as error:
            self.keep_error(error)
        else:
            self.keep(answer)

    def _find_or_send(self) -> Answer:
        if self.row.intent == Intent.REFUSED:
            self.take_new_key()
        elif not self.row.key_is_trusted(self.clock()):
            found = self._look_up()
            if found is not None:
                return found
            self._refuse_haste()
            self.take_new_key()
        self.was_unknown = self.row.intent == Intent.UNKNOWN
        try:
            return self._send()
        except errors.GarbledWrite:
            # The first answer of a key may be cut on its way; the same again is what Codat keeps.
            if not self.was_unknown:
                raise
        found = self._look_up()
        if found is not None:
            return found
        self._refuse_haste()
        self.take_new_key()
        self.was_unknown = False
        return self._send()

    def _refuse_haste(self) -> None:
        """Behind a gateway's error Codat may be at work still: a new key now could make two."""
        last, settle = self.row.last_sent_at, dt.timedelta(seconds=settings.PUSH_SETTLE)
        if not self.creation.may_double or last is None or self.clock() >= last + settle:
            return
        raise Blocked(
            _(
                "Codat does not show it yet, but may still be making it."
                " Nothing was sent again. Press Continue after %(time)s."
            )
            % {"time": clock_time(last + settle + dt.timedelta(minutes=1))}
        )

    # --- The steps, each committed by itself -------------------------------------------------

    def _look_up(self) -> Answer | None:
        self.hold()
        self.sending = False
        return self.creation.look_up()

    def _send(self) -> Answer:
        self.creation.prepare()
        now = self.clock()
        # Committed first: whoever dies in the middle of the call leaves "unknown" behind.
        first = Coalesce("first_sent_at", now)
        self.hold(intent=Intent.UNKNOWN, first_sent_at=first, last_sent_at=now)
        self.row.last_sent_at = now
        self.sending = True
        return self.creation.send()

    def hold(self, **columns: Any) -> None:
        """Lengthen the lease before each call; somebody who took over is left alone."""
        until = self.clock() + self.lease
        if not self._mine().update(claimed_until=until, **columns):
            raise Overtaken
        self.held_until = until

    def take_new_key(self) -> None:
        fresh = uuid.uuid4()
        same = self._mine().filter(idempotency_key=self.row.idempotency_key)
        if not same.update(idempotency_key=fresh, first_sent_at=None, intent=Intent.PLANNED):
            raise Overtaken
        self.row.idempotency_key, self.row.intent = fresh, Intent.PLANNED

    def _mine(self) -> Any:
        rows = type(self.row)._default_manager.filter(pk=self.row.pk)
        return rows.filter(claimed_until=self.held_until).exclude(intent=Intent.DONE)

    # --- What is kept of the outcome ---------------------------------------------------------

    def keep(self, answer: Answer) -> None:
        now = self.clock()
        columns = self.creation.columns(answer, now=now)
        everyone = type(self.row)._default_manager.filter(pk=self.row.pk)
        with transaction.atomic():
            # Not only while we hold it: that it exists is true whoever has taken over.
            done = everyone.exclude(intent=Intent.DONE).update(
                intent=Intent.DONE, problem="", claimed_until=None, **columns
            )
            if done:
                found = "" if self.sending else _("Found at Codat; it was not made again.")
                self._record("created", words=found)
                self.row.refresh_from_db()
                self.creation.afterwards(answer, by=self.by, now=now)

    def keep_error(self, error: CodatError) -> None:
        intent = self._intent_after(error)
        self.keep_failure(self._problem(error, intent), intent=intent)

    def keep_failure(self, problem: str, *, intent: Intent | None) -> None:
        columns: dict[str, Any] = {"problem": problem}
        if intent is not None:
            columns["intent"] = intent
        if intent == Intent.NOT_SENT:
            columns["first_sent_at"] = None
        with transaction.atomic():
            if self._mine().update(**columns):
                self._record("failed", words=problem)

    def _record(self, what: str, *, words: str = "") -> None:
        noun = self.creation.noun
        about: dict[str, Any] = {noun: self.row}
        Event.objects.record(f"{noun}.{what}", by=self.by, at=self.clock(), words=words, **about)

    # --- What an error means -----------------------------------------------------------------

    def _intent_after(self, error: CodatError) -> Intent | None:
        """None: a look-up failed, so nothing more is known than before."""
        if not self.sending:
            return None
        if isinstance(error, errors.Throttled | errors.NotSent):
            return Intent.UNKNOWN if self.was_unknown else Intent.NOT_SENT
        if isinstance(error, errors.ServerFault | errors.KeyReused):
            return Intent.SERVER_FAULT
        if isinstance(error, errors.Refused):
            # This answer is kept under the key too; what the first one did is still open.
            return Intent.SERVER_FAULT if self.was_unknown else Intent.REFUSED
        return self.doubt

    def _problem(self, error: CodatError, intent: Intent | None) -> str:
        open_question = (intent or self.row.intent) in _OPEN_QUESTION
        if isinstance(error, errors.Refused) and not open_question:
            better = self.creation.reword(error)
            if better or isinstance(error, errors.KeyRefused | errors.PaymentRequired):
                return better or explain(error)
        words = self.creation.words
        meaning = words.unknown if open_question else words.not_done
        parts = (what_happened(error), meaning, self._remedy(intent, open_question=open_question))
        return with_details(" ".join(parts), error)

    def _remedy(self, intent: Intent | None, *, open_question: bool) -> str:
        words = self.creation.words
        if open_question:
            return _("Do not start again. %(again)s") % {"again": words.again}
        return words.refused if intent == Intent.REFUSED else words.again
