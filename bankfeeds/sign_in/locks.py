"""Lock-out after wrong passwords: of one name from one address, so that nobody locks out others."""

from __future__ import annotations

import datetime as dt
import logging
from typing import Any

from axes.models import AccessAttempt
from axes.utils import reset
from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from bankfeeds.models import Actor, Event

log = logging.getLogger("bankfeeds.sign_in")
TOO_MANY = 429


def locked_page(request: HttpRequest, *others: Any) -> HttpResponse:
    """The same for every name, known or not."""
    log.warning("a sign-in was refused: too many wrong ones from this address")
    minutes = round(settings.AXES_COOLOFF_TIME.total_seconds() / 60)
    return render(request, "sign_in/locked.html", {"minutes": minutes}, status=TOO_MANY)


def places(user: User, *, now: dt.datetime) -> int:
    """From how many addresses the person is locked out right now."""
    recent = AccessAttempt.objects.filter(
        username=user.get_username(), attempt_time__gte=now - settings.AXES_COOLOFF_TIME
    )
    sums = recent.values("ip_address").order_by().annotate(wrong=Sum("failures_since_start"))
    return int(sums.filter(wrong__gte=settings.AXES_FAILURE_LIMIT).count())


def unlock(user: User, *, by: Actor) -> None:
    """Let the person try again from everywhere."""
    with transaction.atomic():
        reset(username=user.get_username())
        Event.objects.record(
            "sign_in.unlocked", by=by, at=timezone.now(), words=user.get_username()
        )
