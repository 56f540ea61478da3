"""A person orders that something ends at Codat: may it now, and the intent, kept before the call.

What waits of it is stopped in the same transaction, so that nothing is sent while Codat is asked.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from bankfeeds import pushing
from bankfeeds.models import Actor, Connection, Departure, Event, Push, PushStatus, SourceAccount
from bankfeeds.models.pushes import PushQuerySet
from bankfeeds.models.record import demand_reason
from bankfeeds.pushing.confirm import lock_all

Kind = Departure.Kind
ON_ITS_WAY = (PushStatus.SENDING, PushStatus.RECONCILING, PushStatus.SUBMITTED)
UNKNOWN = (PushStatus.TIMED_OUT, PushStatus.NEEDS_REVIEW)


class Blocked(ValueError):
    """It cannot be done now, and nothing was changed. Carries the words."""


def plan(
    kind: Departure.Kind,
    *,
    connection: Connection,
    account: SourceAccount | None = None,
    books: str = "",
    reason: str,
    form_key: str,
    by: Actor,
    now: dt.datetime,
) -> Departure:
    """Commit what is to end, and stop what waits of it. `account`: for REMOVE_ACCOUNT alone;
    `books`: for a move, one of `Books`, and kept for whoever goes on with it.

    The same `form_key`, or the same order while one is open, gives that one. Raises Blocked, and
    ValueError where a reason is due and none is given.
    """
    if needs_reason(kind, account):
        demand_reason(reason)
    try:
        with transaction.atomic():
            planned = _plan(kind, connection, account, reason, form_key, by, now)
            _keep_books(planned, books)
            return planned
    except IntegrityError:
        # Somebody else ordered it in the same moment.
        standing = _standing(connection, account, form_key)
        if standing is None:
            raise
        return standing


def _keep_books(planned: Departure, books: str) -> None:
    """Also of one that was asked for before as an unlinking alone."""
    if books and planned.ended_at is None:
        Departure.objects.filter(pk=planned.pk).update(books=books)
        planned.books = books


def needs_reason(kind: Departure.Kind, account: SourceAccount | None) -> bool:
    """An account of which nothing was ever sent is plainly removed."""
    return account is None or kind != Kind.REMOVE_ACCOUNT or was_sent(account)


def was_sent(account: SourceAccount) -> bool:
    """Whether anything of it has ever left."""
    return Push.objects.filter(account=account, attempts__isnull=False).exists()


def why_not(
    kind: Departure.Kind, *, connection: Connection, account: SourceAccount | None = None
) -> str:
    """Why it cannot be ordered now, in words; "" when it can."""
    row = account or connection
    if connection.company.gone_at or connection.gone_at or row.gone_at:
        return _("It no longer exists at Codat.")
    if not row.at_codat:
        return _("It does not exist at Codat.")
    if kind == Kind.UNLINK and (problem := _why_not_unlink(connection)):
        return problem
    return _pushes_in_the_way(kind, connection, account)


def _why_not_unlink(connection: Connection) -> str:
    if connection.status == "Unlinked":
        return _("It is unlinked already.")
    # Codat's word is only as new as its last reading; an account that is connected is newer.
    linked = connection.accounts.filter(gone_at=None, status__iexact="connected").exists()
    if connection.status == "Linked" or linked:
        return ""
    return _("Codat unlinks only a connection that is linked. Remove the connection instead.")


def _pushes_in_the_way(
    kind: Departure.Kind, connection: Connection, account: SourceAccount | None
) -> str:
    if kind == Kind.UNLINK:
        # Whoever must be cut off is so at once: what Codat has of a push can still be read, and
        # nothing more of it leaves.
        return ""
    push = in_the_way(connection, account if kind == Kind.REMOVE_ACCOUNT else None)
    if push is None:
        return ""
    if push.status in ON_ITS_WAY:
        return _wait_for(push)
    words = _("Nobody knows yet how push #%(id)d ended. Decide on it first.")
    return words % {"id": push.pk}


def in_the_way(connection: Connection, account: SourceAccount | None = None) -> Push | None:
    """The push that has to end first; of an account, also the one to be decided on first."""
    moving = on_its_way(connection, account).first()
    if moving is not None or account is None:
        return moving
    return undecided(connection, account).filter(status__in=UNKNOWN).first()


def why_wait(connection: Connection) -> str:
    """That a push is on its way and had better end first; "" when none is."""
    moving = in_the_way(connection)
    return "" if moving is None else _wait_for(moving)


def _wait_for(push: Push) -> str:
    words = _(
        "Push #%(id)d is on its way and has to end first: mostly in a few minutes, but not while"
        " Codat cannot be reached. Its page says when it has."
    )
    return words % {"id": push.pk}


def on_its_way(connection: Connection, account: SourceAccount | None = None) -> QuerySet[Push]:
    """Pushes that have left, or may have, and of which Codat has not said how they ended."""
    return of(connection, account).filter(status__in=ON_ITS_WAY).order_by("pk")


def undecided(connection: Connection, account: SourceAccount | None = None) -> PushQuerySet:
    """Pushes that wait for a person's decision, which it does not make for them."""
    return of(connection, account).undecided().order_by("pk")


