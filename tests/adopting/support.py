"""Clients that exist at the sandbox and not here, and looks carried out to their end."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from typing import Any

from django.utils import timezone

from bankfeeds import adopting, conf, doorbell
from bankfeeds.codat import bodies
from bankfeeds.models import Actor, FoundCompany, Look, Origin
from tests import support

BY = Actor("manager", Origin.PERSON)


def at_codat(name: str, *, accounts: int = 1, connected: bool = True, **more: Any) -> Any:
    """A client there with its connection and accounts; nothing of it is here."""
    made = company_only(name, **more)
    tie = conf.client().create_connection(made.id, key=uuid.uuid4())
    for number in range(1, accounts + 1):
        add_account(made.id, tie.id, f"acc-{number}")
    if connected:
        connect(tie.id, [f"acc-{number}" for number in range(1, accounts + 1)])
    return made, tie


def company_only(name: str, *, description: str = "") -> Any:
    body = bodies.company_body(name=name, description=description)
    return conf.client().create_company(body, key=uuid.uuid4())


def add_account(company_id: Any, connection_id: Any, account_id: str, **changes: Any) -> None:
    values = {
        "account_name": f"Name of {account_id}",
        "account_type": "checking",
        "account_number": f"1234{account_id[-1] * 4}",
        "sort_code": "021000021",
        "currency": "USD",
        "balance": Decimal("10.00"),
    }
    body = bodies.source_account_body(id=account_id, **{**values, **changes})
    conf.client().create_source_account(company_id, connection_id, body, key=uuid.uuid4())


def connect(connection_id: Any, accounts: list[str]) -> None:
    start = support.today() - dt.timedelta(days=7)
    support.control(
        "connect",
        connectionId=str(connection_id),
        accountIds=accounts,
        feedStartDate=start.isoformat(),
    )


def looked(*, key: str = "") -> Look:
    """A look that was carried out to its end."""
    made = adopting.look(form_key=key or str(uuid.uuid4()), by=BY, now=timezone.now())
    carry_out()
    made.refresh_from_db()
    return made


def carry_out() -> None:
    for _ in range(50):
        if not support.run_jobs():
            return
    raise AssertionError("still ringing")


def let_time_pass() -> None:
    """What waits for its next turn has it now; the sweep rings."""
    Look.objects.exclude(next_turn_at=None).update(next_turn_at=timezone.now())
    adopting.ring_due(now=timezone.now())
    carry_out()


def choose_all(look: Look, *, country: str = "US", owner: int | None = None) -> int:
    chosen = adopting.Chosen(country=country, owner_id=owner)
    return adopting.choose(look, None, chosen=chosen, by=BY, now=timezone.now())


def adopted(**given: Any) -> Look:
    made = looked()
    choose_all(made, **given)
    carry_out()
    made.refresh_from_db()
    return made


def row(look: Look, name: str) -> FoundCompany:
    return look.found.get(name=name)


def rung() -> list[Any]:
    return [job for job in support.queued() if job[0] == doorbell.ADOPT]
