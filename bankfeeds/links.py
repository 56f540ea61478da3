"""The link that a client opens to connect QuickBooks: store, renew, hand out, forget.

A link is a secret of one client and lives one hour. Only a person's action mints or reads one;
the record says who did, never the link.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from .codat import errors, shapes
from .codat.client import Client
from .models import Actor, Connection, Event
from .models.mirror import LINK_LIFETIME
from .words import clock_time

Clock = Callable[[], dt.datetime]


class NoValidLink(ValueError):
    """There is no link that would work. Carries the words for the person."""


class AlreadyRenewed(ValueError):
    """Another press renews it or has just done so: a second link might break that one."""


def store(connection: Connection, link_url: str, *, by: Actor, now: dt.datetime) -> None:
    """Keep a link that Codat has just issued. Garbled if it is no web address."""
    if not _is_web_address(link_url):
        raise errors.Garbled("the link in Codat's answer is not a web address")
    _keep(
        connection,
        link_url=link_url,
        link_issued_at=now,
        link_issued_by=by.name[:150],
        link_withdrawn_at=None,
    )


def renew(
    connection: Connection, *, client: Client, by: Actor, clock: Clock, shown: str | None = None
) -> None:
    """Ask Codat for a new link and keep it, with the connection's status. For a person only.

    `shown`: `issue_of` as the person saw it; AlreadyRenewed when it is another by now, or while
    somebody else is renewing. Raises NoValidLink where none can be had, CodatError where Codat
    does not give one; 404 marks the connection as gone.
    """
    company_id, connection_id = _address(connection)
    if shown is not None and shown != issue_of(connection):
        raise AlreadyRenewed(_renewed_by(connection))
    if not _claim(connection, now=clock()):
        raise AlreadyRenewed(_("The link is being renewed at this moment. Look again in a second."))
    try:
        _renew(connection, client.get_connection(company_id, connection_id), by=by, now=clock())
    except errors.Absent:
        _mark_gone(connection, by=by, now=clock())
        raise
    finally:
        _keep(connection, claimed_until=None)


def issue_of(connection: Connection) -> str:
    """Which issue of the link this is: goes into a form, comes back with the press. No secret."""
    return connection.link_issued_at.isoformat() if connection.link_issued_at else ""


def reveal(connection: Connection, *, by: Actor, now: dt.datetime) -> str:
    """Hand out the link to a person; every time is recorded. NoValidLink if it has expired."""
    connection.refresh_from_db()
    if connection.link_withdrawn_at:
        raise NoValidLink(_("This link is handed out no more. Renew it first."))
    until = connection.link_valid_until
    if connection.gone_at or not connection.link_url or until is None or until <= now:
        raise NoValidLink(
            _("The link has expired. The client would see an error page. Renew it first.")
        )
    Event.objects.record("link.copied", by=by, at=now, connection=connection)
    return connection.link_url


def withdraw(connection: Connection, *, now: dt.datetime) -> None:
    """Hand it out no more. Codat cannot be told: whoever has it may use it until its hour is over.

    The row remembers it, so that pages and `reveal` say the same.
    """
    Connection.objects.filter(pk=connection.pk).withdraw_links(now=now)
    connection.refresh_from_db(fields=["link_url", "link_withdrawn_at"])


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
    if company.closed_at is not None:
        raise NoValidLink(_("This company is closed. No link was made. Reopen the company first."))
    is_unlinked = connection.status == shapes.ConnectionStatus.UNLINKED
    if is_unlinked and Connection.objects.in_place_of(connection).exists():
        raise NoValidLink(
            _("Another connection has taken this one's place. No link was made. Open that one.")
        )
    return str(company.codat_id), str(connection.codat_id)


def _claim(connection: Connection, *, now: dt.datetime) -> bool:
    """Compare-and-set on the issue that we saw: of two presses at once only one goes on."""
    seen = Connection.objects.filter(pk=connection.pk, link_issued_at=connection.link_issued_at)
    free = seen.filter(Q(claimed_until=None) | Q(claimed_until__lt=now))
    until = now + dt.timedelta(seconds=settings.PUSH_LEASE)
    return bool(free.update(claimed_until=until))


def _renew(
    connection: Connection, answer: shapes.Connection, *, by: Actor, now: dt.datetime
) -> None:
    before, after = {"status": connection.status}, {"status": answer.status[:50]}
    with transaction.atomic():
        _keep(connection, status=answer.status[:50], status_as_of=now)
        store(connection, answer.link_url, by=by, now=now)
        Event.objects.record(
            "link.renewed", by=by, at=now, connection=connection, before=before, after=after
        )


def _renewed_by(connection: Connection) -> str:
    issued_at, who = connection.link_issued_at, connection.link_issued_by
    if issued_at is None:
        return _("The link has changed meanwhile. Nothing was renewed.")
    words = _("The link was renewed at %(time)s by %(who)s. That one is valid; copy it.")
    return words % {"time": clock_time(issued_at), "who": who}


def _mark_gone(connection: Connection, *, by: Actor, now: dt.datetime) -> None:
    with transaction.atomic():
        _keep(connection, gone_at=now)
        withdraw(connection, now=now)
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
