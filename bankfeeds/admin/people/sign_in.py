"""How a person gets in: locked out or not, with a second step or not; the administrator helps."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from bankfeeds.admin.posted import actor, see_other
from bankfeeds.sign_in import locks, second

from .leave import sign_out


def view(request: HttpRequest, user: User, *, may: bool, frame: dict[str, object]) -> HttpResponse:
    """GET: how it stands. POST of `unlock` or `reset`: done, recorded, and back here."""
    if request.method == "POST":
        if not may:
            raise PermissionDenied
        _carry_out(request, user)
        return see_other(request.path)
    now = timezone.now()
    context = {
        **frame,
        "title": _("How %(who)s signs in") % {"who": user.get_username()},
        "person": user,
        "may": may,
        "locked": locks.places(user, now=now),
        "is_off": not settings.SECOND_FACTOR,
        "device": second.device(user),
        "has_device": second.has_device(user),
        "left": second.codes_left(user),
        "waits": second.waits_until(user),
    }
    return TemplateResponse(request, "admin/auth/user/sign_in.html", context)


def _carry_out(request: HttpRequest, user: User) -> None:
    if "unlock" in request.POST:
        locks.unlock(user, by=actor(request))
        messages.success(request, _("Unlocked. The person can try again now."))
    elif "reset" in request.POST:
        second.reset(user, by=actor(request))
        sign_out(user)
        messages.success(
            request,
            _("Reset. At the next sign-in the person sets up an app, with the password alone."),
        )
