"""A person records that something was sent in error: nothing can be called back, so it is marked.

Marks and their rows are insert-only; the push itself never changes. Asks Codat nothing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from django.db import transaction
from django.utils.translation import gettext as _

from .models import (
    Actor,
    BankTransaction,
    Event,
    MarkedRow,
    Push,
    PushItem,
    PushMark,
    PushStatus,
    SourceAccount,
)
from .models.record import demand_reason

Kind = PushMark.Kind


def record(
    push: Push,
    rows: Collection[int],
    *,
    reason: str,
    wrong_client: bool = False,
    by: Actor,
    now: dt.datetime,
) -> int:
    """Mark these rows (primary keys of transactions) *Sent in error*; says how many are new.

    `wrong_client`: they are another client's, which is an incident. 0: all were marked before.
    ValueError, with words: no reason, no row of this push, or it was not accepted.
    """
    demand_reason(reason)
    with transaction.atomic():
        # Two who record the same take turns.
        list(SourceAccount.objects.select_for_update(no_key=True).filter(pk=push.account_id))
        if Push.objects.get(pk=push.pk).status != PushStatus.SUCCEEDED:
            raise ValueError(_("Only what Codat has accepted can have been sent in error."))
        chosen = PushItem.objects.filter(push=push, transaction__in=rows)
        if not chosen.exists():
            raise ValueError(_("Tick the rows that were sent in error."))
        fresh = chosen.exclude(marks__mark__kind=Kind.SENT_IN_ERROR).select_related("transaction")
        items = list(fresh.order_by("position"))
        if items:
            _mark(push, items, reason=reason, wrong_client=wrong_client, by=by, now=now)
    return len(items)


def marked(push: Push) -> list[PushItem]:
    """The rows of it that were sent in error, in their order."""
    rows = push.items.filter(marks__mark__kind=Kind.SENT_IN_ERROR).distinct()
    return list(rows.select_related("transaction").order_by("position"))


def _call_back(rows: Collection[BankTransaction]) -> None:
    """A client who moved has them a second time, to go to the newer account: not any more."""
    twins = {row.pk: row.goes_on_as_id for row in rows if row.goes_on_as_id}
    waiting = BankTransaction.objects.filter(pk__in=twins.values(), items=None, goes_on_as=None)
    taken = set(waiting.values_list("pk", flat=True))
    parted = [pk for pk, twin in twins.items() if twin in taken]
    BankTransaction.objects.filter(pk__in=parted).update(goes_on_as=None)
    BankTransaction.objects.filter(pk__in=taken).delete()


def _mark(
    push: Push,
    items: list[PushItem],
    *,
    reason: str,
    wrong_client: bool,
    by: Actor,
    now: dt.datetime,
) -> None:
    mark = PushMark.objects.create(
        push=push, kind=Kind.SENT_IN_ERROR, made_at=now, made_by=by.name, words=reason
    )
    MarkedRow.objects.bulk_create([MarkedRow(mark=mark, item=item) for item in items])
    _call_back([item.transaction for item in items])
    Event.objects.record(
        "push.mistake",
        by=by,
        at=now,
        push=push,
        reason=reason,
        after={
            "rows": len(items),
            "of": push.rows,
            "transactions": [item.transaction.transaction_id for item in items],
            "wrong_client": wrong_client,
        },
    )
