"""The link that a client opens to connect QuickBooks: store, renew, hand out, forget.

A link is a secret of one client and lives one hour. Only a person's action mints or reads one;
the record says who did, never the link.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from urllib.parse import urlsplit

from django.db import transaction
from django.utils.translation import gettext as _

from .codat import errors, shapes
from .codat.client import Client
from .models import Actor, Connection, Event
from .models.mirror import LINK_LIFETIME

Clock = Callable[[], dt.datetime]


class NoValidLink(ValueError):  # noqa: N818 - it is a fact
    """There is no link that would work. Carries the words for the person."""


def store(connection: Connection, link_url: str, *, by: Actor, now: dt.datetime) -> None:
    """Keep a link that Codat has just issued. Garbled if it is no web address."""
    if not _is_web_address(link_url):
        raise errors.Garbled("the link in Codat's answer is not a web address")
    _keep(connection, link_url=link_url, link_issued_at=now, link_issued_by=by.name[:150])


def renew(connection: Connection, *, client: Client, by: Actor, clock: Clock) -> None:
    """Ask Codat for a new link and keep it, with the connection's status. For a person only.

    Raises NoValidLink where none can be had, CodatError where Codat does not give one; 404 marks
    the connection as gone.
    """
    company_id, connection_id = _address(connection)
    try:
        answer = client.get_connection(company_id, connection_id)
    except errors.Absent:
        _mark_gone(connection, by=by, now=clock())
        raise
    now = clock()
    before, after = {"status": connection.status}, {"status": answer.status[:50]}
    with transaction.atomic():
        _keep(connection, status=answer.status[:50], status_as_of=now)
        store(connection, answer.link_url, by=by, now=now)
        Event.objects.record(
            "link.renewed", by=by, at=now, connection=connection, before=before, after=after
        )


def reveal(connection: Connection, *, by: Actor, now: dt.datetime) -> str:
    """Hand out the link to a person; every time is recorded. NoValidLink if it has expired."""
    connection.refresh_from_db()
    until = connection.link_valid_until
    if connection.gone_at or not connection.link_url or until is None or until <= now:
        raise NoValidLink(
            _("The link has expired. The client would see an error page. Renew it first.")
        )
    Event.objects.record("link.copied", by=by, at=now, connection=connection)
    return connection.link_url


def wipe_expired(*, now: dt.datetime) -> int:
    """Forget links whose hour is over, and say how many; when they were issued stays known."""
    old = Connection.objects.exclude(link_url="").filter(link_issued_at__lte=now - LINK_LIFETIME)
    # Asked first: the sweep comes every few seconds, and an update takes the write lock.
    return old.update(link_url="") if old.exists() else 0


def store_from(answer: shapes.Connection, row: Connection, *, by: Actor, now: dt.datetime) -> None:
    """Keep the link that came with a new connection; an unusable one can be renewed later."""
    if _is_web_address(answer.link_url):
        with transaction.atomic():
            store(row, answer.link_url, by=by, now=now)
            Event.objects.record("link.issued", by=by, at=now, connection=row)


def _address(connection: Connection) -> tuple[str, str]:
    connection.refresh_from_db()
    company = connection.company
    if not connection.at_codat or company.codat_id is None or connection.codat_id is None:
        raise NoValidLink(
            _("This connection does not exist at Codat. No link was made. Create it first.")
        )
    if connection.status == shapes.ConnectionStatus.UNLINKED and _has_successor(connection):
        raise NoValidLink(
            _("Another connection has taken this one's place. No link was made. Open that one.")
        )
    return str(company.codat_id), str(connection.codat_id)


def _has_successor(connection: Connection) -> bool:
    others = Connection.objects.filter(company_id=connection.company_id, gone_at=None)
    live = others.exclude(status=shapes.ConnectionStatus.UNLINKED)
    return live.exclude(pk=connection.pk).exists()


def _mark_gone(connection: Connection, *, by: Actor, now: dt.datetime) -> None:
    with transaction.atomic():
        _keep(connection, gone_at=now, link_url="")
        Event.objects.record("connection.gone", by=by, at=now, connection=connection)


def _keep(connection: Connection, **columns: object) -> None:
    Connection.objects.filter(pk=connection.pk).update(**columns)
    for name, value in columns.items():
        setattr(connection, name, value)


def _is_web_address(link_url: str) -> bool:
    try:
        parts = urlsplit(link_url)
    except ValueError:
        return False
    printable = link_url.isprintable() and " " not in link_url
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and printable
