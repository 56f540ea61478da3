"""What becomes of a message: it wakes a push or has accounts read again, or says why not.

Every try is claimed by writing down its time; a message that has to wait is tried again by the
sweep, less and less often. Any number of tries does no harm.
"""

from __future__ import annotations

import datetime as dt
import logging
import traceback
from collections.abc import Iterable

from django.db import DatabaseError, transaction
from django.db.models import DurationField, ExpressionWrapper, F, Q, Value
from django.db.models.lookups import GreaterThanOrEqual
from django.utils.translation import gettext as _

from bankfeeds import budget, doorbell, messages, pushing, sync
from bankfeeds.codat.client import Client
from bankfeeds.codat.errors import CodatError
from bankfeeds.models import (
    Actor,
    Connection,
    Event,
    Push,
    PushStatus,
    WebhookMessage,
)
from bankfeeds.models.record import WEBHOOK

from . import quota, reading, redact
from .outcome import Asking, Clock, Outcome, S, unanswered

log = logging.getLogger(__name__)

# A message may overtake the answer in which we learn of its write or connection.
OVERTAKING = dt.timedelta(seconds=60)
# The time between two tries grows with the age of the message, between these.
SOONEST, LATEST = dt.timedelta(seconds=15), dt.timedelta(minutes=5)
# How long a ring may be under way before the sweep takes it for lost.
RUNG = dt.timedelta(seconds=5)
# Seconds that one call may take: its job shares the pool with deliveries.
PATIENCE = 8.0
MESSAGES_A_ROUND = 50


def process(pk: int, *, client: Client, line: budget.Line, clock: Clock) -> None:
    """Try one message. What goes wrong is said on the message and in the log, never raised.

    `line` hears what the calls met, and tells the budget of all workers.
    """
    try:
        message = _claim(pk, now=clock())
        if message is None:
            return
        read = _read(message)
        outcome = _outcome(message, read, Asking(client.within(PATIENCE), line, clock))
        _write_down(message, read, outcome, now=clock())
        line.tell(now=clock())
    except DatabaseError as error:
        log.warning("message %s has to wait for the database: %s", pk, type(error).__name__)


def ring_waiting(*, now: dt.datetime) -> None:
    """Ring again for messages whose ring was lost or that wait for their next try; bounded."""
    room = min(MESSAGES_A_ROUND, doorbell.ENOUGH - doorbell.waiting())
    if room <= 0:
        return
    due = WebhookMessage.objects.filter(_due(now)).exclude(
        processed_at=None, received_at__gt=now - RUNG
    )
    due = due.order_by(F("processed_at").asc(nulls_first=True), "id")
    for pk in due.values_list("pk", flat=True)[:room]:
        doorbell.ring(doorbell.MESSAGE, pk)


def process_again(pks: Iterable[int], *, by: Actor, now: dt.datetime) -> int:
    """A person wants these processed (again); says how many there are. Harmless at any time."""
    chosen = WebhookMessage.objects.filter(pk__in=list(pks))
    with transaction.atomic():
        found = list(chosen.order_by("id").values_list("pk", "webhook_id"))
        chosen.update(state=S.WAITING, processed_at=None, words="")
        for _pk, webhook_id in found:
            Event.objects.record("webhook.again", by=by, at=now, words=webhook_id)
    # The sweep rings for the rest, as the queue has room.
    for pk, _webhook_id in found[: max(0, doorbell.ENOUGH - doorbell.waiting())]:
        doorbell.ring(doorbell.MESSAGE, pk)
    return len(found)


def _due(now: dt.datetime) -> Q:
    """Waiting, and the last try lies back as long as the message was old then, within limits."""
    waited = ExpressionWrapper(Value(now) - F("processed_at"), DurationField())
    age = ExpressionWrapper(F("processed_at") - F("received_at"), DurationField())
    grown = Q(processed_at__lte=now - SOONEST) & Q(GreaterThanOrEqual(waited, age))
    # A time far ahead is of a clock that was set back since.
    late = Q(processed_at__lte=now - LATEST) | Q(processed_at__gt=now + LATEST)
    return Q(state=S.WAITING) & (Q(processed_at=None) | late | grown)


def _claim(pk: int, *, now: dt.datetime) -> WebhookMessage | None:
    """Take one message for one try; None when it is not due, or somebody else took it."""
    if not WebhookMessage.objects.filter(_due(now), pk=pk).update(processed_at=now):
        return None
    return WebhookMessage.objects.get(pk=pk)


