"""Somebody leaves: signed out everywhere at once, and their companies wait for another owner."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bankfeeds import words
from bankfeeds.models import Company, Event

from .push_forms import actor


def record(request: HttpRequest, user: User, *, changed: list[str], is_new: bool) -> None:
    """Write down what was done to a person, and carry out what follows from leaving."""
    action = "person.added" if is_new else "person.changed"
    if "is_active" in changed and not is_new:
        action = "person.activated" if user.is_active else "person.deactivated"
    Event.objects.record(
        action,
        by=actor(request),
        at=timezone.now(),
        words=user.get_username(),
        after={"changed": sorted(changed)},
    )
    if action == "person.deactivated":
        sign_out(user)
        _name_companies(request, user)


def record_password(request: HttpRequest, user: User) -> None:
    """A password set by somebody else ends whatever sessions the person had."""
    Event.objects.record(
        "person.password_set", by=actor(request), at=timezone.now(), words=user.get_username()
    )
    if user.pk != request.user.pk:
        sign_out(user)


def sign_out(user: User) -> int:
    """End every session of a person; how many there were."""
    live = Session.objects.filter(expire_date__gt=timezone.now()).iterator()
    theirs = [s.pk for s in live if s.get_decoded().get(SESSION_KEY) == str(user.pk)]
    Session.objects.filter(pk__in=theirs).delete()
    return len(theirs)


def _name_companies(request: HttpRequest, user: User) -> None:
    left = Company.objects.filter(owner=user).count()
    if not left:
        return
    text = ngettext(
        "%(who)s looked after %(n)d company. Hand it over:",
        "%(who)s looked after %(n)d companies. Hand them over:",
        left,
    )
    who = words.person(user)
    where = f"{reverse('admin:bankfeeds_company_changelist')}?owner={user.pk}"
    messages.warning(
        request,
        format_html(
            '{} <a href="{}">{}</a>',
            text % {"who": who, "n": left},
            where,
            _("Companies of %(who)s") % {"who": who},
        ),
    )
