"""A link went to the wrong person: nothing leaves any more, whatever else becomes of it."""

from __future__ import annotations

import datetime as dt

from bankfeeds import holding, links
from bankfeeds.models import Actor, Connection, Event
from bankfeeds.models.record import demand_reason


def link_went_wrong(
    connection: Connection, *, reason: str, shown: str, by: Actor, now: dt.datetime
) -> None:
    """Stop sending for the company at once, and hand out that link no more. `shown`:
    `links.issue_of` as the person saw it.

    Asks Codat nothing: unlinking (`plan`) and a new link (`links.renew`) come after it, and the
    stop stays whatever becomes of them.
    """
    demand_reason(reason)
    _stop, is_new = holding.stop_sending(company=connection.company, reason=reason, by=by, now=now)
    is_that_one = shown == links.issue_of(connection)
    if is_that_one:
        links.withdraw(connection, now=now)
    if is_new or is_that_one:
        Event.objects.record(
            "link.wrong_person", by=by, at=now, connection=connection, reason=reason
        )
