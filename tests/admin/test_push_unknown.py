"""What a person sees and presses where a push may be at Codat: evidence, look, decisions."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import pytest
from django.utils import timezone

from bankfeeds import pushing
from bankfeeds.models import (
    Company,
    Connection,
    Decision,
    Event,
    Incident,
    Push,
    PushAttempt,
    PushDecision,
    PushStatus,
    UnclaimedWrite,
)
from tests import support

from .pushes import (
    BY,
    attempt,
    hidden,
    looked,
    refused,
    sending,
    signed_in,
    submitted,
    succeeded,
    text,
    timed_out,
    unknown,
    waiting,
)

pytestmark = pytest.mark.django_db(transaction=True)
DAY = dt.timedelta(days=1)


def url(push: Push, part: str = "change") -> str:
    return f"/admin/bankfeeds/push/{push.pk}/{part}/"


@pytest.fixture
def person(transactional_db: None) -> Any:
    return signed_in(support.make_person("support"))


@pytest.fixture
def settled(settings: Any) -> None:
    settings.PUSH_SETTLE = 0


def press(client: Any, push: Push, part: str, *, page: Any = None, **given: Any) -> Any:
    page = page or client.get(url(push))
    return client.post(url(push, part), {"seen": hidden(page, "seen"), "reason": "why", **given})


def look(client: Any, push: Push) -> Any:
    answer = press(client, push, "look")
    assert answer.status_code == 200
    return answer


def decide(client: Any, push: Push, seen: Any, kind: str, **given: Any) -> Any:
    evidence = hidden(seen, "evidence")
    return press(client, push, "decide", page=seen, kind=kind, evidence=evidence, **given)


def fresh(push: Push) -> Push:
    return Push.objects.get(pk=push.pk)


def button(page: Any, kind: str) -> str:
    """The tag of a button of a page."""
    content = page.content.decode()
    start = content.index(f'name="kind" value="{kind}"')
    return str(content[start : content.index(">", start)])


def ran_out(onboarded: support.Onboarded, codat: Any) -> Push:
    """A push that Codat timed out on, known there by its id."""
    push = timed_out(onboarded.accounts[0])
    operation = codat.push(
        push.company.codat_id,
        push.connection.codat_id,
        push.account.account_id,
        push.body.content.replace(b"Line 2", b"Line 2 fault-op-timedout"),
        key=uuid.uuid4(),
    )
    Push.objects.filter(pk=push.pk).update(push_operation_key=operation.push_operation_key)
    support.wait_until(
        lambda: (
            codat.get_operation(push.company.codat_id, operation.push_operation_key).status
            == "TimedOut"
        ),
        seconds=5,
        what="the end of the write",
    )
    return fresh(push)


# --- The evidence ----------------------------------------------------------------------------


def test_the_page_shows_the_writes_that_were_kept_beside_our_tries(person: Any) -> None:
    push = unknown()
    now = timezone.now()
    write = UnclaimedWrite.objects.create(
        push_operation_key=uuid.uuid4(),
        connection=push.connection,
        requested_at=now,
        codat_status="Success",
        first_seen_at=now,
    )
    UnclaimedWrite.objects.create(
        push_operation_key=uuid.uuid4(),
        connection=push.connection,
        requested_at=now - DAY,
        first_seen_at=now - DAY,
    )
    page = text(person.get(url(push)))
    assert str(write.push_operation_key) in page
    assert page.count("Not known: may be this push") == 1
    assert "s after try 1" in page
    assert "Not sure that it arrived" in page


def test_a_look_shows_and_keeps_every_write_of_the_connection(
    person: Any, onboarded: support.Onboarded, codat: Any
) -> None:
    push = unknown(onboarded.accounts[0])
    other = codat.push(
        push.company.codat_id,
        push.connection.codat_id,
        push.account.account_id,
        push.body.content,
        key=push.idempotency_key,
    )
    known = submitted(onboarded.accounts[1])
    Push.objects.filter(pk=known.pk).update(
        push_operation_key=codat.push(
            push.company.codat_id,
            push.connection.codat_id,
            known.account.account_id,
            known.body.content,
            key=known.idempotency_key,
        ).push_operation_key
    )
    page = text(look(person, push))
    assert "What Codat has: 2 writes since then" in page
    assert f"#{known.pk}" in page
    assert "3 transactions" in page
    assert "Codat does not tell" in page
    kept = UnclaimedWrite.objects.get()
    assert kept.push_operation_key == other.push_operation_key
    assert str(kept.push_operation_key) in text(person.get(url(push)))


def test_nothing_can_be_sent_or_given_up_before_codat_has_settled(
    person: Any, onboarded: support.Onboarded
) -> None:
    push = unknown(onboarded.accounts[0])
    page = person.get(url(push))
    assert "disabled" in button(page, "give_up")
    assert "Codat may still be working on it. Look again at" in text(page)
    assert "disabled" in button(look(person, push), "not_there")
    assert "disabled" in button(person.get(url(push)), "give_up")
    answer = press(person, push, "decide", kind="give_up")
    assert "Codat may still be working on it" in text(answer)
    assert fresh(push).status == PushStatus.NEEDS_REVIEW


def test_a_push_is_given_up_only_once_what_codat_has_is_on_record(
    person: Any, onboarded: support.Onboarded, settings: Any
) -> None:
    settings.PUSH_SETTLE = 0
    push = unknown(onboarded.accounts[0])
    page = person.get(url(push))
    assert "disabled" in button(page, "give_up")
    assert "Look again at Codat first: what it has must be on record" in text(page)
    told = press(person, push, "decide", page=page, kind="give_up")
    assert "Look at Codat's list first, then decide." in text(told)
    look(person, push)
    page = person.get(url(push))
    assert "disabled" not in button(page, "give_up")
    press(person, push, "decide", page=page, kind="give_up")
    assert fresh(push).status == PushStatus.CANCELLED


def test_a_write_with_a_time_before_our_tries_is_shown_where_nobody_saw_it_before(
    onboarded: support.Onboarded, codat: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The clock of one of us is wrong; what Codat has is no less real."""
    push = sending(onboarded.accounts[0])
    codat.push(
        push.company.codat_id,
        push.connection.codat_id,
        push.account.account_id,
        push.body.content,
        key=push.idempotency_key,
    )
    later = timezone.now() + dt.timedelta(hours=3)
    push.step(PushStatus.NEEDS_REVIEW, by=BY, now=later, first_sent_at=later)
    monkeypatch.setattr(timezone, "now", lambda: later)
    # A session of three hours ago would be over.
    person = signed_in(support.make_person("support"))
    assert "Not known: may be this push" in text(look(person, push))