def _read(message: WebhookMessage) -> reading.Read:
    body = redact.opened(message)
    if body is None:
        return reading.Read("", reading.Nothing(redact.sealed_for_good(), is_fault=True))
    return reading.read(body)


def _outcome(message: WebhookMessage, read: reading.Read, asking: Asking) -> Outcome:
    about = read.about
    try:
        if isinstance(about, reading.Write):
            return _wake(message, about, now=asking.clock())
        if isinstance(about, reading.Tie):
            return _refresh(message, about, asking)
        if isinstance(about, reading.Quota):
            return quota.doubt(message, about, asking)
        return Outcome(S.FAILED if about.is_fault else S.IGNORED, about.words)
    except DatabaseError:
        raise
    except Exception as error:  # a fault of ours must not lose the message or stop the job
        # Where, but not what: the words of an error may quote the body.
        where = "".join(traceback.format_tb(error.__traceback__))
        log.error("message %s: %s\n%s", message.pk, type(error).__name__, where)
        return Outcome(S.FAILED, _("A fault of this portal. Tell the administrator."))


def _write_down(
    message: WebhookMessage, read: reading.Read, outcome: Outcome, *, now: dt.datetime
) -> None:
    words = " ".join(filter(None, (outcome.words, _why_linking_failed(read.about))))
    WebhookMessage.objects.filter(pk=message.pk, state=S.WAITING).update(
        event_type=read.event_type, state=outcome.state, words=words, processed_at=now
    )


def _why_linking_failed(about: object) -> str:
    if not isinstance(about, reading.Tie) or not about.reason:
        return ""
    reason = redact.harmless(about.reason)
    return _("Linking to QuickBooks failed. Codat says: “%(reason)s”.") % {"reason": reason}


def _wake(message: WebhookMessage, write: reading.Write, *, now: dt.datetime) -> Outcome:
    push = pushing.wake(write.operation_key, now=now)
    if push is not None:
        return Outcome(S.PROCESSED, _woken(push))
    if now - message.received_at < OVERTAKING:
        return Outcome(S.WAITING, _("No push has this write yet. Looked for again in a moment."))
    return Outcome(S.IGNORED, _("No push of this portal has this write."))


def _woken(push: Push) -> str:
    given = {"push": push, "status": push.label}
    if push.status in (PushStatus.SUBMITTED, PushStatus.TIMED_OUT):
        return _("Codat is asked about push %(push)s.") % given
    return _("Nothing to ask about push %(push)s: %(status)s.") % given


def _refresh(message: WebhookMessage, tie: reading.Tie, asking: Asking) -> Outcome:
    connection, asked_at = _connection(tie), asking.clock()
    if connection is None:
        if asked_at - message.received_at < OVERTAKING:
            return Outcome(S.WAITING, _("No connection has this id yet. Looked for again soon."))
        return Outcome(S.IGNORED, _("Not about a connection of this portal."))
    if not budget.take(1, now=asked_at):
        return Outcome(S.WAITING, _("Waits until Codat may be asked again."))
    try:
        sync.refresh_connection(connection, client=asking.client, by=WEBHOOK, clock=asking.clock)
    except CodatError as error:
        asking.line.met(error)
        return unanswered(message, error, now=asking.clock())
    _settle_others(tie, message, asked_at=asked_at, now=asking.clock())
    if connection.gone_at is not None:
        return Outcome(S.PROCESSED, messages.removed_at_codat())
    words = _("The accounts of %(company)s were read from Codat.")
    return Outcome(S.PROCESSED, words % {"company": connection.company})


def _connection(tie: reading.Tie) -> Connection | None:
    rows = Connection.objects.select_related("company").defer("link_url")
    return rows.filter(codat_id=tie.connection_id).first()


def _settle_others(
    tie: reading.Tie, done: WebhookMessage, *, asked_at: dt.datetime, now: dt.datetime
) -> None:
    """One reading answers all messages about a connection that came before it."""
    waiting = WebhookMessage.objects.filter(state=S.WAITING, received_at__lte=asked_at)
    for message in waiting.exclude(pk=done.pk).order_by("id")[:MESSAGES_A_ROUND]:
        read = _read(message)
        if read.about == tie:
            words = _("Read together with another message about this connection.")
            _write_down(message, read, Outcome(S.PROCESSED, words), now=now)
