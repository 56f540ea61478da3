"""What a decision sends is judged at that moment; what may be at Codat is told apart."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.utils import timezone

from bankfeeds import pushing
from bankfeeds.models import Decision, Event, Push, PushAttempt, PushStatus, SourceAccount
from tests import support
from tests.admin.pushes import BY, attempt, refused, sending, succeeded, timed_out, unknown, waiting

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)
LATER = dt.timedelta(seconds=200)  # when all is settled


def two_days(account: SourceAccount | None = None) -> SourceAccount:
    """An account with a row of seven days ago and one of today, still waiting."""
    account = account or support.make_account(feed_start_date=support.today() - 9 * DAY)
    support.make_transactions(account, ["10.00"], date=support.today() - 7 * DAY)
    return account


def decide(push: Push, kind: Decision, *, days: int = 0, **more: Any) -> Push | None:
    now = timezone.now() + LATER + days * DAY
    Push.objects.filter(pk=push.pk).update(looked_at=now)
    return pushing.decide(push, kind, reason="because", by=BY, now=now, **more)


def names(rows: Any) -> list[str]:
    return sorted(str(row.transaction_id) for row in rows)


@pytest.mark.parametrize(
    ("make", "kind"),
    [
        (refused, Decision.SEND_AGAIN),
        (refused, Decision.LEAVE_OUT),
        (timed_out, Decision.NOT_THERE),
        (unknown, Decision.NOT_THERE),
    ],
)
def test_rows_that_are_too_late_by_now_go_into_no_new_push(make: Any, kind: Decision) -> None:
    push = make(two_days(), amounts=("1.00", "2.00"))
    old = push.items.get(position=0).transaction
    out = push.items.get(position=1).transaction if kind == Decision.LEAVE_OUT else None
    leave_out = [out.pk] if out else []
    shown = pushing.again(push, today=support.today() + DAY, leave_out=leave_out)
    assert [row.row for row in shown.late] == [old]
    new = decide(push, kind, days=1, leave_out=leave_out)
    assert new is not None
    assert new.rows == len(shown.going) == (1 if out else 2)
    assert new.sequence > push.sequence
    assert list(push.account.transactions.free()) == [old]
    event = Event.objects.get(action="push.too_late")
    assert (event.push, event.after["replacement"]) == (push, new.pk)
    assert [row["id"] for row in event.after["transactions"]] == [old.transaction_id]
    assert new.items.get(position=0).findings


@pytest.mark.parametrize("make", [refused, timed_out, unknown])
def test_a_push_whose_every_row_is_too_late_can_only_be_given_up(make: Any) -> None:
    push = make()
    kind = Decision.SEND_AGAIN if make is refused else Decision.NOT_THERE
    with pytest.raises(ValueError, match="too late for the feed"):
        decide(push, kind, days=8)
    assert Push.objects.get().status == push.status
    assert not push.decisions.exists()
    assert decide(push, Decision.GIVE_UP, days=8) is None


def test_pushes_that_wait_behind_make_no_row_too_old() -> None:
    head = refused(two_days(), amounts=("1.00",))
    waiting(head.account, opening="1011.00", amounts=("3.00",))
    assert not pushing.again(head, today=support.today()).late
    new = decide(head, Decision.SEND_AGAIN)
    assert new is not None
    assert new.rows == 2


def test_the_balance_of_what_went_before_is_what_rows_are_judged_by() -> None:
    first = succeeded(amounts=("1.00",))
    push = refused(first.account, opening="1001.00")
    assert not any(row.findings for row in pushing.again(push, today=support.today()).judged)


def test_a_lost_write_whose_rows_may_all_go_keeps_its_number() -> None:
    push = unknown()
    key = push.idempotency_key
    assert decide(push, Decision.NOT_THERE) is None
    push.refresh_from_db()
    assert push.status == PushStatus.READY
    assert push.idempotency_key != key


# --- What may be there all the same ----------------------------------------------------------


def free(push: Push) -> dict[int, int]:
    return pushing.perhaps_there([push.account])


@pytest.mark.parametrize("make", [timed_out, unknown])
def test_rows_of_an_unknown_push_that_was_given_up_may_be_at_codat(make: Any) -> None:
    push = make()
    first, *others = list(push.items.values_list("transaction", flat=True))
    assert not free(push)
    decide(push, Decision.GIVE_UP, leave_out=[first])
    assert free(push) == dict.fromkeys(others, push.pk)
    waiting(push.account, opening="1070.25")
    assert not free(push), "they are in a push now"


def test_rows_of_a_stopped_or_plainly_refused_push_are_not() -> None:
    stopped, plain = waiting(), refused()
    attempt(stopped, PushAttempt.Outcome.NOT_SENT)
    pushing.cancel(stopped, reason="x", by=BY, now=timezone.now())
    decide(plain, Decision.GIVE_UP)
    assert not free(stopped)
    assert not free(plain)


def test_rows_of_a_refused_push_with_a_lost_try_may_be_at_codat() -> None:
    push = sending()
    attempt(push, PushAttempt.Outcome.UNKNOWN)
    push.step(PushStatus.FAILED, by=BY, now=timezone.now())
    assert [one.outcome for one in pushing.unsure_tries(push)] == ["unknown"]
    decide(push, Decision.GIVE_UP)
    assert len(free(push)) == 3


def test_a_lost_try_whose_key_was_answered_later_is_no_doubt() -> None:
    push = sending()
    attempt(push, PushAttempt.Outcome.UNKNOWN)
    attempt(push, PushAttempt.Outcome.ACCEPTED)
    push.step(PushStatus.FAILED, by=BY, now=timezone.now())
    assert not pushing.unsure_tries(push)
    decide(push, Decision.GIVE_UP)
    assert not free(push)