# --- Outcome unknown -------------------------------------------------------------------------


@pytest.mark.usefixtures("settled")
def test_a_person_can_say_that_codat_has_what_it_timed_out_on(
    person: Any, onboarded: support.Onboarded, codat: Any
) -> None:
    push = ran_out(onboarded, codat)
    seen = look(person, push)
    assert "Codat says the same as before" in text(seen)
    assert "This push" in text(seen)
    answer = decide(person, push, seen, "adopt", reason="seen in the client's books")
    assert "counts as accepted by Codat, by your word" in text(person.get(answer.url))
    assert fresh(push).status == PushStatus.SUCCEEDED
    page = text(person.get(url(push)))
    assert "Accepted by Codat, by a person's word" in page
    assert "Codat says: TimedOut" in page
    assert "seen in the client's books" in page
    again = decide(person, push, seen, "adopt", reason="seen in the client's books")
    assert again.url == answer.url
    assert PushDecision.objects.count() == 1


@pytest.mark.usefixtures("settled")
def test_what_codat_timed_out_on_is_sent_again_as_another_push(
    person: Any, onboarded: support.Onboarded, codat: Any, drain: Any
) -> None:
    push = ran_out(onboarded, codat)
    seen = look(person, push)
    answer = decide(person, push, seen, "not_there")
    new = Push.objects.latest("pk")
    assert answer.url == url(new)
    assert decide(person, push, seen, "not_there").url == url(new)
    assert Push.objects.count() == 2
    drain()
    assert fresh(new).status == PushStatus.SUCCEEDED
    assert len(support.ledger()) == 1
    page = text(person.get(url(push)))
    assert "Sent again in another push" in page
    assert f"Resolved by push #{new.pk}" in page


