"""What becomes of a received file: each account's part is saved as an import, or waits.

A sender's files are read one after another, in the order in which they came. Reading one again,
as often as one likes, does no harm: what was saved is known.
"""

from __future__ import annotations

import datetime as dt
import logging
import zlib
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db import DatabaseError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from bankfeeds import doorbell, importing, sealing
from bankfeeds.importing import FileKnown, Named, Whole
from bankfeeds.intake.shape import UnreadableFile
from bankfeeds.models import Actor, Event, Origin, ReceivedFile, Sender, Statement

log = logging.getLogger(__name__)

Clock = Callable[[], dt.datetime]
S = ReceivedFile.State
# A file that ends its reader so often is a person's.
MOST_TRIES = 5
SENDERS_A_ROUND = 50
ROWS_TOLD = 20


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
    """Ring again for senders whose ring was lost or whose reader was ended; bounded."""
    if not (room := min(SENDERS_A_ROUND, doorbell.ENOUGH - doorbell.waiting())) > 0:
        return
    busy = ReceivedFile.objects.filter(state=S.READING, claimed_at__gt=now - _lease())
    due = _waiting().exclude(sender__in=busy.order_by().values("sender"))
    for sender in due.order_by("sender").values_list("sender", flat=True).distinct()[:room]:
        doorbell.ring(doorbell.RECEIVED, sender)


def _waiting() -> QuerySet[ReceivedFile]:
    return ReceivedFile.objects.filter(state__in=(S.RECEIVED, S.READING)).order_by()


def _lease() -> dt.timedelta:
    """By then the pool has ended whatever was reading."""
    return dt.timedelta(seconds=settings.QUEUE_RETRY)


def _is_held(row: ReceivedFile, now: dt.datetime) -> bool:
    return row.claimed_at is not None and row.claimed_at > now - _lease()


def _claim(sender_id: int, *, now: dt.datetime) -> ReceivedFile | None:
    """The oldest that waits, unless a file of this sender is being read."""
    with transaction.atomic():
        Sender.objects.select_for_update(no_key=True).only("pk").get(pk=sender_id)
        row = _waiting().filter(sender=sender_id).select_related("sender").order_by("id").first()
        if row is None or (row.state == S.READING and _is_held(row, now)):
            return None
        row.state, row.claimed_at, row.tries = S.READING, now, row.tries + 1
        row.save(update_fields=["state", "claimed_at", "tries"])
        return row


def _read(row: ReceivedFile, *, now: dt.datetime) -> tuple[str, list[dict[str, Any]]]:
    """Why it cannot be read, or what came of each account."""
    if row.tries > MOST_TRIES:
        return _("Reading it was broken off several times. Split the file."), row.accounts
    # Sealed for the numbers in it, not for a time: a file can be read again any day.
    sealed = sealing.unseal(row.sealed_body, now=row.received_at)
    if sealed is None:
        return _("The file was encrypted with a SECRET_KEY that is not there any more."), []
    try:
        content = zlib.decompress(sealed)
        whole = Whole(content)
        return "", [_save(row, whole, each, content, now) for each in whole.named]
    except UnreadableFile as error:
        return importing.words_of(error.reason), []
    except importing.CannotImport as error:
        return str(error), []


def _save(
    row: ReceivedFile, whole: Whole, named: Named, content: bytes, now: dt.datetime
) -> dict[str, Any]:
    if named.account is None:
        return _entry(named, "unknown", named.words)
    by = _actor(row)
    try:
        upload = importing.look(
            named.account,
            file_name=row.batch_id,
            content=content,
            part=whole.part(named.account, named),
            by=by,
            now=now,
        )
    except UnreadableFile as error:
        return _entry(named, "quarantined", importing.words_of(error.reason))
    except FileKnown as known:
        return _entry(named, "saved", statement=known.statement)
    except importing.CannotImport as error:
        return _entry(named, "quarantined", str(error))
    try:
        leave_out = row.leave_out_by_id is not None
        saved = importing.save(upload, leave_out_bad=leave_out, by=by, now=now)
    except FileKnown as known:
        return _entry(named, "saved", statement=known.statement)
    except (importing.BadRowsRemain, importing.NothingToSave) as error:
        bad = [
            {"line": each.line, "reason": importing.words_of(each.reason)}
            for each in error.parsed.rejected[:ROWS_TOLD]
        ]
        return _entry(named, "quarantined", str(error), statement=upload, rows=bad)
    except (importing.CannotImport, importing.UploadGone) as error:
        return _entry(named, "quarantined", str(error))
    return _entry(named, "saved", statement=saved)


def _actor(row: ReceivedFile) -> Actor:
    """Whoever had bad rows left out, else the sender."""
    if row.leave_out_by is not None:
        return Actor.person(row.leave_out_by)
    return Actor(row.sender.name, Origin.SENDER)


def _entry(
    named: Named,
    status: str,
    words: str = "",
    *,
    statement: Statement | None = None,
    rows: list[dict[str, Any]] | None = None,
) -> dict[str, Any]:
    """What is kept and told of an account; its number is not, but for the last four digits."""
    left_out = statement.rejected if statement and status == "saved" else []
    told = [{"line": bad["line"], "reason": bad["reason"]} for bad in left_out[:ROWS_TOLD]]
    return {
        "number": f"••{named.last4}",
        "account": named.account.pk if named.account else None,
        "statement": statement.pk if statement else None,
        "status": status,
        "saved": statement.rows_saved if statement else 0,
        "known": statement.rows_known if statement else 0,
        "leftOut": statement.rows_rejected if statement else 0,
        "reason": words,
        "rows": told if rows is None else rows,
    }


def _write_down(
    row: ReceivedFile, words: str, accounts: list[dict[str, Any]], *, now: dt.datetime
) -> None:
    is_saved = not words and all(each["status"] == "saved" for each in accounts)
    row.state, row.words, row.accounts = S.SAVED if is_saved else S.QUARANTINED, words, accounts
    row.processed_at, row.leave_out_by = now, None
    fields = ["state", "words", "accounts", "processed_at", "leave_out_by"]
    if is_saved:
        row.sealed_body = None
        fields.append("sealed_body")
    with transaction.atomic():
        row.save(update_fields=fields)
        if not is_saved:
            by = Actor(row.sender.name, Origin.SENDER)
            Event.objects.record("received.quarantined", by=by, at=now, words=row.batch_id)
