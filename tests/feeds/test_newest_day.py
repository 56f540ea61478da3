"""Each schedule knows the newest day that its feed ran on, whoever writes it down and when."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from bankfeeds.models import FeedRun, FeedSchedule, SourceAccount

from .support import DAY, TODAY, make_account, schedule

pytestmark = pytest.mark.django_db


def row(account: SourceAccount, day: dt.date) -> FeedRun:
    return FeedRun(account=account, day=day, ran_at=timezone.now(), outcome="nothing")


def newest(account: SourceAccount) -> dt.date:
    return FeedSchedule.objects.get(pk=account.pk).newest_day


def test_it_only_grows() -> None:
    account, other = make_account(), make_account()
    schedule(account)
    schedule(other)
    assert newest(account) == dt.date.min
    row(account, TODAY).save()
    row(account, TODAY - DAY).save()
    assert newest(account) == TODAY
    assert newest(other) == dt.date.min


def test_a_day_that_is_completed_later_changes_nothing() -> None:
    account = make_account()
    schedule(account)
    early = row(account, TODAY - DAY)
    early.save()
    row(account, TODAY).save()
    early.outcome = "pushed"
    early.save(update_fields=["outcome"])
    assert newest(account) == TODAY


def test_many_at_once() -> None:
    accounts = [make_account() for _ in range(3)]
    for account in accounts:
        schedule(account)
    days = [TODAY, TODAY - DAY, TODAY - 2 * DAY]
    FeedRun.objects.bulk_create(row(*each) for each in zip(accounts, days, strict=True))
    FeedRun.objects.bulk_create([row(accounts[0], TODAY - DAY)])
    assert [newest(account) for account in accounts] == days


def test_a_schedule_made_after_its_runs_knows_them() -> None:
    account = make_account()
    row(account, TODAY).save()
    schedule(account)
    assert newest(account) == TODAY
