"""The preview of a long upload is worked out by the worker: who opens it waits for a job, not for
an answer, and the page says how far that is.

An upload has one such job at a time, however many ask. It ends with a preview as everything stood
when it began: if something has changed since, whoever asks next asks for another.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable

from django.conf import settings
from django.db import DatabaseError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from bankfeeds import doorbell
from bankfeeds.intake import pace
from bankfeeds.models import Preparing, Statement

from . import pieces
from .jobs import MOST_TRIES, claimed, upload_of
from .keeping import keep_preview, kept_preview
from .pieces import UploadGone
from .preview import Preview, preview
from .progress import watched
from .stamps import stamp_of

log = logging.getLogger(__name__)

Clock = Callable[[], dt.datetime]


def is_long(*, size: int, rows: int = 0) -> bool:
    """Nobody waits at a browser for so many bytes or rows."""
    return size > settings.IMPORT_AT_ONCE_BYTES or rows > settings.IMPORT_AT_ONCE_ROWS


def shown(statement: Statement, *, today: dt.date, now: dt.datetime) -> Preview | Preparing:
    """What `preview` says; of a long upload as it was kept, or the job that works it out.

    Raises UploadGone. What is kept may be worked out anew meanwhile: see `keeping.kept_preview`.
    """
    if not is_long(size=statement.size, rows=statement.rows_read):
        return preview(statement, today=today)
    stamp = stamp_of(statement, today=today)
    return kept_preview(statement, stamp) or _asked_for(statement, stamp, now)


def prepare_later(statement: Statement, *, now: dt.datetime) -> None:
    """So that nobody waits who opens its preview. Raises UploadGone."""
    shown_on = timezone.localdate(now)
    if is_long(size=statement.size, rows=statement.rows_read):
        shown(statement, today=shown_on, now=now)


def prepare_again(statement: Statement) -> None:
    """One that was given up is asked for anew by whoever opens the preview next."""
    Preparing.objects.filter(pk=statement.pk).exclude(ended_at=None).delete()


def prepare(statement_id: int, *, clock: Clock) -> None:
    """Work it out, unless somebody does. Never raises."""
    try:
        row = claimed(Preparing.objects.all(), statement_id, now=clock())
        if row is not None and row.tries > MOST_TRIES:
            _give_up(row, now=clock())
        elif row is not None:
            _work_out(row, now=clock())
    except DatabaseError as error:
        log.warning("preview of %s has to wait: %s", statement_id, type(error).__name__)


def _asked_for(statement: Statement, stamp: str, now: dt.datetime) -> Preparing:
    """Nothing is written where it was asked for before."""
    row = Preparing.objects.filter(pk=statement.pk).first()
    if row is not None and (row.ended_at is None or row.stamp == stamp):
        return row
    pieces.refuse_gone(statement.mends or statement)
    with transaction.atomic():
        _refuse_unless_looked_at(statement)
        # Given up on something else than what would be worked out now.
        Preparing.objects.filter(pk=statement.pk).exclude(ended_at=None).delete()
        row, is_new = Preparing.objects.get_or_create(
            statement=statement, defaults={"stamp": stamp, "asked_at": now}
        )
        if is_new:
            doorbell.ring(doorbell.PREPARE, statement.pk)
    return row


def _refuse_unless_looked_at(statement: Statement) -> None:
    """One at a time: two who ask in the same moment come to the same job."""
    rows = Statement.objects.filter(pk=statement.pk, state=Statement.State.PREVIEWED)
    if not rows.select_for_update(of=("self",)).only("pk"):
        raise UploadGone


def _work_out(row: Preparing, *, now: dt.datetime) -> None:
    mine = Preparing.objects.filter(pk=row.pk)
    try:
        statement = upload_of(row.pk)
        today = timezone.localdate(now)
        # Before anything is read: what changes meanwhile makes it one that nobody is shown.
        stamp = stamp_of(statement, today=today)
        with watched(mine):
            with pace.part(0, 2):
                found = preview(statement, today=today)
            with pace.part(1, 2):
                keep_preview(found, stamp, now=now)
    except UploadGone:
        log.info("upload %s is gone; nothing is left to look at", row.pk)
    mine.delete()


def _give_up(row: Preparing, *, now: dt.datetime) -> None:
    words = _("Working it out was broken off several times.")
    Preparing.objects.filter(pk=row.pk).update(ended_at=now, words=words)