@pytest.mark.usefixtures("settled")
@pytest.mark.parametrize(("first", "second"), [("adopt", "not_there"), ("not_there", "adopt")])
def test_of_two_people_who_decide_the_second_is_told_what_the_first_decided(
    person: Any, onboarded: support.Onboarded, codat: Any, drain: Any, first: str, second: str
) -> None:
    push = ran_out(onboarded, codat)
    other = signed_in(support.make_person("support", username="jean"))
    mine, theirs = look(person, push), look(other, push)
    assert decide(other, push, theirs, first).status_code == 303
    before = list(Push.objects.order_by("pk").values_list("pk", "status", "fence"))
    for kind in (second, "give_up"):
        answer = decide(person, push, mine, kind)
        assert answer.status_code == 303
        told = text(person.get(answer.url))
        assert "jean" in told and "Nothing was" in told, told
    assert list(Push.objects.order_by("pk").values_list("pk", "status", "fence")) == before
    assert PushDecision.objects.get().kind == first
    drain()
    # Codat ran out of time and has stored nothing: it is there once, or as decided not at all.
    assert len(support.ledger()) == (1 if first == "not_there" else 0)


@pytest.mark.usefixtures("settled")
def test_a_write_that_codat_does_not_know_any_more_can_be_decided(
    person: Any, onboarded: support.Onboarded
) -> None:
    push = timed_out(onboarded.accounts[0])
    seen = look(person, push)
    assert "Codat does not know the write of this push any more." in text(seen)
    decide(person, push, seen, "not_there")
    assert fresh(push).status == PushStatus.CANCELLED


@pytest.mark.usefixtures("settled")
def test_a_reason_is_kept_while_codat_does_not_answer(
    person: Any, onboarded: support.Onboarded
) -> None:
    push = unknown(onboarded.accounts[0])
    seen = look(person, push)
    support.order_fault("503-before", method="GET", path="/push", times=9)
    told = decide(person, push, seen, "not_there", reason="the client saw none")
    assert "Codat has a fault (503)." in text(told) and "Nothing was sent." in text(told)
    assert hidden(told, "reason") == "the client saw none"
    support.order_no_faults()
    again = person.post(url(push, "look"), {"reason": hidden(told, "reason")})
    assert 'name="reason"' in again.content.decode()
    assert 'value="the client saw none"' in again.content.decode()
    assert fresh(push).status == PushStatus.NEEDS_REVIEW


@pytest.mark.usefixtures("settled")
def test_a_write_that_shows_up_at_the_last_moment_is_not_sent_again(
    person: Any, onboarded: support.Onboarded, codat: Any
) -> None:
    push = unknown(onboarded.accounts[0])
    seen = look(person, push)
    codat.push(
        push.company.codat_id,
        push.connection.codat_id,
        push.account.account_id,
        push.body.content,
        key=push.idempotency_key,
    )
    told = decide(person, push, seen, "not_there", reason="it is gone")
    assert "Codat has a write that the page did not show. Nothing was sent." in text(told)
    assert 'value="it is gone"' in told.content.decode()
    assert fresh(push).status == PushStatus.NEEDS_REVIEW


@pytest.mark.usefixtures("settled")
def test_an_end_that_codat_tells_at_the_last_moment_is_taken_over(
    person: Any, onboarded: support.Onboarded, codat: Any
) -> None:
    push = ran_out(onboarded, codat)
    seen = look(person, push)
    done = codat.push(
        push.company.codat_id,
        push.connection.codat_id,
        push.account.account_id,
        push.body.content,
        key=uuid.uuid4(),
    )
    Push.objects.filter(pk=push.pk).update(push_operation_key=done.push_operation_key)
    support.wait_until(
        lambda: (
            codat.get_operation(push.company.codat_id, done.push_operation_key).status == "Success"
        ),
        seconds=5,
        what="the end of the write",
    )
    answer = decide(person, push, seen, "not_there")
    assert "Codat knows more now: see the status. Nothing was sent." in text(person.get(answer.url))
    assert fresh(push).status == PushStatus.SUCCEEDED
    assert not PushDecision.objects.exists()


