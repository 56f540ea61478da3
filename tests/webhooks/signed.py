"""Messages as Codat signs them. Signed by hand, so that our library is not its own judge."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
import uuid
from typing import Any

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
