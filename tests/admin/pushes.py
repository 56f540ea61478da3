"""Pushes in every state, made by the real verbs and steps, for the tests of their pages."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from typing import Any

from django.test import Client
from django.utils import timezone

from bankfeeds import pushing
from bankfeeds.models import Actor, Origin, Push, PushAttempt, PushStatus, SourceAccount
from bankfeeds.models.record import WORKER
from tests import support

BY = Actor("manager", Origin.PERSON)


def signed_in(person: Any) -> Client:
    client = Client()
    client.force_login(person)
    return client


def waiting(account: SourceAccount | None = None, **rows: Any) -> Push:
    """A push of three rows of today that waits to be sent."""
    account = account or support.make_account()
    support.make_transactions(account, **rows)
    (push,) = pushing.confirm(
        [account], fingerprint=None, form_key=str(uuid.uuid4()), by=BY, now=timezone.now()
    )
    return push


def sending(account: SourceAccount | None = None, **rows: Any) -> Push:
    push, now = waiting(account, **rows), timezone.now()
    assert push.step(
        PushStatus.SENDING, by=WORKER, now=now, fence=push.fence + 1, first_sent_at=now
    )
    return push


def attempt(push: Push, outcome: PushAttempt.Outcome, **changes: Any) -> PushAttempt:
    now = timezone.now()
    return PushAttempt.objects.create(
        push=push,
        number=push.attempts.count() + 1,
        fence=push.fence,
        idempotency_key=push.idempotency_key,
        body_sha256=push.body_sha256,
        started_at=now,
        ended_at=now,
        outcome=outcome,
        **changes,
    )


def submitted(account: SourceAccount | None = None, **rows: Any) -> Push:
    push, now = sending(account, **rows), timezone.now()
    attempt(push, PushAttempt.Outcome.ACCEPTED, correlation_id=uuid.uuid4().hex)
    assert push.step(
        PushStatus.SUBMITTED,
        by=WORKER,
        now=now,
        submitted_at=now,
        push_operation_key=uuid.uuid4(),
        codat_status="Pending",
        next_attempt_at=now + dt.timedelta(days=1),
    )
    return push


def succeeded(account: SourceAccount | None = None, **rows: Any) -> Push:
    push = submitted(account, **rows)
    push.step(PushStatus.SUCCEEDED, by=WORKER, now=timezone.now(), codat_status="Success")
    return push


def refused(account: SourceAccount | None = None, *, bad: int = 1, **rows: Any) -> Push:
    """Refused by Codat over the row at place `bad`."""
    push = submitted(account, **rows)
    row = push.items.select_related("transaction").get(position=bad).transaction
    said = {
        "item_id": row.transaction_id,
        "message": "The date is older than the newest transaction stored.",
        "validator_name": "NotOlderThanNewest",
    }
    push.step(
        PushStatus.FAILED,
        by=WORKER,
        now=timezone.now(),
        codat_status="Failed",
        error_message="Push failed: see validation for more information",
        validation={"errors": [said], "warnings": []},
    )
    return push


def unknown(account: SourceAccount | None = None, **rows: Any) -> Push:
    push = sending(account, **rows)
    attempt(push, PushAttempt.Outcome.UNKNOWN, words="read timeout")
    push.step(PushStatus.NEEDS_REVIEW, by=WORKER, now=timezone.now())
    return push


def looked(push: Push) -> Push:
    """Codat's list was read for it just now; nothing of it was found there."""
    Push.objects.filter(pk=push.pk).update(looked_at=timezone.now())
    return push


def timed_out(account: SourceAccount | None = None, **rows: Any) -> Push:
    push = submitted(account, **rows)
    push.step(PushStatus.TIMED_OUT, by=WORKER, now=timezone.now(), codat_status="TimedOut")
    return push


def hidden(answer: Any, name: str) -> str:
    """The value of a hidden field of a page; fails when there is none."""
    found = re.search(rf'name="{name}" value="([^"]*)"', answer.content.decode())
    assert found, f"no field {name}"
    return found[1]


def text(answer: Any) -> str:
    """What a page says, without markup and with single spaces."""
    content = re.sub(r"<[^>]+>", " ", answer.content.decode())
    for entity, character in (("&#x27;", "'"), ("&quot;", '"'), ("&amp;", "&")):
        content = content.replace(entity, character)
    return " ".join(content.split())
