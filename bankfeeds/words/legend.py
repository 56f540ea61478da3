"""Every status word with its explanation, for the legend beneath a list.

Made of rows that exist nowhere, by the very functions that speak of real ones: the legend cannot
say anything else than the list.
"""

from __future__ import annotations

import datetime as dt

from django.utils import timezone
from django.utils.translation import gettext as _

from bankfeeds import rules
from bankfeeds.models import (
    BankTransaction,
    Company,
    Connection,
    Incident,
    Intent,
    Push,
    PushStatus,
    SourceAccount,
)

from . import clients, decided, holds, pushes
from .marks import meanings
from .word import Word

MINUTE = dt.timedelta(minutes=1)


def of_connections(*, now: dt.datetime) -> list[Word]:
    """Of a company or a connection, in the order in which the first that fits is chosen."""
    fresh, old = now - 22 * MINUTE, now - 90 * MINUTE
    return [
        clients.gone(),
        _connection("Deauthorized", now=now),
        _connection("Unlinked", now=now),
        _connection("Linked", "connected", "connected", "disconnected", now=now),
        _connection("Linked", "connected", "connected", "connected", now=now),
        _connection("Linked", "connected", "connected", "pending", now=now),
        _connection("PendingAuth", now=now),
        _connection("PendingAuth", "pending", issued=fresh, now=now),
        _connection("PendingAuth", "pending", issued=old, now=now),
        _connection("…", "pending", now=now),
        clients.connection(None, (), now=now),
    ]


def of_links(*, now: dt.datetime) -> list[Word]:
    issued = (now - 22 * MINUTE, now - 54 * MINUTE, now - 90 * MINUTE)
    rows = [Connection(link_issued_at=at) for at in issued]
    withdrawn = Connection(link_issued_at=now, link_withdrawn_at=now)
    return [clients.link(row, now=now) for row in (*rows, withdrawn, None)]


def of_accounts(*, now: dt.datetime) -> list[Word]:
    states = (*clients.ACCOUNT_WORDS, "…")
    rows = [SourceAccount(status=word, intent=Intent.DONE) for word in states]
    rows += [SourceAccount(not_wanted_at=now), SourceAccount(gone_at=now)]
    return [clients.account(row) for row in rows]


def of_pushes(*, now: dt.datetime) -> list[Word]:
    """The states, what keeps a ready one waiting, what people decided, and the marks."""
    words = [pushes.push(Push(status=status), now=now) for status in PushStatus.values]
    earlier, later = Push(pk=118, status=PushStatus.FAILED), Push(status=PushStatus.READY)
    held = Push(
        status=PushStatus.READY,
        hold_reason=str(Incident.Kind.OUTAGE.label),
        next_attempt_at=now + 18 * MINUTE,
    )
    words[2:2] = [pushes.push(held, now=now), pushes.push(later, now=now, behind=earlier)]
    resolved = _("A decision sent its rows again, in that push.")
    replaces = _("It carries the rows of that push, by a decision.")
    return [
        *words,
        decided.accepted_by_word(),
        decided.sent_anew(118),
        decided.given_up(),
        *meanings(),
        Word(f"{decided.RESOLVED} {earlier}", resolved, "quiet"),
        Word(f"{decided.REPLACES} {earlier}", replaces, "quiet"),
    ]


def of_stops(*, now: dt.datetime) -> list[Word]:
    """What may stand beside the status of an account or a company."""
    return [holds.stopped_by_somebody()]


def of_closed(*, now: dt.datetime) -> list[Word]:
    return [clients.closed(Company())]


def of_transactions(*, now: dt.datetime) -> list[Word]:
    today = timezone.localdate(now)
    row = BankTransaction(date=today)
    gone = BankTransaction(date=today, goes_on_as_id=0)
    late, blocked = (rules.TOO_OLD,), (rules.FUTURE,)
    return [
        pushes.transaction(row, push=None, findings=(), today=today),
        pushes.transaction(row, push=None, findings=blocked, today=today),
        pushes.transaction(row, push=118, findings=(), today=today),
        Word(_("Left out"), _("A person decided not to send it: who, when, why."), "quiet"),
        pushes.transaction(row, push=None, findings=late, today=today),
        pushes.transaction(gone, push=None, findings=(), today=today),
    ]


def of_findings() -> list[Word]:
    return [pushes.finding(severity) for severity in (*map(str, rules.Severity), "")]


def _connection(
    status: str, *accounts: str, now: dt.datetime, issued: dt.datetime | None = None
) -> Word:
    row = Connection(status=status, intent=Intent.DONE, link_issued_at=issued)
    rows = [SourceAccount(status=word) for word in accounts]
    return clients.connection(row, rows, now=now)
