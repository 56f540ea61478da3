"""Every row of the table happens for real at least once, and every other step is refused."""

from __future__ import annotations

import datetime as dt
import itertools
import uuid
from collections.abc import Callable

import pytest
from django.utils import timezone

from bankfeeds import conf, guards, pushing, tasks
from bankfeeds.models import CallBudget, Decision, Event, Incident, Push, PushStatus, WrongStep
from bankfeeds.models.states import STEPS, Seen, Step
from tests import support
from tests.pushing.test_decisions import decide
from tests.pushing.test_delivery import BY, again, confirmed, expire_leases

pytestmark = pytest.mark.django_db(transaction=True)
S = PushStatus
HOUR = dt.timedelta(hours=1)


def _send(*faults: str) -> Push:
    """One push, delivered once for each fault; what came between is over."""
    (push,) = confirmed()
    for name in faults:
        if name:
            support.order_fault(name, path=push.account.account_id)
        Push.objects.filter(pk=push.pk).update(next_attempt_at=timezone.now())
        tasks.deliver()
        CallBudget.objects.update(not_before=None)
        Incident.objects.update(ended_at=timezone.now())
    return push


def _operation(kind: str, *, end: bool = True) -> Push:
    (push,) = confirmed(text=f"coffee fault-op-{kind}")
    support.drain() if end else tasks.deliver()
    return push


def draft_to_ready_and_cancelled() -> None:
    (push,) = confirmed()
    draft = support.make_push(push.account, status=S.DRAFT)
    assert draft.step(S.CANCELLED, by=BY, now=timezone.now())


def ready_cancelled() -> None:
    (push,) = confirmed()
    pushing.cancel(push, reason="x", by=BY, now=timezone.now())


def ready_to_review() -> None:
    """Nothing of the engine's does this by itself any more but too many tries."""
    (push,) = confirmed()
    assert push.step(S.NEEDS_REVIEW, by=BY, now=timezone.now())


def sending_taken_refused_thrown_back() -> None:
    _send("")
    _send("429-1")
    _send("400")
    _send("422")
    _send("reset-before")
    _send("500-after")


def reconciling_found() -> None:
    _send("500-after")
    support.drain()


def reconciling_not_there() -> None:
    _send("500-before")
    support.drain()


def reconciling_two() -> None:
    push = _send("500-after")
    codat = conf.client()
    body = push.body.content
    company, connection = push.company.id_there, push.connection.id_there
    codat.push(company, connection, push.account.account_id, body, key=uuid.uuid4())
    support.drain()


def submitted_ends() -> None:
    _operation("failed")
    support.drain()
    _operation("timedout")


def timed_out_later_succeeded() -> None:
    push = _operation("timedout-after")
    decide(push, Decision.ADOPT)


def timed_out_later_failed() -> None:
    """Codat changes its mind: what it said first is its word as much as what it says now."""
    push = _operation("failed", end=False)
    assert again(push).step(S.TIMED_OUT, by=BY, now=timezone.now())
    Push.objects.update(next_attempt_at=timezone.now(), submitted_at=timezone.now())
    support.wait_until(lambda: _looked_at(push) == S.FAILED, seconds=5, what="failed")


def _looked_at(push: Push) -> str:
    Push.objects.filter(status=S.TIMED_OUT).update(next_attempt_at=timezone.now())
    tasks.sweep()
    return again(push).status


def timed_out_not_there() -> None:
    decide(_operation("timedout"), Decision.NOT_THERE)


def review_ends() -> None:
    push = _send("422-after")
    (found,) = pushing.candidates(again(push), client=conf.client(), now=timezone.now())
    decide(push, Decision.ADOPT, operation_key=found.push_operation_key)
    decide(_send("422"), Decision.GIVE_UP)
    decide(_send("422"), Decision.NOT_THERE)


def lease_over() -> None:
    (push,) = confirmed()
    from bankfeeds.pushing.claim import claim

    assert claim(30, now=timezone.now())
    expire_leases()
    tasks.sweep()
    assert again(push).status == S.SENDING


SCENES: tuple[Callable[[], None], ...] = (
    draft_to_ready_and_cancelled, ready_cancelled, ready_to_review,
    sending_taken_refused_thrown_back, reconciling_found, reconciling_not_there, reconciling_two,
    submitted_ends, timed_out_later_succeeded, timed_out_later_failed, timed_out_not_there,
    review_ends, lease_over,
)  # fmt: skip


def test_every_step_of_the_table_happens(sandbox: object) -> None:
    for scene in SCENES:
        scene()
    happened = {
        (event.before["status"], event.after["status"])
        for event in Event.objects.filter(action__startswith="push.")
        if "status" in event.before
    }
    wanted = {(seen, str(to)) for seen, following in STEPS.items() for to in following}
    assert happened == wanted


@pytest.mark.parametrize("seen", list(PushStatus))
def test_every_other_step_is_refused_alone_and_among_many(seen: str) -> None:
    push = support.make_push(status=seen)
    for to in set(PushStatus) - STEPS[seen]:
        with pytest.raises(WrongStep):
            push.step(to, by=BY, now=timezone.now())
        with pytest.raises(WrongStep):
            Push.objects.step_all([Step(_seen(push), to)], by=BY, now=timezone.now())
    assert again(push).status == seen
    assert not Event.objects.exists()


def test_many_steps_move_each_push_or_none(sandbox: object) -> None:
    pushes = [support.make_push(status=S.SENDING, fence=number) for number in range(6)]
    stale = {2, 5}
    steps = [
        Step(
            Seen(**{**vars(_seen(push)), "fence": push.fence - (number in stale)}),
            to,
            columns={"lease_until": None, "next_attempt_at": timezone.now()},
        )
        for (number, push), to in zip(
            enumerate(pushes), itertools.cycle([S.READY, S.RECONCILING]), strict=False
        )
    ]
    moved = Push.objects.step_all(steps, by=BY, now=timezone.now())
    assert moved == {push.pk for number, push in enumerate(pushes) if number not in stale}
    assert [again(push).status for push in pushes] == [
        S.READY, S.RECONCILING, S.SENDING, S.RECONCILING, S.READY, S.SENDING,
    ]  # fmt: skip
    assert Event.objects.count() == 4


@pytest.mark.parametrize("end", [S.SUCCEEDED, S.FAILED, S.CANCELLED])
def test_an_end_never_changes_not_even_by_hand(end: str) -> None:
    push = support.make_push(status=end)
    with pytest.raises(Exception, match="never changes"):
        Push.objects.filter(pk=push.pk).update(status=S.READY)
    assert guards.missing() == []


def _seen(push: Push) -> Seen:
    names = ("id", "status", "fence", "company_id", "connection_id", "account_id")
    return Seen(**{name: getattr(push, name) for name in names})
