"""Who may send: tokens made, checked, revoked. A wrong one counts like a wrong password."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import secrets

from django.conf import settings
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _

from bankfeeds import free_text
from bankfeeds.models import Actor, Event, Sender, WrongToken
from bankfeeds.models.record import demand_reason
from bankfeeds.sign_in import address

from . import expecting

LONGEST_NAME = 120
LONGEST_HEADER = 200
_TOKEN = re.compile(r"bfp_([0-9a-f]{16})_[A-Za-z0-9_-]{43}")
# Compared with where there is no sender, so that both take as long.
_NOBODY = "0" * 64


class NameTaken(ValueError):
    """There is a sender of this name already, revoked or not."""

    def __init__(self) -> None:
        super().__init__(_("There is a sender of this name already. Choose another name."))


class TooMany(Exception):
    """Too many wrong tokens from this address: none is looked at for a while."""


def create(name: str, *, by: Actor, now: dt.datetime) -> tuple[Sender, str]:
    """The sender and its token, which is known this once. Raises ValueError, NameTaken."""
    handle = secrets.token_hex(8)
    token = f"bfp_{handle}_{secrets.token_urlsafe(32)}"
    return _create(name, handle, _hash(token), by, now), token


def create_of_folder(name: str, *, by: Actor, now: dt.datetime) -> Sender:
    """One whose files lie in a folder: nothing is its token. Raises ValueError, NameTaken."""
    return _create(name, secrets.token_hex(8), "", by, now)


def _create(name: str, handle: str, token_hash: str, by: Actor, now: dt.datetime) -> Sender:
    name = name.strip()
    if not name:
        raise ValueError(_("Give the sender a name."))
    if wrong := free_text.problem(name) or free_text.too_long(name, most=LONGEST_NAME):
        raise ValueError(wrong)
    try:
        with transaction.atomic():
            sender = Sender.objects.create(
                name=name,
                handle=handle,
                token_hash=token_hash,
                created_at=now,
                created_by=by.name,
            )
            Event.objects.record("sender.created", by=by, at=now, words=name)
    except IntegrityError:
        raise NameTaken from None
    return sender


def revoke(sender: Sender, *, reason: str, by: Actor, now: dt.datetime) -> bool:
    """Its token opens nothing from now on. False: it was revoked already. Raises ValueError."""
    demand_reason(reason)
    with transaction.atomic():
        rows = Sender.objects.filter(pk=sender.pk, revoked_at=None)
        if not rows.update(revoked_at=now, revoked_by=by.name):
            return False
        expecting.not_any_more(sender, by=by, now=now)
        Event.objects.record("sender.revoked", by=by, at=now, words=sender.name, reason=reason)
    return True


def holder(request: HttpRequest, *, now: dt.datetime) -> Sender | None:
    """Whose token a request bears; None for a wrong one, which is counted. Raises TooMany.

    Counted by sender and address, as sign-ins are by name and address: nobody locks out others.
    """
    token = _given(request.headers.get("Authorization", ""))
    found = _TOKEN.fullmatch(token)
    sender = Sender.objects.filter(handle=found[1]).first() if found else None
    where, handle = address.client(request) or "", sender.handle if sender else ""
    if _wrong_ones(where, handle, now) >= settings.AXES_FAILURE_LIMIT:
        raise TooMany
    is_right = constant_time_compare(_hash(token), sender.token_hash if sender else _NOBODY)
    if sender and is_right and sender.revoked_at is None:
        return sender
    if not (sender and is_right):
        _count(where, handle, now)
    return None


def _given(header: str) -> str:
    scheme, _space, token = header[:LONGEST_HEADER].partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def _wrong_ones(where: str, handle: str, now: dt.datetime) -> int:
    recent = WrongToken.objects.filter(at__gt=now - settings.AXES_COOLOFF_TIME)
    return int(recent.filter(address=where, handle=handle).count())


def _count(where: str, handle: str, now: dt.datetime) -> None:
    WrongToken.objects.filter(at__lte=now - settings.AXES_COOLOFF_TIME).delete()
    WrongToken.objects.create(address=where, handle=handle, at=now)