def of(connection: Connection, account: SourceAccount | None) -> PushQuerySet:
    rows = Push.objects.filter(connection=connection)
    return rows if account is None else rows.filter(account=account)


def waiting(connection: Connection, account: SourceAccount | None = None) -> int:
    """How many confirmed pushes wait, which would be stopped."""
    return of(connection, account).filter(status=PushStatus.READY).count()


def stop_waiting(accounts: Iterable[int], *, reason: str, by: Actor, now: dt.datetime) -> int:
    """Stop what waits on these accounts, whose rows are locked; their rows are free again."""
    stopped = 0
    for pk in accounts:
        rows = Push.objects.filter(account=pk, status__in=(PushStatus.DRAFT, PushStatus.READY))
        pushes = list(rows.order_by("sequence"))
        if not pushing.stop(pushes, reason=reason, by=by, now=now):
            raise Blocked(_("A push has just left. Nothing was changed. Try again in a minute."))
        stopped += len(pushes)
    return stopped


def standing(connection: Connection, account: SourceAccount | None) -> Departure | None:
    """The open order about exactly this account, or this connection as a whole."""
    rows = Departure.objects.open().filter(connection=connection, account=account)
    return rows.first()


def _standing(
    connection: Connection, account: SourceAccount | None, form_key: str
) -> Departure | None:
    same_press = Departure.objects.filter(form_key=form_key).first()
    return same_press or standing(connection, account)


def _plan(
    kind: Departure.Kind,
    connection: Connection,
    account: SourceAccount | None,
    reason: str,
    form_key: str,
    by: Actor,
    now: dt.datetime,
) -> Departure:
    connection.refresh_from_db()
    owned = [account.pk] if account else list(connection.accounts.values_list("pk", flat=True))
    lock_all(owned)
    before = _standing(connection, account, form_key)
    if before is not None and before.kind == kind:
        return before
    if before is not None:
        raise Blocked(_("Something else of it is ending at Codat. Press Continue there first."))
    if problem := why_not(kind, connection=connection, account=account):
        raise Blocked(problem)
    if kind != Kind.REVOKE:
        stop_waiting(owned, reason=reason or str(kind.label), by=by, now=now)
    return commit(kind, connection, account, reason=reason, form_key=form_key, by=by, now=now)


def commit(
    kind: Departure.Kind,
    connection: Connection,
    account: SourceAccount | None,
    *,
    reason: str,
    form_key: str,
    by: Actor,
    now: dt.datetime,
) -> Departure:
    departure = Departure.objects.create(
        kind=kind,
        connection=connection,
        account=account,
        reason=reason,
        requested_at=now,
        requested_by=by.name,
        user_id=by.user_id,
        form_key=form_key,
    )
    record(departure, "asked", by=by, now=now)
    return departure


def record(
    departure: Departure, what: str, *, by: Actor, now: dt.datetime, words: str = ""
) -> None:
    """`leaving.asked`, `.continued`, `.failed`, `.refused`, `.done` or `.abandoned`."""
    Event.objects.record(
        f"leaving.{what}",
        by=by,
        at=now,
        words=words or str(departure),
        reason=departure.reason,
        after={"kind": str(departure.kind), "departure": departure.pk},
        connection=departure.connection,
        account=departure.account,
    )
