"""One POST of one push: claim, write the attempt down, send, write down what came of it.

Reduced machine: whatever is not surely refused, surely unsent or surely taken goes to a person.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import logging
import uuid
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from bankfeeds.codat import errors
from bankfeeds.codat.client import Client
from bankfeeds.codat.shapes import PushOperation
from bankfeeds.messages import what_happened
from bankfeeds.models import Event, Push, PushAttempt, PushStatus
from bankfeeds.models.mirror import KEY_LIFETIME
from bankfeeds.models.record import WORKER

from .confirm import ring_account

log = logging.getLogger(__name__)

Clock = Callable[[], dt.datetime]
Outcome = PushAttempt.Outcome
FIRST_POLL = dt.timedelta(seconds=1)
# Seconds until the next try after one that surely did not arrive.
BACK_OFF = (5, 15, 30, 60, 120, 300)
HELD_FOR = dt.timedelta(minutes=1)
THROTTLED_FOR = 60.0


def deliver(push_id: int, *, client: Client, clock: Clock) -> None:
    """Send the push if it is its turn. Ringing twice, late or for nothing does no harm."""
    claimed = _claim(push_id, now=clock())
    if claimed is None:
        return
    push, attempt = claimed
    body = push.body.content
    if hashlib.sha256(body).hexdigest() != push.body_sha256:
        _review(push, attempt, _("The stored body is not the one that was confirmed."), clock())
        return
    if push.lease_until is None or clock() > push.lease_until - _longest_send():
        late = errors.NotSent("the worker was held up before it could send")
        _not_accepted(push, attempt, late, now=clock())
        return
    try:
        operation = client.push(
            push.company.id_there,
            push.connection.id_there,
            push.account.account_id,
            body,
            key=push.idempotency_key,
        )
    except errors.CodatError as error:
        _not_accepted(push, attempt, error, now=clock())
    else:
        _accepted(push, attempt, operation, now=clock())


def _longest_send() -> dt.timedelta:
    """Whoever begins later than this before the end of the lease may still send after it."""
    return dt.timedelta(seconds=settings.TASK_TIMEOUT)


def _claim(push_id: int, *, now: dt.datetime) -> tuple[Push, PushAttempt] | None:
    """Win the connection and commit the attempt before anything leaves."""
    try:
        with transaction.atomic():
            rows = Push.objects.select_related("company", "connection", "account", "body")
            push = rows.due(now).filter(pk=push_id).first()
            if push is None or not push.step(
                PushStatus.SENDING,
                by=WORKER,
                now=now,
                fence=push.fence + 1,
                lease_until=now + dt.timedelta(seconds=settings.PUSH_LEASE),
                next_attempt_at=None,
                hold_reason="",
                **_key(push, now),
            ):
                return None
            attempt = PushAttempt.objects.create(
                push=push,
                number=push.attempts.count() + 1,
                fence=push.fence,
                idempotency_key=push.idempotency_key,
                body_sha256=push.body_sha256,
                started_at=now,
            )
            return push, attempt
    except IntegrityError:
        # Another push of the connection was claimed in the same moment.
        return None


def _key(push: Push, now: dt.datetime) -> dict[str, Any]:
    """The push's key, or a new one when the old was first sent too long ago to be trusted.

    Whoever is ready again was surely not taken, so a new key cannot double anything.
    """
    if push.first_sent_at is None:
        return {"first_sent_at": now}
    if now - push.first_sent_at < KEY_LIFETIME:
        return {}
    return {"first_sent_at": now, "idempotency_key": uuid.uuid4()}


def _accepted(
    push: Push, attempt: PushAttempt, operation: PushOperation, *, now: dt.datetime
) -> None:
    try:
        with transaction.atomic():
            moved = push.step(
                PushStatus.SUBMITTED,
                by=WORKER,
                now=now,
                push_operation_key=operation.push_operation_key,
                codat_status=operation.status,
                submitted_at=now,
                lease_until=None,
                next_attempt_at=now + FIRST_POLL,
            )
            if moved:
                _close(attempt, Outcome.ACCEPTED, now=now, status=200, words=operation.status)
                ring_account(push.account, now=now)
                return
            _late(push, now, f"Codat answered late with write {operation.push_operation_key}.")
    except IntegrityError:
        words = _("Codat answered with the id of a write that belongs to another push.")
        _review(push, attempt, words, now)


def _not_accepted(
    push: Push, attempt: PushAttempt, error: errors.CodatError, *, now: dt.datetime
) -> None:
    words = what_happened(error)
    log.info("push %s was not accepted: %s", push.pk, type(error).__name__)
    match error:
        case errors.NotSent():
            wait = BACK_OFF[min(attempt.number, len(BACK_OFF)) - 1]
            until = now + dt.timedelta(seconds=wait)
            _back(push, attempt, Outcome.NOT_SENT, error, until, words, now)
        case errors.Throttled():
            until = now + dt.timedelta(seconds=error.retry_after or THROTTLED_FOR)
            _back(push, attempt, Outcome.THROTTLED, error, until, words, now)
        case errors.KeyRefused() | errors.PaymentRequired():
            # The refusal is kept under the key for 90 minutes: going on needs a new one.
            fresh = {"idempotency_key": uuid.uuid4(), "first_sent_at": None}
            _back(push, attempt, Outcome.HELD, error, now + HELD_FOR, words, now, **fresh)
        case errors.KeyReused():
            _review(push, attempt, words, now, error)
        case errors.Refused():
            _refused(push, attempt, error, now)
        case _:
            _review(push, attempt, words, now, error)


def _back(
    push: Push,
    attempt: PushAttempt,
    outcome: PushAttempt.Outcome,
    error: errors.CodatError,
    until: dt.datetime,
    words: str,
    now: dt.datetime,
    **changes: Any,
) -> None:
    """Surely not taken: ready again, from `until` on."""
    with transaction.atomic():
        moved = push.step(
            PushStatus.READY,
            by=WORKER,
            now=now,
            words=words,
            next_attempt_at=until,
            hold_reason=words.rstrip(".")[:300],
            lease_until=None,
            **changes,
        )
        if moved:
            _close_with(attempt, outcome, error, now)
            ring_account(push.account, now=now)
        else:
            _late(push, now, words)


def _refused(push: Push, attempt: PushAttempt, error: errors.Refused, now: dt.datetime) -> None:
    """400 or 404: Codat took nothing, and the same again would be refused again."""
    with transaction.atomic():
        moved = push.step(
            PushStatus.FAILED,
            by=WORKER,
            now=now,
            words=error.words,
            error_message=error.words,
            validation={"errors": [asdict(item) for item in error.validation]},
            lease_until=None,
        )
        if moved:
            _close_with(attempt, Outcome.REFUSED, error, now)
            ring_account(push.account, now=now)
        else:
            _late(push, now, error.words)


def _review(
    push: Push,
    attempt: PushAttempt,
    words: str,
    now: dt.datetime,
    error: errors.CodatError | None = None,
) -> None:
    """Perhaps taken: a person decides, nothing is sent again by itself."""
    with transaction.atomic():
        moved = push.step(
            PushStatus.NEEDS_REVIEW, by=WORKER, now=now, words=words, lease_until=None
        )
        if not moved:
            _late(push, now, words)
        elif error is None:
            _close(attempt, Outcome.UNKNOWN, now=now, words=words)
        else:
            _close_with(attempt, Outcome.UNKNOWN, error, now)
        ring_account(push.account, now=now)


def lease_ran_out(push: Push, *, now: dt.datetime) -> None:
    """The worker died or hung while the push was on its way."""
    attempt = push.attempts.filter(ended_at=None).last()
    words = _("The worker ended while this push was on its way. It may have arrived.")
    with transaction.atomic():
        if push.step(PushStatus.NEEDS_REVIEW, by=WORKER, now=now, words=words, lease_until=None):
            if attempt is not None:
                _close(attempt, Outcome.UNKNOWN, now=now, words=words)
            ring_account(push.account, now=now)


def _close_with(
    attempt: PushAttempt, outcome: PushAttempt.Outcome, error: errors.CodatError, now: dt.datetime
) -> None:
    _close(
        attempt,
        outcome,
        now=now,
        status=error.status,
        words=error.words,
        correlation_id=error.correlation_id,
    )


def _close(
    attempt: PushAttempt,
    outcome: PushAttempt.Outcome,
    *,
    now: dt.datetime,
    status: int | None = None,
    words: str = "",
    correlation_id: str = "",
) -> None:
    """Once: an attempt that is closed stays as it was closed."""
    PushAttempt.objects.filter(pk=attempt.pk, ended_at=None).update(
        ended_at=now,
        outcome=outcome,
        http_status=status,
        words=words,
        correlation_id=correlation_id[:64],
    )


def _late(push: Push, now: dt.datetime, words: str) -> None:
    """Somebody moved the push meanwhile: the answer changes nothing, but it is evidence."""
    Event.objects.record("push.late_answer", by=WORKER, at=now, words=words, push=push)
