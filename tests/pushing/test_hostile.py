"""Whoever tries to have something sent twice: old keys, wrong clocks, odd lists, bad moments."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import replace
from typing import Any

import pytest
from django.utils import timezone

from bankfeeds import conf, pushing
from bankfeeds.codat import errors
from bankfeeds.codat.shapes import PushOperation
from bankfeeds.models import Decision, Event, Push, PushStatus, UnclaimedWrite
from bankfeeds.pushing import lookup, mend, outcome
from bankfeeds.pushing.claim import Claimed, claim
from bankfeeds.pushing.settle import settle
from tests.pushing.hostile import (
    HOUR,
    MINUTE,
    SECOND,
    Machine,
    Odd,
    codat_passes,
    deliver,
    look,
    settled,
    sweep,
    writes,
)
from tests.pushing.test_delivery import BY, again, confirmed, fault

S = PushStatus
pytestmark = pytest.mark.django_db(transaction=True)


# --- Keys ------------------------------------------------------------------------------------


def test_an_old_key_is_not_sent_again_by_a_delivery_that_comes_before_the_sweep(
    sandbox: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = Machine(monkeypatch)
    (push,) = confirmed()
    fault("reset-after")
    deliver()
    assert again(push).status == S.SENDING
    machine.passes(2 * HOUR)
    with monkeypatch.context() as patch:
        # So many others grew old that this one is not in the bounds of the round.
        patch.setattr(mend, "A_ROUND", 0)
        deliver(machine.now)
    assert again(push).status == S.SENDING
    assert again(push).attempts.count() == 1
    deliver(machine.now)
    assert again(push).status == S.RECONCILING
    look(machine.now)
    assert again(push).status == S.SUBMITTED
    assert len(writes(push)) == 1


def test_a_clock_set_back_while_a_retry_waits_has_it_looked_up(
    sandbox: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = Machine(monkeypatch)
    (push,) = confirmed()
    fault("reset-after")
    deliver()
    # Codat has forgotten the key, and by our clock it is as good as new.
    machine.passes(100 * MINUTE)
    machine.is_set(-80 * MINUTE)
    deliver(machine.now)
    assert again(push).status == S.RECONCILING
    look(machine.now)
    assert again(push).status == S.SUBMITTED
    assert len(writes(push)) == again(push).attempts.count() == 1


def test_a_late_answer_ends_the_doubt_about_its_key(sandbox: object) -> None:
    (push,) = confirmed()
    claimed = _lost_on_the_way(push)
    assert again(push).status == S.RECONCILING
    operation = _post(push, claimed.key)
    settle([outcome.accepted(claimed, operation, now=timezone.now())], now=timezone.now())
    assert again(push).status == S.SUBMITTED
    assert again(push).push_operation_key == operation.push_operation_key
    assert again(push).unsure_since is None
    assert Event.objects.filter(push=push, action="push.late_answer").exists()
    look()
    assert len(writes(push)) == 1


def test_a_late_answer_says_nothing_about_another_key(sandbox: object) -> None:
    (push,) = confirmed()
    claimed = _lost_on_the_way(push)
    operation = _post(push, claimed.key)
    Push.objects.filter(pk=push.pk).update(idempotency_key=uuid.uuid4())
    settle([outcome.accepted(claimed, operation, now=timezone.now())], now=timezone.now())
    assert again(push).status == S.RECONCILING
    assert again(push).push_operation_key is None


# --- Clocks ----------------------------------------------------------------------------------


@pytest.mark.parametrize("off", [10 * MINUTE, -10 * MINUTE])
def test_a_clock_that_is_off_doubles_nothing(sandbox: object, off: dt.timedelta) -> None:
    def clock() -> dt.datetime:
        return timezone.now() + off

    (push,) = confirmed()
    fault("500-after")
    deliver(clock)
    assert again(push).status == S.RECONCILING
    settled()
    sweep(clock)
    deliver(clock)
    assert again(push).status == S.NEEDS_REVIEW
    assert again(push).attempts.count() == 1
    found = pushing.candidates(again(push), client=conf.client(), now=clock())
    assert [one.push_operation_key for one in found] == [writes(push)[0].push_operation_key]


def test_the_list_is_read_far_back(sandbox: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is below the first page may be ours, if our clock is fast."""
    monkeypatch.setattr(lookup, "PAGE_SIZE", 1)

    def clock() -> dt.datetime:
        return timezone.now() + 10 * MINUTE

    (push,) = confirmed()
    fault("500-after")
    deliver(clock)
    (ours,) = writes(push)
    newer = [_other(ours, later=seconds * SECOND) for seconds in (2, 1)]
    settled()
    look(clock, client=Odd(list_operations=lambda _company: iter([*newer, ours])))
    assert again(push).status == S.NEEDS_REVIEW


