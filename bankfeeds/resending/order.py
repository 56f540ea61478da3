"""An order to send pushes again: written down at once, carried out push by push in the background.

Each push is settled in one transaction with its row of the order: a worker that is killed leaves
it whole, and of two at once one does it. The sweep rings again for an order that has stopped.
"""

from __future__ import annotations

import datetime as dt
import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from bankfeeds import doorbell, pushing, words
from bankfeeds.models import (
    Actor,
    Decision,
    Event,
    Origin,
    Push,
    Resending,
    ResendingRow,
    WrongStep,
)
from bankfeeds.models.record import demand_reason

from .judge import Verdict, judge

log = logging.getLogger(__name__)

Clock = Callable[[], dt.datetime]
Outcome = ResendingRow.Outcome
# What one job does before it rings for the next: it shares the pool with deliveries.
PIECE = 200
LONGEST = 15.0
# An order from which nothing was heard for so long is rung again.
QUIET = dt.timedelta(seconds=15)
RINGS_A_ROUND = 20


def order(
    pushes: Sequence[int], *, choice: str, reason: str, form_key: str, by: Actor, now: dt.datetime
) -> Resending:
    """Write the order down and ring the worker; the same `form_key` again gives the first order.

    `pushes`: primary keys, in the order in which they are to go. `choice`: in words, what the
    person chose. ValueError without a reason or without a push.
    """
    demand_reason(reason)
    if not pushes:
        raise ValueError(_("No push was chosen."))
    try:
        with transaction.atomic():
            made = Resending.objects.create(
                form_key=form_key,
                asked_at=now,
                asked_by=by.name,
                user_id=by.user_id,
                reason=reason,
                choice=choice[:500],
                total=len(pushes),
            )
            ResendingRow.objects.bulk_create(
                (ResendingRow(resending=made, push_id=pk) for pk in pushes), batch_size=1000
            )
            told = f"{made}: {choice}"
            Event.objects.record("resending.asked", by=by, at=now, words=told, reason=reason)
            doorbell.ring(doorbell.RESEND, made.pk)
    except IntegrityError:
        return Resending.objects.get(form_key=form_key)
    return made


def carry_out(pk: int, *, clock: Clock) -> int:
    """One bounded piece of an order; says how many pushes had their turn. Rings for the next."""
    began = time.monotonic()
    waiting = ResendingRow.objects.filter(resending=pk, outcome=Outcome.WAITING).order_by("pk")
    rows = {push: row for row, push in waiting.values_list("pk", "push_id")[:PIECE]}
    verdicts = list(judge(rows, today=pushing.today(clock())))
    done = _leave(rows, [one for one in verdicts if not one.goes], now=clock())
    for verdict in verdicts:
        if time.monotonic() - began > LONGEST:
            break
        if verdict.goes:
            done += _settle(rows[verdict.push.pk], now=clock())
    if waiting.exists():
        doorbell.ring(doorbell.RESEND, pk)
    else:
        _end(pk, now=clock())
    return done


def ring_due(*, now: dt.datetime) -> int:
    """Ring again for orders that have stopped, and say how many."""
    orders = Resending.objects.filter(ended_at=None).annotate(last=Max("rows__done_at"))
    quiet = [
        row.pk
        for row in orders.order_by("pk")[:RINGS_A_ROUND]
        if now - (row.last or row.asked_at) >= QUIET
    ]
    for pk in quiet:
        doorbell.ring(doorbell.RESEND, pk)
    return len(quiet)


def _leave(rows: Mapping[int, int], staying: Iterable[Verdict], *, now: dt.datetime) -> int:
    """Close the rows of what is not sent again, all with one reason at once; says how many."""
    by_code: dict[str, list[int]] = {}
    for one in staying:
        by_code.setdefault(one.why_not, []).append(rows[one.push.pk])
    closed = 0
    for code, group in by_code.items():
        waiting = ResendingRow.objects.filter(pk__in=group, outcome=Outcome.WAITING)
        closed += waiting.update(outcome=Outcome.LEFT, words=_why_not(code), done_at=now)
    return closed


def _settle(pk: int, *, now: dt.datetime) -> bool:
    """Carry out one row, whole or not at all; False when another worker has it."""
    with transaction.atomic():
        rows = ResendingRow.objects.select_for_update(of=("self",)).select_related("resending")
        row = rows.filter(pk=pk, outcome=Outcome.WAITING).first()
        if row is None:
            return False
        # Once more, right before: somebody may have decided, or midnight have passed.
        [verdict] = judge([row.push_id], today=pushing.today(now))
        row.words = _why_not(verdict.why_not)
        row.outcome = Outcome.LEFT
        if verdict.goes:
            _send_again(row, verdict, now=now)
        row.done_at = now
        row.save(update_fields=["outcome", "words", "replacement", "done_at"])
    return True


def _send_again(row: ResendingRow, verdict: Verdict, *, now: dt.datetime) -> None:
    ordered = row.resending
    by = Actor(ordered.asked_by, Origin.PERSON, ordered.user_id)
    try:
        row.replacement = _decide(verdict.push, reason=ordered.reason, by=by, now=now)
    except pushing.AlreadyDecided:
        row.words = _why_not("decided")
    except (ValueError, WrongStep) as error:
        log.warning("push %s could not be sent again: %s", row.push_id, type(error).__name__)
        row.words = f"{_why_not('impossible')} {error}"
    else:
        row.outcome = Outcome.SENT
        sent = row.replacement.rows if row.replacement else 0
        row.words = words.left_out_as_late(verdict.push.rows - sent)


def _decide(push: Push, *, reason: str, by: Actor, now: dt.datetime) -> Push | None:
    # A savepoint: what was begun for a push that cannot go must not stay.
    with transaction.atomic():
        return pushing.decide(push, Decision.SEND_AGAIN, reason=reason, by=by, now=now)


def _why_not(code: str) -> str:
    if not code:
        return ""
    word = words.why_not_sent_again(code)
    return f"{word.label} {word.explanation}"


def _end(pk: int, *, now: dt.datetime) -> None:
    with transaction.atomic():
        if not Resending.objects.filter(pk=pk, ended_at=None).update(ended_at=now):
            return
        made = Resending.objects.get(pk=pk)
        by = Actor(made.asked_by, Origin.WORKER, made.user_id)
        sent = made.rows.filter(outcome=Outcome.SENT).count()
        told = _("%(order)s: %(sent)d of %(total)d sent again")
        told %= {"order": made, "sent": sent, "total": made.total}
        Event.objects.record("resending.ended", by=by, at=now, words=told)
