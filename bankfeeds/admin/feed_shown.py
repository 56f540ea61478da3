"""What is shown of feeds that run by themselves: of one account, and in the lists."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.utils import timezone
from django.utils.translation import gettext as _

from bankfeeds import feeds
from bankfeeds.feeds import BusinessDays, Losses
from bankfeeds.models import Closure, FeedRun, FeedSchedule, SourceAccount
from bankfeeds.models.mirror import Country
from bankfeeds.words import Word
from bankfeeds.words import feeds as feed_words

RUNS = 7


@dataclass(frozen=True)
class Run:
    row: FeedRun
    word: Word


@dataclass(frozen=True)
class Line:
    """Of one account among others."""

    account: SourceAccount
    schedule: FeedSchedule | None
    word: Word
    next_run: str


@dataclass(frozen=True)
class Feed:
    """Of one account: whether it runs by itself, when next, how it went, what came too late."""

    account: SourceAccount
    schedule: FeedSchedule | None
    word: Word
    next_run: str
    runs: list[Run]
    lost: Losses


def feed(account: SourceAccount, *, now: dt.datetime) -> Feed:
    """The schedule's section on an account's page; five questions."""
    schedule = FeedSchedule.objects.filter(pk=account.pk).first()
    runs = list(FeedRun.objects.filter(account=account).order_by("-day")[:RUNS])
    today = timezone.localdate(now)
    return Feed(
        account=account,
        schedule=schedule,
        word=feed_words.state(schedule),
        next_run=_next_run(
            schedule,
            country=account.company.country,
            ran_today=any(run.day == today for run in runs),
            days=BusinessDays.around(today),
            now=now,
        ),
        runs=[Run(row, feed_words.run(row)) for row in runs],
        lost=feeds.losses(account, today=today),
    )


def schedules(rows: QuerySet[FeedSchedule], *, today: dt.date) -> QuerySet[FeedSchedule]:
    """Schedules with their account, `ran_today`, and `last_day`, `last_outcome`, `last_words`."""
    runs = FeedRun.objects.filter(account=OuterRef("pk")).order_by("-day")
    rows = rows.select_related("account__company", "account__connection")
    rows = rows.defer("account__sealed_body", "account__connection__link_url")
    return rows.annotate(
        ran_today=Exists(runs.filter(day=today)),
        last_day=Subquery(runs.values("day")[:1]),
        last_outcome=Subquery(runs.values("outcome")[:1]),
        last_words=Subquery(runs.values("words")[:1]),
    )


def place(rows: Iterable[Any], *, now: dt.datetime) -> None:
    """Put `next_run` on each schedule read by `schedules`; one question for all."""
    days = BusinessDays.around(timezone.localdate(now))
    for row in rows:
        row.next_run = _next_run(
            row, country=row.account.company.country, ran_today=row.ran_today, days=days, now=now
        )


def of_accounts(accounts: Sequence[SourceAccount], *, now: dt.datetime) -> list[Line]:
    """How each of them runs now; as many questions for ten as for one."""
    today = timezone.localdate(now)
    found = schedules(FeedSchedule.objects.filter(pk__in=[a.pk for a in accounts]), today=today)
    rows: dict[int, Any] = {row.pk: row for row in found}
    place(rows.values(), now=now)
    lines = []
    for account in accounts:
        row = rows.get(account.pk)
        lines.append(Line(account, row, feed_words.state(row), row.next_run if row else ""))
    return lines


def country_of(row: Closure) -> str:
    """Whose banks are closed on that day."""
    return str(dict(Country.choices).get(row.country, _("Both countries")))


def last_run(row: Any) -> Word | None:
    """Of a schedule read by `schedules`."""
    if row.last_day is None:
        return None
    return feed_words.run(FeedRun(day=row.last_day, outcome=row.last_outcome, words=row.last_words))


def _next_run(
    schedule: FeedSchedule | None,
    *,
    country: str,
    ran_today: bool,
    days: BusinessDays,
    now: dt.datetime,
) -> str:
    if schedule is None:
        return ""
    day = feeds.next_day(schedule, country=country, days=days, ran_today=ran_today, now=now)
    return feed_words.next_run(schedule, day)