# --- Rows that are too late by now -----------------------------------------------------------


def aged(make: Any) -> Push:
    """A push whose first row has become too old since it was confirmed."""
    account = support.make_account(feed_start_date=support.today() - 9 * DAY)
    support.make_transactions(account, ["10.00"], date=support.today() - 7 * DAY)
    push: Push = make(account)
    push.items.get(position=0).transaction.__class__.objects.filter(
        pk=push.items.get(position=0).transaction_id
    ).update(date=support.today() - 8 * DAY)
    return push


def test_rows_that_do_not_go_any_more_stand_before_the_buttons(person: Any) -> None:
    push = aged(refused)
    page = person.get(url(push))
    said = text(page)
    assert said.index("1 row does not go any more") < said.index("Leave out chosen rows and send")
    assert "It is more than seven days old" in said
    assert "Send 3 of 4 transactions again" in said
    assert f"/feedschedule/{push.account_id}/too-late/" in page.content.decode()
    answer = press(person, push, "decide", page=page, kind="send_again")
    told = text(person.get(answer.url))
    assert "with 3 transactions. 1 transaction is too late for the feed by now" in told
    assert push.account.transactions.free().count() == 1


def test_a_push_that_is_too_late_as_a_whole_offers_only_to_give_up(person: Any) -> None:
    push = refused()
    push.account.transactions.update(date=support.today() - 8 * DAY)
    page = person.get(url(push))
    assert "disabled" in button(page, "send_again")
    assert "disabled" in button(page, "leave_out")
    assert "disabled" not in button(page, "give_up")
    assert "Every row is too late for the feed by now." in text(page)
    answer = press(person, push, "decide", page=page, kind="send_again")
    assert "Every row is too late for the feed by now. Give up" in text(answer)
    push.account.transactions.update(date=support.today())
    Connection.objects.filter(pk=push.connection_id).update(status="Unlinked")
    page = person.get(url(push))
    assert "disabled" in button(page, "send_again") and "disabled" in button(page, "leave_out")
    assert "Nothing can be sent for this account now: its connection was unlinked." in text(page)


@pytest.mark.usefixtures("settled")
def test_they_stand_before_the_button_of_an_unknown_push_too(
    person: Any, onboarded: support.Onboarded
) -> None:
    account = onboarded.accounts[0]
    support.make_transactions(account, ["10.00"], date=support.today() - 7 * DAY)
    push = unknown(account)
    account.transactions.filter(amount=10).update(date=support.today() - 8 * DAY)
    seen = look(person, push)
    assert "1 row does not go any more" in text(seen)
    assert "Codat does not have it: send 3 of 4 transactions again" in text(seen)
    decide(person, push, seen, "not_there")
    assert Push.objects.latest("pk").rows == 3
    assert Event.objects.filter(action="push.too_late", push=push).exists()


# --- What may be there all the same ----------------------------------------------------------


def lost_then_refused() -> Push:
    push = sending()
    attempt(push, PushAttempt.Outcome.UNKNOWN, words="read timeout")
    attempt(push, PushAttempt.Outcome.REFUSED, http_status=400)
    push.step(PushStatus.FAILED, by=BY, now=timezone.now(), error_message="no")
    return push


def test_a_refused_push_with_a_lost_try_says_so_before_its_buttons(person: Any) -> None:
    push = lost_then_refused()
    write = UnclaimedWrite.objects.create(
        push_operation_key=uuid.uuid4(),
        connection=push.connection,
        requested_at=timezone.now(),
        first_seen_at=timezone.now(),
    )
    said = text(person.get(url(push)))
    assert "An earlier try may have arrived" in said
    assert "Try 1," in said
    assert str(write.push_operation_key) in said
    warned = said.index("An earlier try may have arrived: see above before anything is sent again.")
    assert warned < said.index("Send again unchanged")
    assert "An earlier try may have arrived" not in text(person.get(url(refused())))


