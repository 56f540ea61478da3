"""Decisions on refused and unknown pushes: one bad row must not stop a client's feed."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable

import pytest
from django.utils import timezone

from bankfeeds import conf, pushing
from bankfeeds.models import Actor, BankTransaction, Decision, Origin, Push, PushStatus
from tests import support
from tests.pushing.test_delivery import again, confirmed, fault

pytestmark = pytest.mark.django_db(transaction=True)
BY = Actor("somebody", Origin.PERSON)
Drain = Callable[[], None]
SETTLED = dt.timedelta(seconds=121)  # after the last try


def decide(push: Push, kind: Decision, **more: object) -> Push | None:
    if again(push).status == PushStatus.NEEDS_REVIEW:
        pushing.look([again(push)], client=conf.client(), now=timezone.now() + SETTLED)
    return pushing.decide(
        again(push), kind, reason="because", by=BY, now=timezone.now() + SETTLED, **more  # type: ignore[arg-type]
    )  # fmt: skip


def bad_row(push: Push) -> BankTransaction:
    item_id = again(push).validation["errors"][0]["item_id"]
    return BankTransaction.objects.get(transaction_id=item_id)


def test_leaving_out_the_bad_row_sends_the_rest_before_what_waits(
    sandbox: object, drain: Drain
) -> None:
    first, second = confirmed(*["1.00"] * 1001, text="coffee fault-op-failed")
    drain()
    bad = bad_row(first)
    replacement = decide(first, Decision.LEAVE_OUT, leave_out=[bad.pk])
    assert replacement is not None
    assert replacement.rows == 999
    assert replacement.sequence < again(second).sequence
    drain()
    assert [again(p).status for p in (first, replacement, second)] == [
        PushStatus.FAILED,
        PushStatus.SUCCEEDED,
        PushStatus.SUCCEEDED,
    ]
    assert [len(entry["transactionIds"]) for entry in support.ledger()] == [999, 1]
    bad.refresh_from_db()
    assert bad.left_out_by == again(first).decisions.get()


def test_sending_again_unchanged_makes_a_new_push_with_a_new_key(
    sandbox: object, drain: Drain
) -> None:
    (push,) = confirmed()
    fault("400")
    drain()
    replacement = decide(push, Decision.SEND_AGAIN)
    drain()
    assert replacement is not None
    assert again(replacement).status == PushStatus.SUCCEEDED
    assert replacement.idempotency_key != push.idempotency_key
    assert again(push).decisions.get().replacement == replacement
    assert len(support.ledger()) == 1


def test_giving_up_frees_the_rows_but_those_left_out(sandbox: object, drain: Drain) -> None:
    (push,) = confirmed("1.00", "2.00", "3.00")
    fault("400")
    drain()
    out = push.account.transactions.first()
    assert out is not None
    assert decide(push, Decision.GIVE_UP, leave_out=[out.pk]) is None
    assert BankTransaction.objects.free().count() == 2
    assert not Push.objects.undecided().exists()


def test_the_second_decision_is_refused(sandbox: object, drain: Drain) -> None:
    (push,) = confirmed()
    fault("400")
    drain()
    decide(push, Decision.SEND_AGAIN)
    with pytest.raises(pushing.AlreadyDecided):
        decide(push, Decision.GIVE_UP)
    assert Push.objects.count() == 2


@pytest.mark.parametrize("kind", list(Decision))
def test_no_decision_on_a_push_that_waits_or_was_accepted(
    sandbox: object, drain: Drain, kind: Decision
) -> None:
    (push,) = confirmed()
    with pytest.raises(pushing.AlreadyDecided):
        decide(push, kind)
    drain()
    with pytest.raises(pushing.AlreadyDecided):
        decide(push, kind)


def test_a_decision_needs_a_reason(sandbox: object, drain: Drain) -> None:
    (push,) = confirmed()
    fault("400")
    drain()
    with pytest.raises(ValueError, match="reason"):
        pushing.decide(again(push), Decision.GIVE_UP, reason=" ", by=BY, now=timezone.now())


def test_leaving_out_nothing_or_everything_is_refused(sandbox: object, drain: Drain) -> None:
    (push,) = confirmed()
    fault("400")
    drain()
    everything = list(push.account.transactions.values_list("pk", flat=True))
    for ticked in ([], everything, [10**9]):
        with pytest.raises(ValueError, match=r".+"):
            decide(push, Decision.LEAVE_OUT, leave_out=ticked)
    assert again(push).items.filter(released=False).count() == 2


def test_the_lost_answer_is_found_among_codats_writes_and_adopted(
    sandbox: object, drain: Drain
) -> None:
    (push,) = confirmed()
    fault("422-after")
    drain()
    (candidate,) = pushing.candidates(again(push), client=conf.client(), now=timezone.now())
    assert candidate.known_as is None
    decide(push, Decision.ADOPT, operation_key=candidate.push_operation_key)
    drain()
    assert again(push).status == PushStatus.SUCCEEDED
    assert len(support.ledger()) == 1


def test_what_never_arrived_is_sent_again_with_a_new_key(sandbox: object, drain: Drain) -> None:
    (push,) = confirmed()
    fault("422")
    drain()
    assert pushing.candidates(again(push), client=conf.client(), now=timezone.now()) == []
    decide(push, Decision.NOT_THERE)
    drain()
    assert again(push).status == PushStatus.SUCCEEDED
    assert again(push).attempts.count() == 2
    assert len(support.ledger()) == 1


def test_looking_again_sees_what_became_of_a_push_that_timed_out(
    sandbox: object, drain: Drain
) -> None:
    (push,) = confirmed(text="coffee fault-op-timedout")
    drain()
    push = again(push)
    assert not pushing.look_again(push, client=conf.client(), by=BY, clock=timezone.now)
    assert again(push).status == PushStatus.TIMED_OUT


def test_adopting_a_write_of_another_push_is_refused(sandbox: object, drain: Drain) -> None:
    done, lost = confirmed(accounts=2)
    drain()
    fault("422")
    support.make_transactions(lost.account, ["7.00"])
    (unknown,) = pushing.confirm(
        [lost.account], fingerprint=None, form_key=str(uuid.uuid4()), by=BY, now=timezone.now()
    )
    drain()
    assert again(unknown).status == PushStatus.NEEDS_REVIEW
    with pytest.raises(pushing.AlreadyDecided):
        decide(unknown, Decision.ADOPT, operation_key=again(done).push_operation_key)
    assert again(unknown).status == PushStatus.NEEDS_REVIEW
