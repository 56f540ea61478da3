"""The file for the client, of rows that cannot go again; that it was handed out is written down."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from bankfeeds import exporting, pushing
from bankfeeds.models import (
    Actor,
    BankTransaction,
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


def client_files(
    account: SourceAccount, rows: Sequence[BankTransaction], *, by: Actor, now: dt.datetime
) -> list[exporting.ClientFile]:
    """Files that QuickBooks takes by *Upload from file*; that they were handed out is recorded."""
    made = exporting.client_files(account, rows)
    for one in made:
        exporting.hand_out(one, account=account, by=by, now=now)
    return made
