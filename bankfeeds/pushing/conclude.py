"""What Codat's answers about writes mean for pushes: how they ended, or whether they arrived.

A write whose answer was lost is found by elimination: of all writes of its connection since its
first try, the one of which no push was told the id (design: at most one unknown on a connection).
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from bankfeeds import conf
from bankfeeds.codat.shapes import PushOperation
from bankfeeds.codat.shapes import PushStatus as CodatStatus
from bankfeeds.models import (
    Actor,
    Incident,
    Push,
    PushStatus,
    SourceAccount,
    UnclaimedWrite,
    many,
)
from bankfeeds.models.record import WORKER
from bankfeeds.models.states import Step

from . import clocks
from .confirm import lock_all
from .lookup import SKEW, Answers, Asked
from .outcome import first_look
from .wake import is_told

ENDS = {
    CodatStatus.SUCCESS.lower(): PushStatus.SUCCEEDED,
    CodatStatus.FAILED.lower(): PushStatus.FAILED,
    CodatStatus.TIMED_OUT.lower(): PushStatus.TIMED_OUT,
}
LONGEST = dt.timedelta(hours=24)
# A write is taken for ours by itself only if Codat's clock and ours agree as clocks usually do.
NEARLY = dt.timedelta(seconds=5)


@dataclass(frozen=True)
class Rival:
    """A write that no push was told of. `seen_before`: known about when the push first left."""

    operation: PushOperation
    seen_before: bool


def conclude(group: Sequence[Answers], *, now: dt.datetime, by: Actor = WORKER) -> set[int]:
    """Write down what companies' answers mean; the ids of the pushes whose state moved."""
    steps: list[Step] = []
    for answers in group:
        rivals = _unclaimed(answers, now=now)
        steps += [step for row in answers.pushes if (step := _step(row, answers, rivals, now))]
    moved = _make(steps, by=by, now=now)
    for answers in group:
        _keep_words(answers, moved)
        _keep_look(answers)
    return moved


def _step(
    row: Asked, answers: Answers, rivals: dict[uuid.UUID, list[Rival]], now: dt.datetime
) -> Step | None:
    if row.push.status == PushStatus.RECONCILING:
        if answers.error is not None or not answers.complete or row.connection is None:
            return _given_up_waiting(row, now)
        return _found(row, rivals.get(row.connection, []), answers.asked_at, now)
    operation = answers.operations.get(row.push_operation_key or uuid.UUID(int=0))
    if operation is not None:
        return _ended(row, operation, now)
    if row.push_operation_key in answers.absent:
        return _absent(row, now)
    return _unread(row, now)


def _ended(row: Asked, operation: PushOperation, now: dt.datetime) -> Step | None:
    """An unknown word of Codat's is shown and changes nothing."""
    end = ENDS.get(operation.status.lower())
    if end is None:
        pending_for = _outside_incidents(row.submitted_at, now)
        words = _("Codat has not decided within a day.")
        return _lost_sight(row, words, now) if pending_for > LONGEST else None
    if end == row.push.status:
        return None
    columns = {
        "codat_status": operation.status[:30],
        "error_message": operation.error_message,
        "correlation_id": operation.correlation_id[:64],
        "validation": _validation(operation),
        "next_attempt_at": _later(now) if end == PushStatus.TIMED_OUT else None,
    }
    return Step(row.push, end, operation.error_message, columns)


def _absent(row: Asked, now: dt.datetime) -> Step | None:
    """404 for a write that Codat named to us: young ones may only not be listed yet."""
    if row.submitted_at is None or now - row.submitted_at < settle_time():
        return None
    return _lost_sight(row, _("Codat does not know this write any more."), now)


def _unread(row: Asked, now: dt.datetime) -> Step | None:
    """Codat names it, but what it says of it cannot be read: not for ever."""
    if _outside_incidents(row.submitted_at, now) <= LONGEST:
        return None
    return _lost_sight(row, _("Within a day Codat's word on it could not be read."), now)


def _lost_sight(row: Asked, words: str, now: dt.datetime) -> Step | None:
    """Its outcome cannot be learned by waiting: a person decides; a later look may still tell."""
    if row.push.status == PushStatus.TIMED_OUT:
        return None
    columns = {"error_message": words, "next_attempt_at": _later(now)}
    return Step(row.push, PushStatus.TIMED_OUT, words, columns)


def _later(now: dt.datetime) -> dt.datetime:
    return now + dt.timedelta(minutes=15) * conf.timing_factor()


def _found(row: Asked, rivals: list[Rival], asked_at: dt.datetime, now: dt.datetime) -> Step | None:
    """One write: it is ours. None, long enough after the last try: it never arrived.

    A write at a time at which ours cannot have been made, unless one of the clocks is wrong,
    proves neither: a person looks.
    """
    if row.since is None or row.until is None:
        return None
    end = row.until + settle_time() + NEARLY
    mine = [
        rival.operation
        for rival in rivals
        if not rival.seen_before and row.since - NEARLY <= rival.operation.requested_on <= end
    ]
    if len(rivals) > 1 or len(rivals) > len(mine):
        words = _("Codat lists %(count)d writes that may be this push.") % {"count": len(rivals)}
        return Step(row.push, PushStatus.NEEDS_REVIEW, words, {"next_attempt_at": None})
    if mine:
        return _adopted(row, mine[0], now)
    if asked_at < max(row.until, clocks.last_set() or row.until) + settle_time():
        return None
    columns = {
        "idempotency_key": uuid.uuid4(),
        "first_sent_at": None,
        "unsure_since": None,
        "next_attempt_at": None,
        "hold_reason": "",
    }
    return Step(row.push, PushStatus.READY, _("Codat does not have it."), columns)


