"""How pushes end: ask Codat for submitted ones with back-off, ring what is due, mend leases."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from bankfeeds import doorbell
from bankfeeds.codat import errors
from bankfeeds.codat.client import Client
from bankfeeds.codat.shapes import PushOperation
from bankfeeds.codat.shapes import PushStatus as CodatStatus
from bankfeeds.models import Actor, Push, PushStatus, SourceAccount
from bankfeeds.models.record import WORKER

from .confirm import ring_account
from .deliver import lease_ran_out

log = logging.getLogger(__name__)

Clock = Callable[[], dt.datetime]
# Seconds to the next look, by the number of looks before: operations take seconds to minutes.
LOOKS = (1, 1, 2, 2, 3, 5, 5, 10, 20, 30, 60, 120, 300)
# Bounds of one round: it shares the pool with deliveries and has the task's time limit above it.
POLLS_A_ROUND = 50
LEASES_A_ROUND = 50
QUEUE_IS_LONG = 50
PATIENCE = 8.0
LONGEST_PENDING = dt.timedelta(hours=24)

ENDS = {
    CodatStatus.SUCCESS.lower(): PushStatus.SUCCEEDED,
    CodatStatus.FAILED.lower(): PushStatus.FAILED,
    CodatStatus.TIMED_OUT.lower(): PushStatus.TIMED_OUT,
}


def sweep(*, client: Client, clock: Clock) -> None:
    """One bounded round; whatever it leaves is there for the next."""
    for push in Push.objects.lease_ran_out(clock())[:LEASES_A_ROUND]:
        lease_ran_out(push, now=clock())
    _ring_due(now=clock())
    _poll_due(client=client.within(PATIENCE), clock=clock)


def look_again(push: Push, *, client: Client, by: Actor, clock: Clock) -> bool:
    """Ask Codat for one push now, because a person wants to know. True when its state moved.

    Errors of Codat go to the caller: a person is waiting for exactly this answer.
    """
    operation = _look(push, client)
    return _conclude(push, operation, by=by, now=clock())


def _ring_due(*, now: dt.datetime) -> None:
    """Ring again for what should be on its way; while the queue is long it has been rung."""
    room = QUEUE_IS_LONG - doorbell.waiting()
    if room <= 0:
        return
    for pk in Push.objects.due(now).order_by("id").values_list("pk", flat=True)[:room]:
        doorbell.ring(doorbell.DELIVER, pk)


def _poll_due(*, client: Client, clock: Clock) -> None:
    due = Push.objects.to_poll(clock()).select_related("company", "account", "connection")
    for push in due.order_by("next_attempt_at")[:POLLS_A_ROUND]:
        _plan_next_look(push, now=clock())
        try:
            operation = _look(push, client)
        except (errors.Unavailable, errors.NotSent, errors.Throttled, errors.KeyRefused) as error:
            # The next of the round would fare the same; every push has its next look planned.
            log.warning("looking for the end of pushes stopped: %s", type(error).__name__)
            return
        except errors.Absent:
            words = _("Codat does not know this write any more.")
            _lose_sight(push, words, now=clock())
            continue
        except errors.CodatError as error:
            log.warning("push %s could not be looked up: %s", push.pk, type(error).__name__)
            continue
        moved = _conclude(push, operation, by=WORKER, now=clock())
        if not moved and push.submitted_at and clock() - push.submitted_at > LONGEST_PENDING:
            _lose_sight(push, _("Codat has not decided within a day."), now=clock())


def _lose_sight(push: Push, words: str, *, now: dt.datetime) -> None:
    """Its outcome cannot be learned by waiting: a person decides."""
    push.step(PushStatus.TIMED_OUT, by=WORKER, now=now, words=words, error_message=words)


def _look(push: Push, client: Client) -> PushOperation:
    if push.push_operation_key is None:
        raise ValueError(f"push {push.pk} has no write at Codat to look at")
    return client.get_operation(push.company.id_there, push.push_operation_key)


def _plan_next_look(push: Push, *, now: dt.datetime) -> None:
    wait = LOOKS[min(push.polls, len(LOOKS) - 1)]
    push.polls += 1
    push.next_attempt_at = now + dt.timedelta(seconds=wait)
    Push.objects.filter(pk=push.pk, status=PushStatus.SUBMITTED).update(
        polls=push.polls, next_attempt_at=push.next_attempt_at
    )


def _conclude(push: Push, operation: PushOperation, *, by: Actor, now: dt.datetime) -> bool:
    """Take over what Codat says of the write; an unknown word is shown and changes nothing."""
    end = ENDS.get(operation.status.lower())
    if end is None or end == push.status:
        Push.objects.filter(pk=push.pk).exclude(codat_status=operation.status).update(
            codat_status=operation.status
        )
        return False
    with transaction.atomic():
        moved = push.step(
            end,
            by=by,
            now=now,
            words=operation.error_message,
            codat_status=operation.status,
            error_message=operation.error_message,
            validation=_validation(operation),
            next_attempt_at=None,
        )
        if moved and end == PushStatus.SUCCEEDED:
            _take_over_balance(push)
        if moved:
            ring_account(push.account, now=now)
    return moved


def _take_over_balance(push: Push) -> None:
    """The balance of the last row is the account's balance now (Codat guide: Push)."""
    SourceAccount.objects.filter(pk=push.account_id).update(balance=push.balance_after)


def _validation(operation: PushOperation) -> dict[str, Any]:
    return {
        "errors": [asdict(item) for item in operation.validation_errors],
        "warnings": [asdict(item) for item in operation.validation_warnings],
    }
