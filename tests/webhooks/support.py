"""Messages of every kind, handed in at the door and processed in this process."""

from __future__ import annotations

import uuid
from typing import Any

from django.test import Client
from django.utils import timezone

from bankfeeds import budget, conf, webhooks
from bankfeeds.models import WebhookMessage

from .signed import URL, event, headers


def post(body: bytes, given: dict[str, str]) -> Any:
    """Hand a message in at the door, as from a client that checks CSRF."""
    browser = Client(enforce_csrf_checks=True)
    return browser.post(URL, body, content_type="application/json", headers=given)


def accounts(connection_id: Any, *, ending: str = "connected") -> bytes:
    payload = {
        "referenceCompany": {"id": str(uuid.uuid4()), "name": "Toft stores"},
        "connectionId": str(connection_id),
        "sourceAccount": {"id": "acc-002", "accountNumber": "12345670", "status": "pending"},
    }
    return event(f"bankFeeds.sourceAccount.{ending}", payload)


def tie(connection_id: Any, *, ending: str = "connected", link: str = "") -> bytes:
    connection = {"id": str(connection_id), "status": "Linked", "linkUrl": link}
    return event(f"connection.{ending}", {"referenceCompany": {}, "connection": connection})


def taken(body: bytes, **given: Any) -> WebhookMessage:
    """A message that came in by the door."""
    told = headers(body, **given)
    assert post(body, told).status_code == 204
    return WebhookMessage.objects.get(webhook_id=told["webhook-id"])


def process(message: WebhookMessage, *, clock: Any = timezone.now) -> WebhookMessage:
    """Carry out the job of one message in this process."""
    line = budget.Line()
    webhooks.process(message.pk, client=conf.client(line.heard), line=line, clock=clock)
    message.refresh_from_db()
    return message
