"""Codat -> our copies: statuses, names, balances and feed start dates of source accounts.

Reads source accounts only, never connections: reading those mints links, which is for a person
who asked. What Codat no longer has is marked as gone and never deleted.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from . import marks, messages
from .codat import errors, shapes
from .codat.client import Client
from .codat.errors import CodatError
from .models import (
    Actor,
    Company,
    Connection,
    Event,
    Intent,
    Push,
    PushStatus,
    SourceAccount,
)

Clock = Callable[[], dt.datetime]

# Changes of these are worth a line in the record; balances change every day.
_TOLD = ("status", "name", "feed_start_date")
_CONNECTED, _DISCONNECTED = "connected", "disconnected"
_ENDED = (shapes.ConnectionStatus.UNLINKED, shapes.ConnectionStatus.DEAUTHORIZED)
_TOO_LARGE = Decimal(10) ** 15
_CENTS_OF_CENTS = Decimal("0.0001")


@dataclass(frozen=True)
class Refreshed:
    """How one connection fared. `words`: what to tell a person, "" if all went well."""

    connection: Connection
    accounts: int = 0
    words: str = ""

    @property
    def ok(self) -> bool:
        return not self.words

    @property
    def company(self) -> Company:
        return self.connection.company


def refresh_connection(connection: Connection, *, client: Client, by: Actor, clock: Clock) -> int:
    """Mirror the accounts of one connection; says how many were read.

    Accounts that Codat does not list are marked as gone, and come back when it lists them again;
    accounts that we do not know are left alone. 404 marks the connection, and the company if it
    is the company that is missing. Other CodatErrors propagate.
    """
    company = connection.company
    if connection.codat_id is None or company.codat_id is None:
        return 0
    # Known before Codat is asked: an account added meanwhile must not look as if it were gone.
    known = list(connection.accounts.filter(intent=Intent.DONE).values_list("pk", flat=True))
    asked_at = clock()
    try:
        answers = client.list_source_accounts(company.codat_id, connection.codat_id)
    except errors.Absent:
        _mark_gone(connection, client=client, by=by, clock=clock)
        return 0
    now = clock()
    with transaction.atomic():
        _bring_back(connection, by=by, now=now)
        rows = _locked(known, asked_at=asked_at)
        heard = [(rows.pop(each.id), each) for each in answers if each.id in rows]
        turned = [_mirror(row, answer, by=by, now=now) for row, answer in heard]
        if _CONNECTED in turned:
            _linked_again(connection, by=by, now=now)
        for row in rows.values():
            if row.gone_at is None:
                _apply(row, {"gone_at": now}, action="account.gone", by=by, now=now)
    return len(answers)


def _locked(known: list[int], *, asked_at: dt.datetime) -> dict[str, SourceAccount]:
    """The rows as they stand now, by account id: two who have asked at once take turns.

    Without those of which somebody has heard who asked later: that answer is the newer one.
    """
    rows = SourceAccount.objects.select_for_update(no_key=True).filter(pk__in=known).order_by("pk")
    older = Q(status_as_of=None) | Q(status_as_of__lte=asked_at)
    return {row.account_id: row for row in rows.filter(older).defer("sealed_body")}


def refresh_company(company: Company, *, client: Client, by: Actor, clock: Clock) -> int:
    """Mirror the company's name and the accounts of its live connections; says how many.

    For a person who asks for this company. CodatErrors propagate, but for 404, which marks it.
    """
    if company.codat_id is None:
        return 0
    try:
        answer = client.get_company(company.codat_id)
    except errors.Absent:
        _mark_company_gone(company, by=by, now=clock())
        return 0
    _mirror_company(company, answer, by=by, now=clock())
    rows = _live_connections().filter(company=company)
    return sum(refresh_connection(row, client=client, by=by, clock=clock) for row in rows)


def refresh_everything(*, client: Client, by: Actor, clock: Clock) -> Iterator[Refreshed]:
    """Mirror connection by connection, each yielded when it is done, well or not.

    One that fails does not stop the others; KeyRefused propagates, since it concerns all.
    """
    for connection in list(_live_connections().select_related("company")):
        try:
            accounts = refresh_connection(connection, client=client, by=by, clock=clock)
        except errors.KeyRefused:
            raise
        except CodatError as error:
            yield Refreshed(connection, words=messages.explain(error))
        else:
            yield Refreshed(connection, accounts=accounts, words=_gone_words(connection))


def account_columns(answer: shapes.SourceAccount, *, now: dt.datetime) -> dict[str, Any]:
    """What is kept of Codat's answer about an account; what it leaves out is left as it is."""
    columns: dict[str, Any] = {
        "status": answer.status[:50],
        "status_as_of": now,
        "feed_start_date": answer.feed_start_date,
        "gone_at": None,
    }
    if answer.account_name.strip():
        columns["name"] = answer.account_name[:200]
    if answer.balance is not None and abs(answer.balance) < _TOO_LARGE - 1:
        columns["balance"] = answer.balance.quantize(_CENTS_OF_CENTS)
    return columns


def _live_connections() -> Any:
    rows = Connection.objects.filter(intent=Intent.DONE, gone_at=None, company__gone_at=None)
    return rows.order_by("pk")