def test_giving_up_frees_rows_with_a_warning_where_they_are_offered_again(
    person: Any, settings: Any
) -> None:
    settings.PUSH_SETTLE = 0
    push = looked(unknown())
    first = push.items.get(position=0).transaction_id
    page = person.get(url(push))
    assert (
        "A row that is not ticked is offered with the next push of this account, with a warning"
        in text(page)
    )
    press(person, push, "decide", page=page, kind="give_up", leave_out=[first])
    offered = person.get(f"/admin/bankfeeds/push/confirm/?account={push.account_id}")
    said = text(offered)
    assert "2 rows may be at Codat already." in said
    assert f"Look at push #{push.pk} first" in said
    other = waiting()
    other_page = person.get(f"/admin/bankfeeds/push/confirm/?account={other.account_id}")
    assert "may be at Codat already" not in text(other_page)


# --- Words -----------------------------------------------------------------------------------


def test_a_push_that_goes_out_again_says_when_and_with_which_key(person: Any) -> None:
    push = sending()
    at = timezone.now() + dt.timedelta(minutes=1)
    Push.objects.filter(pk=push.pk).update(next_attempt_at=at, unsure_since=timezone.now(), tries=2)
    said = text(person.get(url(push)))
    assert "Sending – trying again at" in said
    assert "with the same key" in said
    assert "Tried 2 times so far." in said


def test_a_push_that_is_looked_for_says_what_is_looked_for_and_when_next(person: Any) -> None:
    push = sending()
    at = timezone.now() + dt.timedelta(minutes=1)
    push.step(PushStatus.RECONCILING, by=BY, now=timezone.now(), next_attempt_at=at, polls=3)
    said = text(person.get(url(push)))
    assert "Checking what Codat received" in said
    assert "among those of this connection since" in said
    assert "Looked 3 times so far. Next look at" in said
    assert "We look for it at Codat before anything is sent again." in said


def test_the_timeline_has_words_and_no_codes(person: Any) -> None:
    push = sending()
    now = timezone.now()
    push.step(PushStatus.SENDING, by=BY, now=now, words="Codat did not answer.")
    push.step(PushStatus.SENDING, by=BY, now=now, fence=push.fence + 1)
    for action in ("push.late_answer", "push.too_late"):
        Event.objects.record(action, by=BY, at=now, words="x", push=push)
    Incident.objects.create(
        kind=Incident.Kind.OUTAGE, started_at=now, ended_at=now, ended_by="worker", words="silence"
    )
    Incident.objects.create(
        kind=Incident.Kind.REFUSED, started_at=now - DAY, ended_at=now - DAY, words="long over"
    )
    page = text(person.get(url(push)))
    said = page[page.index("Timeline Time") : page.index("Attempts")]
    for words in (
        "Codat did not answer. It is not sure that nothing arrived",
        "Sent once more, with the same key.",
        "Answer that came too late",
        "Rows too late for the feed",
        "Codat cannot be reached silence",
        "Over: Codat cannot be reached",
    ):
        assert words in said, words
    assert "push." not in said
    assert "long over" not in said


def test_a_decision_by_the_verb_on_a_push_that_was_adopted_keeps_its_plain_word(
    person: Any, onboarded: support.Onboarded
) -> None:
    push = succeeded()
    assert "by a person's word" not in text(person.get(url(push)))
    lost = unknown()
    pushing.decide(
        lost,
        Decision.ADOPT,
        reason="r",
        by=BY,
        now=timezone.now(),
        operation_key=uuid.uuid4(),
    )
    fresh(lost).step(PushStatus.SUCCEEDED, by=BY, now=timezone.now(), codat_status="Success")
    assert "by a person's word" not in text(person.get(url(lost)))


@pytest.mark.parametrize("make", [timed_out, unknown])
def test_of_a_company_that_is_gone_there_is_nothing_to_look_at(
    person: Any, settled: None, make: Any
) -> None:
    push = make()
    Company.objects.filter(pk=push.company_id).update(gone_at=timezone.now())
    page = person.get(url(push))
    shown = text(page)
    assert "Ask the client whether these rows are in QuickBooks, then give up below." in shown
    assert "It no longer exists at Codat." in shown and "Look at Codat first" not in shown
    assert url(push, "look") not in page.content.decode()
    press(person, push, "decide", page=page, kind="give_up", reason="gone")
    push.refresh_from_db()
    assert push.status == PushStatus.CANCELLED
