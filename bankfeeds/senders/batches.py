"""A file of a sender is kept under its batch, once, and the worker is rung for it.

It came in a post, or lay in a folder that stands for the sender.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import zlib
from pathlib import PurePath

from django.conf import settings
from django.db import transaction

from bankfeeds import doorbell, importing, sealing
from bankfeeds.models import ReceivedFile, Sender

LONGEST = 200
# Digits of the digest.
TAGGED = 8


class NoSuchSender(LookupError):
    """No sender in use with this name hands its files over in a folder."""


def keep(
    sender: Sender, batch_id: str, body: bytes, *, digest: str, now: dt.datetime
) -> ReceivedFile:
    """Store it and ring for it; the same batch once more changes nothing, whatever its body."""
    kept = ReceivedFile.objects.filter(sender=sender, batch_id=batch_id).defer("sealed_body")
    if row := kept.first():
        return row
    sealed = sealing.seal(zlib.compress(body), now=now)
    with transaction.atomic():
        Sender.objects.filter(pk=sender.pk).update(last_seen_at=now)
        row, is_new = ReceivedFile.objects.get_or_create(
            sender=sender,
            batch_id=batch_id,
            defaults={
                "sha256": digest,
                "size": len(body),
                "received_at": now,
                "sealed_body": sealed,
            },
        )
        if is_new:
            doorbell.ring(doorbell.RECEIVED, sender.pk)
    return row


def of_folder(name: str) -> Sender:
    """Raises NoSuchSender, also for one that posts its files or was revoked."""
    row = Sender.objects.filter(name=name, token_hash="", revoked_at=None).first()
    if row is None:
        raise NoSuchSender(name)
    return row


def hand_in(
    sender: Sender, file_name: str, body: bytes, *, now: dt.datetime
) -> tuple[ReceivedFile, bool]:
    """The file of a folder as a batch, and whether it is new.

    Its name is the batch. Another file under a name that was there before, as where each day's is
    named alike, has a part of its digest behind the name; the same one is the same batch.
    Raises CannotImport for an empty one, or one that is longer than what the worker reads.
    """
    if not body:
        raise importing.CannotImport("The file is empty. Nothing was kept.")
    if len(body) > settings.IMPORT_MAX_BYTES:
        most = settings.IMPORT_MAX_BYTES
        raise importing.CannotImport(
            f"It has {len(body)} bytes; a sender's file has at most {most}. Split it, or import"
            " it by the command without --sender, which has no limit. Nothing was kept."
        )
    digest = hashlib.sha256(body).hexdigest()
    name = importing.profiles.plain_name(file_name)[-(LONGEST - TAGGED - 3) :]
    path = PurePath(name)
    named = [name, f"{path.stem} ({digest[:TAGGED]}){path.suffix}"]
    rows = list(ReceivedFile.objects.filter(sender=sender, batch_id__in=named).defer("sealed_body"))
    for row in rows:
        if row.sha256 == digest:
            return row, False
    row = keep(sender, named[bool(rows)], body, digest=digest, now=now)
    if row.sha256 != digest:
        raise importing.CannotImport(f"Another file is kept as {row.batch_id}. Give it a name.")
    return row, True
