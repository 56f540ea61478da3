"""A link went to the wrong person: nothing leaves any more, and that link is replaced."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from bankfeeds import holding, links
from bankfeeds.codat.client import Client
from bankfeeds.models import Actor, Connection, Event
from bankfeeds.models.record import demand_reason

Clock = Callable[[], dt.datetime]


def link_went_wrong(
    connection: Connection, *, reason: str, shown: str, client: Client, by: Actor, clock: Clock
) -> None:
    """Stop sending for the company at once, then make a new link.

    `shown`: `links.issue_of` as the person saw it. The stop stays whatever becomes of the link:
    raises AlreadyRenewed, NoValidLink and CodatError, as `links.renew` does.
    """
    demand_reason(reason)
    _stop, is_new = holding.stop_sending(
        company=connection.company, reason=reason, by=by, now=clock()
    )
    if is_new or shown == links.issue_of(connection):
        Event.objects.record(
            "link.wrong_person", by=by, at=clock(), connection=connection, reason=reason
        )
    links.renew(connection, client=client, by=by, clock=clock, shown=shown)
