"""Unknown pushes: nothing is lost, overtaken or sent twice once a person has decided."""

from __future__ import annotations

import datetime as dt
import threading
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone

from bankfeeds import conf, pushing, tasks
from bankfeeds.models import Decision, Push, PushStatus, WebhookMessage
from bankfeeds.pushing import outcome
from tests import support
from tests.pushing.test_decisions import decide
from tests.pushing.test_delivery import BY, Drain, again, confirmed, fault
from tests.webhooks.signed import SECRET

HOUR = dt.timedelta(hours=1)
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("first", [Decision.NOT_THERE, Decision.ADOPT])
def test_an_unknown_push_that_is_then_refused_holds_the_later_ones_and_can_be_decided(
    sandbox: object, drain: Drain, first: Decision
) -> None:
    head, *later = confirmed(*["1.00"] * 1001, text="x fault-op-failed" if first == "adopt" else "")
    fault("422-after" if first == Decision.ADOPT else "422")
    drain()
    assert again(head).status == PushStatus.NEEDS_REVIEW
    if first == Decision.NOT_THERE:
        fault("400")
        decide(head, first)
    else:
        (found,) = pushing.candidates(again(head), client=conf.client(), now=timezone.now())
        decide(head, first, operation_key=found.push_operation_key)
    drain()
    assert [again(p).status for p in (head, *later)] == [PushStatus.FAILED, PushStatus.READY]
    assert again(head) in Push.objects.undecided()
    assert decide(head, Decision.SEND_AGAIN) is not None


def test_one_unknown_write_of_a_connection_at_a_time(sandbox: object, drain: Drain) -> None:
    first, second = confirmed("1.00", accounts=2)
    fault("422-after")
    fault("422")
    drain()
    assert again(first).status == PushStatus.NEEDS_REVIEW
    assert again(second).status == PushStatus.READY
    assert again(second).attempts.count() == 0


def test_it_is_not_sent_again_before_the_first_try_can_have_settled(
    sandbox: object, drain: Drain, settings: Any
) -> None:
    # However long this machine takes.
    settings.PUSH_SETTLE = 3600
    (push,) = confirmed()
    fault("422")
    drain()
    with pytest.raises(ValueError, match="may still be working"):
        pushing.decide(again(push), Decision.NOT_THERE, reason="hasty", by=BY, now=timezone.now())
    assert again(push).status == PushStatus.NEEDS_REVIEW


def test_giving_up_with_rows_freed_stops_what_waits_behind(sandbox: object, drain: Drain) -> None:
    first, second = confirmed(*["1.00"] * 1001)
    fault("400")
    drain()
    decide(first, Decision.GIVE_UP)
    drain()
    assert again(second).status == PushStatus.CANCELLED
    assert support.ledger() == []
    stands = pushing.plan([first.account], today=support.today())
    assert stands.rows == 1001


def test_giving_up_with_every_row_left_out_lets_the_later_ones_go(
    sandbox: object, drain: Drain
) -> None:
    first, second = confirmed(*["1.00"] * 1001)
    fault("400")
    drain()
    rows = first.items.values_list("transaction", flat=True)
    decide(first, Decision.GIVE_UP, leave_out=list(rows))
    drain()
    assert again(second).status == PushStatus.SUCCEEDED


def test_a_write_that_codat_no_longer_knows_waits_for_a_person(
    sandbox: object, drain: Drain
) -> None:
    (push,) = confirmed(text="coffee fault-op-pending")
    support.run_jobs()
    assert again(push).status == PushStatus.SUBMITTED
    conf.client().delete_company(push.company.id_there)
    Push.objects.update(next_attempt_at=timezone.now(), submitted_at=timezone.now() - HOUR)
    tasks.sweep()
    assert again(push).status == PushStatus.TIMED_OUT


def test_stopping_while_somebody_confirms_lets_nothing_newer_overtake(sandbox: object) -> None:
    for _ in range(8):
        account = support.make_account()
        yesterday = support.today() - dt.timedelta(days=1)
        support.make_transactions(account, ["1.00"], date=yesterday)
        (old,) = pushing.confirm(
            [account], fingerprint=None, form_key=str(uuid.uuid4()), by=BY, now=timezone.now()
        )
        support.make_transactions(account, ["2.00"])
        _at_once(
            lambda: pushing.cancel(old, reason="wrong", by=BY, now=timezone.now()),  # noqa: B023
            lambda: pushing.confirm(
                [account],  # noqa: B023
                fingerprint=None,
                form_key=str(uuid.uuid4()),
                by=BY,
                now=timezone.now(),
            ),
        )
        if again(old).status == PushStatus.CANCELLED:
            left = Push.objects.filter(account=account, status=PushStatus.READY)
            assert all(push.first_date <= yesterday for push in left)


def _at_once(*calls: Callable[[], object]) -> None:
    start = threading.Barrier(len(calls))

    def run(call: Callable[[], object]) -> None:
        start.wait()
        try:
            call()
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@pytest.fixture
def secret(settings: Any) -> None:
    settings.CODAT_WEBHOOK_SECRET = SECRET


def a_message_came() -> None:
    now = timezone.now()
    WebhookMessage.objects.create(webhook_id="msg_1", received_at=now, sent_at=now, sealed_body=b"")


def seconds_to_first_look(push: Push) -> float:
    now = again(push)
    assert now.next_attempt_at is not None and now.submitted_at is not None
    return (now.next_attempt_at - now.submitted_at).total_seconds()


def test_the_first_look_waits_for_messages_only_where_some_ever_came(
    sandbox: object, secret: None
) -> None:
    before, after = confirmed()[0], confirmed()[0]
    assert before.connection_id != after.connection_id
    Push.objects.filter(pk=after.pk).update(next_attempt_at=timezone.now() + HOUR)
    tasks.deliver()
    assert seconds_to_first_look(before) == outcome.FIRST_LOOK
    Push.objects.filter(pk=after.pk).update(next_attempt_at=None)
    a_message_came()
    tasks.deliver()
    assert seconds_to_first_look(after) == outcome.FIRST_LOOK_TOLD


def test_a_found_write_that_has_ended_is_asked_for_at_once_even_where_codat_sends_messages(
    sandbox: object, secret: None
) -> None:
    (push,) = confirmed()
    fault("500-after")
    tasks.deliver()
    Push.objects.update(next_attempt_at=timezone.now())
    a_message_came()
    support.control("clock", advanceSeconds=60)
    tasks.sweep()
    assert again(push).status == PushStatus.SUBMITTED
    tasks.sweep()
    assert again(push).status == PushStatus.SUCCEEDED
