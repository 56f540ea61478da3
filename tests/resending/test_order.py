"""Orders to send again: what goes, what stays and why, once each, whoever dies meanwhile."""

from __future__ import annotations

import datetime as dt
import importlib
import threading
import uuid
from typing import Any

import pytest
from django.db import connection as database
from django.utils import timezone

from bankfeeds import doorbell, pushing, resending, tasks
from bankfeeds.models import (
    BankTransaction,
    Company,
    Connection,
    Decision,
    Event,
    Push,
    PushStatus,
    Resending,
    ResendingRow,
    SourceAccount,
)
from bankfeeds.resending.order import QUIET
from tests import support
from tests.admin import pushes as made_by_steps
from tests.resending.support import BY, carry_out, many, marked, order, run_orders
from tests.support import queued

# The package's name of it is its verb.
ordering = importlib.import_module("bankfeeds.resending.order")
pytestmark = pytest.mark.django_db(transaction=True)

DAY = dt.timedelta(days=1)
Outcome = ResendingRow.Outcome


def refused(days: tuple[int, ...] = (0,)) -> Push:
    """A refused push with three rows of each of these days before today."""
    account = support.make_account()
    for ago in sorted(days[1:], reverse=True):
        support.make_transactions(account, date=support.today() - ago * DAY)
    return made_by_steps.refused(account, date=support.today() - days[0] * DAY)


def estimate(*pushes: Push, later: dt.timedelta = dt.timedelta()) -> resending.Estimate:
    today = pushing.today(timezone.now() + later)
    return resending.estimate([push.pk for push in pushes], today=today)


def test_refused_pushes_go_again_each_as_a_new_push() -> None:
    pushes = [refused(), refused()]
    seen = estimate(*pushes)
    assert (seen.total, len(seen.going), seen.rows, seen.late_rows) == (2, 2, 6, 0)
    into, out = seen.money["USD"]
    assert (str(into), str(out)) == ("200.0000", "-59.5000")
    made = order(pushes)
    assert (doorbell.RESEND, (made.pk,)) in queued()
    assert {row.outcome for row in made.rows.all()} == {Outcome.WAITING}
    rows = carry_out(made)
    assert [row.outcome for row in rows] == [Outcome.SENT] * 2
    for row, push in zip(rows, pushes, strict=True):
        decision = push.decisions.get()
        assert (decision.kind, decision.reason) == (Decision.SEND_AGAIN, "Codat was down")
        assert (decision.made_by, decision.replacement) == ("manager", row.replacement)
        assert row.replacement and row.replacement.status == PushStatus.READY and row.done_at
    made.refresh_from_db()
    assert made.ended_at
    told = Event.objects.filter(action__startswith="resending.").order_by("pk")
    assert [event.action for event in told] == ["resending.asked", "resending.ended"]


def test_what_is_not_refused_and_undecided_stays_and_says_why() -> None:
    steps = made_by_steps
    decided = refused()
    pushing.decide(decided, Decision.GIVE_UP, reason="no", by=BY, now=timezone.now())
    stopped = steps.waiting()
    assert pushing.cancel(stopped, reason="no", by=BY, now=timezone.now())
    cut_off, removed = refused(), refused()
    SourceAccount.objects.filter(pk=cut_off.account_id).update(status="disconnected")
    SourceAccount.objects.filter(pk=removed.account_id).update(gone_at=timezone.now())
    closed, unwanted, unlinked = refused(), refused(), refused()
    Company.objects.filter(pk=closed.company_id).update(closed_at=timezone.now())
    SourceAccount.objects.filter(pk=unwanted.account_id).update(not_wanted_at=timezone.now())
    Connection.objects.filter(pk=unlinked.connection_id).update(status="Unlinked")
    staying = {
        "unknown": [steps.unknown(), steps.timed_out()],
        "accepted": [steps.succeeded()],
        "marked": [marked(steps.succeeded())],
        "under-way": [steps.waiting(), steps.sending(), steps.submitted()],
        "decided": [decided],
        "stopped": [stopped],
        "not-connected": [cut_off, unlinked],
        "off": [closed, unwanted],
        "removed": [removed],
    }
    pushes = [push for group in staying.values() for push in group]
    seen = estimate(*pushes)
    assert seen.going == [] and {
        code: sorted(one.push.pk for one in group) for code, group in seen.staying.items()
    } == {code: sorted(push.pk for push in group) for code, group in staying.items()}
    before = Push.objects.count()
    rows = carry_out(order(pushes))
    assert {row.outcome for row in rows} == {Outcome.LEFT} and all(row.words for row in rows)
    assert Push.objects.count() == before


def test_rows_too_late_by_now_are_told_beforehand_and_left_out_with_the_file() -> None:
    push = refused((6, 3))
    later = 2 * DAY
    seen = estimate(push, later=later)
    assert (len(seen.going), seen.rows, seen.late_rows) == (1, 3, 3)
    assert [(rule.code, number) for rule, number in seen.late_rules] == [("too-old", 3)]
    [row] = carry_out(order([push]), later=later)
    assert row.outcome == Outcome.SENT and "3 rows left out" in row.words
    assert row.replacement and row.replacement.rows == 3
    late = resending.late_rows(push, now=timezone.now() + later)
    assert [row.date for row in late] == [support.today() - 6 * DAY] * 3
    assert list(BankTransaction.objects.free().order_by("pk")) == sorted(late, key=lambda r: r.pk)


