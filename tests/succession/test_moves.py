"""A client connects anew: the sandbox's ledger says what came twice and what was lost."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bankfeeds import conf, importing, mistakes, onboarding, pushing, rules, succession
from bankfeeds.importing import sorting
from bankfeeds.intake.shape import Statement as Stated
from bankfeeds.models import (
    BankTransaction,
    Connection,
    Departure,
    Event,
    FeedSchedule,
    PushStatus,
    SourceAccount,
)
from bankfeeds.pushing.again import standing_before
from tests import support
from tests.admin.pushes import BY
from tests.feeds import support as days
from tests.succession.support import (
    account,
    arrive,
    client,
    connection,
    ids,
    leave,
    move,
    push,
    stored,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def there(sandbox: Any) -> None:
    """Every test here talks to a sandbox of its own."""


def of(rows: list[tuple[str, str]]) -> list[str]:
    return [each for _date, each in rows]


# --- Nothing twice, nothing lost -------------------------------------------------------------


def test_the_same_books_go_on_where_they_stopped() -> None:
    old = client()
    sent, waiting = arrive(old, [6, 3]), arrive(old, [3, 1])
    push_only(old, sent)
    new = move(old, "same")
    assert new.follows_id == old.pk
    later = arrive(new, [0])
    push(new)
    assert set(of(stored(old.connection))) == ids(sent)
    assert of(stored(new.connection)) == [r.transaction_id for r in [*waiting, *later]]


def push_only(row: SourceAccount, rows: list[BankTransaction]) -> None:
    """Of what waits, these rows alone."""
    others = row.transactions.exclude(pk__in=[each.pk for each in rows])
    kept = list(others.values_list("pk", flat=True))
    aside = support.make_account()
    BankTransaction.objects.filter(pk__in=kept).update(account=aside)
    push(row)
    BankTransaction.objects.filter(pk__in=kept).update(account=row)


def test_nothing_older_than_what_the_old_one_sent() -> None:
    old = client()
    push_only(old, arrive(old, [2]))
    late = arrive(old, [4])
    new = move(old, "same")
    [planned] = pushing.plan([new], today=support.today()).blocked
    assert planned.judged[0].findings[0] is rules.OLDER_THAN_NEWEST
    assert [row.row for row in planned.judged] == late
    assert push(new) == []


def test_a_row_sent_on_the_old_connection_is_known_on_the_new_one() -> None:
    """A file of the new account that overlaps with what went before the move."""
    old = client()
    sent = arrive(old, [1])
    push(old)
    new = move(old, "same")
    line: Any = sent[0]
    line.raw, line.derived = "", False
    found = sorting.sort_out(new, Stated([line], [], 0))
    assert found.known == ids(sent) and found.new == []


def test_other_books_begin_afresh_with_the_last_seven_days() -> None:
    old = client()
    early, sent = arrive(old, [7, 6]), arrive(old, [2])
    push(old)
    waiting = arrive(old, [2, 1])
    new = move(old, "another")
    assert new.follows_id is None
    push(new)
    wanted = [row.transaction_id for row in [*early, *sent, *waiting]]
    assert of(stored(new.connection)) == wanted
    assert of(stored(old.connection)) == wanted[:3]
    assert not old.transactions.free().exists()
    old.refresh_from_db()
    newest = new.transactions.in_feed_order().last()
    assert newest and newest.transaction_id == waiting[-1].transaction_id


@pytest.mark.parametrize("marked", ["before", "after"])
def test_a_row_that_was_sent_in_error_does_not_come_over(marked: str) -> None:
    old = client()
    right, wrong = arrive(old, [2, 2])
    [sent] = push(old)

    def mark() -> None:
        mistakes.record(sent, [wrong.pk], reason="wrong client", by=BY, now=timezone.now())

    if marked == "before":
        mark()
    new = move(old, "another")
    if marked == "after":
        assert new.transactions.free().count() == 2
        mark()
    assert [row.transaction_id for row in new.transactions.free()] == [right.transaction_id]
    push(new)
    assert of(stored(new.connection)) == [right.transaction_id]


def test_other_books_twice_in_a_row() -> None:
    first = client()
    rows = arrive(first, [3])
    push(first)
    second = move(first, "same")
    more = arrive(second, [2])
    push(second)
    third = move(second, "another")
    push(third)
    assert set(of(stored(third.connection))) == ids([*rows, *more])
    assert of(stored(second.connection)) == [more[0].transaction_id]


def test_a_refused_push_is_given_up_and_its_rows_go_on() -> None:
    old = client()
    rows = arrive(old, [1])
    rows[0].description = "fault-op-failed"
    rows[0].save()
    [failed] = push(old)
    new = move(old, "same")
    assert push(new) == []
    for kind in ("send_again", "leave_out"):
        with pytest.raises(ValueError, match="go on with the account that follows"):
            decide(failed.pk, kind)
    BankTransaction.objects.update(description="now right")
    decide(failed.pk, "give_up")
    push(new)
    assert of(stored(new.connection)) == [rows[0].transaction_id]


def decide(pk: int, kind: Any) -> None:
    from bankfeeds.models import Push

    pushing.decide(Push.objects.get(pk=pk), kind, reason="moved", by=BY, now=timezone.now())


def test_removed_and_added_again_it_goes_on_too() -> None:
    """Wrong type: on the same connection, in the same books."""
    old = client()
    sent = arrive(old, [2])
    push(old)
    waiting = arrive(old, [1])
    tie = old.connection
    from bankfeeds import leaving

    departure = leaving.plan(
        Departure.Kind.REMOVE_ACCOUNT,
        connection=tie,
        account=old,
        reason="wrong type",
        form_key=str(uuid.uuid4()),
        by=BY,
        now=timezone.now(),
    )
    assert leaving.carry_out(departure, client=conf.client(), by=BY, clock=timezone.now)
    new = account(tie)
    assert new.follows_id == old.pk
    push(new)
    assert of(stored(tie)) == [r.transaction_id for r in [*sent, *waiting]]


def test_another_number_is_another_account() -> None:
    old = client()
    arrive(old, [1])
    push(old)
    new = move(old, "same", number="00099999")
    assert new.follows_id is None and not new.transactions.exists()
    assert list(succession.candidates(new)) == [old]
    waiting = arrive(old, [0])
    assert succession.go_on_from(new, old, by=BY, now=timezone.now()) == 1
    assert succession.go_on_from(new, old, by=BY, now=timezone.now()) == 0
    assert Event.objects.filter(action="account.follows").count() == 1
    push(new)
    assert of(stored(new.connection)) == [waiting[0].transaction_id]
    other = account(new.connection, number="00088888")
    with pytest.raises(succession.CannotFollow):
        succession.go_on_from(other, old, by=BY, now=timezone.now())


@pytest.mark.parametrize("books", ["same", "another"])
def test_a_feed_that_runs_by_itself_goes_on_doing_so(books: str) -> None:
    old = client()
    days.schedule(old, at="07:30")
    new = move(old, books)
    schedule = FeedSchedule.objects.get(pk=new.pk)
    assert schedule.is_on and schedule.at == dt.time(7, 30)
    assert timezone.now() - schedule.changed_at < dt.timedelta(minutes=1)
    assert not FeedSchedule.objects.get(pk=old.pk).is_on


def test_once_something_was_sent_it_goes_on_from_nothing() -> None:
    old = client()
    push_only(old, arrive(old, [1]))
    new = move(old, "same", number="00099999")
    arrive(new, [0])
    push(new)
    with pytest.raises(succession.CannotFollow, match="sent for this account already"):
        succession.go_on_from(new, old, by=BY, now=timezone.now())


def test_nothing_comes_in_on_the_old_one_any_more() -> None:
    for books in ("same", "another"):
        old = client()
        arrive(old, [1])
        push(old)
        move(old, books)
        fresh = SourceAccount.objects.select_related("connection", "company").get(pk=old.pk)
        with pytest.raises(importing.CannotImport):
            importing.look(fresh, file_name="x.csv", content=b"id,date", by=BY, now=timezone.now())


def test_the_question_must_be_answered_where_it_matters() -> None:
    old = client()
    leave(old.connection)
    connection(old.company)  # nothing was ever sent: it does not matter
    other = client()
    arrive(other, [1])
    push(other)
    leave(other.connection)
    with pytest.raises(onboarding.BooksNotSaid):
        connection(other.company)
    assert connection(other.company, books="another").books == "another"


def test_a_push_in_front_knows_what_the_old_account_sent() -> None:
    old = client()
    push_only(old, arrive(old, [1]))
    new = move(old, "same")
    arrive(new, [1])
    [made] = push(new)
    day = support.today() - dt.timedelta(days=1)
    assert standing_before(made, today=support.today()).newest == day


# --- Any order of things ---------------------------------------------------------------------

STEPS = st.one_of(
    st.tuples(st.just("arrive"), st.lists(st.integers(0, 9), min_size=1, max_size=4)),
    st.tuples(st.just("push"), st.none()),
    st.tuples(st.just("move"), st.sampled_from(["same", "another"])),
    st.tuples(st.just("remove"), st.sampled_from(["same", "another"])),
)


@settings(
    max_examples=6,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=st.lists(STEPS, min_size=2, max_size=8))
def test_whatever_happens_nothing_comes_twice_and_nothing_is_lost(steps: list[Any]) -> None:
    current = client()
    books: list[list[Connection]] = [[current.connection]]
    for what, value in [*steps, ("push", None)]:
        if what == "arrive":
            arrive(current, sorted(value, reverse=True))
        elif what == "push":
            push(current)
        else:
            if what == "remove":
                leave(current.connection, Departure.Kind.REMOVE_CONNECTION)
                current = account(connection(current.company, books=value))
            else:
                current = move(current, value)
            if current.connection.books == "another":
                books.append([])
            books[-1].append(current.connection)
    for ties in books:
        once_and_in_order(ties)
    not_lost(current, books[-1])


def once_and_in_order(ties: list[Connection]) -> None:
    """In one QuickBooks company, over however many connections to it."""
    rows = [row for tie in ties for row in stored(tie)]
    assert len({each for _date, each in rows}) == len(rows)
    assert [date for date, _each in rows] == sorted(date for date, _each in rows)


def not_lost(current: SourceAccount, ties: list[Connection]) -> None:
    """What is not in the books is too late for the feed, by a rule that names it."""
    there = {each for tie in ties for _date, each in stored(tie)}
    [line] = SourceAccount.objects.lines([current.pk]).values()
    mine = BankTransaction.objects.filter(account__in=line)
    missing = [row for row in mine if row.transaction_id not in there]
    stands = pushing.standing(current, today=support.today())
    assert all(not judged.goes for judged in rules.judge(missing, standing=stands))
    week_ago = support.today() - dt.timedelta(days=7)
    every = BankTransaction.objects.filter(
        account__company=current.company, date__gte=week_ago, goes_on_as=None
    )
    known = {row.transaction_id for row in mine}
    assert {row.transaction_id for row in every} <= known
    assert not current.pushes.exclude(status=PushStatus.SUCCEEDED).exists()
