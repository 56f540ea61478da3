"""Ask Codat for what was ordered, or go on where it stopped; what came of it is written down.

Every order may be repeated: what is gone is gone, and an unlinked connection is looked at before
a refusal to unlink it is believed. Source: Codat's API reference, Connections, Source accounts.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from bankfeeds import holding, messages, sync
from bankfeeds.codat import errors, shapes
from bankfeeds.codat.client import Client
from bankfeeds.models import Actor, Connection, Departure, Event, SourceAccount

from .order import Kind, on_its_way, record

Clock = Callable[[], dt.datetime]
State = Departure.State
# Nothing was done, and the same may be tried again as it is.
_NOT_YET = (
    errors.NotSent,
    errors.Throttled,
    errors.KeyRefused,
    errors.PaymentRequired,
    errors.Unavailable,
)


def carry_out(departure: Departure, *, client: Client, by: Actor, clock: Clock) -> bool:
    """Ask Codat once; True once it is done there.

    False while somebody else asks, and after a failure: `problem` says what happened, what it
    means and what to do. The row is up to date afterwards. Raises no CodatError.
    """
    now = clock()
    lease = dt.timedelta(seconds=settings.PUSH_LEASE)
    if departure.claim(now=now, lease=lease):
        try:
            departure.refresh_from_db()
            _go_on(departure, client=client, by=by, clock=clock)
        finally:
            mine = Departure.objects.filter(pk=departure.pk, claimed_until=now + lease)
            mine.update(claimed_until=None)
    departure.refresh_from_db()
    return departure.state == State.DONE


def in_progress(departure: Departure, *, now: dt.datetime) -> bool:
    """Whether somebody is asking Codat for it right now."""
    until = departure.claimed_until
    return departure.ended_at is None and until is not None and until > now


def abandon(departure: Departure, *, by: Actor, now: dt.datetime) -> bool:
    """Leave it as it is; False, and nothing changed, when it may have been done already."""
    with transaction.atomic():
        rows = Departure.objects.open().filter(pk=departure.pk, state=State.PLANNED)
        free = rows.exclude(claimed_until__gt=now)
        if not free.update(state=State.ABANDONED, ended_at=now, problem=""):
            return False
        record(departure, "abandoned", by=by, now=now)
    return True


def _go_on(departure: Departure, *, client: Client, by: Actor, clock: Clock) -> None:
    if departure.problem:
        record(departure, "continued", by=by, now=clock())
    if problem := _on_its_way(departure):
        _keep(departure, state=departure.state, problem=problem)
        return
    before = State(departure.state)
    # Committed first: whoever dies in the middle of the call leaves "unknown" behind.
    _keep(departure, state=State.UNKNOWN, problem=_not_known())
    try:
        word = _ask(departure, client)
    except _NOT_YET as error:
        _failed(departure, before, _again(error, before), by=by, now=clock())
    except errors.Refused as error:
        _end(departure, State.REFUSED, words=messages.explain(error), by=by, now=clock())
    except errors.CodatError as error:
        _failed(departure, State.UNKNOWN, _again(error, State.UNKNOWN), by=by, now=clock())
    else:
        _done(departure, word, by=by, now=clock())


def _on_its_way(departure: Departure) -> str:
    push = on_its_way(departure.connection, departure.account).first()
    if push is None or departure.kind == Kind.UNLINK:
        return ""
    words = _("Push #%(id)d is still on its way. Press Continue when it has ended.")
    return words % {"id": push.pk}


def _ask(departure: Departure, client: Client) -> str:
    """Codat's word for the connection afterwards; "" when it, or the account, is gone."""
    connection = departure.connection
    where = connection.company.id_there, connection.id_there
    try:
        match departure.kind:
            case Kind.UNLINK:
                return _unlink(client, where)
            case Kind.REVOKE:
                client.delete_credentials(*where)
                return connection.status
            case Kind.REMOVE_CONNECTION:
                client.delete_connection(*where)
            case Kind.REMOVE_ACCOUNT if departure.account is not None:
                client.delete_source_account(*where, departure.account.account_id)
    except errors.Absent:
        # Whatever was to end there has ended, together with what it belonged to.
        pass
    return ""


