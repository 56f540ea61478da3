"""Delivery against the sandbox: every answer of Codat has one named outcome."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import uuid
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from bankfeeds import budget, conf, guards, pushing, tasks
from bankfeeds.codat import errors
from bankfeeds.models import (
    Actor,
    CallBudget,
    Event,
    Incident,
    Origin,
    Push,
    PushAttempt,
    PushBody,
    PushStatus,
    SendingStop,
    SourceAccount,
    UnclaimedWrite,
    WrongStep,
)
from bankfeeds.models.states import STEPS
from bankfeeds.pushing import outcome, settle
from bankfeeds.pushing.claim import claim
from tests import support

pytestmark = pytest.mark.django_db(transaction=True)
BY = Actor("somebody", Origin.PERSON)
Drain = Callable[[], None]


def confirmed(*amounts: str, text: str = "", accounts: int = 1) -> list[Push]:
    client = support.onboard(accounts=accounts)
    for account in client.accounts:
        rows = support.make_transactions(account, amounts or ["100.00", "-25.50"])
        if text:
            rows[0].description = text
            rows[0].save()
    return pushing.confirm(
        client.accounts, fingerprint=None, form_key=str(uuid.uuid4()), by=BY, now=timezone.now()
    )


def fault(name: str, *, times: int = 1) -> None:
    support.order_fault(name, path="/push/", times=times)


def expire_leases() -> None:
    Push.objects.update(lease_until=timezone.now() - dt.timedelta(seconds=1))


def again(push: Push) -> Push:
    return Push.objects.get(pk=push.pk)


def test_a_push_is_accepted_and_the_ledger_shows_it_once(sandbox: object, drain: Drain) -> None:
    (push,) = confirmed()
    drain()
    push = again(push)
    attempt = push.attempts.get()
    assert push.status == PushStatus.SUCCEEDED
    assert attempt.outcome == PushAttempt.Outcome.ACCEPTED
    assert push.account.balance == Decimal("1074.50")
    (entry,) = support.ledger()
    assert entry["transactionIds"] == [item.transaction.transaction_id for item in push.items.all()]
    assert entry["pushOperationKey"] == str(push.push_operation_key)
    assert entry["idempotencyKey"] == str(attempt.idempotency_key)
    told = Event.objects.filter(push=push).order_by("id").values_list("action", flat=True)
    assert list(told) == ["push.ready", "push.sending", "push.submitted", "push.succeeded"]


def test_thousands_of_rows_arrive_in_order(sandbox: object, drain: Drain) -> None:
    pushes = confirmed(*["1.00"] * 2100)
    drain()
    assert [again(push).status for push in pushes] == [PushStatus.SUCCEEDED] * 3
    arrived = [ident for entry in support.ledger() for ident in entry["transactionIds"]]
    rows = pushes[0].account.transactions.order_by("id")
    assert arrived == list(rows.values_list("transaction_id", flat=True))


def test_ringing_many_times_sends_once(sandbox: object, drain: Drain) -> None:
    (push,) = confirmed()
    for _ in range(3):
        tasks.deliver()
    drain()
    assert again(push).attempts.count() == 1
    assert len(support.ledger()) == 1


@pytest.mark.parametrize(
    ("name", "result"),
    [
        ("429-2", PushAttempt.Outcome.THROTTLED),
        ("401", PushAttempt.Outcome.HELD),
        ("402", PushAttempt.Outcome.HELD),
        ("403", PushAttempt.Outcome.HELD),
    ],
)
def test_what_was_surely_not_taken_waits_and_goes_later(
    sandbox: object, drain: Drain, name: str, result: str
) -> None:
    (push,) = confirmed()
    fault(name)
    tasks.deliver()
    push = again(push)
    assert push.status == PushStatus.READY
    assert push.hold_reason
    assert push.next_attempt_at
    assert push.next_attempt_at > timezone.now()
    assert push.attempts.get().outcome == result
    Push.objects.update(next_attempt_at=timezone.now())
    Incident.objects.update(ended_at=timezone.now())
    CallBudget.objects.update(not_before=None)
    drain()
    assert again(push).status == PushStatus.SUCCEEDED
    assert len(support.ledger()) == 1


def test_no_network_is_surely_not_sent(sandbox: object, drain: Drain, settings: Any) -> None:
    (push,) = confirmed()
    reachable = settings.CODAT_BASE_URL
    settings.CODAT_BASE_URL = "http://127.0.0.1:9"
    tasks.deliver()
    settings.CODAT_BASE_URL = reachable
    assert again(push).status == PushStatus.READY
    assert again(push).attempts.get().outcome == PushAttempt.Outcome.NOT_SENT
    Push.objects.update(next_attempt_at=timezone.now())
    drain()
    assert again(push).status == PushStatus.SUCCEEDED


@pytest.mark.parametrize(
    ("name", "tries"),
    [
        # The same key and bytes once more: Codat replays its answer, or takes it only now.
        ("reset-before", 2),
        ("reset-after", 2),
        ("empty-200", 2),
        ("half-headers", 2),
        ("half-body", 2),
        ("html-200", 2),
        # Looked up: it is there.
        ("500-after", 1),
        ("503-after", 1),
        # Looked up until it must have shown: it is not there, and goes again under a new key.
        ("500-before", 2),
        ("503", 2),
        ("408", 2),
        ("html", 2),
    ],
)
def test_whatever_may_have_arrived_arrives_exactly_once(
    sandbox: object, drain: Drain, name: str, tries: int
) -> None:
    (push,) = confirmed()
    fault(name)
    drain()
    push = again(push)
    assert push.status == PushStatus.SUCCEEDED
    assert push.unsure_since is None
    assert push.attempts.count() == tries
    assert push.attempts.order_by("number")[0].outcome == PushAttempt.Outcome.UNKNOWN
    assert len(support.ledger()) == 1


def test_a_reused_key_is_our_mistake_and_waits_for_a_person(sandbox: object, drain: Drain) -> None:
    (push,) = confirmed()
    fault("422")
    drain()
    assert again(push).status == PushStatus.NEEDS_REVIEW
    assert support.ledger() == []


@pytest.mark.parametrize("second", ["429-2", "401", "402", "403", "400", "404", "503-after"])
def test_once_unknown_a_refusal_of_the_next_try_proves_nothing(
    sandbox: object, drain: Drain, second: str
) -> None:
    (push,) = confirmed()
    fault("reset-before")
    fault(second)
    tasks.deliver()
    Push.objects.update(next_attempt_at=timezone.now())
    tasks.deliver()
    assert again(push).status == PushStatus.RECONCILING
    Incident.objects.update(ended_at=timezone.now())
    CallBudget.objects.update(not_before=None)
    drain()
    assert again(push).status == PushStatus.SUCCEEDED
    assert len(support.ledger()) == 1


def test_an_answer_that_is_unreadable_twice_is_looked_up(sandbox: object, drain: Drain) -> None:
    (push,) = confirmed(text="coffee fault-empty-200-always")
    drain()
    assert again(push).status == PushStatus.SUCCEEDED
    assert again(push).attempts.count() == 2
    assert len(support.ledger()) == 1


def test_a_key_first_sent_an_hour_ago_is_never_used_again(sandbox: object, drain: Drain) -> None:
    (push,) = confirmed()
    fault("reset-before")
    tasks.deliver()
    old = again(push).idempotency_key
    Push.objects.update(first_sent_at=timezone.now() - dt.timedelta(minutes=61))
    tasks.deliver()
    assert again(push).attempts.count() == 1
    drain()
    assert again(push).status == PushStatus.SUCCEEDED
    assert again(push).idempotency_key != old
    assert len(support.ledger()) == 1


def test_two_writes_that_may_be_it_wait_for_a_person(sandbox: object, drain: Drain) -> None:
    (push,) = confirmed()
    codat = conf.client()
    strange = json.dumps({"accountId": push.account.account_id, "transactions": []}).encode()
    fault("500-after")
    tasks.deliver()
    with contextlib.suppress(errors.CodatError):
        codat.push(
            push.company.id_there,
            push.connection.id_there,
            push.account.account_id,
            push.body.content if strange else b"",
            key=uuid.uuid4(),
        )
    drain()
    assert again(push).status == PushStatus.NEEDS_REVIEW
    assert UnclaimedWrite.objects.count() == 2
    assert again(push).attempts.count() == 1


def test_a_refusal_of_the_key_holds_everything_until_a_person_lets_it_go_on(
    sandbox: object, drain: Drain
) -> None:
    (push,) = confirmed()
    fault("401")
    tasks.deliver()
    others = confirmed()
    drain()
    assert again(push).status == PushStatus.READY
    assert again(others[0]).attempts.count() == 0
    (incident,) = Incident.objects.open()
    assert (incident.kind, incident.http_status) == (Incident.Kind.REFUSED, 401)
    Incident.objects.update(ended_at=timezone.now())
    Push.objects.update(next_attempt_at=None)
    drain()
    assert {again(p).status for p in (push, *others)} == {PushStatus.SUCCEEDED}


def test_after_429_nobody_calls_before_the_time_that_codat_named(
    sandbox: object, drain: Drain
) -> None:
    (push,) = confirmed()
    fault("429-30")
    tasks.deliver()
    others = confirmed()
    drain()
    assert again(others[0]).attempts.count() == 0
    held = budget.closed(now=timezone.now())
    assert held is not None
    assert held.until is not None
    assert 25 < (held.until - timezone.now()).total_seconds() <= 30


def test_many_tries_without_an_answer_end_with_a_person(sandbox: object, drain: Drain) -> None:
    (push,) = confirmed()
    Push.objects.update(tries=12)
    fault("reset-before")
    drain()
    assert again(push).status == PushStatus.NEEDS_REVIEW


def test_while_nobody_answers_one_call_at_a_time_asks_and_nothing_counts(
    sandbox: object, drain: Drain, settings: Any
) -> None:
    pushes = [confirmed()[0] for _ in range(7)]
    silent = timezone.now() - dt.timedelta(seconds=11)
    CallBudget.objects.update_or_create(defaults={"unanswered": 4, "unanswered_since": silent})
    reachable = settings.CODAT_BASE_URL
    settings.CODAT_BASE_URL = "http://127.0.0.1:9"
    tasks.deliver()
    tasks.deliver()
    assert Incident.objects.open().get().kind == Incident.Kind.OUTAGE
    before = PushAttempt.objects.count()
    CallBudget.objects.update(not_before=None)
    Push.objects.update(next_attempt_at=None)
    tasks.deliver()
    assert PushAttempt.objects.count() == before + 1
    tries = set(Push.objects.values_list("tries", flat=True))
    settings.CODAT_BASE_URL = reachable
    CallBudget.objects.update(not_before=None)
    Push.objects.update(next_attempt_at=None)
    drain()
    assert {again(push).status for push in pushes} == {PushStatus.SUCCEEDED}
    assert not Incident.objects.open().exists()
    assert set(Push.objects.values_list("tries", flat=True)) == tries


@pytest.mark.parametrize("name", ["400", "404"])
def test_a_refusal_at_the_door_fails_the_push(sandbox: object, drain: Drain, name: str) -> None:
    (push,) = confirmed()
    fault(name)
    drain()
    assert again(push).status == PushStatus.FAILED
    assert again(push).attempts.get().outcome == PushAttempt.Outcome.REFUSED
    assert support.ledger() == []


def test_a_refused_operation_keeps_codats_reasons(sandbox: object, drain: Drain) -> None:
    (push,) = confirmed(text="coffee fault-op-failed")
    drain()
    push = again(push)
    assert push.status == PushStatus.FAILED
    (reason,) = push.validation["errors"]
    assert reason["item_id"] == push.items.order_by("position")[0].transaction.transaction_id
    assert reason["message"]


def test_an_operation_that_timed_out_waits_for_a_person(sandbox: object, drain: Drain) -> None:
    (push,) = confirmed(text="coffee fault-op-timedout-after")
    drain()
    assert again(push).status == PushStatus.TIMED_OUT
    assert again(push).attempts.count() == 1


def test_a_refused_push_holds_the_later_ones_of_its_account(sandbox: object, drain: Drain) -> None:
    first, second = confirmed(*["1.00"] * 1001, text="coffee fault-op-failed")
    drain()
    assert again(first).status == PushStatus.FAILED
    assert again(second).status == PushStatus.READY
    assert pushing.behind(second) == first


def test_one_account_in_trouble_does_not_stop_the_others(sandbox: object, drain: Drain) -> None:
    first, second = confirmed(accounts=2)
    fault("400")
    drain()
    assert sorted([again(first).status, again(second).status]) == ["failed", "succeeded"]


def test_a_worker_that_died_on_the_way_is_followed_by_another(
    sandbox: object, drain: Drain
) -> None:
    (push,) = confirmed()
    (claimed,) = claim(1, now=timezone.now())
    assert (claimed.push.id, claimed.push.status) == (push.pk, PushStatus.SENDING)
    drain()
    assert again(push).status == PushStatus.SENDING
    expire_leases()
    tasks.sweep()
    assert again(push).unsure_since is not None
    drain()
    assert again(push).status == PushStatus.SUCCEEDED
    assert [a.idempotency_key for a in again(push).attempts.all()] == [push.idempotency_key] * 2
    assert len(support.ledger()) == 1


def test_a_lease_taken_under_a_clock_that_was_set_back_runs_out_too(sandbox: object) -> None:
    (push,) = confirmed()
    assert claim(1, now=timezone.now())
    Push.objects.update(lease_until=timezone.now() + dt.timedelta(hours=2))
    tasks.sweep()
    assert again(push).lease_until is None


def test_an_answer_that_comes_after_the_lease_changes_nothing_but_is_kept(
    sandbox: object, drain: Drain
) -> None:
    (push,) = confirmed()
    (claimed,) = claim(1, now=timezone.now())
    expire_leases()
    tasks.sweep()
    operation = conf.client().push(
        claimed.company, claimed.connection, claimed.account, push.body.content, key=claimed.key
    )
    tasks.deliver()
    late = outcome.accepted(claimed, operation, now=timezone.now())
    settle.settle([late], now=timezone.now())
    assert "write" in Event.objects.get(action="push.late_answer").words
    drain()
    assert again(push).status == PushStatus.SUCCEEDED
    assert len(support.ledger()) == 1


def test_a_worker_that_was_held_up_sends_nothing(sandbox: object, settings: Any) -> None:
    (push,) = confirmed()
    settings.TASK_TIMEOUT = settings.PUSH_LEASE
    settings.CODAT_DEADLINE = settings.PUSH_LEASE - 1
    tasks.deliver()
    assert again(push).status == PushStatus.READY
    assert again(push).attempts.get().outcome == PushAttempt.Outcome.NOT_SENT
    assert support.ledger() == []


def test_at_most_one_push_of_a_connection_is_on_its_way(sandbox: object) -> None:
    confirmed(accounts=2)
    assert len(claim(10, now=timezone.now())) == 1
    assert claim(10, now=timezone.now()) == []


@pytest.mark.parametrize(("on_their_way", "goes"), [(2, 1), (3, 0)])
def test_no_more_pushes_of_a_company_at_once_than_allowed(
    sandbox: object, settings: Any, on_their_way: int, goes: int
) -> None:
    """Several at once are on connections that were unlinked meanwhile."""
    company = support.make_company()
    settings.CODAT_CALLS_AT_ONCE = 5
    for _ in range(on_their_way):
        old = support.make_connection(company)
        push = support.make_push(support.make_account(old), status=PushStatus.SENDING)
        lease = timezone.now() + dt.timedelta(minutes=1)
        Push.objects.filter(pk=push.pk).update(lease_until=lease)
        old.status = "Unlinked"
        old.save()
    support.make_push(support.make_account(support.make_connection(company)), status="ready")
    assert len(claim(10, now=timezone.now())) == goes


@pytest.mark.parametrize("scope", ["account", "company", "everything"])
def test_what_is_stopped_is_not_claimed(sandbox: object, scope: str) -> None:
    (push,) = confirmed()
    of: Any = {"account": {"account": push.account}, "company": {"company": push.company}}.get(
        scope, {}
    )
    SendingStop.objects.create(
        stopped_at=timezone.now(), stopped_by="somebody", reason="because", **of
    )
    assert claim(10, now=timezone.now()) == []
    SendingStop.objects.update(allowed_at=timezone.now())
    assert len(claim(10, now=timezone.now())) == 1


def test_what_codat_would_refuse_anyway_is_not_claimed(sandbox: object) -> None:
    (push,) = confirmed()
    SourceAccount.objects.update(status="disconnected")
    assert claim(10, now=timezone.now()) == []
    SourceAccount.objects.update(status="Connected")
    later = timezone.now() + dt.timedelta(days=8)
    assert claim(10, now=later) == []
    with guards.lifted():
        Push.objects.update(environment="live")
    assert claim(10, now=timezone.now()) == []


def test_a_body_that_is_not_the_confirmed_one_never_leaves(sandbox: object) -> None:
    (push,) = confirmed()
    with guards.lifted():
        PushBody.objects.update(compressed=PushBody.pack(b"{}"))
    tasks.deliver()
    assert again(push).status == PushStatus.NEEDS_REVIEW
    assert support.ledger() == []


def test_a_key_that_is_too_old_is_replaced_before_sending(sandbox: object, drain: Drain) -> None:
    (push,) = confirmed()
    fault("429-2")
    tasks.deliver()
    old = again(push).idempotency_key
    CallBudget.objects.update(not_before=None)
    Push.objects.update(
        next_attempt_at=timezone.now(), first_sent_at=timezone.now() - dt.timedelta(minutes=61)
    )
    drain()
    assert again(push).status == PushStatus.SUCCEEDED
    assert again(push).idempotency_key != old


def test_steps_that_the_table_does_not_know_are_refused(sandbox: object) -> None:
    (push,) = confirmed()
    for seen, allowed in STEPS.items():
        push.status = seen
        for to in set(PushStatus) - allowed:
            with pytest.raises(WrongStep):
                push.step(to, by=BY, now=timezone.now())


def test_a_step_from_a_state_that_has_passed_changes_nothing(sandbox: object) -> None:
    (push,) = confirmed()
    stale = again(push)
    assert push.step(PushStatus.CANCELLED, by=BY, now=timezone.now())
    assert not stale.step(PushStatus.SENDING, by=BY, now=timezone.now())
    assert again(push).status == PushStatus.CANCELLED
