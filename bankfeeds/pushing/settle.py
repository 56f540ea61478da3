"""Outcomes written down in groups: the steps, the closing of attempts, what came too late."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from bankfeeds.models import Event, Push, PushAttempt, PushStatus, many
from bankfeeds.models.record import WORKER
from bankfeeds.models.states import Step

from .outcome import Closing, Verdict


def settle(verdicts: Sequence[Verdict], *, now: dt.datetime) -> None:
    """Write them all; one that the database refuses keeps none of the others from it."""
    if not verdicts:
        return
    try:
        _write(verdicts, now)
    except IntegrityError:
        for verdict in verdicts:
            _settle_one(verdict, now)


def _settle_one(verdict: Verdict, now: dt.datetime) -> None:
    try:
        _write([verdict], now)
    except IntegrityError:
        # The only thing in an answer that must be unique.
        words = _("Codat answered with the id of a write that belongs to another push.")
        step = Step(verdict.push, PushStatus.NEEDS_REVIEW, words, {"lease_until": None})
        closing = Closing(PushAttempt.Outcome.UNKNOWN, verdict.closing.status, words)
        _write([Verdict(step, closing, verdict.push, verdict.number, verdict.key)], now)


def _write(verdicts: Sequence[Verdict], now: dt.datetime) -> None:
    with transaction.atomic():
        moved = Push.objects.step_all([v.step for v in verdicts], by=WORKER, now=now)
        close([v for v in verdicts if v.push.id in moved], now=now)
        for late in (v for v in verdicts if v.push.id not in moved):
            _late(late, now)


def close(verdicts: Sequence[Verdict], *, now: dt.datetime) -> None:
    """Once: an attempt that is closed stays as it was closed."""
    many.update_each(PushAttempt, [_closing(v, now) for v in verdicts])


def _closing(verdict: Verdict, now: dt.datetime) -> many.Change:
    closing = verdict.closing
    where = {"push": verdict.push.id, "number": verdict.number, "ended_at__null": True}
    return where, {
        "ended_at": now,
        "outcome": closing.outcome,
        "http_status": closing.status,
        "words": closing.words,
        "correlation_id": closing.correlation_id[:64],
    }


def _late(verdict: Verdict, now: dt.datetime) -> None:
    """Somebody moved the push meanwhile: the answer is evidence, and the end of a doubt."""
    words = verdict.closing.words
    key = verdict.step.columns.get("push_operation_key")
    if key is not None:
        words = _("Codat answered late with write %(key)s.") % {"key": key}
        _take_after_all(verdict, words, now)
    Event.objects.record(
        "push.late_answer",
        by=WORKER,
        at=now,
        words=words,
        after={"write": str(key)} if key else {},
        push=Push.objects.get(pk=verdict.push.id),
    )


def _take_after_all(verdict: Verdict, words: str, now: dt.datetime) -> None:
    """While the same key is still in doubt, its write is known now: nobody need look for it."""
    doubted = (PushStatus.SENDING, PushStatus.RECONCILING, PushStatus.NEEDS_REVIEW)
    push = Push.objects.filter(
        pk=verdict.push.id, idempotency_key=verdict.key, status__in=doubted, lease_until=None
    ).first()
    if push is not None:
        push.step(PushStatus.SUBMITTED, by=WORKER, now=now, words=words, **verdict.step.columns)