def _unlink(client: Client, where: tuple[uuid.UUID, uuid.UUID]) -> str:
    """A refusal may mean that an earlier try, or somebody else, has unlinked it: look."""
    try:
        return client.unlink_connection(*where, key=uuid.uuid4()).status
    except errors.Absent:
        raise
    except errors.Refused as refusal:
        if refusal.status != 400:
            raise
        answer = client.get_connection(*where)
        if answer.status != shapes.ConnectionStatus.UNLINKED:
            raise
        return answer.status


# --- What is kept ------------------------------------------------------------------------------


def _keep(departure: Departure, *, state: str, problem: str) -> None:
    Departure.objects.open().filter(pk=departure.pk).update(state=state, problem=problem)
    departure.state, departure.problem = state, problem


def _failed(
    departure: Departure, state: State, problem: str, *, by: Actor, now: dt.datetime
) -> None:
    with transaction.atomic():
        _keep(departure, state=state, problem=problem)
        record(departure, "failed", by=by, now=now, words=problem)


def _end(
    departure: Departure, state: State, *, words: str = "", by: Actor, now: dt.datetime
) -> bool:
    """False when somebody who took over has ended it."""
    with transaction.atomic():
        rows = Departure.objects.open().filter(pk=departure.pk)
        if not rows.update(state=state, ended_at=now, problem=words):
            return False
        record(departure, str(state.value), by=by, now=now, words=words)
    return True


def _done(departure: Departure, word: str, *, by: Actor, now: dt.datetime) -> None:
    with transaction.atomic():
        if not _end(departure, State.DONE, by=by, now=now):
            return
        if departure.account is not None:
            accounts = SourceAccount.objects.filter(pk=departure.account.pk)
            sync.accounts_gone(accounts, reason=departure.reason, by=by, now=now)
        elif word:
            _still_there(departure, word, by=by, now=now)
        else:
            _connection_gone(departure, by=by, now=now)


def _still_there(departure: Departure, word: str, *, by: Actor, now: dt.datetime) -> None:
    connection, reason = departure.connection, departure.reason
    if departure.kind == Kind.REVOKE:
        # Codat would refuse whatever is sent with credentials that are no longer valid.
        holding.stop_sending(company=connection.company, reason=reason, by=by, now=now)
        return
    rows = Connection.objects.filter(pk=connection.pk)
    rows.update(status=word[:50], status_as_of=now)
    rows.withdraw_links(now=now)
    Event.objects.record(
        "connection.unlinked",
        by=by,
        at=now,
        connection=connection,
        reason=reason,
        before={"status": connection.status},
        after={"status": word[:50]},
    )


def _connection_gone(departure: Departure, *, by: Actor, now: dt.datetime) -> None:
    connection = departure.connection
    rows = Connection.objects.filter(pk=connection.pk, gone_at=None)
    if rows.update(gone_at=now):
        Connection.objects.filter(pk=connection.pk).withdraw_links(now=now)
        Event.objects.record(
            "connection.gone", by=by, at=now, connection=connection, reason=departure.reason
        )
    sync.accounts_gone(connection.accounts.all(), reason=departure.reason, by=by, now=now)


# --- Words -------------------------------------------------------------------------------------


def _not_known() -> str:
    return _("Codat was asked, and we do not know yet whether it was done. Press Continue.")


def _again(error: errors.CodatError, state: State) -> str:
    meaning = _("Nothing was changed.")
    if state == State.UNKNOWN:
        meaning = _("We do not know yet whether it was done.")
    remedy = _("Press Continue: doing it again does no harm.")
    return messages.with_details(f"{messages.what_happened(error)} {meaning} {remedy}", error)
