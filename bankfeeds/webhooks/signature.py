"""Whether a message is from Codat: Standard Webhooks, with our shared secret. Knows no database.

Source: codat-api 6.3; https://www.standardwebhooks.com. The library decides about signature and
time; what it would read too generously or trip over is turned away before.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass

from standardwebhooks import Webhook, WebhookVerificationError
from standardwebhooks.webhooks import EmptyWebhookSecretError

PREFIX = "whsec_"
# As many as a rotation of secrets could ever bring.
MOST_SIGNATURES = 16
LONGEST_HEADER = 2000
_ID = re.compile(r"[\x21-\x7e]{1,200}")
_SECONDS = re.compile(r"[1-9][0-9]{0,11}")


@dataclass(frozen=True)
class Envelope:
    """What the headers say of a message that is Codat's."""

    webhook_id: str
    sent_at: dt.datetime


def key(secret: str) -> Webhook | None:
    """What verifies with this secret; None when it is not `whsec_` and base64."""
    given = secret.removeprefix(PREFIX)
    if given == secret or not given:
        return None
    try:
        base64.b64decode(given, validate=True)
        return Webhook(secret)
    except (binascii.Error, ValueError, EmptyWebhookSecretError):
        return None


def is_secret(text: str) -> bool:
    return key(text) is not None


def verify(webhook: Webhook, *, headers: Mapping[str, str], body: bytes) -> Envelope | None:
    """The envelope of a message of Codat's, at most five minutes old or ahead; None for others."""
    webhook_id = headers.get("webhook-id", "")
    seconds = headers.get("webhook-timestamp", "")
    signatures = _well_formed(headers.get("webhook-signature", ""))
    if not (_ID.fullmatch(webhook_id) and _SECONDS.fullmatch(seconds) and signatures):
        return None
    given = {
        "webhook-id": webhook_id,
        "webhook-timestamp": seconds,
        "webhook-signature": " ".join(signatures),
    }
    try:
        webhook.verify(body, given, json_parse=False)
        return Envelope(webhook_id, dt.datetime.fromtimestamp(int(seconds), dt.UTC))
    # A body that is no UTF-8, a number that is no time: whatever it trips over is not Codat's.
    except (WebhookVerificationError, ValueError, OverflowError, OSError):
        return None


def _well_formed(header: str) -> list[str]:
    """The signatures of version 1 that are written as they should be; others are ignored."""
    if len(header) > LONGEST_HEADER:
        return []
    return [each for each in header.split(" ")[:MOST_SIGNATURES] if _is_signature(each)]


def _is_signature(text: str) -> bool:
    version, _, encoded = text.partition(",")
    if version != "v1" or not encoded.isascii():
        return False
    try:
        raw = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return False
    # Spare bits at the end could otherwise be anything.
    return len(raw) == 32 and base64.b64encode(raw).decode() == encoded
