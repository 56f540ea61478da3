"""A long upload is saved by the worker: a person says so, and the page says how far it is.

`save` does it, in one transaction and under the account's lock, so that a worker that is ended in
the midst has saved nothing, and one that begins anew finds what was saved already.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable

from django.db import DatabaseError, transaction
from django.utils.translation import gettext as _

from bankfeeds import doorbell
from bankfeeds.models import Actor, Origin, Saving, Statement

from .jobs import MOST_TRIES, claimed, upload_of
from .keeping import Outdated
from .look import FileKnown
from .matching import CannotImport
from .pieces import UploadGone
from .progress import watched
from .save import BadRowsRemain, NothingToSave, locked, save

log = logging.getLogger(__name__)

Clock = Callable[[], dt.datetime]


def save_later(
    statement: Statement,
    *,
    leave_out_bad: bool,
    is_of_account: bool,
    shown: str,
    by: Actor,
    now: dt.datetime,
) -> None:
    """Have it saved as `save` would; said twice, it is done once. Raises UploadGone, FileKnown."""
    given = {
        "leave_out_bad": leave_out_bad,
        "is_of_account": is_of_account,
        "shown": shown,
        "asked_at": now,
        "asked_by": by.name,
        "user_id": by.user_id,
    }
    fresh = {"claimed_at": None, "tries": 0, "done": 0, "ended_at": None, "words": ""}
    with transaction.atomic():
        if locked(statement).state != Statement.State.PREVIEWED:
            return
        row, is_new = Saving.objects.get_or_create(statement=statement, defaults=given)
        if not is_new:
            if row.ended_at is None:
                return
            Saving.objects.filter(pk=row.pk).update(**given, **fresh)
        doorbell.ring(doorbell.SAVE, statement.pk)


def carry_out(statement_id: int, *, clock: Clock) -> None:
    """Save it, unless somebody does or has. Never raises."""
    try:
        row = claimed(Saving.objects.all(), statement_id, now=clock())
        if row is not None:
            words = _save(row, now=clock())
            Saving.objects.filter(pk=row.pk).update(ended_at=clock(), words=words)
    except DatabaseError as error:
        log.warning("upload %s has to wait: %s", statement_id, type(error).__name__)


def _save(row: Saving, *, now: dt.datetime) -> str:
    """Why it was not saved; "" when it was, by this or before."""
    if row.tries > MOST_TRIES:
        return _("Saving it was broken off several times, and nothing of it was saved.")
    try:
        statement = upload_of(row.pk)
        with watched(Saving.objects.filter(pk=row.pk)):
            save(
                statement,
                leave_out_bad=row.leave_out_bad,
                is_of_account=row.is_of_account,
                shown=row.shown or None,
                by=Actor(row.asked_by, Origin.PERSON, row.user_id),
                now=now,
            )
    except (
        BadRowsRemain, CannotImport, FileKnown, NothingToSave, Outdated, UploadGone,
    ) as error:  # fmt: skip
        return str(error)
    return ""