def test_a_push_of_which_nothing_may_go_any_more_waits_for_its_person() -> None:
    push = refused((6,))
    seen = estimate(push, later=2 * DAY)
    assert list(seen.staying) == ["too-late"] and seen.late_rows == 3
    [row] = carry_out(order([push]), later=2 * DAY)
    assert row.outcome == Outcome.LEFT and "file" in row.words
    assert push.decisions.count() == 0


def test_what_became_too_late_after_the_estimate_is_judged_again() -> None:
    push = refused((6,))
    assert estimate(push).rows == 3
    [row] = carry_out(order([push]), later=2 * DAY)
    assert row.outcome == Outcome.LEFT


def test_the_second_press_finds_the_first_order() -> None:
    push, key = refused(), str(uuid.uuid4())
    first = order([push], form_key=key)
    assert order([push], form_key=key) == first
    assert Resending.objects.count() == ResendingRow.objects.count() == 1


def test_the_same_push_in_two_orders_goes_once() -> None:
    push = refused()
    first, second = order([push]), order([push])
    assert [row.outcome for row in carry_out(first)] == [Outcome.SENT]
    assert [row.outcome for row in carry_out(second)] == [Outcome.LEFT]
    assert push.decisions.count() == 1


@pytest.mark.parametrize("reason", ["", "  "])
def test_an_order_needs_a_reason(reason: str) -> None:
    with pytest.raises(ValueError, match="reason"):
        order([refused()], reason=reason)
    with pytest.raises(ValueError, match="chosen"):
        order([])
    assert not Resending.objects.exists()


def test_a_worker_killed_half_way_loses_and_doubles_nothing(monkeypatch: Any) -> None:
    pushes = [refused() for _ in range(4)]
    made = order(pushes)
    carried, decide = [], pushing.decide

    def dies_in_the_third(push: Push, kind: Decision, **more: Any) -> Any:
        done = decide(push, kind, **more)
        carried.append(push)
        if len(carried) == 3:
            raise KeyboardInterrupt
        return done

    monkeypatch.setattr(pushing, "decide", dies_in_the_third)
    with pytest.raises(KeyboardInterrupt):
        carry_out(made)
    monkeypatch.setattr(pushing, "decide", decide)
    assert made.rows.filter(outcome=Outcome.SENT).count() == 2
    assert Push.objects.count() == 6  # that of the third was rolled back with its row
    now = timezone.now()
    assert resending.ring_due(now=now) == 0  # somebody is at work
    assert resending.ring_due(now=now + 2 * QUIET) == 1
    assert run_orders() == 2  # the first ring, and that of the sweep
    rows = made.rows.all()
    assert [row.outcome for row in rows] == [Outcome.SENT] * 4
    assert len({row.replacement_id for row in rows}) == 4 and Push.objects.count() == 8
    made.refresh_from_db()
    assert made.ended_at and resending.ring_due(now=now + DAY) == 0


def test_two_workers_at_once_send_each_push_once() -> None:
    pushes = [refused() for _ in range(12)]
    made = order(pushes)
    start = threading.Barrier(2)
    failures: list[BaseException] = []

    def work() -> None:
        try:
            start.wait(5)
            tasks.resend(made.pk)
        except BaseException as error:
            failures.append(error)
        finally:
            database.close()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not failures
    assert [row.outcome for row in made.rows.all()] == [Outcome.SENT] * 12
    assert Push.objects.count() == 24
    assert Event.objects.filter(action="resending.ended").count() == 1


def test_a_thousand_pushes(
    django_assert_max_num_queries: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Full pieces, on however slow a machine.
    monkeypatch.setattr(ordering, "LONGEST", float("inf"))
    pushes = [*many(100), *many(900, status=PushStatus.SUCCEEDED)]
    with django_assert_max_num_queries(25):
        seen = resending.estimate([p.pk for p in pushes], today=support.today())
    assert (seen.total, len(seen.going)) == (1000, 100)
    with django_assert_max_num_queries(15):
        made = order(pushes)
    assert [resending.carry_out(made.pk, clock=timezone.now) for _ in range(6)] == [200] * 5 + [0]
    made.refresh_from_db()
    assert made.ended_at
    assert made.rows.filter(outcome=Outcome.SENT).count() == 100
    assert made.rows.filter(outcome=Outcome.LEFT).count() == 900


def test_a_piece_ends_with_its_time_and_rings_for_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    made = order([refused(), made_by_steps.succeeded()])
    rung = queued().count((doorbell.RESEND, (made.pk,)))
    monkeypatch.setattr(ordering, "LONGEST", -1.0)
    assert resending.carry_out(made.pk, clock=timezone.now) == 1  # what stays is closed at once
    assert queued().count((doorbell.RESEND, (made.pk,))) == rung + 1
    assert made.rows.filter(outcome=Outcome.WAITING).count() == 1
    monkeypatch.undo()
    assert [row.outcome for row in carry_out(made)] == [Outcome.SENT, Outcome.LEFT]


def test_what_codat_refused_once_is_accepted_when_sent_again(sandbox: Any, drain: Any) -> None:
    account = support.onboard().accounts[0]
    support.make_transactions(account, ["1.00"])
    (push,) = pushing.confirm(
        [account], fingerprint=None, form_key=str(uuid.uuid4()), by=BY, now=timezone.now()
    )
    support.order_fault("400", path="bankTransactions")
    drain()
    push.refresh_from_db()
    assert push.status == PushStatus.FAILED
    made = order([push])
    drain()
    row = made.rows.get()
    assert row.replacement and row.replacement.status == PushStatus.SUCCEEDED
    assert len(support.ledger()) == 1
