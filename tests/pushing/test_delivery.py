"""Delivery against the sandbox: every answer of Codat has one named outcome."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from bankfeeds import conf, pushing, tasks
from bankfeeds.models import Actor, Event, Origin, Push, PushAttempt, PushStatus, WrongStep
from bankfeeds.models.states import STEPS
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
        tasks.deliver(push.pk)
    drain()
    assert again(push).attempts.count() == 1
    assert len(support.ledger()) == 1


@pytest.mark.parametrize(
    ("name", "outcome"),
    [
        ("429-2", PushAttempt.Outcome.THROTTLED),
        ("401", PushAttempt.Outcome.HELD),
        ("402", PushAttempt.Outcome.HELD),
        ("403", PushAttempt.Outcome.HELD),
    ],
)
def test_what_was_surely_not_taken_waits_and_goes_later(
    sandbox: object, drain: Drain, name: str, outcome: str
) -> None:
    (push,) = confirmed()
    fault(name)
    tasks.deliver(push.pk)
    push = again(push)
    assert push.status == PushStatus.READY
    assert push.hold_reason
    assert push.next_attempt_at
    assert push.next_attempt_at > timezone.now()
    assert push.attempts.get().outcome == outcome
    Push.objects.update(next_attempt_at=timezone.now())
    drain()
    assert again(push).status == PushStatus.SUCCEEDED
    assert len(support.ledger()) == 1


def test_no_network_is_surely_not_sent(sandbox: object, drain: Drain, settings: Any) -> None:
    (push,) = confirmed()
    reachable = settings.CODAT_BASE_URL
    settings.CODAT_BASE_URL = "http://127.0.0.1:9"
    tasks.deliver(push.pk)
    settings.CODAT_BASE_URL = reachable
    assert again(push).status == PushStatus.READY
    assert again(push).attempts.get().outcome == PushAttempt.Outcome.NOT_SENT
    Push.objects.update(next_attempt_at=timezone.now())
    drain()
    assert again(push).status == PushStatus.SUCCEEDED


@pytest.mark.parametrize(
    "name",
    ["500-before", "500-after", "503", "reset-before", "reset-after", "empty-200", "half-headers",
     "half-body", "html-200", "html", "409", "422"],
)  # fmt: skip
def test_whatever_may_have_arrived_goes_to_a_person_and_is_not_sent_again(
    sandbox: object, drain: Drain, name: str
) -> None:
    (push,) = confirmed()
    fault(name)
    drain()
    push = again(push)
    assert push.status == PushStatus.NEEDS_REVIEW
    assert push.attempts.get().outcome == PushAttempt.Outcome.UNKNOWN
    Push.objects.update(next_attempt_at=None)
    drain()
    assert again(push).attempts.count() == 1
    assert len(support.ledger()) <= 1


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


def test_a_worker_that_died_on_the_way_leaves_the_push_to_a_person(
    sandbox: object, drain: Drain
) -> None:
    (push,) = confirmed()
    now = timezone.now()
    from bankfeeds.pushing.deliver import _claim

    assert _claim(push.pk, now=now) is not None
    later = now + dt.timedelta(seconds=91)
    pushing.sweep(client=conf.client(), clock=lambda: later)
    assert again(push).status == PushStatus.NEEDS_REVIEW
    assert again(push).attempts.get().ended_at == later
    assert support.ledger() == []


def test_an_answer_that_comes_after_the_lease_changes_nothing_but_is_kept(sandbox: object) -> None:
    (push,) = confirmed()
    real = conf.client()

    class Slow:
        """Answers only once the sweep has given the push to a person."""

        def push(self, *args: object, **more: object) -> object:
            operation = real.push(*args, **more)  # type: ignore[arg-type]
            later = timezone.now() + dt.timedelta(seconds=91)
            pushing.sweep(client=real, clock=lambda: later)
            return operation

    pushing.deliver(push.pk, client=Slow(), clock=timezone.now)  # type: ignore[arg-type]
    assert again(push).status == PushStatus.NEEDS_REVIEW
    assert "write" in Event.objects.get(action="push.late_answer").words


def test_at_most_one_push_of_a_connection_is_on_its_way(sandbox: object) -> None:
    first, second = confirmed(accounts=2)
    from bankfeeds.pushing.deliver import _claim

    assert _claim(first.pk, now=timezone.now()) is not None
    assert _claim(second.pk, now=timezone.now()) is None


def test_a_body_that_is_not_the_confirmed_one_never_leaves(sandbox: object) -> None:
    (push,) = confirmed()
    from bankfeeds import guards
    from bankfeeds.models import PushBody

    with guards.lifted():
        PushBody.objects.update(compressed=PushBody.pack(b"{}"))
    tasks.deliver(push.pk)
    assert again(push).status == PushStatus.NEEDS_REVIEW
    assert support.ledger() == []


def test_a_key_that_is_too_old_is_replaced_before_sending(sandbox: object, drain: Drain) -> None:
    (push,) = confirmed()
    fault("429-2")
    tasks.deliver(push.pk)
    old = again(push).idempotency_key
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