def _mirror_company(
    company: Company, answer: shapes.Company, *, by: Actor, now: dt.datetime
) -> None:
    before, after = company.codat_name, answer.name[:200]
    with transaction.atomic():
        Company.objects.filter(pk=company.pk).update(codat_name=after, gone_at=None)
        if before != after:
            Event.objects.record(
                "company.changed",
                by=by,
                at=now,
                company=company,
                before={"codat_name": before},
                after={"codat_name": after},
            )
    company.codat_name, company.gone_at = after, None


def _mirror(
    row: SourceAccount, answer: shapes.SourceAccount, *, by: Actor, now: dt.datetime
) -> str:
    """What its status has turned to, in small letters; "" when it is what it was."""
    columns = account_columns(answer, now=now)
    came_back = row.gone_at is not None
    action = "account.back" if came_back else "account.status"
    if not came_back and columns["status"] == row.status:
        action = "account.changed"
    was, last_seen = row.status.lower(), row.status_as_of
    _apply(row, columns, action=action, by=by, now=now)
    if row.status.lower() == _DISCONNECTED:
        # What was on its way when it turned may have ended since the last look.
        still = was == _DISCONNECTED and last_seen is not None
        # It may have turned right after the last look, which can be days ago.
        since = last_seen if still and last_seen else (last_seen or now) - marks.NOTICED_AFTER
        marks.disconnected(row, since=since, by=by, now=now)
    turned = row.status.lower()
    return turned if turned != was else ""


def _linked_again(connection: Connection, *, by: Actor, now: dt.datetime) -> None:
    """A client who connects an account anew has linked an ended connection, unless another has
    taken its place. Only a turn tells: after an unlinking accounts may look connected for days."""
    before = Connection.objects.values_list("status", flat=True).get(pk=connection.pk)
    if before not in _ENDED:
        return
    after = str(shapes.ConnectionStatus.LINKED)
    try:
        with transaction.atomic():
            rows = Connection.objects.filter(pk=connection.pk, status=before)
            if not rows.update(status=after, status_as_of=now):
                return
    except IntegrityError:
        return
    connection.status, connection.status_as_of = after, now
    Event.objects.record(
        "connection.linked",
        by=by,
        at=now,
        connection=connection,
        before={"status": before},
        after={"status": after},
    )


def _apply(
    row: SourceAccount, columns: dict[str, Any], *, action: str, by: Actor, now: dt.datetime
) -> None:
    """Write the columns, and a line in the record if one of them is worth telling."""
    told = {"gone_at", *_TOLD} & columns.keys()
    changed = sorted(name for name in told if getattr(row, name) != columns[name])
    before = {name: _plain(getattr(row, name)) for name in changed}
    SourceAccount.objects.filter(pk=row.pk).update(**columns)
    for name, value in columns.items():
        setattr(row, name, value)
    if changed:
        after = {name: _plain(columns[name]) for name in changed}
        Event.objects.record(action, by=by, at=now, account=row, before=before, after=after)


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, dt.date) else value


def _mark_gone(connection: Connection, *, client: Client, by: Actor, clock: Clock) -> None:
    try:
        # Reading a company mints no link.
        client.get_company(str(connection.company.codat_id))
    except errors.Absent:
        _mark_company_gone(connection.company, by=by, now=clock())
    now = clock()
    with transaction.atomic():
        rows = Connection.objects.filter(pk=connection.pk, gone_at=None)
        if rows.update(gone_at=now):
            Connection.objects.filter(pk=connection.pk).withdraw_links(now=now)
            Event.objects.record("connection.gone", by=by, at=now, connection=connection)
            accounts_gone(connection.accounts.all(), by=by, now=now)
    connection.refresh_from_db()


def accounts_gone(
    accounts: QuerySet[SourceAccount], *, reason: str = "", by: Actor, now: dt.datetime
) -> None:
    """Mark those of them that were at Codat as gone. Inside a transaction."""
    for account in accounts.filter(gone_at=None, intent=Intent.DONE).defer("sealed_body"):
        if SourceAccount.objects.filter(pk=account.pk, gone_at=None).update(gone_at=now):
            Event.objects.record("account.gone", by=by, at=now, account=account, reason=reason)


def _mark_company_gone(company: Company, *, by: Actor, now: dt.datetime) -> None:
    with transaction.atomic():
        if Company.objects.filter(pk=company.pk, gone_at=None).update(gone_at=now):
            Event.objects.record("company.gone", by=by, at=now, company=company)
        _hand_to_a_person(company, by=by, now=now)
    company.refresh_from_db()


def _hand_to_a_person(company: Company, *, by: Actor, now: dt.datetime) -> None:
    """Codat has no list of its writes any more, so that waiting tells nothing about these."""
    words = _("The company was removed at Codat, so that its writes cannot be looked up any more.")
    for push in Push.objects.filter(company=company, status=PushStatus.RECONCILING):
        push.step(PushStatus.NEEDS_REVIEW, by=by, now=now, words=words, next_attempt_at=None)


def _bring_back(connection: Connection, *, by: Actor, now: dt.datetime) -> None:
    """A connection that answers is not gone, unless another has taken its place."""
    if connection.gone_at is None:
        return
    try:
        with transaction.atomic():
            Connection.objects.filter(pk=connection.pk).update(gone_at=None)
    except IntegrityError:
        return
    connection.gone_at = None
    Event.objects.record("connection.back", by=by, at=now, connection=connection)


def _gone_words(connection: Connection) -> str:
    if connection.gone_at is None:
        return ""
    return messages.removed_at_codat()
