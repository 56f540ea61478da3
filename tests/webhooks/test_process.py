"""What a message does: it wakes, waits for what is not known yet, or says why it did nothing."""

from __future__ import annotations

import datetime as dt
import json
import threading
import uuid
from base64 import b64encode
from typing import Any

import pytest
import requests
from django.conf import settings
from django.db import DatabaseError, connections
from django.utils import timezone
from django_q.models import OrmQ

from bankfeeds import doorbell, pushing, tasks, webhooks
from bankfeeds.models import (
    CallBudget,
    Connection,
    Event,
    Origin,
    Push,
    PushStatus,
    WebhookMessage,
)
from bankfeeds.webhooks import reading
from tests import support as rows
from tests.admin import pushes

from . import signed, support

pytestmark = pytest.mark.django_db(transaction=True)
S = WebhookMessage.State
SOON = dt.timedelta(seconds=3)


def after(**span: float) -> Any:
    """A clock that is ahead by so much."""
    return lambda: timezone.now() + dt.timedelta(**span)


def frozen(push: Push) -> dict[str, Any]:
    """All of a push but when it is looked at next."""
    values: dict[str, Any] = {**Push.objects.filter(pk=push.pk).values().get()}
    values.pop("next_attempt_at")
    return values


def silence() -> None:
    """Every ring is lost."""
    OrmQ.objects.all().delete()


# --- Writes ----------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", ["successful", "unsuccessful"])
@pytest.mark.parametrize("made", [pushes.submitted, pushes.timed_out])
def test_a_write_wakes_its_push_and_changes_nothing_else(made: Any, ending: str) -> None:
    push = made()
    before, events = frozen(push), Event.objects.count()
    body = signed.write(push.push_operation_key, ending=ending)
    message = support.process(support.taken(body))
    assert message.state == S.PROCESSED and str(push) in message.words
    assert message.event_type == f"bankTransactions.write.{ending}"
    due = Push.objects.get(pk=push.pk).next_attempt_at
    assert due is not None and timezone.now() < due < timezone.now() + SOON
    assert frozen(push) == before
    assert Event.objects.count() == events


def test_a_push_that_is_due_earlier_stays_so() -> None:
    push, now = pushes.submitted(), timezone.now()
    assert push.push_operation_key
    Push.objects.filter(pk=push.pk).update(next_attempt_at=now)
    pushing.wake(push.push_operation_key, now=now)
    assert Push.objects.get(pk=push.pk).next_attempt_at == now


@pytest.mark.parametrize("made", [pushes.succeeded, pushes.refused])
def test_a_push_that_has_ended_is_left_alone(made: Any) -> None:
    push = made()
    before = Push.objects.filter(pk=push.pk).values().get()
    message = support.process(support.taken(signed.write(push.push_operation_key)))
    assert message.state == S.PROCESSED and push.label in message.words
    assert Push.objects.filter(pk=push.pk).values().get() == before


def test_doubled_and_reordered_messages_do_no_harm() -> None:
    """Two ids, failure after success: the push is only asked about."""
    push = pushes.submitted()
    key = push.push_operation_key
    before = frozen(push)
    for ending in ("unsuccessful", "successful", "unsuccessful"):
        support.process(support.taken(signed.write(key, ending=ending)))
    assert frozen(push) == before


def test_before_the_push_is_known_it_waits_and_is_found_later() -> None:
    push = pushes.sending()
    key = uuid.uuid4()
    message = support.process(support.taken(signed.write(key)))
    assert message.state == S.WAITING and message.words
    # Too soon for another try: two rings are one try.
    tried_at = message.processed_at
    assert support.process(message).processed_at == tried_at
    now = timezone.now()
    changes: dict[str, Any] = {
        "push_operation_key": key,
        "next_attempt_at": now + dt.timedelta(hours=1),
    }
    assert push.step(PushStatus.SUBMITTED, by=pushes.BY, now=now, **changes)
    message = support.process(message, clock=after(seconds=16))
    assert message.state == S.PROCESSED
    due = Push.objects.get(pk=push.pk).next_attempt_at
    assert due is not None and due < now + dt.timedelta(seconds=30)


def test_of_nobodys_write_it_is_said_after_a_minute() -> None:
    message = support.process(support.taken(signed.write(uuid.uuid4())))
    assert message.state == S.WAITING
    message = support.process(message, clock=after(seconds=61))
    assert (message.state, message.words) == (S.IGNORED, "No push of this portal has this write.")


