"""The door for Codat's messages: turned away, or kept and answered at once.

The only address of the portal without a session and without CSRF. Says nothing of body or headers
to the log, and touches the database only for messages that are Codat's.
"""

from __future__ import annotations

import functools
import logging

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.http.request import UnreadablePostError
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from bankfeeds import conf, doorbell, sealing
from bankfeeds.models import WebhookMessage

from . import signature

log = logging.getLogger(__name__)

LARGEST = 256 * 1024
TAKEN = 204


@csrf_exempt
@require_POST
def receive(request: HttpRequest) -> HttpResponse:
    """204 kept (now or before), 401 not Codat's, 413 too large, 503 no secret to check with.

    503 lets Codat try again for 28 hours, so that nothing is lost while the secret is set up.
    """
    webhook = signature.key(conf.webhook_secret())
    if webhook is None:
        _say_closed()
        return _answer(503, "This portal takes no messages.")
    body = _body(request)
    if body is None:
        return _answer(413, f"At most {LARGEST} bytes.")
    envelope = signature.verify(webhook, headers=_lower(request), body=body)
    if envelope is None:
        return _answer(401, "Not signed by Codat, or not within five minutes.")
    _keep(envelope, body)
    return HttpResponse(status=TAKEN)


def _keep(envelope: signature.Envelope, body: bytes) -> None:
    """Store it, once, and ring for it; a delivery of the same id changes nothing."""
    rows = WebhookMessage.objects.filter(webhook_id=envelope.webhook_id)
    if rows.exists():
        return
    now = timezone.now()
    with transaction.atomic():
        message, is_new = WebhookMessage.objects.get_or_create(
            webhook_id=envelope.webhook_id,
            defaults={
                "received_at": now,
                "sent_at": envelope.sent_at,
                "sealed_body": sealing.seal(body, now=now),
            },
        )
        if is_new:
            doorbell.ring(doorbell.MESSAGE, message.pk)


def _body(request: HttpRequest) -> bytes | None:
    """None when it is too large: then none of it is read. Django reads no more than was said."""
    try:
        length = int(request.META.get("CONTENT_LENGTH") or 0)
        if length > LARGEST:
            return None
        return request.body if length > 0 else b""
    except (ValueError, UnreadablePostError):
        # No number, or hung up in the middle: nothing that could be Codat's.
        return b""


def _lower(request: HttpRequest) -> dict[str, str]:
    return {name.lower(): value for name, value in request.headers.items()}


def _answer(status: int, text: str) -> HttpResponse:
    return HttpResponse(f"{text}\n", status=status, content_type="text/plain")


@functools.cache
def _say_closed() -> None:
    log.error("a message came, and CODAT_WEBHOOK_SECRET is missing or no secret: none are taken")
