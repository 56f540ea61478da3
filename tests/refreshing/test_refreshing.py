"""The background refresh: who is due, how much, by which call, and what ends a round quietly."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.utils import timezone

from bankfeeds import budget, conf, doorbell, refreshing, tasks
from bankfeeds.models import CallBudget, Connection, Event, Heartbeat, Incident, SourceAccount
from tests import support
from tests.onboarding.orders import connection_reads, order, seen
from tests.support import Onboarded, queued

pytestmark = pytest.mark.django_db(transaction=True)

HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)


def as_of(connection: Connection, ago: dt.timedelta, **columns: Any) -> Connection:
    then = timezone.now() - ago
    SourceAccount.objects.filter(connection=connection).update(status_as_of=then, **columns)
    return connection


def client_seen(ago: dt.timedelta, *, link_ago: dt.timedelta | None = None, **columns: Any) -> int:
    """A client of our tables alone, whose accounts were read so long ago."""
    issued = timezone.now() - link_ago if link_ago is not None else None
    account = support.make_account(support.make_connection(link_issued_at=issued))
    return as_of(account.connection, ago, **columns).pk


def carry_out() -> int:
    line = budget.Line()
    client = conf.client(on_answer=line.heard)
    return refreshing.carry_out(client=client, line=line, clock=timezone.now)


def reads() -> int:
    return len(seen("GET", ending="/bankFeedAccounts"))


def test_after_a_day_it_is_read_again_by_source_accounts_alone(onboarded: Onboarded) -> None:
    as_of(onboarded.connection, DAY * 1.01, status="pending", feed_start_date=None)
    before = reads()
    tasks.refresh()
    assert reads() == before + 1 and connection_reads() == []
    assert set(SourceAccount.objects.values_list("status", flat=True)) == {"connected"}
    told = Event.objects.filter(action="account.status")
    assert {event.origin for event in told} == {"schedule"} and told.count() == 2
    assert refreshing.due(timezone.now()) == []
    assert not SourceAccount.objects.exclude(claimed_until=None).exists()


def test_who_is_due_and_in_which_order(transactional_db: None) -> None:
    """A fresh link first, every few minutes; then hourly for a day; then daily, oldest first."""
    recent, minutes = dt.timedelta(minutes=2), dt.timedelta(minutes=4)
    client_seen(DAY * 0.9, link_ago=DAY * 3, status="pending")
    client_seen(recent, link_ago=minutes, status="pending")
    client_seen(minutes, link_ago=HOUR * 2, status="pending")
    client_seen(HOUR * 2, link_ago=HOUR * 2)  # connected by now
    daily = client_seen(DAY * 1.2)
    oldest = client_seen(DAY * 3, status="disconnected")
    hourly = client_seen(HOUR * 2, link_ago=HOUR * 5, status="pending")
    watched = client_seen(minutes, link_ago=minutes, status="disconnected")
    gone = client_seen(DAY * 5)
    Connection.objects.filter(pk=gone).update(gone_at=timezone.now())
    found = refreshing.due(timezone.now())
    assert found[:2] == [hourly, watched] and found[2:] == [oldest]
    SourceAccount.objects.filter(connection=oldest).update(status_as_of=timezone.now())
    assert refreshing.due(timezone.now())[2:] == [daily]


def test_a_round_is_bounded_and_spread_over_the_day(
    transactional_db: None, django_assert_max_num_queries: Any
) -> None:
    for _ in range(30):
        client_seen(DAY * 2, status="pending")
    with django_assert_max_num_queries(3):
        # 30 connections have their turn within half a day: one in each half minute is plenty.
        assert len(refreshing.due(timezone.now())) == 1
    Connection.objects.update(link_issued_at=timezone.now())
    assert len(refreshing.due(timezone.now())) == refreshing.MOST


def test_the_sweep_rings_for_one_round_in_half_a_minute(transactional_db: None) -> None:
    now = timezone.now()
    assert not refreshing.ring_due(now=now)  # nobody is due
    client_seen(DAY * 2)
    assert not refreshing.ring_due(now=now + refreshing.ROUND_EVERY / 2)
    later = now + refreshing.ROUND_EVERY * 2
    assert [refreshing.ring_due(now=later) for _ in range(3)] == [True, False, False]
    assert queued() == [(doorbell.REFRESH, ())]
    # A clock that was set back does not stop the rounds.
    assert refreshing.ring_due(now=now - DAY / 2)
    assert Heartbeat.objects.get(name=refreshing.ROUND).beat_at == now - DAY / 2


def test_nothing_is_read_when_the_budget_says_no(onboarded: Onboarded) -> None:
    as_of(onboarded.connection, DAY * 2)
    until = timezone.now() + HOUR
    CallBudget.objects.create(tokens=5, filled_at=timezone.now(), not_before=until, held_words="x")
    before = reads()
    assert carry_out() == 0 and reads() == before
    assert refreshing.due(timezone.now()) == [onboarded.connection.pk]  # nobody claimed it


@pytest.mark.parametrize("fault", ["500-before", "429", "401"])
def test_trouble_at_codat_ends_the_round_quietly(onboarded: Onboarded, fault: str) -> None:
    second = support.onboard(accounts=1)
    as_of(onboarded.connection, DAY * 3)
    as_of(second.connection, DAY * 2)
    SourceAccount.objects.filter(connection__isnull=False).update(status="pending")
    Connection.objects.update(link_issued_at=timezone.now())
    order(fault, method="GET", path=str(onboarded.connection.codat_id), times=9)
    before = reads()
    assert carry_out() == 0
    other = str(second.connection.codat_id)
    assert all(other not in request["path"] for request in seen("GET")[before:])
    # It lets the others go first the next time.
    assert refreshing.due(timezone.now()) == [second.connection.pk]
    if fault == "401":
        assert Incident.objects.open().get().kind == Incident.Kind.REFUSED
        assert carry_out() == 0
    elif fault == "500-before":
        assert carry_out() == 1


def test_what_codat_no_longer_has_is_marked_and_does_not_stop_the_others(
    onboarded: Onboarded, codat: Any
) -> None:
    second = support.onboard(accounts=1)
    codat.delete_connection(str(onboarded.company.codat_id), str(onboarded.connection.codat_id))
    for them in (onboarded, second):
        as_of(them.connection, DAY * 2, status="pending")
    Connection.objects.update(link_issued_at=timezone.now())
    assert carry_out() == 2
    onboarded.connection.refresh_from_db()
    assert onboarded.connection.gone_at and refreshing.due(timezone.now()) == []


def test_two_rounds_at_once_read_each_connection_once(onboarded: Onboarded) -> None:
    as_of(onboarded.connection, DAY * 2)
    now = timezone.now()
    assert refreshing._claim(onboarded.connection.pk, now=now) == onboarded.connection
    assert refreshing._claim(onboarded.connection.pk, now=now) is None
    assert carry_out() == 0
    # Whoever was killed in it holds it up for a while only.
    assert refreshing._claim(onboarded.connection.pk, now=now + refreshing.TRY_AGAIN)
