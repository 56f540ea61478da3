"""A company's QuickBooks connection: its intent in our tables, then its creation at Codat."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from bankfeeds import links
from bankfeeds.codat import shapes
from bankfeeds.codat.client import Client
from bankfeeds.models import Actor, Books, Company, Connection, Event, Push

from .creation import Blocked, Clock, Creation, NotAtCodat, Words, carry_out


class AlreadyConnected(ValueError):
    """A connection of the company is live. Carries the words, and the connection if it is known."""

    def __init__(self, connection: Connection | None) -> None:
        super().__init__(
            _("This company has a QuickBooks connection already. Nothing was created. Open it.")
        )
        self.connection = connection


class BooksNotSaid(ValueError):
    """The client had a connection before: the same QuickBooks company, or another?"""

    def __init__(self) -> None:
        super().__init__(
            _(
                "This client was connected before, and nobody said whether it is the same"
                " QuickBooks company. Nothing was created. Say which, then create it."
            )
        )


def asks_for_books(company: Company) -> bool:
    """Whether something was sent over an earlier connection, so that it matters which books."""
    return Push.objects.filter(company=company, attempts__isnull=False).exists()


def plan_connection(
    company: Company,
    *,
    by: Actor,
    now: dt.datetime,
    form_key: str,
    books: str = "",
) -> Connection:
    """Commit what is to be created. The same `form_key` gives the row of the first press.

    `books`: one of `Books`, for a client that was connected before. Raises AlreadyConnected while
    another is live, BooksNotSaid, NotAtCodat before the company exists there or once it is closed.
    """
    if company.closed_at is not None:
        raise NotAtCodat(_("The company is closed. Nothing was created. Reopen it first."))
    if not company.at_codat:
        raise NotAtCodat(_("The company does not exist at Codat yet. Create it first."))
    if books not in Books and asks_for_books(company) and live_connection(company) is None:
        raise BooksNotSaid
    books = books if books in Books and company.connections.exists() else ""
    values = {
        "company": company,
        "books": books,
        "requested_by_id": by.user_id,
        "requested_at": now,
    }
    try:
        with transaction.atomic():
            if form_key:
                row, new = Connection.objects.get_or_create(form_key=form_key, defaults=values)
            else:
                row, new = Connection.objects.create(**values), True
            if new:
                after = {"books": books} if books else {}
                Event.objects.record(
                    "connection.requested", by=by, at=now, connection=row, after=after
                )
    except IntegrityError:
        raise AlreadyConnected(live_connection(company)) from None
    return row


def live_connection(company: Company) -> Connection | None:
    """The connection that forbids a second one: neither gone nor unlinked."""
    rows = Connection.objects.filter(company=company, gone_at=None)
    return rows.exclude(status=shapes.ConnectionStatus.UNLINKED).first()


def create_connection(connection: Connection, *, client: Client, by: Actor, clock: Clock) -> bool:
    """Create the planned connection at Codat, or continue: see `creation.carry_out`.

    Its first link is kept with it. Only ever on a person's action: a look-up mints links too.
    """
    return carry_out(_ConnectionCreation(connection, client), by=by, clock=clock)


class _ConnectionCreation(Creation[shapes.Connection]):
    noun = "connection"

    def __init__(self, connection: Connection, client: Client) -> None:
        self.row: Connection = connection
        self.client = client

    @property
    def words(self) -> Words:
        return Words(
            not_done=_("Company created; the connection was not."),
            unknown=_("We do not know yet whether the connection was created."),
            again=_("Press Continue: no second company will be made."),
            refused=_("Press Continue to try again; if that fails, tell the administrator."),
        )

    def prepare(self) -> None:
        if self.row.company.codat_id is None:
            raise Blocked(_("The company does not exist at Codat yet. Create it first."))

    def send(self) -> shapes.Connection:
        return self.client.create_connection(self._company_id, key=self.row.idempotency_key)

    def look_up(self) -> shapes.Connection | None:
        ours = set(Connection.objects.exclude(codat_id=None).values_list("codat_id", flat=True))
        found = [
            each
            for each in self.client.list_connections(self._company_id)
            if each.id not in ours
            and each.integration_key in {shapes.PLATFORM_KEY, ""}
            and each.source_type == shapes.SourceType.BANK_FEED
            and each.status != shapes.ConnectionStatus.UNLINKED
        ]
        return max(found, key=lambda each: each.created, default=None)

    def columns(self, answer: shapes.Connection, *, now: dt.datetime) -> dict[str, Any]:
        return {"codat_id": answer.id, "status": answer.status[:50], "status_as_of": now}

    def afterwards(self, answer: shapes.Connection, *, by: Actor, now: dt.datetime) -> None:
        links.store_from(answer, self.row, by=by, now=now)

    @property
    def _company_id(self) -> str:
        return str(self.row.company.codat_id)