# --- Accounts and connections ----------------------------------------------------------------


def at_codat(method: str, path: str, body: Any = None) -> Any:
    """One call to the sandbox, past the portal's own client."""
    answer = requests.request(
        method,
        f"{settings.CODAT_BASE_URL}/{path}",
        headers={"Authorization": "Basic " + b64encode(settings.CODAT_API_KEY.encode()).decode()},
        json=body,
        timeout=10,
    )
    assert answer.ok, answer.text
    return answer.json() if answer.content else None


def calls() -> list[str]:
    found = at_codat("GET", "_sandbox/requests")
    return [f"{each['method']} {each['path'].rpartition('/')[2]}" for each in found]


def test_an_account_is_read_again_whatever_the_message_says(sandbox: Any) -> None:
    client = rows.onboard(connected=False)
    account = client.accounts[0]
    rows.control(
        "connect", connectionId=str(client.connection.codat_id), accountIds=[account.account_id]
    )
    before = len(calls())
    # "disconnected", and the published body says "pending": neither is believed.
    body = support.accounts(client.connection.codat_id, ending="disconnected")
    message = support.process(support.taken(body))
    assert message.state == S.PROCESSED and client.company.name in message.words
    account.refresh_from_db()
    assert account.status == "connected"
    event = Event.objects.get(action="account.status", account=account)
    assert event.origin == Origin.WEBHOOK
    # By the list of source accounts: reading a connection would make a link.
    assert calls()[before:] == ["GET bankFeedAccounts"]


@pytest.mark.parametrize("ending", ["created", "connected", "disconnected", "reconnected"])
def test_a_connection_is_read_by_its_accounts(sandbox: Any, ending: str) -> None:
    client = rows.onboard()
    before = Connection.objects.filter(pk=client.connection.pk).values().get()
    body = support.tie(client.connection.codat_id, ending=ending, link="https://x.example/?otp=1")
    message = support.process(support.taken(body))
    assert message.state == S.PROCESSED
    assert calls()[-1] == "GET bankFeedAccounts"
    assert Connection.objects.filter(pk=client.connection.pk).values().get() == before


def test_one_reading_answers_the_messages_that_came_before(sandbox: Any) -> None:
    client, other = rows.onboard(accounts=2), rows.onboard()
    mine = [support.taken(support.accounts(client.connection.codat_id)) for _ in range(3)]
    mine.append(support.taken(support.tie(client.connection.codat_id)))
    theirs = support.taken(support.accounts(other.connection.codat_id))
    before = len(calls())
    support.process(mine[1])
    for message in mine:
        message.refresh_from_db()
        assert message.state == S.PROCESSED and message.event_type
    theirs.refresh_from_db()
    assert theirs.state == S.WAITING
    assert len(calls()) == before + 1


def test_a_connection_that_is_gone_is_marked(sandbox: Any) -> None:
    client = rows.onboard()
    assert client.company.codat_id and client.connection.codat_id
    path = f"companies/{client.company.codat_id}/connections/{client.connection.codat_id}"
    at_codat("DELETE", path)
    body = support.tie(client.connection.codat_id, ending="deleted")
    message = support.process(support.taken(body))
    assert message.state == S.PROCESSED and "no longer exists" in message.words
    client.connection.refresh_from_db()
    assert client.connection.gone_at


def test_while_codat_does_not_answer_it_waits_then_asks_for_a_person(sandbox: Any) -> None:
    client = rows.onboard()
    message = support.taken(support.accounts(client.connection.codat_id))
    rows.order_fault("fault-500", method="GET", times=100)
    message = support.process(message)
    assert message.state == S.WAITING and "asked again" in message.words
    CallBudget.objects.all().delete()
    message = support.process(message, clock=after(hours=1.1))
    assert message.state == S.FAILED and "Process this message again" in message.words


def test_while_no_calls_are_granted_it_waits_without_end(sandbox: Any) -> None:
    client = rows.onboard()
    CallBudget.objects.create(
        not_before=timezone.now() + dt.timedelta(hours=23), held_words="too many calls"
    )
    message = support.taken(support.accounts(client.connection.codat_id))
    before = len(calls())
    for hours in (0, 10, 20):
        message = support.process(message, clock=after(hours=hours))
        assert message.state == S.WAITING
    assert len(calls()) == before
    message = support.process(message, clock=after(hours=31))
    assert message.state == S.PROCESSED


