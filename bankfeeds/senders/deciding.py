"""What a person decides about a file in quarantine: read again, leave out bad rows, reject."""

from __future__ import annotations

import datetime as dt
from typing import cast

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from bankfeeds import doorbell, importing
from bankfeeds.models import Actor, Event, ReceivedFile, Statement
from bankfeeds.models.record import demand_reason

S = ReceivedFile.State
HEAVY = ("rejected", "account__sealed_body")


def why_not(row: ReceivedFile) -> str:
    """Why nothing is to be decided; "" when a person may."""
    if row.state in (S.QUARANTINED, S.REJECTED):
        return ""
    if row.state == S.SAVED:
        return _("Everything in it is saved.")
    if row.state == S.READ:
        return _("Nothing here. What is not saved yet is saved from its preview.")
    if row.state == S.REFUSED:
        return _("Nothing here. Have the file made again or mended, and upload that.")
    return _("The worker has not read it yet.")


def read_again(row: ReceivedFile, *, by: Actor, now: dt.datetime) -> bool:
    """Harmless: what was saved is known. Also what was rejected, should that have been wrong."""
    return _again(row, "received.again", by, now)


def leave_out_bad(row: ReceivedFile, *, by: Actor, now: dt.datetime) -> bool:
    """Save the good rows of each account; the bad ones are listed with the import."""
    return _again(row, "received.left_out", by, now, leave_out_by=by.user_id)


def reject(row: ReceivedFile, *, reason: str, by: Actor, now: dt.datetime) -> bool:
    """Nothing more of it comes in: what was saved stays, its previews go at once.

    Raises ValueError without a reason.
    """
    demand_reason(reason)
    with transaction.atomic():
        rows = ReceivedFile.objects.filter(pk=row.pk, state=S.QUARANTINED)
        if not rows.update(state=S.REJECTED, words=reason):
            return False
        Event.objects.record("received.rejected", by=by, at=now, words=row.batch_id, reason=reason)
        for preview in _previews(row):
            importing.discard(preview, by=by, now=now)
    return True


def _previews(row: ReceivedFile) -> QuerySet[Statement]:
    """By account, since letting one go locks its account: two files at once wait in one order."""
    row.refresh_from_db(fields=["accounts"])
    looked_at = [each["statement"] for each in row.accounts if each["statement"]]
    rows = Statement.objects.filter(pk__in=looked_at, state=Statement.State.PREVIEWED)
    return rows.select_related("account").defer(*HEAVY).order_by("account")


def _again(
    row: ReceivedFile, action: str, by: Actor, now: dt.datetime, leave_out_by: int | None = None
) -> bool:
    with transaction.atomic():
        rows = ReceivedFile.objects.filter(pk=row.pk, state__in=(S.QUARANTINED, S.REJECTED))
        if not rows.update(state=S.RECEIVED, tries=0, words="", leave_out_by=leave_out_by):
            return False
        Event.objects.record(action, by=by, at=now, words=row.batch_id)
        # Uploads are never in quarantine.
        doorbell.ring(doorbell.RECEIVED, cast(int, row.sender_id))
    return True
