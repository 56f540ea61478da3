"""What becomes of a received file: each account's part is saved as an import, or waits.

A sender's files are read one after another, in the order in which they came. Reading one again,
as often as one likes, does no harm: what was saved is known.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Collection
from typing import Any, cast

from django.db import DatabaseError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from bankfeeds import doorbell, importing
from bankfeeds.importing import Landed
from bankfeeds.intake import pace
from bankfeeds.intake.shape import UnreadableFile
from bankfeeds.models import Actor, Event, Origin, ReceivedFile, Sender

from . import foreign, looking, uploads
from .looking import MOST_TRIES

log = logging.getLogger(__name__)

Clock = Callable[[], dt.datetime]
S = ReceivedFile.State
SENDERS_A_ROUND = 50
ROWS_TOLD = 20
# Of an account with which nothing waits.
DONE = frozenset({"saved", "not_ours"})


def read_next(sender_id: int, *, clock: Clock) -> None:
    """Read the oldest file of a sender that waits, and ring for the one after it. Never raises."""
    try:
        row = _claim(sender_id, now=clock())
        if row is None:
            return
        _write_down(row, *_read(row, now=clock()), now=clock())
        if _waiting().filter(sender=sender_id).exists():
            doorbell.ring(doorbell.RECEIVED, sender_id)
    except DatabaseError as error:
        log.warning("files of sender %s have to wait: %s", sender_id, type(error).__name__)


def ring_waiting(*, now: dt.datetime) -> None:
    """Ring again for files whose ring was lost or whose reader was ended; bounded."""
    if not (room := min(SENDERS_A_ROUND, doorbell.ENOUGH - doorbell.waiting())) > 0:
        return
    busy = ReceivedFile.objects.filter(state=S.READING, claimed_at__gt=now - doorbell.lease())
    due = _waiting().exclude(sender__in=busy.order_by().values("sender"))
    for sender in due.order_by("sender").values_list("sender", flat=True).distinct()[:room]:
        doorbell.ring(doorbell.RECEIVED, sender)
    for upload in looking.due(now=now).values_list("pk", flat=True)[:room]:
        doorbell.ring(doorbell.UPLOADED, upload)


def _waiting() -> QuerySet[ReceivedFile]:
    rows = ReceivedFile.objects.filter(state__in=(S.RECEIVED, S.READING), uploaded_by="")
    return rows.order_by()


def _is_held(row: ReceivedFile, now: dt.datetime) -> bool:
    return row.claimed_at is not None and row.claimed_at > now - doorbell.lease()


def _claim(sender_id: int, *, now: dt.datetime) -> ReceivedFile | None:
    """The oldest that waits, unless a file of this sender is being read."""
    with transaction.atomic():
        Sender.objects.select_for_update(no_key=True).only("pk").get(pk=sender_id)
        row = _waiting().filter(sender=sender_id).select_related("sender").order_by("id").first()
        if row is None or (row.state == S.READING and _is_held(row, now)):
            return None
        row.state, row.claimed_at, row.tries, row.done = S.READING, now, row.tries + 1, 0
        row.save(update_fields=["state", "claimed_at", "tries", "done"])
        return row


def _read(row: ReceivedFile, *, now: dt.datetime) -> tuple[str, list[dict[str, Any]]]:
    """Why it cannot be read, or what came of each account."""
    if row.tries > MOST_TRIES:
        return _("Reading it was broken off several times. Split the file."), row.accounts
    try:
        arrival = importing.Arrival(
            file_name=row.batch_id,
            content=uploads.content_of(row),
            by=_actor(row),
            now=now,
            leave_out_bad=row.leave_out_by_id is not None,
        )
        with pace.told(looking.progress(row)):
            landed = importing.land(arrival, otherwise=_sender(row).account)
        left_out = foreign.left_out_of(_sender(row))
        return "", [_entry(each, left_out) for each in landed]
    except UnreadableFile as error:
        return importing.words_of(error.reason), []
    except importing.CannotImport as error:
        return str(error), []


def _actor(row: ReceivedFile) -> Actor:
    """Whoever had bad rows left out, else the sender."""
    if row.leave_out_by is not None:
        return Actor.person(row.leave_out_by)
    return Actor(_sender(row).name, Origin.SENDER)


def _sender(row: ReceivedFile) -> Sender:
    """Of a file that is claimed by its sender."""
    return cast(Sender, row.sender)


def _entry(each: Landed, left_out: Collection[str]) -> dict[str, Any]:
    """What is kept and told of an account; its number is not, but for the last four digits.

    `left_out`: accounts that are not ours, by their keyed hash.
    """
    if each.stranger in left_out:
        return {**_said(each, "not_ours"), "leftOut": each.rows, "reason": ""}
    counted = each.statement if each.is_saved else None
    bad = [importing.left_out_row(row.line, row.reason) for row in each.bad]
    if counted:
        bad = counted.rejected
    status = "saved" if each.is_saved else "quarantined" if each.account else "unknown"
    counts = {
        "saved": counted.rows_saved if counted else 0,
        "known": counted.rows_known if counted else 0,
        "leftOut": counted.rows_rejected if counted else 0,
    }
    return {**_said(each, status), **counts, "rows": bad[:ROWS_TOLD]}


def _said(each: Landed, status: str) -> dict[str, Any]:
    return {
        "number": f"••{each.last4}",
        "account": each.account.pk if each.account else None,
        "stranger": each.stranger,
        "statement": each.statement.pk if each.statement else None,
        "status": status,
        "saved": 0,
        "known": 0,
        "leftOut": 0,
        "reason": "" if each.is_saved else each.words,
        "rows": [],
    }


def _write_down(
    row: ReceivedFile, words: str, accounts: list[dict[str, Any]], *, now: dt.datetime
) -> None:
    is_saved = not words and all(each["status"] in DONE for each in accounts)
    row.state, row.words, row.accounts = S.SAVED if is_saved else S.QUARANTINED, words, accounts
    row.processed_at, row.leave_out_by = now, None
    fields = ["state", "words", "accounts", "processed_at", "leave_out_by"]
    if is_saved:
        row.sealed_body = None
        fields.append("sealed_body")
    with transaction.atomic():
        row.save(update_fields=fields)
        if not is_saved:
            by = Actor(_sender(row).name, Origin.SENDER)
            Event.objects.record("received.quarantined", by=by, at=now, words=row.batch_id)
