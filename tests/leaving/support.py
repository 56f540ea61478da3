"""Orders that end something at Codat, as a person gives them, and what is there afterwards."""

from __future__ import annotations

import uuid
from typing import Any

from django.utils import timezone

from bankfeeds import conf, leaving
from bankfeeds.models import Departure, Event, SourceAccount
from tests import support
from tests.admin.pushes import BY

Kind = Departure.Kind
WHY = "the client left"


def order(
    kind: Departure.Kind,
    client: support.Onboarded,
    *,
    account: SourceAccount | None = None,
    **given: Any,
) -> Departure:
    return leaving.plan(
        kind,
        connection=client.connection,
        account=account,
        **{
            "reason": WHY,
            "form_key": str(uuid.uuid4()),
            "by": BY,
            "now": timezone.now(),
            **given,
        },
    )


def carry_out(departure: Departure) -> bool:
    return leaving.carry_out(departure, client=conf.client(), by=BY, clock=timezone.now)


def there(client: support.Onboarded) -> list[str]:
    """Ids of the accounts that Codat has."""
    company, connection = client.company.id_there, client.connection.id_there
    return [each.id for each in conf.client().list_source_accounts(company, connection)]


def word(client: support.Onboarded) -> str:
    """Codat's word for the connection."""
    company, connection = client.company.id_there, client.connection.id_there
    return conf.client().get_connection(company, connection).status


def told(departure: Departure) -> list[str]:
    rows = Event.objects.filter(connection=departure.connection, action__startswith="leaving.")
    return list(rows.order_by("pk").values_list("action", flat=True))