def test_a_list_that_is_not_newest_first_is_read_to_its_end(
    sandbox: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lookup, "PAGE_SIZE", 2)
    (push,) = confirmed()
    fault("500-after")
    deliver()
    (ours,) = writes(push)
    older = [_other(ours, later=-hours * HOUR) for hours in (15, 14, 13)]
    settled()
    look(client=Odd(list_operations=lambda _company: iter([*older, ours])))
    assert again(push).status == S.SUBMITTED
    assert again(push).push_operation_key == ours.push_operation_key


def test_a_step_of_the_clock_does_not_end_the_wait_for_codats_list(
    sandbox: object, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.PUSH_SETTLE = 120
    machine = Machine(monkeypatch)
    (push,) = confirmed()
    fault("500-after")
    deliver(machine.now)
    not_yet = Odd(list_operations=lambda _company: iter(()))
    machine.is_set(3 * MINUTE)
    sweep(machine.now, client=not_yet)
    machine.passes(MINUTE)
    sweep(machine.now, client=not_yet)
    assert again(push).status == S.RECONCILING
    # By then Codat would list it: it never arrived.
    machine.passes(MINUTE + SECOND)
    sweep(machine.now, client=not_yet)
    assert again(push).status == S.READY


# --- Writes that belong to others -------------------------------------------------------------


@pytest.mark.parametrize(
    ("later", "then"),
    [
        # Clocks differ a little: what was seen just before may be the second after all.
        (SECOND, S.NEEDS_REVIEW),
        (10 * MINUTE, S.RECONCILING),
    ],
)
def test_what_was_given_up_is_not_taken_for_the_next_push(
    sandbox: object, settings: Any, later: dt.timedelta, then: PushStatus
) -> None:
    """Codat's clock is a minute ahead of ours, so that by its time the write may be the second."""
    settings.PUSH_SETTLE = 120
    codat_passes(MINUTE)
    first, second = confirmed(accounts=2)
    Push.objects.filter(pk=second.pk).update(next_attempt_at=timezone.now() + HOUR)
    fault("422-after")
    deliver()
    (stray,) = writes(first)
    codat_passes(121 * SECOND)
    at = timezone.now() + 121 * SECOND
    with pytest.raises(ValueError, match="Look at Codat's list first"):
        pushing.decide(again(first), Decision.GIVE_UP, reason="x", by=BY, now=at)
    pushing.look([again(first)], client=conf.client(), now=at)
    pushing.decide(again(first), Decision.GIVE_UP, reason="x", by=BY, now=at)

    def clock() -> dt.datetime:
        return timezone.now() + 121 * SECOND + later

    Push.objects.filter(pk=second.pk).update(next_attempt_at=None)
    fault("500-before")
    deliver(clock)
    assert again(second).status == S.RECONCILING
    look(clock)
    assert again(second).push_operation_key != stray.push_operation_key
    assert again(second).status == then


def test_a_look_at_a_page_does_not_hide_a_write_under_way(sandbox: object) -> None:
    """The host of the page is five minutes behind the worker and Codat."""
    codat_passes(5 * MINUTE)

    def worker() -> dt.datetime:
        return timezone.now() + 5 * MINUTE

    first, second = confirmed(accounts=2)
    Push.objects.filter(pk=second.pk).update(next_attempt_at=worker() + HOUR)
    fault("op-timedout")
    deliver(worker)
    settled()
    look(worker)
    assert again(first).status == S.TIMED_OUT
    Push.objects.filter(pk=second.pk).update(next_attempt_at=None)
    (claimed,) = claim(1, now=worker())
    ours = _post(second, claimed.key)
    pushing.candidates(again(first), client=conf.client(), now=timezone.now())
    assert not UnclaimedWrite.objects.exists()
    lost = errors.ServerFault("x", status=500)
    settle([outcome.not_accepted(claimed, lost, now=worker(), outage=False)], now=worker())
    assert again(second).status == S.RECONCILING
    settled()
    look(worker)
    deliver(worker)
    assert again(second).push_operation_key == ours.push_operation_key
    assert len(writes(second)) == 2


def _lost_on_the_way(push: Push) -> Claimed:
    """Its worker hangs, and its key grows old: the push is looked up."""
    (claimed,) = claim(1, now=timezone.now() - 2 * HOUR)
    Push.objects.filter(pk=push.pk).update(lease_until=timezone.now() - SECOND)
    mend.mend(now=timezone.now())
    return claimed


def _post(push: Push, key: uuid.UUID) -> PushOperation:
    body = push.body.content
    connection = push.connection.id_there
    return conf.client().push(
        push.company.id_there, connection, push.account.account_id, body, key=key
    )


def _other(operation: PushOperation, *, later: dt.timedelta) -> PushOperation:
    """A write of another connection of the same company."""
    return replace(
        operation,
        push_operation_key=uuid.uuid4(),
        data_connection_key=uuid.uuid4(),
        requested_on=operation.requested_on + later,
    )
