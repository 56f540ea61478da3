"""The file for the client, of rows that cannot go again; that it was handed out is written down."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.utils.translation import gettext as _

from bankfeeds import pushing, words
from bankfeeds.models import (
    Actor,
    BankTransaction,
    Event,
    Push,
    PushItem,
    PushStatus,
    SourceAccount,
)

from .judge import judge


def late_rows(push: Push, *, now: dt.datetime) -> list[BankTransaction]:
    """Rows that did not go into the push that replaces this one, or cannot go any more."""
    rows = BankTransaction.objects.filter(items__push=push).in_feed_order()
    if push.status != PushStatus.FAILED:
        return []
    decision = push.decisions.exclude(replacement=None).first()
    if decision is not None:
        gone = PushItem.objects.filter(push=decision.replacement_id)
        return list(rows.exclude(pk__in=gone.values("transaction")))
    [verdict] = judge([push.pk], today=pushing.today(now))
    if verdict.why_not == "removed":
        return list(rows)
    return list(rows.filter(pk__in=verdict.late))


def client_file(
    account: SourceAccount, rows: Sequence[BankTransaction], *, by: Actor, now: dt.datetime
) -> tuple[str, str]:
    """Name and text of a CSV file that QuickBooks takes by *Upload from file*; oldest row first."""
    ordered = sorted(rows, key=lambda row: (row.date, row.pk))
    name = f"{account.name}-{ordered[0].date}-{ordered[-1].date}.csv"
    Event.objects.record(
        "feed.file_for_client",
        by=by,
        at=now,
        words=_("%(file)s: %(rows)d rows.") % {"file": name, "rows": len(ordered)},
        after={"file": name, "transactions": [row.transaction_id for row in ordered]},
        account=account,
    )
    return name, words.client_csv(ordered)
