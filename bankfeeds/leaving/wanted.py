"""An account that the client does not want in QuickBooks: ours alone, Codat is told nothing."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from bankfeeds.models import Actor, Event, FeedSchedule, SourceAccount
from bankfeeds.models.record import demand_reason
from bankfeeds.pushing.confirm import lock_all

from .order import stop_waiting


def mark_not_wanted(account: SourceAccount, *, reason: str, by: Actor, now: dt.datetime) -> bool:
    """No reminders, nothing is sent; what waits is stopped, what is on its way goes on.

    False when it was marked before. Raises Blocked when a push left in this moment.
    """
    demand_reason(reason)
    with transaction.atomic():
        lock_all([account.pk])
        rows = SourceAccount.objects.filter(pk=account.pk, not_wanted_at=None)
        if not rows.update(not_wanted_at=now):
            return False
        stop_waiting([account.pk], reason=reason, by=by, now=now)
        Event.objects.record("account.not_wanted", by=by, at=now, account=account, reason=reason)
    return True


def want_again(account: SourceAccount, *, reason: str, by: Actor, now: dt.datetime) -> bool:
    """It counts again; False when it did already."""
    demand_reason(reason)
    with transaction.atomic():
        begin_anew([account.pk], now=now)
        lock_all([account.pk])
        rows = SourceAccount.objects.filter(pk=account.pk).exclude(not_wanted_at=None)
        if not rows.update(not_wanted_at=None):
            transaction.set_rollback(True)
            return False
        Event.objects.record("account.wanted", by=by, at=now, account=account, reason=reason)
    return True


def begin_anew(accounts: list[int], *, now: dt.datetime) -> None:
    """The days on which nothing was to run were not missed: their feeds begin now.

    Schedules before accounts, as a run takes them: neither waits for the other for ever.
    """
    schedules = FeedSchedule.objects.select_for_update().filter(pk__in=accounts)
    list(schedules.order_by("pk").values_list("pk"))
    FeedSchedule.objects.filter(pk__in=accounts).update(changed_at=now)