# --- What says nothing to us -----------------------------------------------------------------

LEGACY = {
    "AlertId": str(uuid.uuid4()),
    "RuleType": "Push Operation Status Changed()",
    "CompanyId": str(uuid.uuid4()),
    "Message": "bankTransactions triggered notification",
    "Data": {"dataType": "bankTransactions", "pushOperationKey": str(uuid.uuid4())},
}


@pytest.mark.parametrize(
    ("body", "event", "state", "words"),
    [
        (signed.event("company.created", {}), "company.created", S.IGNORED, "Nothing here"),
        (signed.event("client.rateLimit.x", {}), "client.rateLimit.x", S.IGNORED, "Nothing here"),
        (signed.event("client.rateLimit.reached", {}), None, S.IGNORED, "nothing to ask"),
        (signed.event("client.rateLimit.reset", None), None, S.PROCESSED, "are not held"),
        (signed.event("x" * 5000, {}), "x" * 100, S.IGNORED, "Nothing here"),
        (signed.event("a\x00b\ud800c", {}), "abc", S.IGNORED, "Nothing here"),
        (json.dumps(LEGACY).encode(), LEGACY["RuleType"], S.IGNORED, "old form"),
        (b"", "", S.FAILED, "not JSON"),
        (b"hello", "", S.FAILED, "not JSON"),
        (b"null", "", S.FAILED, "not JSON"),
        (b"[" * 100_000, "", S.FAILED, "not JSON"),
        (b"[]", "", S.FAILED, "no object"),
        (b"3", "", S.FAILED, "no object"),
        (b"{}", "", S.FAILED, "no event"),
        (b'{"eventType": 3}', "", S.FAILED, "no event"),
        (signed.write(None), "bankTransactions.write.successful", S.FAILED, "no write"),
        (signed.write("x"), "bankTransactions.write.successful", S.FAILED, "no write"),
        (signed.event("bankTransactions.write.successful", None), None, S.FAILED, "no write"),
        (signed.event("bankTransactions.write.successful", []), None, S.FAILED, "no write"),
        (support.accounts("x"), None, S.FAILED, "no connection"),
        (signed.event("connection.connected", {"connection": 1}), None, S.FAILED, "no conn"),
        (signed.event("connection.connected", {"connection": {"id": 1}}), None, S.FAILED, "no"),
    ],
)
def test_what_names_nothing_says_so(body: bytes, event: Any, state: S, words: str) -> None:
    message = support.process(support.taken(body))
    assert message.state == state
    assert words in message.words and message.words
    if event is not None:
        assert message.event_type == event


def test_of_somebody_elses_connection_it_is_said_after_a_minute(sandbox: Any) -> None:
    message = support.process(support.taken(support.accounts(uuid.uuid4())))
    assert message.state == S.WAITING
    message = support.process(message, clock=after(seconds=61))
    assert message.state == S.IGNORED and "not about a connection" in message.words.lower()


def test_a_fault_of_ours_is_no_exception_and_tells_no_body(monkeypatch: Any, caplog: Any) -> None:
    secret = str(uuid.uuid4())

    def broken(*_: Any, **__: Any) -> None:
        raise KeyError(secret)

    monkeypatch.setattr(pushing, "wake", broken)
    message = support.process(support.taken(signed.write(secret)))
    assert message.state == S.FAILED and "administrator" in message.words
    assert "KeyError" in caplog.text and secret not in caplog.text


def test_without_a_database_it_stays_waiting(monkeypatch: Any, caplog: Any) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise DatabaseError("gone")

    monkeypatch.setattr(pushing, "wake", broken)
    message = support.process(support.taken(signed.write(uuid.uuid4())))
    assert message.state == S.WAITING


def test_sealed_with_a_secret_that_is_gone(settings: Any) -> None:
    message = support.taken(signed.write(uuid.uuid4()))
    settings.SECRET_KEY = "another secret, and no fallback for the one before"
    message = support.process(message)
    assert message.state == S.FAILED and "SECRET_KEY" in message.words


def test_a_body_opens_after_months() -> None:
    push = pushes.submitted()
    message = support.taken(signed.write(push.push_operation_key))
    message = support.process(message, clock=after(days=100))
    assert message.state == S.PROCESSED


# --- Rings, tries and two workers -------------------------------------------------------------


