"""The rows of a push judged once more, right before they would go again; what is too late by now.

What was confirmed on another day may be too old today. Such rows go into no new push: they stay
with the account as too late, and the record names them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property

from django.db.models import Q
from django.utils.translation import gettext as _

from bankfeeds import limits, rules
from bankfeeds.models import Actor, BankTransaction, Event, Push, PushStatus, SourceAccount
from bankfeeds.rules import Standing

from .plan import Row

NOT_LEFT = (PushStatus.DRAFT, PushStatus.READY)


@dataclass(frozen=True)
class Again:
    """What sending a push again would do: every row of it that is not left out, judged."""

    judged: list[Row]

    @cached_property
    def going(self) -> list[Row]:
        return [row for row in self.judged if row.goes]

    @cached_property
    def late(self) -> list[Row]:
        """Rows that a rule forbids by now, each with its findings."""
        return [row for row in self.judged if not row.goes]


def again(push: Push, *, today: dt.date, leave_out: Collection[int] = ()) -> Again:
    """Judge its rows for a new push at its place. `leave_out`: primary keys of transactions."""
    items = push.items.select_related("transaction").order_by("position")
    rows = [item.transaction for item in items if item.transaction_id not in leave_out]
    return Again(rules.judge(rows, standing=standing_before(push, today=today)))


def standing_before(push: Push, *, today: dt.date) -> Standing:
    """Where its account stands in front of this push: those that wait behind it do not count."""
    behind = Q(sequence__gt=push.sequence, status__in=NOT_LEFT)
    [line] = SourceAccount.objects.lines([push.account_id]).values()
    others = Push.objects.holding().filter(account__in=line).exclude(pk=push.pk)
    others = others.exclude(behind, account=push.account_id)
    newest = others.order_by("-last_date").values_list("last_date", flat=True).first()
    last = others.order_by("-account", "-sequence").values_list("balance_after", flat=True).first()
    start = push.account.feed_start_date
    return Standing(
        today=today, feed_start=start, newest=newest, balance=last, late_after=limits.late_after()
    )


def list_late(
    push: Push, late: Sequence[Row], replacement: Push | None, *, by: Actor, now: dt.datetime
) -> None:
    """Write down by transaction what is lost for the feed; the rows stay free and too late."""
    listed = [
        {
            "id": row.row.transaction_id,
            "date": row.row.date.isoformat(),
            "code": next(r.code for r in row.findings if r.severity is rules.Severity.ERROR),
        }
        for row in late
    ]
    dates = [row.row.date for row in late]
    Event.objects.record(
        "push.too_late",
        by=by,
        at=now,
        words=_too_late([row.row for row in late], replacement),
        before={"rows": push.rows},
        after={
            "count": len(listed),
            "from": min(dates).isoformat(),
            "to": max(dates).isoformat(),
            "transactions": listed,
            "replacement": replacement.pk if replacement else None,
        },
        push=push,
    )


def _too_late(rows: Sequence[BankTransaction], replacement: Push | None) -> str:
    ids = [row.transaction_id for row in rows]
    named = ", ".join(ids[:10]) + (f" … ({len(ids)})" if len(ids) > 10 else "")
    text = _("Too late for the feed: %(ids)s.") % {"ids": named}
    if replacement is None:
        return text
    rest = _("The rest went into push #%(id)d.") % {"id": replacement.pk}
    return f"{text} {rest}"
