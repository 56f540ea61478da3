"""Where each transaction stands: waiting, blocked, in a push, left out, too late."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from bankfeeds import limits, rules, words
from bankfeeds.models import BankTransaction, Push


def place(rows: Sequence[Any], *, today: dt.date) -> None:
    """Put `state_word` on each transaction; `held` are its items that no push has released."""
    newest = Push.objects.newest_dates({row.account_id for row in rows})
    for row in rows:
        standing = rules.Standing(
            today=today,
            feed_start=row.account.feed_start_date,
            newest=newest.get(row.account_id),
            late_after=limits.late_after(),
        )
        [judged] = rules.judge([row], standing=standing)
        push = row.held[-1].push_id if row.held else None
        row.state_word = words.transaction(row, push=push, findings=judged.findings, today=today)


def late(rows: QuerySet[BankTransaction], *, today: dt.date) -> QuerySet[BankTransaction]:
    """Of free rows those that `place` calls too late."""
    oldest = today - rules.FEED_WINDOW
    return rows.filter(Q(date__lt=oldest) | (Q(date__lte=today) & _in_feed() & _overtaken(oldest)))


def blocked(rows: QuerySet[BankTransaction], *, today: dt.date) -> QuerySet[BankTransaction]:
    """Of free rows those that `place` calls blocked; none is ever saved without id or words."""
    oldest = today - rules.FEED_WINDOW
    return rows.filter(Q(date__gt=today) | (Q(date__gte=oldest) & ~_in_feed()))


def waiting(rows: QuerySet[BankTransaction], *, today: dt.date) -> QuerySet[BankTransaction]:
    """Of free rows those that can go."""
    oldest = today - rules.FEED_WINDOW
    in_days = Q(date__gte=oldest, date__lte=today)
    return rows.filter(in_days & _in_feed() & ~_overtaken(oldest))


def _in_feed() -> Q:
    start = "account__feed_start_date"
    return Q(**{f"{start}__isnull": True}) | Q(date__gte=F(start))


def _overtaken(oldest: dt.date) -> Exists:
    """A newer row of the account, or of one that it goes on from, was sent or is about to be."""
    # No push of such rows can have been confirmed before their first day.
    since = timezone.make_aware(dt.datetime.combine(oldest - dt.timedelta(days=1), dt.time.min))
    line = ("account", "account__follows", "account__follows__follows")
    mine = reduce(or_, (Q(account=OuterRef(one)) for one in line))
    newer = Push.objects.holding().filter(
        mine, requested_at__gte=since, last_date__gt=OuterRef("date")
    )
    return Exists(newer)
