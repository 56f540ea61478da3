"""Messages as Codat sends them. Signs by hand, so that our library is not its own judge."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
import uuid
from typing import Any

from django.test import Client
from django.utils import timezone

from bankfeeds import budget, conf, webhooks
from bankfeeds.models import WebhookMessage

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
URL = "/webhooks/codat"


def sign(webhook_id: str, seconds: int | str, body: bytes, *, secret: str = SECRET) -> str:
    key = base64.b64decode(secret.removeprefix("whsec_"))
    told = f"{webhook_id}.{seconds}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, told, hashlib.sha256).digest()).decode()


def headers(
    body: bytes, *, webhook_id: str = "", seconds: int | None = None, secret: str = SECRET
) -> dict[str, str]:
    webhook_id = webhook_id or f"msg_{uuid.uuid4().hex}"
    seconds = int(time.time()) if seconds is None else seconds
    return {
        "webhook-id": webhook_id,
        "webhook-timestamp": str(seconds),
        "webhook-signature": sign(webhook_id, seconds, body, secret=secret),
    }


def post(body: bytes, given: dict[str, str]) -> Any:
    """Hand a message in at the door, as from a client that checks CSRF."""
    browser = Client(enforce_csrf_checks=True)
    return browser.post(URL, body, content_type="application/json", headers=given)


def event(name: str, payload: Any) -> bytes:
    told = {
        "id": str(uuid.uuid4()),
        "eventType": name,
        "generatedDate": "2026-11-02T09:29:36.1234567Z",
        "payload": payload,
    }
    return json.dumps(told).encode()


def write(key: uuid.UUID | str | None, *, ending: str = "successful") -> bytes:
    payload = {
        "id": str(key) if key else None,
        "type": "Create",
        "referenceCompany": {"id": str(uuid.uuid4()), "name": "Toft stores"},
        "connectionId": str(uuid.uuid4()),
        "status": "Success",
    }
    return event(f"bankTransactions.write.{ending}", payload)


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
