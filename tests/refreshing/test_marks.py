"""A disconnect, however it is learned of, marks what may not have reached QuickBooks. Once."""

from __future__ import annotations

import datetime as dt
import threading
from typing import Any

import pytest
from django.db import connection as database
from django.utils import timezone

from bankfeeds import marks, sync
from bankfeeds.codat.client import Client
from bankfeeds.models import Actor, Event, Push, PushMark, PushStatus, SourceAccount
from bankfeeds.models.record import SCHEDULE, WEBHOOK
from tests import support
from tests.support import Onboarded

pytestmark = pytest.mark.django_db(transaction=True)


def succeeded(account: SourceAccount, *, days_ago: float) -> Push:
    at = timezone.now() - dt.timedelta(days=days_ago)
    return support.make_push(
        account, status=PushStatus.SUCCEEDED, requested_at=at, submitted_at=at, ended_at=at
    )


def set_status(them: Onboarded, status: str) -> None:
    support.control(
        "status",
        connectionId=str(them.connection.codat_id),
        accountIds=[row.account_id for row in them.accounts],
        status=status,
    )


def refresh(them: Onboarded, client: Client, by: Actor, *, later: float = 0) -> None:
    def clock() -> dt.datetime:
        return timezone.now() + dt.timedelta(seconds=later)

    sync.refresh_connection(them.connection, client=client, by=by, clock=clock)


@pytest.mark.parametrize("by", [SCHEDULE, WEBHOOK], ids=lambda by: str(by.origin))
def test_what_succeeded_in_the_ten_days_before_is_marked_once(
    onboarded: Onboarded, codat: Client, by: Actor
) -> None:
    account, other = onboarded.accounts
    fresh = [succeeded(account, days_ago=9.9), succeeded(account, days_ago=0)]
    succeeded(account, days_ago=10.1)
    support.make_push(account, status=PushStatus.FAILED, ended_at=timezone.now())
    succeeded(support.make_account(), days_ago=1)
    set_status(onboarded, "disconnected")
    for _ in range(2):
        refresh(onboarded, codat, by)
    marked = PushMark.objects.order_by("push_id")
    assert [mark.push for mark in marked] == fresh
    assert {(mark.kind, mark.made_by) for mark in marked} == {("may_be_missing", by.name)}
    assert {push.status for push in Push.objects.filter(pk__in=[p.pk for p in fresh])} == {
        PushStatus.SUCCEEDED
    }
    told = Event.objects.get(action="account.marked")
    assert told.account == account and f"#{fresh[0].pk}" in told.words
    assert not marks.perhaps_missing(other).exists()


def test_ten_days_are_counted_from_the_last_look_at_which_it_was_connected(
    onboarded: Onboarded, codat: Client, actor: Actor
) -> None:
    """Codat was away from Friday to Monday: it may have turned on Friday."""
    account = onboarded.accounts[0]
    looked_at = timezone.now() - dt.timedelta(days=3)
    SourceAccount.objects.filter(pk=account.pk).update(status_as_of=looked_at)
    succeeded(account, days_ago=13.1)
    fresh = succeeded(account, days_ago=12.9)
    set_status(onboarded, "disconnected")
    refresh(onboarded, codat, actor)
    assert list(marks.perhaps_missing(account)) == [fresh]


def test_what_ends_while_the_account_is_disconnected_is_marked_too(
    onboarded: Onboarded, codat: Client, actor: Actor
) -> None:
    account = onboarded.accounts[0]
    set_status(onboarded, "disconnected")
    refresh(onboarded, codat, actor)
    late = succeeded(account, days_ago=0)
    refresh(onboarded, codat, actor, later=1)
    assert list(marks.perhaps_missing(account)) == [late]


def test_what_was_seen_to_is_not_marked_a_second_time(
    onboarded: Onboarded, codat: Client, actor: Actor
) -> None:
    account = onboarded.accounts[0]
    push = succeeded(account, days_ago=1)
    set_status(onboarded, "disconnected")
    refresh(onboarded, codat, actor)
    assert marks.see_to(account, [push.pk], words="they have it", by=actor, now=timezone.now())
    assert not marks.see_to(account, [push.pk], words="again", by=actor, now=timezone.now())
    for status in ("connected", "disconnected"):
        set_status(onboarded, status)
        refresh(onboarded, codat, actor)
    assert list(push.marks.values_list("kind", flat=True)) == ["may_be_missing", "seen_to"]
    assert not marks.perhaps_missing(account).exists()


def test_two_who_learn_it_at_once_mark_once(
    onboarded: Onboarded, codat: Client, actor: Actor
) -> None:
    succeeded(onboarded.accounts[0], days_ago=1)
    set_status(onboarded, "disconnected")
    start = threading.Barrier(2)

    def learn() -> None:
        try:
            start.wait(5)
            refresh(onboarded, codat, actor)
        finally:
            database.close()

    threads = [threading.Thread(target=learn) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert PushMark.objects.count() == 1
    assert Event.objects.filter(action="account.status", account=onboarded.accounts[0]).count() == 1


def test_an_older_answer_does_not_overwrite_a_newer_one(
    onboarded: Onboarded, codat: Client, actor: Actor, monkeypatch: Any
) -> None:
    """Asked before the disconnect, answered after somebody else has heard of it."""
    read = Client.list_source_accounts

    def slow(self: Client, *place: Any) -> Any:
        answer = read(self, *place)
        monkeypatch.setattr(Client, "list_source_accounts", read)
        set_status(onboarded, "disconnected")
        refresh(onboarded, codat, actor)
        return answer

    monkeypatch.setattr(Client, "list_source_accounts", slow)
    refresh(onboarded, codat, actor)
    assert set(SourceAccount.objects.values_list("status", flat=True)) == {"disconnected"}
    assert Event.objects.filter(action="account.status").count() == 2
