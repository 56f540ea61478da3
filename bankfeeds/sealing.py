"""Account numbers, which are never kept whole: keyed hash, last four, and bodies under seal.

A sealed body is what Codat has not confirmed yet; it opens for 24 hours and is then forgotten.
The keys come from the settings; this room knows no database and no network.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import re

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings

LIFETIME = dt.timedelta(hours=24)

_NEITHER_LETTER_NOR_DIGIT = re.compile(r"[^0-9A-Z]")


def normalised(number: str) -> str:
    """The letters and digits of an account number: `12-34 5x` and `12345X` are the same."""
    return _NEITHER_LETTER_NOR_DIGIT.sub("", number.upper())


def number_hash(number: str) -> str:
    """A keyed hash by which a file's account number is matched; hex, 64 characters."""
    key = settings.ACCOUNT_NUMBER_KEY.encode() or _derived("account-number")
    return hmac.new(key, normalised(number).encode(), hashlib.sha256).hexdigest()


def fingerprint(text: str) -> str:
    """A keyed hash of a text that may hold account numbers; hex, 40 characters."""
    return hmac.new(_derived("fingerprint"), text.encode(), hashlib.sha256).hexdigest()[:40]


def last4(number: str) -> str:
    return normalised(number)[-4:]


def seal(body: bytes, *, now: dt.datetime) -> bytes:
    """Encrypt a body; the moment is part of the seal."""
    return _keys()[0].encrypt_at_time(body, int(now.timestamp()))


def unseal(sealed: bytes | memoryview | None, *, now: dt.datetime) -> bytes | None:
    """The body, or None: none was kept, its 24 hours are over, or the secret has changed."""
    if sealed is None or expired(sealed, now=now):
        return None
    try:
        return MultiFernet(_keys()).decrypt(bytes(sealed))
    except InvalidToken:
        return None


def expired(sealed: bytes | memoryview, *, now: dt.datetime) -> bool:
    """Whether the 24 hours of a sealed body are over, or its age cannot be told."""
    for key in _keys():
        try:
            sealed_at = key.extract_timestamp(bytes(sealed))
        except InvalidToken:
            continue
        return now.timestamp() - sealed_at >= LIFETIME.total_seconds()
    return True


def _keys() -> list[Fernet]:
    secrets = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return [Fernet(base64.urlsafe_b64encode(_derived("sealing", secret=s))) for s in secrets]


def _derived(purpose: str, *, secret: str = "") -> bytes:
    secret = secret or settings.SECRET_KEY
    return hmac.new(secret.encode(), f"bankfeeds.{purpose}".encode(), hashlib.sha256).digest()
