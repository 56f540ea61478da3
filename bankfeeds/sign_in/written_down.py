"""Who was in: sign-ins, sign-outs, wrong passwords, wrong codes and lock-outs, in the record.

Each with the address it came from, never with what was typed: a name that is nobody's may be a
password in the wrong field.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from bankfeeds.models import Actor, Event, Origin

from . import address

IN, OUT, OVER = "sign_in.in", "sign_in.out", "sign_in.over"
PASSWORD, WRONG, CODE_WRONG = "sign_in.password", "sign_in.wrong", "sign_in.code_wrong"
LOCKED, CHANGED = "sign_in.locked", "sign_in.password_changed"
# Names that are nobody's are never locked out; nobody fills the record with them.
MOST_UNKNOWN, WITHIN = 10, dt.timedelta(hours=1)


def signed_in(request: HttpRequest, user: User) -> None:
    """Whoever has shown all that is asked for."""
    _write(IN, request, user)


def password_given(request: HttpRequest, user: User) -> None:
    """The first step is done: in already, where it is the only one."""
    _write(PASSWORD if settings.SECOND_FACTOR else IN, request, user)


def password_changed(request: HttpRequest, user: User) -> None:
    """By the person, who knew the old one."""
    _write(CHANGED, request, user)


def signed_out(request: HttpRequest, user: User) -> None:
    _write(OUT, request, user)


def code_wrong(request: HttpRequest, user: User) -> None:
    _write(CODE_WRONG, request, user)


def over(request: HttpRequest, user_id: str, *, seen: dt.datetime | None) -> None:
    """A session that ended by its age: found by the first request that still brings it."""
    user = User.objects.filter(pk=user_id).first()
    if user is not None:
        _write(OVER, request, user, after={"seen": seen.isoformat() if seen else ""})


def wrong(sender: Any, *, credentials: dict[str, Any], request: Any = None, **rest: Any) -> None:
    """Signal: name and password did not fit. Behind django-axes, which has counted it already."""
    if request is None:
        return
    is_locked = getattr(request, "axes_locked_out", False)
    if is_locked and getattr(request, "axes_failures_since_start", None) is None:
        return  # it was locked before, which is written down
    name = str(credentials.get(User.USERNAME_FIELD, ""))
    user = User.objects.filter(username=name).first() if "\x00" not in name else None
    if user is None:
        _nobody(request)
        return
    _write(WRONG, request, user)
    if is_locked:
        _write(LOCKED, request, user)


def _nobody(request: HttpRequest) -> None:
    now = timezone.now()
    place = address.client(request) or ""
    lately = Event.objects.filter(action=WRONG, user=None, at__gte=now - WITHIN, after__place=place)
    known = lately.count()
    if known >= MOST_UNKNOWN:
        return
    said = [_("The name is nobody's."), _from(place)]
    if known == MOST_UNKNOWN - 1:
        said.append(_("Further ones from there are not written down for an hour."))
    Event.objects.record(
        WRONG, by=Actor("", Origin.PERSON), at=now, words=" ".join(said), after={"place": place}
    )


def _write(action: str, request: HttpRequest, user: User, **more: Any) -> None:
    place = address.client(request) or ""
    by = Actor.person(user)
    Event.objects.record(action, by=by, at=timezone.now(), words=_from(place), **more)


def _from(place: str) -> str:
    if not place:
        return _("From an address that is not known.")
    return _("From the address %(address)s.") % {"address": place}
