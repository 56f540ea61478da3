"""What keeps everything from leaving, and the first day on which that costs something."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from bankfeeds import ageing, health, holding
from bankfeeds.admin import at_a_glance
from bankfeeds.models import Incident, PushStatus
from tests import support
from tests.admin import pushes

DAY = dt.timedelta(days=1)
S = PushStatus


def push(status: PushStatus, *ages: int) -> None:
    """Of one row for each age in days."""
    account = support.make_account()
    rows = [
        support.make_transactions(account, ["1.00"], date=support.today() - age * DAY)[0]
        for age in ages
    ]
    support.make_push(account, rows, status=status)


def loss() -> health.Loss:
    return health.loss(today=support.today())


@pytest.mark.parametrize(
    "status", [S.READY, S.SENDING, S.RECONCILING, S.FAILED, S.TIMED_OUT, S.NEEDS_REVIEW]
)
def test_confirmed_and_undecided_rows_get_too_late(db: None, status: PushStatus) -> None:
    push(status, 5, 2)
    assert loss() == health.Loss(support.today() + 3 * DAY, 0)


@pytest.mark.parametrize("status", [S.SUBMITTED, S.SUCCEEDED, S.CANCELLED])
def test_what_is_at_codat_or_was_stopped_does_not(db: None, status: PushStatus) -> None:
    push(status, 5)
    assert loss() == health.Loss(None, 0)


def test_rows_that_nobody_confirmed_get_too_late_as_well(db: None) -> None:
    account = support.make_account()
    support.make_transactions(account, ["1.00"], date=support.today() - 8 * DAY)
    support.make_transactions(
        support.make_account(not_wanted_at=timezone.now()), date=support.today() - 7 * DAY
    )
    assert loss() == health.Loss(None, 0)
    support.make_transactions(account, ["1.00"], date=support.today() - 6 * DAY)
    assert loss() == health.Loss(support.today() + 2 * DAY, 0)
    push(S.READY, 4)
    assert loss() == health.Loss(support.today() + 2 * DAY, 0)


def test_a_refused_push_counts_until_it_is_settled(db: None) -> None:
    from bankfeeds import pushing
    from bankfeeds.models import Decision

    refused = pushes.refused(date=support.today() - 3 * DAY)
    assert loss().first == support.today() + 5 * DAY
    pushing.decide(
        refused, Decision.GIVE_UP, reason="no", by=pushes.BY, now=timezone.now(),
        leave_out=[item.transaction_id for item in refused.items.all()],
    )  # fmt: skip
    assert loss().first is None


def test_what_is_too_late_is_said_and_the_next_day_is_that_of_a_row(db: None) -> None:
    push(S.READY, 9, 8, 4)
    assert loss() == health.Loss(support.today() + 4 * DAY, 1)
    push(S.READY, 3)
    assert loss() == health.Loss(support.today() + 4 * DAY, 1)
    push(S.READY, 7)
    assert loss() == health.Loss(support.today() + DAY, 1)


def test_a_push_whose_every_row_is_too_late_has_no_next_day(db: None) -> None:
    push(S.READY, 9, 8)
    push(S.NEEDS_REVIEW, 30)
    assert loss() == health.Loss(None, 1)


def test_without_trouble_two_small_questions(db: None, django_assert_num_queries: Any) -> None:
    now = timezone.now()
    health.beat(now=now)
    push(S.READY, 5)
    with django_assert_num_queries(2):
        seen = at_a_glance.look()
        assert health.troubles(now=now, others=False) == health.Troubles()
    assert seen == at_a_glance.Glance()


def test_all_troubles_at_once(db: None, django_assert_num_queries: Any) -> None:
    now = timezone.now()
    push(S.READY, 5)
    for kind in Incident.Kind:
        Incident.objects.create(kind=kind, started_at=now)
        Incident.objects.create(kind=kind, started_at=now, ended_at=now)
    stop, _ = holding.stop_sending(reason="audit", by=pushes.BY, now=now)
    seen = at_a_glance.look()
    assert (seen.incidents, seen.stops) == (2, 1)
    with django_assert_num_queries(5):
        found = health.troubles(now=now, others=True)
    assert found.worker == health.Stopped(None)
    assert found.outage is not None and found.outage.ended_at is None
    assert found.refused is not None and found.refused.ended_at is None
    assert found.everything == stop
    assert found.loss.first == support.today() + 3 * DAY


def test_stops_of_one_client_are_no_trouble_of_all(db: None) -> None:
    now = timezone.now()
    health.beat(now=now)
    account = support.make_account()
    holding.stop_sending(account=account, reason="audit", by=pushes.BY, now=now)
    holding.stop_sending(company=account.company, reason="audit", by=pushes.BY, now=now)
    assert at_a_glance.look() == at_a_glance.Glance()
    assert health.troubles(now=now, others=True) == health.Troubles()


@pytest.mark.parametrize(
    ("of_account", "of_connection", "counts"),
    [
        ({"status": "pending"}, {}, True),
        ({"status": "disconnected"}, {}, True),
        ({}, {"status": "Unlinked"}, True),
        ({"not_wanted_at": timezone.now()}, {}, False),
        ({"gone_at": timezone.now()}, {}, False),
        ({}, {"gone_at": timezone.now()}, False),
    ],
)
def test_rows_of_accounts_that_are_not_connected_age_as_well(
    db: None, of_account: dict[str, Any], of_connection: dict[str, Any], counts: bool
) -> None:
    tie = support.make_connection(**of_connection)
    account = support.make_account(tie, feed_start_date=None, **of_account)
    support.make_transactions(account, ["1.00"], date=support.today() + DAY)
    assert loss() == health.Loss(None, 0), "a row of the future can still go"
    support.make_transactions(account, ["1.00"], date=support.today() - 3 * DAY)
    assert loss().first == (support.today() + 5 * DAY if counts else None)
    if of_connection.get("status") == "Unlinked":
        # Its rows go on with the account of the next connection, or not at all.
        support.make_connection(account.company)
        assert loss() == health.Loss(None, 0)


def test_the_first_row_that_waits_is_looked_for_in_the_order_of_the_index(db: None) -> None:
    """From the first date on that an account can still send: not through all that was sent."""
    account = support.make_account(feed_start_date=None)
    support.make_transactions(account)
    # Enough of what was left behind that the statistics of an empty table choose nothing.
    support.make_transactions(account, ["1.00"] * 2000, date=support.today() - 30 * DAY)
    with CaptureQueriesContext(connection) as asked:
        ageing.first_waiting(today=support.today())
    (query,) = asked.captured_queries
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # What other tests left in its statistics must not choose for a table of three rows.
            cursor.execute("ANALYZE bankfeeds_banktransaction")
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute(f"EXPLAIN {query['sql']}")
        else:
            cursor.execute(f"EXPLAIN QUERY PLAN {query['sql']}")
        plan = "\n".join(str(line) for line in cursor.fetchall())
    assert "transaction_feed_order" in plan, plan
    assert "SCAN bankfeeds_banktransaction" not in plan, plan
    assert "Seq Scan on bankfeeds_banktransaction" not in plan, plan


def test_what_was_looked_for_long_is_not_looked_for_on_every_page(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = support.make_account(feed_start_date=None)
    support.make_transactions(account, ["1.00"])
    monkeypatch.setattr(health, "SLOW", -1.0)
    monkeypatch.setattr(health, "KEPT_FOR", 10_000)
    try:
        first = loss()
        support.make_transactions(account, ["1.00"], date=support.today() - DAY)
        assert loss() == first
        cache.clear()
        assert loss() != first
    finally:
        cache.clear()
