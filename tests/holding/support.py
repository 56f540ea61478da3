"""Stops and refusals, for the tests of what they hold and of their pages."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from bankfeeds import holding
from bankfeeds.models import Incident, SendingStop
from tests.admin import pushes

STOPS, INCIDENTS = "/admin/bankfeeds/sendingstop/", "/admin/bankfeeds/incident/"


def stop(**scope: Any) -> SendingStop:
    made, _ = holding.stop_sending(reason="wrong file", by=pushes.BY, now=timezone.now(), **scope)
    return made


def refuse(**changes: Any) -> Incident:
    values = {"kind": Incident.Kind.REFUSED, "started_at": timezone.now(), "http_status": 401}
    return Incident.objects.create(**{**values, **changes})
