"""What the worker does with long uploads: each job is done by one of its processes at a time, and
begun anew when that was ended."""

from __future__ import annotations

import datetime as dt
from itertools import islice
from typing import TypeVar

from django.db.models import F, Q, QuerySet

from bankfeeds import doorbell
from bankfeeds.models import Preparing, Saving, Statement, UploadJob

from .pieces import UploadGone

# A file that ends its worker so often is a person's.
MOST_TRIES = 5
AT_ONCE = 50

J = TypeVar("J", bound=UploadJob)


def ring_waiting(*, now: dt.datetime) -> None:
    """Ring again for those whose ring was lost or whose worker was ended; bounded."""
    room = min(AT_ONCE, doorbell.ENOUGH - doorbell.waiting())
    waiting = (
        (job, pk)
        for job, rows in (
            (doorbell.SAVE, _due(Saving.objects.all(), now)),
            (doorbell.PREPARE, _due(Preparing.objects.all(), now)),
        )
        for pk in rows.order_by("asked_at").values_list("pk", flat=True)[:AT_ONCE]
    )
    for job, pk in islice(waiting, max(room, 0)):
        doorbell.ring(job, pk)


def claimed(rows: QuerySet[J], statement_id: int, *, now: dt.datetime) -> J | None:
    """None: it is done, or somebody is at it."""
    mine = _due(rows, now).filter(pk=statement_id)
    if not mine.update(claimed_at=now, tries=F("tries") + 1, done=0):
        return None
    return rows.filter(pk=statement_id).first()


def upload_of(statement_id: int) -> Statement:
    """With all that reading and saving it asks for. Raises UploadGone."""
    rows = Statement.objects.select_related(
        "account__company", "account__connection", "profile", "mends"
    )
    rows = rows.defer("account__sealed_body", "account__connection__link_url")
    if (found := rows.filter(pk=statement_id).first()) is None:
        raise UploadGone
    return found


def _due(rows: QuerySet[J], now: dt.datetime) -> QuerySet[J]:
    free = Q(claimed_at=None) | Q(claimed_at__lte=now - doorbell.lease())
    return rows.filter(free, ended_at=None)
