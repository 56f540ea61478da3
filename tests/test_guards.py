"""History cannot be changed, not even by raw SQL, on either database."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.core.checks import run_checks
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from bankfeeds import guards
from bankfeeds.checks import HISTORY
from bankfeeds.models import (
    Actor,
    ColumnProfile,
    Decision,
    Event,
    ForeignAccount,
    MarkedRow,
    MissingFile,
    Note,
    Origin,
    Push,
    PushAttempt,
    PushDecision,
    PushMark,
    PushStatus,
    ReceivedFile,
    Sender,
    SendingStop,
    UnclaimedWrite,
    WebhookMessage,
)
from tests import support

pytestmark = pytest.mark.django_db


@pytest.fixture
def push() -> Push:
    """A push with one of everything that hangs on it; it has ended."""
    push = support.make_push(status=PushStatus.SUCCEEDED)
    PushAttempt.objects.create(
        push=push, number=1, fence=1, idempotency_key=uuid.uuid4(), started_at=timezone.now()
    )
    PushDecision.objects.create(
        push=push, kind=Decision.GIVE_UP, reason="x", made_at=timezone.now(), made_by="manager"
    )
    mark = PushMark.objects.create(
        push=push, kind="sent_in_error", made_at=timezone.now(), made_by="manager"
    )
    MarkedRow.objects.create(mark=mark, item=push.items.all()[0])
    Note.objects.create(
        company=push.company, made_at=timezone.now(), made_by="manager", text="x", form_key="x"
    )
    UnclaimedWrite.objects.create(
        push_operation_key=uuid.uuid4(),
        connection=push.connection,
        requested_at=timezone.now(),
        first_seen_at=timezone.now(),
    )
    SendingStop.objects.create(stopped_at=timezone.now(), stopped_by="manager", reason="x")
    ColumnProfile.objects.create(
        institution="x", name="x", setup={}, made_at=timezone.now(), made_by="manager"
    )
    support.make_doubt(push.account, push.items.all()[0].transaction, answered_at=timezone.now())
    sender = Sender.objects.create(
        name="x", handle="x", token_hash="x", created_at=timezone.now(), revoked_at=timezone.now()
    )
    ReceivedFile.objects.create(sender=sender, batch_id="x", size=1, received_at=timezone.now())
    MissingFile.objects.create(
        sender=sender, day=timezone.localdate(), due_at=timezone.now(), noted_at=timezone.now()
    )
    ForeignAccount.objects.create(
        sender=sender, number_hash="x", reason="x", made_at=timezone.now(), made_by="support"
    )
    WebhookMessage.objects.create(
        webhook_id="m", received_at=timezone.now(), sent_at=timezone.now(), sealed_body=b"x"
    )
    Event.objects.record(
        "push.tested", by=Actor("manager", Origin.PERSON), at=timezone.now(), push=push
    )
    return push


def run(statement: str, *values: Any) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, values)


def refused(statement: str, *values: Any) -> None:
    with pytest.raises(DatabaseError, match="insert-only|never|only be released"):
        run(statement, *values)


@pytest.mark.parametrize("table", guards.TABLES)
def test_no_row_of_history_can_be_deleted(push: Push, table: str) -> None:
    refused(f"DELETE FROM {table}")  # noqa: S608


@pytest.mark.parametrize("table", guards.TABLES)
def test_no_table_of_history_can_be_emptied(push: Push, table: str) -> None:
    if connection.vendor == "sqlite":
        pytest.skip("SQLite has no TRUNCATE")
    connection.check_constraints()  # or the deferred ones would refuse first
    refused(f"TRUNCATE {table} CASCADE")


@pytest.mark.parametrize(
    ("table", "change"),
    [
        ("bankfeeds_event", "words = 'other'"),
        ("bankfeeds_event", "actor_name = 'other'"),
        ("bankfeeds_pushdecision", "reason = 'other'"),
        ("bankfeeds_pushbody", "compressed = compressed"),
        ("bankfeeds_push", "status = 'ready'"),
        ("bankfeeds_push", "rows = 1"),
        ("bankfeeds_push", "money_out = 5"),
        ("bankfeeds_push", "requested_by = 'other'"),
        ("bankfeeds_push", "body_sha256 = 'other'"),
        ("bankfeeds_push", "rules_in_force = '[1]'"),
        ("bankfeeds_pushattempt", "idempotency_key = '00000000000000000000000000000000'"),
        ("bankfeeds_pushattempt", "number = 2"),
        ("bankfeeds_doubt", "answer = 'new'"),
        ("bankfeeds_doubt", "amount = 9"),
        ("bankfeeds_sender", "token_hash = 'other'"),
        ("bankfeeds_sender", "revoked_at = NULL"),
        ("bankfeeds_missingfile", "day = '2020-01-02'"),
        ("bankfeeds_foreignaccount", "number_hash = 'other'"),
        ("bankfeeds_receivedfile", "batch_id = 'other'"),
        ("bankfeeds_receivedfile", "user_id = 1"),
        ("bankfeeds_receivedfile", "account_id = 1"),
        ("bankfeeds_receivedfile", "profile_id = 1"),
        ("bankfeeds_pushitem", "position = position + 5"),
        ("bankfeeds_pushitem", "findings = '[1]'"),
    ],
)
def test_what_is_frozen_cannot_be_changed(push: Push, table: str, change: str) -> None:
    refused(f"UPDATE {table} SET {change}")  # noqa: S608


def test_an_attempt_is_closed_once(push: Push) -> None:
    close = "UPDATE bankfeeds_pushattempt SET ended_at = %s, outcome = 'accepted'"
    run(close, timezone.now())
    refused(close, timezone.now())
    refused("UPDATE bankfeeds_pushattempt SET outcome = 'unknown'")
    refused("UPDATE bankfeeds_pushattempt SET ended_at = NULL")


def test_an_item_is_released_once_and_never_taken_back(push: Push) -> None:
    run("UPDATE bankfeeds_pushitem SET released = %s", True)
    refused("UPDATE bankfeeds_pushitem SET released = %s", False)


def test_what_moves_by_design_can_still_move(push: Push) -> None:
    run("UPDATE bankfeeds_push SET polls = 3, codat_status = 'Success', hold_reason = 'x'")
    push.refresh_from_db()
    assert (push.polls, push.codat_status) == (3, "Success")


@pytest.mark.parametrize("ended", [PushStatus.SUCCEEDED, PushStatus.FAILED, PushStatus.CANCELLED])
def test_an_end_is_an_end(push: Push, ended: PushStatus) -> None:
    pk = support.make_push(push.account, status=ended).pk
    for other in PushStatus:
        if other != ended:
            refused("UPDATE bankfeeds_push SET status = %s WHERE id = %s", other.value, pk)


# --- That they stand ------------------------------------------------------------------------


def messages() -> list[str]:
    found = run_checks(tags=[HISTORY], include_deployment_checks=True, databases=["default"])
    return [message.id for message in found if message.id]


def drop(name: str, table: str) -> None:
    run(f"DROP TRIGGER {name}" + ("" if connection.vendor == "sqlite" else f" ON {table}"))


@pytest.mark.parametrize("guard", guards.GUARDS, ids=lambda guard: guard.name)
def test_each_missing_guard_is_noticed_and_put_back(guard: guards.Guard) -> None:
    assert messages() == []
    drop(guard.name, guard.table)
    assert guards.missing() == [guard.name]
    assert messages() == ["bankfeeds.E008"]
    guards.plant()
    assert messages() == []


def test_migrate_puts_the_guards_back() -> None:
    guards.uproot()
    assert messages() == ["bankfeeds.E008"]
    call_command("migrate", verbosity=0)
    assert guards.missing() == []


def test_planting_again_changes_nothing(push: Push) -> None:
    guards.plant()
    guards.plant()
    refused("DELETE FROM bankfeeds_event")


def test_lifting_restores_even_after_an_error(push: Push) -> None:
    def fail() -> None:
        with guards.lifted():
            raise LookupError

    raises(fail)
    assert guards.missing() == []


def raises(do: Callable[[], None]) -> None:
    with pytest.raises(LookupError):
        do()
