"""Somebody leaves: signed out everywhere at once, and their companies wait for another owner."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bankfeeds import words
from bankfeeds.admin.clients import company_left
from bankfeeds.admin.posted import actor
from bankfeeds.models import Event

# What a person may do hangs on these: the record has how each stood before, and afterwards.
RIGHTS = ("groups", "is_active", "is_staff", "is_superuser")


def rights(user: User) -> dict[str, Any]:
    """How they stand in the database now, as the record tells it."""
    row = User.objects.filter(pk=user.pk).prefetch_related("groups").first()
    if row is None:
        return {}
    groups = ", ".join(sorted(group.name for group in row.groups.all()))
    return {"groups": groups, **{name: getattr(row, name) for name in RIGHTS[1:]}}


def record(
    request: HttpRequest, user: User, *, changed: list[str], before: Mapping[str, Any]
) -> None:
    """Write down what was done to a person, and carry out what follows from leaving.

    `before`: the `rights` as they stood; of a new person none.
    """
    action = "person.changed" if before else "person.added"
    if "is_active" in changed and before:
        action = "person.activated" if user.is_active else "person.deactivated"
    now = rights(user)
    moved = [name for name in RIGHTS if now[name] != before.get(name)]
    Event.objects.record(
        action,
        by=actor(request),
        at=timezone.now(),
        words=user.get_username(),
        before={name: before[name] for name in moved if name in before},
        after={"changed": ", ".join(sorted(changed)), **{name: now[name] for name in moved}},
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
    left = company_left.left_behind(user)
    if not left:
        return
    text = ngettext(
        "%(who)s looked after %(n)d company. Hand it over:",
        "%(who)s looked after %(n)d companies. Hand them over:",
        left,
    )
    who = words.person(user)
    messages.warning(
        request,
        format_html(
            '{} <a href="{}">{}</a>',
            text % {"who": who, "n": left},
            company_left.address(user),
            _("Companies of %(who)s") % {"who": who},
        ),
    )
