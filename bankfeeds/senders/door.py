"""The door for core systems: a file is kept and answered at once, or turned away.

No session, no cookie, no CSRF: a token in the header alone counts. Says nothing of body or headers
to the log. Answers are JSON, in English.
"""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.request import UnreadablePostError
from django.urls import reverse
from django.utils import timezone, translation
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from bankfeeds import importing
from bankfeeds.models import ReceivedFile, Sender

from . import batches, tokens

_BATCH_ID = re.compile(r"[\x21-\x7e]{1,200}")
_LENGTH = re.compile(r"[0-9]{1,18}")
AT_ONCE = 65_536
# Wrapped in something else, a file would be kept that is none.
WRAPPED = ("multipart/",)
View = Callable[..., HttpResponse]


class Refused(Exception):
    def __init__(self, status: int, error: str, **more: Any) -> None:
        super().__init__(error)
        self.answer = _json({"error": error, **more}, status=status)


def _door(view: View) -> View:
    """Hands the sender in; whatever is refused is answered as JSON."""

    @csrf_exempt
    @wraps(view)
    def guarded(request: HttpRequest, **given: Any) -> HttpResponse:
        try:
            return view(request, _sender(request), **given)
        except Refused as refused:
            return refused.answer

    return guarded


@require_POST
@_door
def take(request: HttpRequest, sender: Sender) -> HttpResponse:
    """202 kept (now or before); 400, 401, 409 another body, 411, 413, 415, 429."""
    batch_id = request.headers.get("Idempotency-Key", "")
    if not _BATCH_ID.fullmatch(batch_id):
        raise Refused(400, "Name the batch in Idempotency-Key: 1 to 200 visible ASCII characters.")
    body = _body(request)
    digest = hashlib.sha256(body).hexdigest()
    row = batches.keep(sender, batch_id, body, digest=digest, now=timezone.now())
    told = {
        "batch": row.batch_id,
        "sha256": row.sha256,
        "received": row.received_at.isoformat(),
        "statusAddress": reverse("received", args=[row.key]),
    }
    if row.sha256 != digest:
        said = "Another file came under this Idempotency-Key before. This one was not kept."
        raise Refused(409, said, **told)
    answer = _json(told, status=202)
    answer["Location"] = told["statusAddress"]
    return answer


@require_GET
@_door
def status(request: HttpRequest, sender: Sender, key: uuid.UUID) -> HttpResponse:
    """What became of a file of the sender's own; 404 for all others."""
    rows = ReceivedFile.objects.filter(sender=sender, key=key).defer("sealed_body")
    row = rows.first()
    if row is None:
        raise Refused(404, "There is no such file.")
    # A program reads it, whatever language it asks for.
    with translation.override(settings.LANGUAGE_CODE):
        accounts = [_account(each) for each in row.accounts]
    told = {
        "batch": row.batch_id,
        "sha256": row.sha256,
        "received": row.received_at.isoformat(),
        "status": row.state,
        "reason": row.words,
        "accounts": accounts,
    }
    return _json(told, status=200)


def _account(entry: dict[str, Any]) -> dict[str, Any]:
    named = ("number", "status", "saved", "known", "leftOut", "reason", "rows")
    rows = [{"line": row["line"], "reason": importing.words_of_row(row)} for row in entry["rows"]]
    return {**{name: entry[name] for name in named}, "rows": rows}


def _sender(request: HttpRequest) -> Sender:
    now = timezone.now()
    try:
        sender = tokens.holder(request, now=now)
    except tokens.TooMany:
        refused = Refused(429, "Too many wrong tokens. Try again later.")
        refused.answer["Retry-After"] = str(round(settings.AXES_COOLOFF_TIME.total_seconds()))
        raise refused from None
    if sender is None:
        refused = Refused(401, "Not allowed.")
        refused.answer["WWW-Authenticate"] = "Bearer"
        raise refused
    return sender


def _body(request: HttpRequest) -> bytes:
    kind = request.content_type or ""
    if (
        kind.startswith(WRAPPED)
        or request.headers.get("Content-Encoding", "identity") != "identity"
    ):
        raise Refused(415, "Send the file itself as the body, neither in a form nor compressed.")
    stated = request.META.get("CONTENT_LENGTH") or ""
    if not _LENGTH.fullmatch(stated):
        raise Refused(411, "State the size of the body in Content-Length.")
    if int(stated) > settings.IMPORT_MAX_BYTES:
        raise Refused(413, f"At most {settings.IMPORT_MAX_BYTES} bytes. Split the file.")
    try:
        body = b"".join(iter(lambda: request.read(AT_ONCE), b""))
    except UnreadablePostError:
        body = b""
    if not body or len(body) != int(stated):
        raise Refused(400, "The body is empty or did not come whole. Nothing was kept.")
    return body


def _json(value: dict[str, Any], *, status: int) -> JsonResponse:
    return JsonResponse(value, status=status, headers={"Cache-Control": "no-store"})
