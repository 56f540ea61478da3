"""The second factor: an authenticator app, and recovery codes for the day on which it is lost."""

from __future__ import annotations

import datetime as dt
import re
import secrets
import time
from base64 import b32encode
from typing import Any
from urllib.parse import quote, urlencode

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from django_otp import login, user_has_device
from django_otp.oath import TOTP
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from bankfeeds.models import Actor, Event

from . import written_down

CODES = 10
# Letters and digits that are not mistaken for one another.
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
LENGTH = 10
_APP = re.compile(r"[0-9]{6}")
# Steps of 30 seconds by which a clock may be off.
TOLERANCE = 1


def is_complete(request: HttpRequest) -> bool:
    """Whether who asks has shown all that is asked for."""
    return not settings.SECOND_FACTOR or bool(getattr(request.user, "otp_device", None))


def has_device(user: User) -> bool:
    return bool(user_has_device(user))


def device(user: User) -> TOTPDevice | None:
    """The authenticator app of a person."""
    found: TOTPDevice | None = TOTPDevice.objects.filter(user=user, confirmed=True).first()
    return found


def codes_left(user: User) -> int:
    return int(StaticToken.objects.filter(device__user=user).count())


# --- To set up ------------------------------------------------------------------------------


def new_key() -> str:
    """A secret for an app, in hexadecimal."""
    return secrets.token_hex(20)


def as_text(key: str) -> str:
    """The secret as apps take it by hand: groups of four letters."""
    text = b32encode(bytes.fromhex(key)).decode()
    return " ".join(text[i : i + 4] for i in range(0, len(text), 4))


def address(user: User, *, key: str) -> str:
    """What the picture says to the app: otpauth://…, by Google's Key Uri Format."""
    issuer = settings.INSTITUTION_NAME.replace(":", " ")
    label = quote(f"{issuer}:{user.get_username()}")
    secret = b32encode(bytes.fromhex(key)).decode()
    query = urlencode({"secret": secret, "issuer": issuer}, quote_via=quote)
    return f"otpauth://totp/{label}?{query}"


def set_up(request: HttpRequest, user: User, *, key: str, code: str) -> list[str] | None:
    """Take the app of `key` as the person's only one; new recovery codes, or None: a wrong code."""
    totp = TOTP(bytes.fromhex(key))
    totp.time = time.time()
    code = _plain(code)
    if not _APP.fullmatch(code) or not totp.verify(int(code), TOLERANCE):
        return None
    with transaction.atomic():
        TOTPDevice.objects.filter(user=user).delete()
        # The code that was just shown is not taken a second time.
        made = TOTPDevice.objects.create(
            user=user, name="app", key=key, tolerance=TOLERANCE, last_t=totp.t()
        )
        codes = new_codes(user, by=Actor.person(user))
        _record("sign_in.device_added", user, by=Actor.person(user))
    _let_in(request, made)
    return codes


def new_codes(user: User, *, by: Actor) -> list[str]:
    """Recovery codes in the place of all former ones."""
    codes = ["".join(secrets.choice(ALPHABET) for _ in range(LENGTH)) for _ in range(CODES)]
    with transaction.atomic():
        StaticDevice.objects.filter(user=user).delete()
        holder = StaticDevice.objects.create(user=user, name="recovery")
        StaticToken.objects.bulk_create(StaticToken(device=holder, token=code) for code in codes)
        _record("sign_in.codes_made", user, by=by)
    return codes


# --- To get in ------------------------------------------------------------------------------


def verify(request: HttpRequest, user: User, *, code: str) -> Any:
    """The device that knows the code, and the session knows it from now on; None: a wrong code.

    After each wrong one the device waits twice as long before it looks at another.
    """
    code = _plain(code)
    kind = TOTPDevice if _APP.fullmatch(code) else StaticDevice
    with transaction.atomic():
        theirs = kind.objects.select_for_update().filter(user=user, confirmed=True)
        found = next((each for each in theirs if each.verify_token(code)), None)
        if isinstance(found, StaticDevice):
            _record("sign_in.code_used", user, by=Actor.person(user))
    if found is None:
        written_down.code_wrong(request, user)
    else:
        _let_in(request, found)
    return found


def waits_until(user: User) -> dt.datetime | None:
    """Until when no code is looked at, because of wrong ones before."""
    held = [
        details["locked_until"]
        for kind in (TOTPDevice, StaticDevice)
        for each in kind.objects.filter(user=user, confirmed=True)
        for allowed, details in [each.verify_is_allowed()]
        if not allowed
    ]
    return max(held, default=None)


def reset(user: User, *, by: Actor) -> None:
    """Forget all that the person had: at the next sign-in they set it up anew."""
    with transaction.atomic():
        TOTPDevice.objects.filter(user=user).delete()
        StaticDevice.objects.filter(user=user).delete()
        _record("sign_in.device_reset", user, by=by)


def _let_in(request: HttpRequest, found: Any) -> None:
    if not is_complete(request):
        written_down.signed_in(request, found.user)
    request.session.cycle_key()
    login(request, found)


def _plain(code: str) -> str:
    return re.sub(r"[\s-]", "", code).lower()


def _record(action: str, user: User, *, by: Actor) -> None:
    Event.objects.record(action, by=by, at=timezone.now(), words=user.get_username())
