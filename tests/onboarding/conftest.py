"""Fixtures of the onboarding tests: a client of the portal's, planned or created."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from bankfeeds import onboarding
from bankfeeds.codat.client import Client
from bankfeeds.models import Actor, Company, Connection

Plan = Callable[..., Company]
Clock = Callable[[], dt.datetime]


@pytest.fixture(autouse=True)
def nothing_settles(settings: Any) -> None:
    """A fault's effect shows at once: nobody waits before sending with a new key."""
    settings.PUSH_SETTLE = 0


@pytest.fixture
def plan(actor: Actor) -> Plan:
    """Plan a company by name; the key of the form is new unless it is given."""

    def plan(name: str = "Acme Bakery Inc.", **changes: Any) -> Company:
        values = {
            "reference": "REF-1",
            "country": "US",
            "by": actor,
            "now": timezone.now(),
            "form_key": str(uuid.uuid4()),
        }
        return onboarding.plan_company(name=name, **{**values, **changes})

    return plan


@pytest.fixture
def company(plan: Plan, codat: Client, actor: Actor) -> Company:
    row = plan()
    assert onboarding.create_company(row, client=codat, by=actor, clock=timezone.now)
    return row


@pytest.fixture
def connection(company: Company, codat: Client, actor: Actor) -> Connection:
    row = onboarding.plan_connection(company, by=actor, now=timezone.now(), form_key="connection")
    assert onboarding.create_connection(row, client=codat, by=actor, clock=timezone.now)
    return row


def in_an_hour() -> dt.datetime:
    """A clock by which every key of now is too old to be trusted."""
    return timezone.now() + dt.timedelta(minutes=61)
