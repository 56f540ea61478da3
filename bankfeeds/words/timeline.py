"""The status of an account or a connection through time: from, to, when, how we learned it.

Told backwards from how it stands now, since the record knows changes and not states. The
headline of a connection is never recorded: it follows from its accounts, here as on its page.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext as _

from bankfeeds.models import Event, Intent, Origin, SourceAccount

from .clients import account_label, gone
from .figures import day, moment
from .people import actor
from .pushes import push_label
from .word import labelled

# Lines of the record that change a status, of an account or of the connection itself.
OF_ACCOUNT = ("account.created", "account.status", "account.gone", "account.back")
OF_CONNECTION = (*OF_ACCOUNT, "connection.created", "connection.gone", "connection.back")


@dataclass(frozen=True)
class Turn:
    """One change. `because`: the accounts whose changes made it, for a connection."""

    at: dt.datetime
    before: str
    after: str
    learned: str
    because: tuple[str, ...] = ()


def account_turns(account: SourceAccount, events: Iterable[Event]) -> list[Turn]:
    """`events`: the account's own of OF_ACCOUNT, newest first."""
    state = _now(account)
    turns = []
    for event in events:
        # What the line itself says is surer than what follows from the lines above it.
        after = replace(state, status=event.after.get("status", state.status))
        state = _before(event, after)
        turns.append(Turn(event.at, state.label, after.label, learned(event)))
    return turns


def connection_turns(
    accounts: Iterable[SourceAccount], events: Iterable[Event], *, is_gone: bool = False
) -> list[Turn]:
    """`events`: those of OF_CONNECTION, newest first; `accounts`: all of the connection.

    What was learned at one moment is one change, however many accounts it concerned.
    """
    states = {account.pk: _now(account) for account in accounts}
    turns = []
    for _moment, group in groupby(events, key=lambda event: (event.at, event.origin)):
        lines = list(group)
        after = _headline(states.values(), is_gone=is_gone)
        because = [_undo(event, states) for event in lines if event.account_id is not None]
        is_gone = _was_gone(lines, is_gone=is_gone)
        is_first = lines[-1].action == "connection.created"
        before = "–" if is_first else _headline(states.values(), is_gone=is_gone)
        if before != after:
            turns.append(Turn(lines[0].at, before, after, learned(lines[0]), tuple(because[::-1])))
    return turns


def changed(event: Event, name: str, value: object) -> str:
    """A value that the record has of what was changed, as people read it. `name`: of the column.

    A status is that of the finest thing that the line names: of a connection, Codat's own word.
    """
    text = "" if value is None else str(value)
    if name == "status" and event.push_id is not None:
        return push_label(text) or text
    if name == "status" and event.account_id is not None and text:
        return account_label(text)
    if name.endswith("_date") and (date := parse_date(text)):
        return day(date)
    if name == "seen" and (at := parse_datetime(text)):
        return moment(at)
    return text or "–"


def _undo(event: Event, states: dict[int, _State]) -> str:
    """Put the account back to what it was before, and say what had changed."""
    pk = event.account_id or 0
    after = states.get(pk, _State(None))
    states[pk] = _before(event, after)
    name = event.account.name if event.account else ""
    return labelled(name, f"{states[pk].label} → {after.label}")


def _was_gone(lines: Sequence[Event], *, is_gone: bool) -> bool:
    for event in lines:
        if event.action in {"connection.gone", "connection.back"}:
            is_gone = event.action == "connection.back"
    return is_gone


def learned(event: Event) -> str:
    """How we came to know it, in words."""
    if event.action.endswith(".created"):
        return _("The answer when it was created, %(who)s") % {
            "who": actor(event.actor_name, event.origin)
        }
    if event.origin == Origin.WEBHOOK:
        return _("Message from Codat")
    if event.origin == Origin.PERSON:
        return _("Refreshed by %(who)s") % {"who": event.actor_name}
    if event.origin == Origin.COMMAND:
        return _("Refreshed by command %(who)s") % {"who": event.actor_name}
    return _("Background refresh")


@dataclass(frozen=True)
class _State:
    """`status`: Codat's word; None while the account was not at Codat yet."""

    status: str | None
    is_gone: bool = False

    @property
    def label(self) -> str:
        if self.status is None:
            return "–"
        if self.is_gone:
            return _("Removed")
        return account_label(self.status)


def _now(account: SourceAccount) -> _State:
    was_there = account.intent == Intent.DONE
    return _State(account.status if was_there else None, account.gone_at is not None)


def _before(event: Event, after: _State) -> _State:
    if event.action == "account.created":
        return _State(None)
    if event.action == "account.gone":
        # Going changes nothing else: its status stays as it was heard last.
        return _State(after.status)
    status = event.before.get("status", after.status)
    return _State(status, is_gone=event.action == "account.back")


def _headline(states: Iterable[_State], *, is_gone: bool) -> str:
    """As `words.connection` says it, but for the link, which is no status."""
    if is_gone:
        return gone().label
    counted = [one.status.lower() for one in states if one.status is not None and not one.is_gone]
    connected, lost, total = counted.count("connected"), counted.count("disconnected"), len(counted)
    if not total:
        return _("No accounts yet")
    if lost == total:
        return _("Disconnected")
    if lost:
        return _("Partly disconnected (%(lost)d of %(all)d lost)") % {"lost": lost, "all": total}
    if connected == total:
        return _("Connected (%(connected)d of %(all)d)") % {"connected": connected, "all": total}
    if connected:
        label = _("Partly connected (%(connected)d of %(all)d)")
        return label % {"connected": connected, "all": total}
    return _("Waiting for the client")
