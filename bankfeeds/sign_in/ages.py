"""Sessions end: after so long without a person, and so long after the sign-in whatever happens."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from . import written_down

BEGAN, SEEN = "signed_in_at", "seen_at"
# In the session that follows one that ended: because nobody was there, or of age; and whether
# something was pressed in it that was not done for that.
WHY, PRESSED = "signed_out_why", "signed_out_pressed"
LEFT_ALONE, OF_AGE = "left_alone", "of_age"
# A write for every click would be one too many.
WRITE_EVERY = dt.timedelta(minutes=1)

Answer = Callable[[HttpRequest], HttpResponse]


def ended(get_response: Answer) -> Answer:
    """Middleware, right behind the one that knows sessions."""

    def answer(request: HttpRequest) -> HttpResponse:
        if SESSION_KEY in request.session:
            now = timezone.now()
            if is_over(request.session, now=now):
                _end(request, now=now)
            elif _is_a_person(request):
                _touch(request.session, now=now)
        return get_response(request)

    return answer


def is_over(session: SessionBase, *, now: dt.datetime) -> bool:
    """Also when it does not say how old it is: it is from before that was written down."""
    began, seen = _moment(session, BEGAN), _moment(session, SEEN)
    if began is None or seen is None:
        return True
    return now - began >= settings.SESSION_LONGEST or now - seen >= settings.SESSION_IDLE


def _end(request: HttpRequest, *, now: dt.datetime) -> None:
    """Nothing of it stays but why it ended, for the page on which the person signs in again."""
    session = request.session
    seen = _moment(session, SEEN)
    written_down.over(request, session[SESSION_KEY], seen=seen)
    session.flush()
    if seen is not None:
        session[WHY] = LEFT_ALONE if now - seen >= settings.SESSION_IDLE else OF_AGE
        session[PRESSED] = request.method == "POST"


def told_why(request: HttpRequest) -> str:
    """Why the person has to sign in again, said once; "" for whoever comes by themselves.

    A page that asks again by itself comes here too, and nobody would read it there.
    """
    if not _is_a_person(request) or WHY not in request.session:
        return ""
    why = _left_alone() if request.session.pop(WHY) == LEFT_ALONE else _of_age()
    if request.session.pop(PRESSED, False):
        return " ".join((why, _("What you pressed last was not done: press it again.")))
    return why


def _left_alone() -> str:
    minutes = int(settings.SESSION_IDLE.total_seconds() // 60)
    return ngettext(
        "You were signed out after %(n)d minute without activity.",
        "You were signed out after %(n)d minutes without activity.",
        minutes,
    ) % {"n": minutes}


def _of_age() -> str:
    hours = int(settings.SESSION_LONGEST.total_seconds() // 3600)
    return ngettext(
        "You were signed out: %(n)d hour after signing in everybody signs in anew.",
        "You were signed out: %(n)d hours after signing in everybody signs in anew.",
        hours,
    ) % {"n": hours}


def begin(sender: Any, *, request: HttpRequest, **kwargs: Any) -> None:
    """Signal: somebody has signed in."""
    request.session[BEGAN] = request.session[SEEN] = timezone.now().timestamp()


def _moment(session: SessionBase, name: str) -> dt.datetime | None:
    stamp = session.get(name)
    return dt.datetime.fromtimestamp(stamp, dt.UTC) if isinstance(stamp, int | float) else None


def _is_a_person(request: HttpRequest) -> bool:
    """A page that asks again by itself keeps nobody signed in. Old browsers do not tell."""
    by_script = request.headers.get("Sec-Fetch-Mode", "navigate") != "navigate"
    return request.method == "POST" or not by_script


def _touch(session: SessionBase, *, now: dt.datetime) -> None:
    seen = _moment(session, SEEN)
    if seen is None or now - seen >= WRITE_EVERY:
        session[SEEN] = now.timestamp()
