"""Files that people upload on a page and that are kept: those that could not be read, for the
record, and long ones until the worker has read them (`looking`).
"""

from __future__ import annotations

import datetime as dt
import hashlib
import zlib

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from bankfeeds import doorbell, importing, sealing
from bankfeeds.importing import CannotImport
from bankfeeds.models import Actor, ColumnProfile, Event, ReceivedFile, SourceAccount

S = ReceivedFile.State
# Bytes of a workbook's text for one of the workbook itself, about.
PACKED = 20
LONGEST_NAME = 200


def keep_long(
    content: bytes,
    *,
    file_name: str,
    account: SourceAccount | None,
    profile: ColumnProfile | None = None,
    by: Actor,
    now: dt.datetime,
) -> ReceivedFile | None:
    """For the worker to read; None for a file that is read at once. Nobody has to wait twice.

    Raises what `importing.look` does before it reads: FileKnown, CannotImport.
    """
    if not is_long(content):
        return None
    upload = _upload(content, file_name, account, by, now)
    if account is not None:
        importing.refuse_in_vain(account, upload.sha256)
    waiting = _same(upload).filter(state__in=(S.RECEIVED, S.READING), profile=profile).first()
    if waiting is not None:
        return waiting
    upload.profile = profile
    upload.sealed_body = sealing.seal(zlib.compress(content), now=now)
    with transaction.atomic():
        upload.save()
        doorbell.ring(doorbell.UPLOADED, upload.pk)
    return upload


def is_long(content: bytes) -> bool:
    """Not to be read while a browser waits. A workbook is packed: it holds many times its size."""
    if content.startswith(b"PK"):
        return importing.is_long(size=len(content) * PACKED)
    ends = max(content.count(b"\n"), content.count(b"\r"))
    return importing.is_long(size=len(content), rows=ends)


def keep_refused(
    content: bytes,
    *,
    file_name: str,
    account: SourceAccount | None,
    words: str,
    by: Actor,
    now: dt.datetime,
) -> ReceivedFile:
    """The file as it came and why it was refused; the same by the same person is kept once."""
    upload = _upload(content, file_name, account, by, now)
    same = _same(upload).filter(state=S.REFUSED, words=words).first()
    if same is not None:
        return same
    upload.state, upload.words, upload.processed_at = S.REFUSED, words, now
    upload.sealed_body = sealing.seal(zlib.compress(content), now=now)
    with transaction.atomic():
        upload.save()
        note_refused(upload, by=by, now=now)
    return upload


def note_refused(row: ReceivedFile, *, by: Actor, now: dt.datetime) -> None:
    Event.objects.record("received.refused", by=by, at=now, words=row.batch_id, account=row.account)


def take_out(row: ReceivedFile, *, by: Actor, now: dt.datetime) -> bytes:
    """A refused file as it came; that it was handed out is written down. Raises CannotImport."""
    if row.state != S.REFUSED:
        raise CannotImport(_("Only a refused file is handed out."))
    content = content_of(row)
    Event.objects.record(
        "received.handed_out", by=by, at=now, words=row.batch_id, account=row.account
    )
    return content


def content_of(row: ReceivedFile) -> bytes:
    """Raises CannotImport for one that was sealed with another secret."""
    # Sealed for the numbers in it, not for a time: a file can be read again any day.
    sealed = sealing.unseal(row.sealed_body, now=row.received_at)
    if sealed is None:
        raise CannotImport(
            _("The file was encrypted with a SECRET_KEY that is not there any more.")
        )
    return zlib.decompress(sealed)


def _upload(
    content: bytes,
    file_name: str,
    account: SourceAccount | None,
    by: Actor,
    now: dt.datetime,
) -> ReceivedFile:
    return ReceivedFile(
        batch_id=importing.profiles.plain_name(file_name)[-LONGEST_NAME:],
        sha256=hashlib.sha256(content).hexdigest(),
        size=len(content),
        account=account,
        uploaded_by=by.name,
        user_id=by.user_id,
        received_at=now,
    )


def _same(upload: ReceivedFile) -> QuerySet[ReceivedFile]:
    rows = ReceivedFile.objects.filter(
        sha256=upload.sha256, account=upload.account, uploaded_by=upload.uploaded_by
    )
    return rows.defer("sealed_body").order_by("-id")
