"""One that is odd, broken or deadly, and all the others of the same round: they go on."""

from __future__ import annotations

import datetime as dt
import importlib
from dataclasses import replace
from typing import Any

import pytest
from django.db import OperationalError
from django.utils import timezone

from bankfeeds import conf, pushing, tasks
from bankfeeds.codat import errors
from bankfeeds.codat.reading import ShapeError, parse_moment
from bankfeeds.feeds import run as running
from bankfeeds.models import (
    Decision,
    FeedRun,
    FeedSchedule,
    Push,
    PushStatus,
    SourceAccount,
)
from bankfeeds.pushing import mend, outcome
from bankfeeds.pushing.claim import claim
from bankfeeds.pushing.settle import settle
from tests import support
from tests.feeds.support import TODAY, arrive, daily, day_of, moment, run
from tests.pushing.hostile import HOUR, SECOND, Odd, deliver, look, settled, unsent, writes
from tests.pushing.test_delivery import BY, again, confirmed, expire_leases, fault

delivering = importlib.import_module("bankfeeds.pushing.deliver")
S = PushStatus
DAY = dt.timedelta(days=1)
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("kind", [S.TIMED_OUT, S.NEEDS_REVIEW])
def test_a_schedule_does_not_send_what_was_given_up_as_unknown(
    sandbox: object, kind: PushStatus
) -> None:
    (push,) = confirmed()
    fault("422-after" if kind == S.NEEDS_REVIEW else "op-timedout-after")
    deliver()
    settled()
    look()
    assert again(push).status == kind
    later = timezone.now() + SECOND
    pushing.look([again(push)], client=conf.client(), now=later)
    pushing.decide(again(push), Decision.GIVE_UP, reason="nobody knows", by=BY, now=later)
    FeedSchedule.objects.filter(account=push.account).delete()
    FeedSchedule.objects.create(
        account=push.account,
        is_on=True,
        at=dt.time(0, 0),
        changed_at=timezone.now() - 9 * DAY,
        changed_by="manager",
    )
    day = running.carry_out(push.account_id, support.today(), now=timezone.now())
    deliver()
    assert day is not None
    assert day.outcome == FeedRun.Outcome.HELD
    assert f"push #{push.pk}" in day.words
    assert len(writes(push)) == 1


def test_one_write_that_cannot_be_read_starves_no_other_of_its_company(sandbox: object) -> None:
    odd, good = confirmed(accounts=2)
    deliver()
    settled()
    deliver()
    settled()
    for ago, then in ((3 * HOUR, S.SUBMITTED), (25 * HOUR, S.TIMED_OUT)):
        since = timezone.now() - ago
        Push.objects.filter(status=S.SUBMITTED).update(submitted_at=since)
        key = again(odd).push_operation_key
        support.order_fault("object-200", method="GET", path=f"/push/{key}")
        look()
        assert again(good).status == S.SUCCEEDED
        assert again(odd).status == then


@pytest.mark.django_db
def test_what_surely_did_not_leave_is_not_in_doubt_any_more() -> None:
    """The worker is held up for so long that others think it dead; then it says that it did not
    send."""
    push = unsent()
    (claimed,) = claim(1, now=timezone.now())
    expire_leases()
    mend.mend(now=timezone.now())
    assert again(push).unsure_since is not None
    held_up = errors.NotSent("the worker was held up before it could send")
    verdict = outcome.not_accepted(claimed, held_up, now=timezone.now(), outage=False)
    settle([verdict], now=timezone.now())
    assert again(push).status == S.READY
    assert again(push).unsure_since is None
    # Nor is it left behind once its rows are too old.
    assert pushing.recut_due(now=timezone.now() + 9 * DAY) == 1


def test_a_push_that_kills_every_worker_ends_with_a_person(sandbox: object, settings: Any) -> None:
    settings.PUSH_SETTLE = 0
    (push,) = confirmed()
    for _ in range(2 * outcome.MOST_TRIES):
        Push.objects.filter(status=S.SENDING).update(next_attempt_at=timezone.now())
        claim(1, now=timezone.now())
        expire_leases()
        mend.mend(now=timezone.now())
        if again(push).status == S.NEEDS_REVIEW:
            break
        if again(push).status == S.RECONCILING:
            look()
    assert again(push).status == S.NEEDS_REVIEW


@pytest.mark.django_db
def test_no_moment_is_read_that_cannot_be_told_in_utc() -> None:
    for words in ("9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00"):
        with pytest.raises(ShapeError):
            parse_moment(words)


def test_one_odd_company_does_not_stop_the_round(sandbox: object) -> None:
    (odd,), (good,) = confirmed(), confirmed()
    fault("500-after", times=2)
    deliver()
    settled()
    there = odd.company.id_there

    def listed(company: Any) -> Any:
        operations = list(conf.client().list_operations(company))
        # Not even of the shape that the client promises.
        return iter([replace(o, status=None) if company == there else o for o in operations])  # type: ignore[arg-type]

    look(client=Odd(list_operations=listed))
    assert again(odd).status == S.RECONCILING
    assert again(good).status == S.SUBMITTED


@pytest.mark.django_db
def test_one_account_of_which_no_plan_can_be_made_stops_no_feed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first, second = daily(), daily()
    noon = moment(TODAY, "12:00")
    for account in (first, second):
        arrive(account, noon, date=TODAY)
    plan = pushing.plan

    def broken(accounts: list[SourceAccount], **how: Any) -> pushing.Plan:
        if accounts[0].pk == first.pk:
            raise ValueError("a fault of ours")
        return plan(accounts, **how)

    monkeypatch.setattr(pushing, "plan", broken)
    assert run(noon) == 2
    assert (day_of(first).outcome, day_of(second).outcome) == ("held", "pushed")


def test_trouble_with_the_database_costs_no_answer(
    sandbox: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    pushes = [confirmed()[0] for _ in range(2)]
    calls = []
    real = delivering.claim

    def flaky(*what: Any, **how: Any) -> Any:
        calls.append(what)
        if len(calls) == 2:
            raise OperationalError("deadlock detected")
        return real(*what, **how)

    monkeypatch.setattr(delivering, "claim", flaky)
    monkeypatch.setattr(delivering, "LOOK_EVERY", 0.0)
    fault("hang-0.3", times=2)
    tasks.deliver()
    assert len(calls) > 1
    assert [again(push).status for push in pushes] == [S.SUBMITTED] * 2
