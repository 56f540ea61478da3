"""What people decide about refused and unknown pushes. Each decision is kept with its reason."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from bankfeeds import doorbell
from bankfeeds.models import (
    Actor,
    BankTransaction,
    Decision,
    Push,
    PushDecision,
    PushStatus,
    SourceAccount,
)
from bankfeeds.models.record import demand_reason
from bankfeeds.models.states import SETTLING
from bankfeeds.words import clock_time

from .again import Again, again, list_late
from .confirm import (
    freeze_piece,
    lock,
    next_sequence,
    release,
    stop,
    waiting_behind,
)
from .doubt import has_looked, settled_at
from .plan import today

ALLOWED: dict[str, frozenset[Decision]] = {
    PushStatus.FAILED: frozenset({Decision.LEAVE_OUT, Decision.SEND_AGAIN, Decision.GIVE_UP}),
    PushStatus.TIMED_OUT: frozenset({Decision.ADOPT, Decision.NOT_THERE, Decision.GIVE_UP}),
    PushStatus.NEEDS_REVIEW: frozenset({Decision.ADOPT, Decision.NOT_THERE, Decision.GIVE_UP}),
}


SENDS_AGAIN = frozenset({Decision.LEAVE_OUT, Decision.SEND_AGAIN, Decision.NOT_THERE})


class AlreadyDecided(Exception):
    """Somebody decided first, or the push has moved on; nothing was changed."""


def decide(
    push: Push,
    kind: Decision,
    *,
    reason: str,
    by: Actor,
    now: dt.datetime,
    leave_out: Collection[int] = (),
    operation_key: uuid.UUID | None = None,
) -> Push | None:
    """Carry out one decision; the push that replaces this one, if there is one.

    `leave_out`: primary keys of transactions not to be sent (LEAVE_OUT: now and later; GIVE_UP:
    the others become waiting again). Rows that are too late by now go into no new push.
    Raises AlreadyDecided; ValueError for what makes no sense.
    """
    demand_reason(reason)
    try:
        with transaction.atomic():
            lock(push.account_id)
            fresh = Push.objects.get(pk=push.pk)
            if kind not in ALLOWED.get(fresh.status, ()) or _is_settled(fresh):
                raise AlreadyDecided
            if kind in SENDS_AGAIN:
                _refuse_dead_end(fresh)
            decision = PushDecision(
                push=fresh, kind=kind, reason=reason, made_at=now, made_by=by.name,
                user_id=by.user_id,
            )  # fmt: skip
            replacement = _carry_out(decision, set(leave_out), operation_key, by=by, now=now)
            if kind == Decision.GIVE_UP:
                BankTransaction.objects.hand_on(push.account_id)
            doorbell.ring(doorbell.DELIVER)
            return replacement
    except IntegrityError as error:
        raise AlreadyDecided from error


def _is_settled(push: Push) -> bool:
    settling = push.decisions.filter(kind__in=SETTLING)
    return push.status == PushStatus.FAILED and settling.exists()


def _refuse_dead_end(push: Push) -> None:
    """What can never leave again must not be made ready for it."""
    ended = Q(gone_at__isnull=False) | Q(connection__gone_at__isnull=False)
    ended |= Q(company__gone_at__isnull=False) | Q(followed_by__isnull=False)
    if SourceAccount.objects.filter(ended, pk=push.account_id).exists():
        raise ValueError(
            _(
                "Nothing can be sent for this account any more. Give up this push instead: its"
                " rows are free again and go on with the account that follows."
            )
        )


def _carry_out(
    decision: PushDecision,
    leave_out: set[int],
    operation_key: uuid.UUID | None,
    *,
    by: Actor,
    now: dt.datetime,
) -> Push | None:
    match decision.kind:
        case Decision.LEAVE_OUT | Decision.SEND_AGAIN:
            return _send_rest(decision, leave_out, by=by, now=now)
        case Decision.GIVE_UP:
            _give_up(decision, leave_out, by=by, now=now)
        case Decision.ADOPT:
            _adopt(decision, operation_key, by=by, now=now)
        case Decision.NOT_THERE:
            return _not_there(decision, by=by, now=now)
    return None


def _give_up(decision: PushDecision, leave_out: set[int], *, by: Actor, now: dt.datetime) -> None:
    push = decision.push
    if push.status == PushStatus.NEEDS_REVIEW:
        # What still arrives must not be taken for a later push of the connection.
        _wait_until_settled(push, now=now)
    decision.save()
    _mark_left_out(decision, leave_out)
    if push.items.exclude(transaction__in=leave_out).exists():
        # Rows that wait again would be too old as soon as later ones were accepted.
        stop(waiting_behind(push), reason=decision.reason, by=by, now=now)
    if push.status != PushStatus.FAILED:
        _must(push.step(PushStatus.CANCELLED, by=by, now=now, words=decision.reason))
    release(push)


def _adopt(
    decision: PushDecision, operation_key: uuid.UUID | None, *, by: Actor, now: dt.datetime
) -> None:
    """A person says that Codat has it: under which id, or (of an id that we know) that it ended."""
    push = decision.push
    if push.status == PushStatus.TIMED_OUT:
        decision.save()
        _must(push.step(PushStatus.SUCCEEDED, by=by, now=now, words=decision.reason))
        SourceAccount.objects.filter(pk=push.account_id).update(balance=push.balance_after)
        return
    if operation_key is None:
        raise ValueError(_("Choose the write at Codat that this push is."))
    decision.save()
    changes = {
        "push_operation_key": operation_key,
        "submitted_at": now,
        "unsure_since": None,
        "next_attempt_at": now,
        "polls": 0,
    }
    _must(push.step(PushStatus.SUBMITTED, by=by, now=now, words=decision.reason, **changes))


def _not_there(decision: PushDecision, *, by: Actor, now: dt.datetime) -> Push | None:
    """A person says that Codat does not have it: it goes again, under a new key.

    The write of one that timed out has a name and stays with it, so that its rows go in a push of
    their own; and so do those of one of which some are too late by now.
    """
    push = decision.push
    _wait_until_settled(push, now=now)
    judged = again(push, today=today(now))
    if push.status == PushStatus.TIMED_OUT or judged.late:
        _must(push.step(PushStatus.CANCELLED, by=by, now=now, words=decision.reason))
        return _replace(decision, judged, by=by, now=now)
    decision.save()
    fresh = {
        "idempotency_key": uuid.uuid4(),
        "first_sent_at": None,
        "unsure_since": None,
        "next_attempt_at": None,
        "tries": 0,
    }
    _must(push.step(PushStatus.READY, by=by, now=now, words=decision.reason, **fresh))
    return None


def _send_rest(decision: PushDecision, leave_out: set[int], *, by: Actor, now: dt.datetime) -> Push:
    """Of a refused push: all of it, or all but the rows left out, as far as the rules allow."""
    push = decision.push
    if decision.kind != Decision.LEAVE_OUT:
        leave_out = set()
    elif not push.items.filter(transaction__in=leave_out).exists():
        raise ValueError(_("Tick the rows to leave out, or send all again unchanged."))
    judged = again(push, today=today(now), leave_out=leave_out)
    replacement = _replace(decision, judged, by=by, now=now)
    _mark_left_out(decision, leave_out)
    return replacement


def _replace(decision: PushDecision, judged: Again, *, by: Actor, now: dt.datetime) -> Push:
    """The rows that may still go do so in a new push at the head of the account."""
    push = decision.push
    if judged.late and not judged.going:
        words = _("Every row is too late for the feed by now. Give up this push instead.")
        raise ValueError(words)
    if not judged.going:
        raise ValueError(_("No row would be left to send. Give up this push instead."))
    release(push)
    replacement = freeze_piece(
        push.account,
        [(row.row, row.findings) for row in judged.going],
        sequence=_make_room(push),
        form_key="",
        by=by,
        now=now,
    )
    decision.replacement = replacement
    decision.save()
    if judged.late:
        list_late(push, judged.late, replacement, by=by, now=now)
    return replacement


def _make_room(push: Push) -> int:
    """The number right behind `push`: the waiting ones move up, from the last on.

    Everything behind a refused push is still waiting, so numbers that were sent keep theirs.
    """
    behind = Push.objects.filter(account=push.account_id, sequence__gt=push.sequence)
    if not behind.exists():
        return next_sequence(push.account)
    for pk, sequence in behind.order_by("-sequence").values_list("pk", "sequence"):
        Push.objects.filter(pk=pk).update(sequence=sequence + 1)
    return push.sequence + 1


def _mark_left_out(decision: PushDecision, leave_out: set[int]) -> None:
    BankTransaction.objects.filter(pk__in=leave_out, items__push=decision.push).update(
        left_out_by=decision
    )


def _wait_until_settled(push: Push, *, now: dt.datetime) -> None:
    """A write that has only just been sent may still be on its way into Codat's books."""
    settled = settled_at(push)
    if now < settled:
        words = _("Codat may still be working on it. Look again at %(time)s, then decide.")
        # Without seconds, rounded up: whoever decides then must not be too early.
        raise ValueError(words % {"time": clock_time(settled + dt.timedelta(minutes=1))})
    if not has_looked(push):
        # What is there must be on record, or it could be taken for a later push.
        raise ValueError(_("Look at Codat's list first, then decide."))


def _must(moved: bool) -> None:
    if not moved:
        raise AlreadyDecided
