"""What one try means for its push: the rows of the table that begin in `sending`. Pure.

Once unknown, always careful: while it is unsure whether a try of a key arrived, nothing leads back
to `ready` and nothing ends the push, but an answer that names the write, or a look at Codat's list.
"""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import asdict, dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from bankfeeds import conf
from bankfeeds.codat import errors
from bankfeeds.codat.shapes import PushOperation
from bankfeeds.messages import what_happened
from bankfeeds.models import PushAttempt, PushStatus
from bankfeeds.models.remote import KEY_LIFETIME
from bankfeeds.models.states import Seen, Step

from .claim import Claimed

Outcome = PushAttempt.Outcome

# Seconds until the next try after one that surely, or perhaps, did not arrive.
BACK_OFF = (5, 15, 30, 60, 120, 300)
# Seconds until the first look at a write, and until the first search for one.
FIRST_LOOK = 5.0
# Where Codat's messages come in, this look is for the one that never came.
FIRST_LOOK_TOLD = 300.0
FIRST_SEARCH = 1.0
THROTTLED_FOR = 60.0
HELD_FOR = 5.0
# More tries than this, not counting those in an outage, and a person must look.
MOST_TRIES = 12
# So often the same key may be answered "still running" before we look for its write instead.
MOST_REPEATS = 4


@dataclass(frozen=True)
class Closing:
    """How an attempt is closed."""

    outcome: PushAttempt.Outcome
    status: int | None = None
    words: str = ""
    correlation_id: str = ""


@dataclass(frozen=True)
class Verdict:
    """One step of the push, and how its attempt, made under `key`, is closed."""

    step: Step
    closing: Closing
    push: Seen
    number: int
    key: uuid.UUID


@dataclass(frozen=True)
class _Next:
    to: PushStatus
    outcome: PushAttempt.Outcome
    columns: dict[str, Any] = field(default_factory=dict)


def accepted(
    claimed: Claimed, operation: PushOperation, *, now: dt.datetime, told: bool = False
) -> Verdict:
    """Any 2xx with a valid operation key: Codat has the rows, and the doubt is over.

    `told`: a message of Codat's will say when to look.
    """
    columns = {
        "push_operation_key": operation.push_operation_key,
        "codat_status": operation.status[:30],
        "submitted_at": now,
        "unsure_since": None,
        "lease_until": None,
        "next_attempt_at": now + first_look(told=told),
        "polls": 0,
    }
    closing = Closing(Outcome.ACCEPTED, 200, operation.status)
    step = Step(claimed.push, PushStatus.SUBMITTED, columns=columns)
    return Verdict(step, closing, claimed.push, claimed.number, claimed.key)


def not_accepted(
    claimed: Claimed, error: errors.CodatError, *, now: dt.datetime, outage: bool
) -> Verdict:
    """`outage`: nobody gets an answer at the moment, so the try counts towards no limit."""
    following = _following(claimed, error, now)
    words = what_happened(error)
    counts = following.outcome in {Outcome.NOT_SENT, Outcome.UNKNOWN} and not outage
    tries = claimed.tries + counts
    to, columns = following.to, {"lease_until": None, **following.columns, "tries": tries}
    if tries > MOST_TRIES and to in {PushStatus.READY, PushStatus.SENDING, PushStatus.RECONCILING}:
        to, words = PushStatus.NEEDS_REVIEW, too_many_tries(tries)
    if to == PushStatus.READY:
        columns["unsure_since"] = None
        columns["hold_reason"] = words.rstrip(".")[:300]
    step = Step(claimed.push, to, words, columns)
    closing = Closing(following.outcome, error.status, error.words, error.correlation_id)
    return Verdict(step, closing, claimed.push, claimed.number, claimed.key)


def broken(claimed: Claimed, words: str) -> Verdict:
    """A fault of ours: nobody knows what trying again would do, so a person looks."""
    step = Step(claimed.push, PushStatus.NEEDS_REVIEW, words, {"lease_until": None})
    return Verdict(
        step, Closing(Outcome.UNKNOWN, words=words), claimed.push, claimed.number, claimed.key
    )


def searching(now: dt.datetime) -> tuple[PushStatus, dict[str, Any]]:
    """A look at Codat's list."""
    return PushStatus.RECONCILING, _searching(now)


def perhaps_sent(
    *, first_sent_at: dt.datetime | None, now: dt.datetime, wait: float = 0.0
) -> tuple[PushStatus, dict[str, Any]]:
    """The same key and bytes once more while the key is trusted, else a look at Codat's list."""
    again = now + dt.timedelta(seconds=wait * conf.timing_factor())
    if first_sent_at is not None and abs(again - first_sent_at) < KEY_LIFETIME:
        return PushStatus.SENDING, {"next_attempt_at": again}
    return searching(now)


