"""Take an import back while nothing of it was pushed: its rows go, the file and the record stay."""

from __future__ import annotations

import datetime as dt

from django.db import connection, transaction
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bankfeeds import words
from bankfeeds.models import Actor, Doubt, Event, PushItem, SourceAccount, Statement

from .sorting import Kind

# One statement: by objects, 200,000 rows would come into memory to be asked what hangs on them.
DELETE = "DELETE FROM bankfeeds_banktransaction WHERE statement_id = %s"


class CannotUndo(ValueError):
    """Nothing was changed; the words say why, and what to do instead."""


def why_not_undo(statement: Statement) -> str:
    """Why this import cannot be taken back now; empty when it can."""
    if statement.state == Statement.State.UNDONE:
        return _("This import was taken back already.")
    if statement.state != Statement.State.SAVED:
        return _("This file was never saved.")
    if PushItem.objects.filter(transaction__statement=statement).exists():
        return _(
            "Rows of this file are or were in a push, so it stays."
            " Decide on that push, or record a mistake on it."
        )
    # Its twin on the newer account comes from the same file.
    if statement.transactions.exclude(goes_on_as=None).exists():
        return _("Rows of this file go on on the client's newer connection, so it stays.")
    later = _later_that_needs_it(statement)
    if later is not None and later.mends_id == statement.pk:
        return _(
            "Bad rows of this file were mended and imported with %(file)s, on %(when)s."
            " Take that import back first, then this one."
        ) % {"file": later.file_name, "when": words.moment(later.saved_at)}
    if later is not None:
        return _(
            "%(file)s was imported later, on %(when)s, and left out rows because they were here"
            " already. Take that import back first, then this one."
        ) % {"file": later.file_name, "when": words.moment(later.saved_at)}
    return ""


def undo(statement: Statement, *, reason: str, by: Actor, now: dt.datetime) -> bool:
    """Delete its rows, none of which was ever in a push; the same file can come in again.

    False: it was taken back already. Raises CannotUndo.
    """
    with transaction.atomic():
        _lock(statement)
        mine = Statement.objects.get(pk=statement.pk)
        if mine.state == Statement.State.UNDONE:
            return False
        if refused := why_not_undo(mine):
            raise CannotUndo(refused)
        Doubt.objects.filter(ours__statement=mine).update(ours=None)
        Doubt.objects.filter(taken__statement=mine).update(taken=None)
        with connection.cursor() as cursor:
            cursor.execute(DELETE, [mine.pk])
            taken = cursor.rowcount
        mine.state = Statement.State.UNDONE
        mine.save(update_fields=["state"])
        _record(mine, taken, reason, by, now)
    return True


def _lock(statement: Statement) -> None:
    """As an import and a confirmation do; rows of a client who moved are on another account."""
    accounts = SourceAccount.objects.select_for_update(no_key=True)
    list(accounts.filter(pk__in=_accounts(statement)).order_by("pk").values_list("pk"))


def _accounts(statement: Statement) -> set[int]:
    rows = statement.transactions.order_by()
    return {statement.account_id, *rows.values_list("account_id", flat=True).distinct()}


def _later_that_needs_it(statement: Statement) -> Statement | None:
    """A later file whose rows were left out because these were here would lack them for ever."""
    saved = Statement.objects.filter(account__in=_accounts(statement), state=Statement.State.SAVED)
    later = saved.filter(saved_at__gte=statement.saved_at).exclude(pk=statement.pk)
    left_out = later.filter(Q(rows_known__gt=0) | Q(rows_rejected__gt=0) | Q(mends=statement))
    newest = left_out.order_by("-saved_at", "-pk")
    every = newest.iterator(chunk_size=20)
    return next((f for f in every if f.mends_id == statement.pk or _relies(f)), None)


def _relies(file: Statement) -> bool:
    """Not when all it left out was bad in itself; of a long list only the beginning is kept."""
    is_whole = len(file.rejected) == file.rows_rejected
    alike = any(entry["code"] in {Kind.CHANGED, Kind.ALIKE} for entry in file.rejected)
    return bool(file.rows_known) or alike or not is_whole


def _record(statement: Statement, taken: int, reason: str, by: Actor, now: dt.datetime) -> None:
    told = ngettext(
        "%(file)s: the import was taken back, %(n)d row with it. Nothing of it was sent.",
        "%(file)s: the import was taken back, %(n)d rows with it. Nothing of it was sent.",
        taken,
    )
    Event.objects.record(
        "statement.undone",
        by=by,
        at=now,
        words=told % {"file": statement.file_name, "n": taken},
        reason=reason,
        before={"saved": statement.rows_saved},
        after={"saved": 0},
        statement=statement,
    )