def rung() -> list[tuple[Any, ...]]:
    return [given for job, given in rows.queued() if job == doorbell.MESSAGE]


def test_a_lost_ring_is_rung_again() -> None:
    message = support.taken(signed.write(uuid.uuid4()))
    silence()
    webhooks.ring_waiting(now=timezone.now())
    assert rung() == []  # the first ring may still be under way
    webhooks.ring_waiting(now=timezone.now() + dt.timedelta(seconds=6))
    assert rung() == [(message.pk,)]


def test_the_sweep_rings(sandbox: Any) -> None:
    message = support.taken(signed.write(uuid.uuid4()))
    silence()
    long_ago = timezone.now() - dt.timedelta(minutes=2)
    WebhookMessage.objects.filter(pk=message.pk).update(processed_at=long_ago)
    tasks.sweep()
    assert (message.pk,) in rung()


def test_tries_become_rarer() -> None:
    message = support.taken(signed.write(uuid.uuid4()))

    def is_due(age: float, since_try: float) -> bool:
        now = message.received_at + dt.timedelta(seconds=age)
        tried_at = now - dt.timedelta(seconds=since_try)
        silence()
        WebhookMessage.objects.filter(pk=message.pk).update(processed_at=tried_at)
        webhooks.ring_waiting(now=now)
        return bool(rung())

    assert [is_due(20, 14), is_due(20, 16)] == [False, True]
    assert [is_due(300, 140), is_due(300, 151)] == [False, True]
    assert [is_due(36_000, 299), is_due(36_000, 301)] == [False, True]
    # A clock that was set back does not stop them.
    assert [is_due(60, -299), is_due(60, -301)] == [False, True]


def test_a_round_is_bounded_and_fair() -> None:
    now = timezone.now()
    WebhookMessage.objects.bulk_create(
        WebhookMessage(
            webhook_id=f"m{n}",
            received_at=now - dt.timedelta(hours=1),
            sent_at=now,
            sealed_body=b"",
            processed_at=None if n >= 60 else now - dt.timedelta(minutes=10),
        )
        for n in range(120)
    )
    webhooks.ring_waiting(now=now)
    first = {pk for (pk,) in rung()}
    assert len(first) == 50
    untried = WebhookMessage.objects.filter(processed_at=None).values_list("pk", flat=True)
    assert first <= set(untried)
    webhooks.ring_waiting(now=now)
    assert len(rung()) == 50  # the queue is long already


def test_two_workers_make_one_try(sandbox: Any) -> None:
    client = rows.onboard()
    message = support.taken(support.accounts(client.connection.codat_id))
    before, faults = len(calls()), []
    start = threading.Barrier(2)

    def worker() -> None:
        try:
            start.wait(10)
            tasks.message(message.pk)
        except Exception as error:
            faults.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=worker) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    message.refresh_from_db()
    assert faults == [] and message.state == S.PROCESSED
    assert len(calls()) == before + 1


def test_processing_again_is_harmless() -> None:
    push = pushes.submitted()
    message = support.process(support.taken(signed.write(push.push_operation_key)))
    before = frozen(push)
    for _ in range(3):
        assert webhooks.process_again([message.pk], by=pushes.BY, now=timezone.now()) == 1
        message.refresh_from_db()
        assert message.state == S.WAITING
        assert (message.pk,) in rung()
        message = support.process(message)
        assert message.state == S.PROCESSED
    assert frozen(push) == before
    event = Event.objects.filter(action="webhook.again").first()
    assert event is not None and event.actor_name == "manager"
    assert event.words == message.webhook_id


def test_many_again_do_not_flood_the_queue() -> None:
    now = timezone.now()
    WebhookMessage.objects.bulk_create(
        WebhookMessage(
            webhook_id=f"m{n}", received_at=now, sent_at=now, sealed_body=b"", state=S.IGNORED
        )
        for n in range(80)
    )
    pks = list(WebhookMessage.objects.values_list("pk", flat=True))
    assert webhooks.process_again([*pks, 0], by=pushes.BY, now=now) == 80
    assert len(rung()) <= 50
    assert not WebhookMessage.objects.exclude(state=S.WAITING).exists()


def test_any_body_is_read_without_a_fault() -> None:
    for value in ("{}", '{"eventType": ["x"]}', '{"eventType": "connection.x", "payload": 3}'):
        assert reading.read(value.encode()).about is not None