def first_look(*, told: bool) -> dt.timedelta:
    seconds = FIRST_LOOK_TOLD if told else FIRST_LOOK
    return dt.timedelta(seconds=seconds * conf.timing_factor())


def too_many_tries(tries: int) -> str:
    return _("It was tried %(tries)d times without a clear answer.") % {"tries": tries}


def _following(claimed: Claimed, error: errors.CodatError, now: dt.datetime) -> _Next:
    match error:
        case errors.KeyReused():
            return _Next(PushStatus.NEEDS_REVIEW, Outcome.UNKNOWN)
        case errors.NotSent():
            return _not_sent(claimed, now)
        case errors.Refused():
            return _refused(claimed, error, now)
        case errors.ServerFault():
            # The same key would only replay the fault.
            return _search(claimed, now)
        case errors.GarbledWrite() if claimed.repeats:
            return _search(claimed, now)
        case errors.Uncertain() if error.status == 408 or claimed.repeats > MOST_REPEATS:
            # Kept under the key like any other answer: it would be replayed.
            return _search(claimed, now)
        case _ if claimed.unsure and error.status is None:
            # A 429 that nobody saw would have let go of the key: it is repeated once, unseen.
            return _search(claimed, now)
        case _:
            return _again(claimed, Outcome.UNKNOWN, now)


def _not_sent(claimed: Claimed, now: dt.datetime) -> _Next:
    if claimed.unsure:
        return _again(claimed, Outcome.NOT_SENT, now)
    until = now + dt.timedelta(seconds=_pause(claimed) * conf.timing_factor())
    return _Next(PushStatus.READY, Outcome.NOT_SENT, {"next_attempt_at": until})


def _refused(claimed: Claimed, error: errors.Refused, now: dt.datetime) -> _Next:
    """4xx: this try did nothing. What an earlier one of this key did is known by looking only:
    429 lets go of the key and whatever was kept under it, and the others would be replayed."""
    factor = conf.timing_factor()
    match error:
        case errors.Throttled():
            wait = error.retry_after or THROTTLED_FOR * factor
            until = now + dt.timedelta(seconds=wait)
            outcome = Outcome.THROTTLED
            following: tuple[PushStatus, dict[str, Any]] = (
                PushStatus.READY,
                {"next_attempt_at": until},
            )
        case errors.KeyRefused() | errors.PaymentRequired():
            # The refusal is kept under the key for 90 minutes: going on needs a new one.
            outcome, until = Outcome.HELD, now + dt.timedelta(seconds=HELD_FOR * factor)
            fresh = {"idempotency_key": uuid.uuid4(), "first_sent_at": None}
            following = PushStatus.READY, {"next_attempt_at": until, **fresh}
        case _:
            outcome, until = Outcome.REFUSED, now
            following = PushStatus.FAILED, _codats_reasons(error)
    if claimed.unsure:
        return _search(claimed, now, outcome, until=until)
    return _Next(following[0], outcome, following[1])


def _codats_reasons(error: errors.Refused) -> dict[str, Any]:
    reasons = {"errors": [asdict(item) for item in error.validation]}
    return {"error_message": error.words, "validation": reasons}


def _again(claimed: Claimed, outcome: PushAttempt.Outcome, now: dt.datetime) -> _Next:
    to, columns = perhaps_sent(first_sent_at=claimed.first_sent_at, now=now, wait=_pause(claimed))
    return _Next(to, outcome, _doubting(claimed, columns, now))


def _search(
    claimed: Claimed,
    now: dt.datetime,
    outcome: PushAttempt.Outcome = Outcome.UNKNOWN,
    *,
    until: dt.datetime | None = None,
) -> _Next:
    columns = _searching(max(now, until or now))
    return _Next(PushStatus.RECONCILING, outcome, _doubting(claimed, columns, now))


def _doubting(claimed: Claimed, columns: dict[str, Any], now: dt.datetime) -> dict[str, Any]:
    return columns if claimed.unsure else {**columns, "unsure_since": now}


def _searching(now: dt.datetime) -> dict[str, Any]:
    return {
        "next_attempt_at": now + dt.timedelta(seconds=FIRST_SEARCH * conf.timing_factor()),
        "polls": 0,
    }


def _pause(claimed: Claimed) -> int:
    return BACK_OFF[min(claimed.repeats, len(BACK_OFF) - 1)]