def _adopted(row: Asked, operation: PushOperation, now: dt.datetime) -> Step:
    """What has ended there already is not made to wait for the message that told nobody of it."""
    ended = operation.status.lower() in ENDS
    columns = {
        "push_operation_key": operation.push_operation_key,
        "codat_status": operation.status[:30],
        "submitted_at": now,
        "unsure_since": None,
        "next_attempt_at": now if ended else now + first_look(told=is_told()),
        "polls": 0,
    }
    words = _("Codat has it, as write %(key)s.") % {"key": operation.push_operation_key}
    return Step(row.push, PushStatus.SUBMITTED, words, columns)


def _given_up_waiting(row: Asked, now: dt.datetime) -> Step | None:
    if _outside_incidents(row.unsure_since, now) <= LONGEST:
        return None
    words = _("Within a day nobody could find out whether it arrived.")
    return Step(row.push, PushStatus.NEEDS_REVIEW, words, {"next_attempt_at": None})


def settle_time() -> dt.timedelta:
    """How long a write may take to show in Codat's list."""
    return dt.timedelta(seconds=settings.PUSH_SETTLE)


def _outside_incidents(since: dt.datetime | None, now: dt.datetime) -> dt.timedelta:
    """Time in a general outage counts towards no limit."""
    if since is None or now - since <= LONGEST:
        return dt.timedelta(0)
    return now - since - dt.timedelta(seconds=Incident.objects.seconds_within(since, now))


def _unclaimed(answers: Answers, *, now: dt.datetime) -> dict[uuid.UUID, list[Rival]]:
    """By connection: the writes that no push of ours was told of. They are kept as evidence."""
    searched = {
        row.connection: row.push.connection_id
        for row in answers.pushes
        if row.push.status == PushStatus.RECONCILING and row.connection is not None
    }
    if not searched or not answers.complete:
        return {}
    theirs = [o for o in answers.operations.values() if o.data_connection_key in searched]
    return unclaimed(theirs, connections=searched, now=now, pushes=answers.pushes)


def unclaimed(
    operations: Iterable[PushOperation],
    *,
    connections: dict[uuid.UUID, int],
    now: dt.datetime,
    pushes: Collection[Asked] = (),
) -> dict[uuid.UUID, list[Rival]]:
    """Keep and sort them; not those that were there before the searched push first left."""
    by_key = {o.push_operation_key: o for o in operations if may_be_ours(o)}
    claimed = Push.objects.filter(push_operation_key__in=list(by_key))
    for key in claimed.values_list("push_operation_key", flat=True):
        if key is not None:
            del by_key[key]
    first_tries = {row.connection: row.since for row in pushes if row.since is not None}
    seen = UnclaimedWrite.objects.filter(push_operation_key__in=list(by_key))
    known = dict(seen.values_list("push_operation_key", "first_seen_at"))
    found: dict[uuid.UUID, list[Rival]] = {}
    for key, operation in by_key.items():
        first_try = first_tries.get(operation.data_connection_key)
        # Machines' clocks differ a little: what was seen just before may also be just after.
        seen_at = known.get(key)
        before = first_try is not None and seen_at is not None and seen_at < first_try
        if before and seen_at < first_try - SKEW:  # type: ignore[operator]
            continue
        found.setdefault(operation.data_connection_key, []).append(Rival(operation, before))
    UnclaimedWrite.objects.bulk_create(
        [
            UnclaimedWrite(
                push_operation_key=key,
                connection_id=connections[operation.data_connection_key],
                requested_at=operation.requested_on,
                codat_status=operation.status[:30],
                first_seen_at=now,
            )
            for key, operation in by_key.items()
            if key not in known
        ],
        ignore_conflicts=True,
    )
    return found


def may_be_ours(operation: PushOperation) -> bool:
    return operation.data_type.lower() in {"", "banktransactions"}


def _make(steps: list[Step], *, by: Actor, now: dt.datetime) -> set[int]:
    try:
        with transaction.atomic():
            lock_all({s.push.account_id for s in steps if s.to == PushStatus.SUCCEEDED})
            moved = Push.objects.step_all(steps, by=by, now=now)
            ended = [s for s in steps if s.push.id in moved and s.to == PushStatus.SUCCEEDED]
            _take_over_balances([s.push.id for s in ended])
            return moved
    except IntegrityError:
        if len(steps) > 1:
            return set().union(*(_make([step], by=by, now=now) for step in steps))
        # Another push has that write by now: the next look finds it claimed.
        return set()


def _take_over_balances(ids: list[int]) -> None:
    """The balance of the last row is the account's balance now (Codat guide: Push)."""
    rows = Push.objects.filter(pk__in=ids).order_by("sequence") if ids else Push.objects.none()
    newest = dict(rows.values_list("account_id", "balance_after"))
    changes: list[many.Change] = [({"id": pk}, {"balance": at}) for pk, at in newest.items()]
    many.update_each(SourceAccount, changes)


def _keep_look(answers: Answers) -> None:
    searched = [row.push.id for row in answers.pushes if row.push_operation_key is None]
    if answers.complete and searched:
        Push.objects.filter(pk__in=searched).update(looked_at=answers.asked_at)


def _keep_words(answers: Answers, moved: set[int]) -> None:
    for row in answers.pushes:
        operation = answers.operations.get(row.push_operation_key or uuid.UUID(int=0))
        if operation is None or row.push.id in moved or operation.status == row.codat_status:
            continue
        still = Push.objects.filter(pk=row.push.id, status=row.push.status)
        still.update(codat_status=operation.status[:30])


def _validation(operation: PushOperation) -> dict[str, Any]:
    return {
        "errors": [asdict(item) for item in operation.validation_errors],
        "warnings": [asdict(item) for item in operation.validation_warnings],
    }
