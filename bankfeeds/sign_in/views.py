"""The pages of the second factor: give a code, set up an app, recovery codes, leave."""

from __future__ import annotations

import io
import math

import segno
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET
from django_otp.plugins.otp_totp.models import TOTPDevice

from bankfeeds.models import Actor

from . import second
from .page import onward, shown, staff, step

# Where a session keeps the secret until the app has shown that it has it.
KEY = "second_factor_key"


@sensitive_post_parameters("code")
def code(request: HttpRequest) -> HttpResponse:
    """Give the code of the app, or a recovery code."""
    user = staff(request)
    if user is None:
        return redirect("admin:login")
    if second.is_complete(request):
        return redirect(onward(request))
    if not second.has_device(user):
        return step(request, "set_up")
    problem = ""
    if request.method == "POST":
        problem = _wait(user)
        if not problem:
            device = second.verify(request, user, code=request.POST.get("code", ""))
            if device is not None:
                by_app = isinstance(device, TOTPDevice)
                return redirect(onward(request)) if by_app else step(request, "recovery")
            problem = _("This code is not right, or it was used already. Wait for the next one.")
    return shown(request, "code", title=_("One more step"), problem=problem, next=onward(request))


def _wait(user: User) -> str:
    until = second.waits_until(user)
    if until is None:
        return ""
    seconds = max(1, math.ceil((until - timezone.now()).total_seconds()))
    return ngettext(
        "After wrong codes there is a pause. Try again in %(n)d second.",
        "After wrong codes there is a pause. Try again in %(n)d seconds.",
        seconds,
    ) % {"n": seconds}


@sensitive_post_parameters("code")
def set_up(request: HttpRequest) -> HttpResponse:
    """Set up an app: at the first sign-in, or another one by who has shown the former."""
    user = _may_set_up(request)
    if isinstance(user, HttpResponse):
        return user
    key = request.session.setdefault(KEY, second.new_key())
    problem = ""
    if request.method == "POST":
        codes = second.set_up(request, user, key=key, code=request.POST.get("code", ""))
        if codes is not None:
            request.session.pop(KEY, None)
            return _codes_shown(request, codes)
        problem = _("This is not the code that the app shows now. Look again and type it anew.")
    return shown(
        request,
        "set_up",
        title=_("Set up the second step"),
        problem=problem,
        next=onward(request),
        secret=second.as_text(key),
        is_complete=second.is_complete(request),
    )


def _may_set_up(request: HttpRequest) -> User | HttpResponse:
    """Nobody who knows only the password puts an app in the place of another."""
    user = staff(request)
    if user is None:
        return redirect("admin:login")
    if second.has_device(user) and not getattr(user, "otp_device", None):
        return step(request, "code")
    return user


@require_GET
def picture(request: HttpRequest) -> HttpResponse:
    """The secret as a QR code, for the page that sets up an app."""
    user = _may_set_up(request)
    key = request.session.get(KEY)
    if isinstance(user, HttpResponse) or not key:
        raise Http404
    drawn = io.BytesIO()
    segno.make(second.address(user, key=key), error="m").save(
        drawn, kind="svg", scale=5, border=4, light="#fff", xmldecl=False
    )
    answer = HttpResponse(drawn.getvalue(), content_type="image/svg+xml")
    answer["Cache-Control"] = "no-store"
    return answer


def recovery(request: HttpRequest) -> HttpResponse:
    """How many recovery codes are left; by POST: new ones, shown this once."""
    user = staff(request)
    if user is None or not second.is_complete(request):
        return redirect("admin:login")
    if request.method == "POST" and second.has_device(user):
        return _codes_shown(request, second.new_codes(user, by=Actor.person(user)))
    return shown(
        request,
        "recovery",
        title=_("Second step of signing in"),
        next=onward(request),
        device=second.device(user),
        left=second.codes_left(user),
        is_on=second.has_device(user),
    )


def _codes_shown(request: HttpRequest, codes: list[str]) -> HttpResponse:
    """The answer to the POST itself: they are kept nowhere to be shown again."""
    title = _("Your recovery codes")
    return shown(request, "codes", title=title, codes=codes, next=onward(request))
