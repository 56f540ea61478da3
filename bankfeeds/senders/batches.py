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
from django.db.models import Q

from bankfeeds import doorbell, importing, sealing
from bankfeeds.models import Actor, Origin, ReceivedFile, Sender, Statement

from . import deciding

LONGEST = 200
# Digits of the digest.
TAGGED = 8
# Of what stands around them.
ROOM = 8


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
    named alike, has a part of its digest behind the name; the same one is the same batch, and is
    read again where it waits in quarantine. It is a new one where its import was taken back.
    Raises CannotImport for an empty one, for one that is longer than what the worker reads, and
    for one that a person rejected.
    """
    _refuse_unread(body)
    digest = hashlib.sha256(body).hexdigest()
    name = importing.profiles.plain_name(file_name)[-(LONGEST - TAGGED - ROOM) :]
    path = PurePath(name)
    tag = f"{path.stem} ({digest[:TAGGED]}"
    rows = ReceivedFile.objects.filter(sender=sender).defer("sealed_body").order_by("-id")
    same = rows.filter(Q(batch_id=name) | Q(batch_id__startswith=tag), sha256=digest)
    last = same.first()
    if last is not None and not _was_taken_back(last):
        _begin_again(last, sender, now)
        return last, False
    if last is not None:
        name = f"{tag} {same.count() + 1}){path.suffix}"
    elif rows.filter(batch_id=name).exists():
        name = f"{tag}){path.suffix}"
    row = keep(sender, name, body, digest=digest, now=now)
    if row.sha256 != digest:
        raise importing.CannotImport(f"Another file is kept as {row.batch_id}. Give it a name.")
    return row, True


def _refuse_unread(body: bytes) -> None:
    if not body:
        raise importing.CannotImport("The file is empty. Nothing was kept.")
    most = settings.IMPORT_MAX_BYTES
    if len(body) > most:
        raise importing.CannotImport(
            f"It has {len(body)} bytes; a sender's file has at most {most}. Split it, or import"
            " it by the command without --sender, which has no limit. Nothing was kept."
        )


def _was_taken_back(row: ReceivedFile) -> bool:
    statements = [each["statement"] for each in row.accounts if each["statement"]]
    undone = Statement.objects.filter(pk__in=statements, state=Statement.State.UNDONE)
    return row.state == ReceivedFile.State.SAVED and undone.exists()


def _begin_again(row: ReceivedFile, sender: Sender, now: dt.datetime) -> None:
    if row.state == ReceivedFile.State.REJECTED:
        raise importing.CannotImport(
            f"A person rejected this file, which is {row.batch_id} among the received files:"
            f" {row.words} It can be read again on its page."
        )
    if row.state == ReceivedFile.State.QUARANTINED:
        deciding.read_again(row, by=Actor(sender.name, Origin.SENDER), now=now)
