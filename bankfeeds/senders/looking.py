"""The worker reads a long upload: a preview for each of its accounts, or why it was refused.

Nothing is saved by it. Read again after a worker was ended, it comes to the same previews.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from django.conf import settings
from django.db import DatabaseError, transaction
from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext as _

from bankfeeds import doorbell, importing
from bankfeeds.importing import Looked, profiles
from bankfeeds.intake import pace
from bankfeeds.intake.shape import UnreadableFile
from bankfeeds.models import Actor, Origin, ReceivedFile, Statement

from . import uploads

log = logging.getLogger(__name__)

Clock = Callable[[], dt.datetime]
S = ReceivedFile.State
# A file that ends its reader so often is a person's.
MOST_TRIES = 5


def read_upload(file_id: int, *, clock: Clock) -> None:
    """Read it, unless somebody does or has. Never raises."""
    try:
        row = _claim(file_id, now=clock())
        if row is not None:
            _write_down(row, *_read(row, now=clock()), now=clock())
    except DatabaseError as error:
        log.warning("upload %s has to wait: %s", file_id, type(error).__name__)


def due(*, now: dt.datetime) -> QuerySet[ReceivedFile]:
    """Long uploads that nobody reads right now."""
    left = Q(state=S.READING, claimed_at__lte=now - doorbell.lease())
    rows = ReceivedFile.objects.exclude(uploaded_by="")
    return rows.filter(Q(state=S.RECEIVED) | left).order_by("id")


def progress(row: ReceivedFile) -> importing.Progress:
    return importing.Progress(ReceivedFile.objects.filter(pk=row.pk), size=row.size)


def _claim(file_id: int, *, now: dt.datetime) -> ReceivedFile | None:
    rows = due(now=now).filter(pk=file_id)
    if not rows.update(state=S.READING, claimed_at=now, tries=F("tries") + 1, done=0):
        return None
    row = ReceivedFile.objects.select_related("account__company", "account__connection", "profile")
    return row.defer("account__sealed_body", "account__connection__link_url").get(pk=file_id)


def _read(row: ReceivedFile, *, now: dt.datetime) -> tuple[str, list[dict[str, Any]]]:
    """Why it is refused, or what came of each account."""
    if row.tries > MOST_TRIES:
        return _("Reading it was broken off several times. Split the file."), []
    try:
        content = uploads.content_of(row)
        with pace.told(progress(row)):
            looked = _look(row, content, now)
        _have_prepared([each.upload for each in looked if each.upload], now)
        return "", [_entry(each) for each in looked]
    except UnreadableFile as error:
        _keep_for_a_profile(row, content, error.code, now)
        return importing.words_of(error.reason), []
    except importing.SeveralProfiles as several:
        _keep_for_a_profile(row, content, several.code, now)
        return str(several), []
    except importing.CannotImport as error:
        return str(error), []


def _look(row: ReceivedFile, content: bytes, now: dt.datetime) -> list[Looked]:
    account = row.account
    given: dict[str, Any] = {
        "file_name": row.batch_id,
        "content": content,
        "most_rows": settings.IMPORT_MAX_ROWS,
        "by": _actor(row),
        "now": now,
    }
    if account is None:
        return importing.look_on_each(**given)
    try:
        upload = importing.look(account, profile=row.profile, **given)
    except importing.FileKnown as known:
        return [Looked(account.number_last4, account, known=known.statement, words=str(known))]
    return [Looked(account.number_last4, account, upload)]


def _have_prepared(uploads: Sequence[Statement], now: dt.datetime) -> None:
    for upload in uploads:
        # Somebody may have chosen the file again, and cancelled it.
        with suppress(importing.UploadGone):
            importing.prepare_later(upload, now=now)


def _keep_for_a_profile(row: ReceivedFile, content: bytes, code: str, now: dt.datetime) -> None:
    """So that the page can offer to read it by one."""
    if row.account and code in profiles.MENDED and profiles.may_be_read(content):
        given: dict[str, Any] = {"account": row.account, "by": _actor(row), "now": now}
        profiles.keep_sample(content, file_name=row.batch_id, **given)


def _actor(row: ReceivedFile) -> Actor:
    return Actor(row.uploaded_by, Origin.PERSON, row.user_id)


def _entry(each: Looked) -> dict[str, Any]:
    """As `reading` keeps it of a sender's file. `rows` are on the preview."""
    statement = each.upload or each.known
    stands = "previewed" if each.upload else "known" if each.known else "refused"
    return {
        "number": f"••{each.last4}",
        "account": each.account.pk if each.account else None,
        "statement": statement.pk if statement else None,
        "status": stands if each.account else "unknown",
        "saved": 0,
        "known": 0,
        "leftOut": 0,
        "reason": each.words,
        "rows": [],
    }


def _write_down(
    row: ReceivedFile, words: str, accounts: list[dict[str, Any]], *, now: dt.datetime
) -> None:
    row.state, row.words, row.accounts = S.REFUSED if words else S.READ, words, accounts
    row.processed_at, row.done = now, row.size
    fields = ["state", "words", "accounts", "processed_at", "done"]
    if not words:
        # Each account's part is kept for its preview.
        row.sealed_body = None
        fields.append("sealed_body")
    with transaction.atomic():
        row.save(update_fields=fields)
        if words:
            uploads.note_refused(row, by=_actor(row), now=now)
