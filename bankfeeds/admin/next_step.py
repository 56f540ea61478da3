"""The one next step of a client, in a short sentence, and the button that does it.

Reads rows as `mirror_rows` hands them over; asks no database.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bankfeeds import words
from bankfeeds.models import Connection, Intent, SendingStop, SourceAccount

from . import mirror_rows
from .mirror_words import NO_BARRIERS


@dataclass(frozen=True)
class NextStep:
    """One short sentence, and which button does it: one of the names in next_step.html, or ""."""

    text: str
    kind: str = ""
    number: int | None = None


def of_client(
    company: Any,
    connection: Connection | None,
    *,
    now: dt.datetime,
    barriers: words.Barriers = NO_BARRIERS,
) -> NextStep:
    if company.undecided:
        text = _("Decide push #%(id)d") % {"id": company.undecided}
        return NextStep(text, "decide", company.undecided)
    if company.ending:
        return NextStep(_("Continue what is to end at Codat"), "ending", company.ending)
    if company.closed_at:
        if mirror_rows.connected(connection) and not mirror_rows.has_ended(connection):
            text = _("Unlink the connection: the client is connected, and nothing is sent")
            return NextStep(text)
        return NextStep(_("Nothing to do: the company is closed."))
    if company.gone_at:
        return NextStep(_("Nothing to do: it no longer exists at Codat."))
    if company.intent != Intent.DONE:
        return NextStep(_("Continue creating the company"), "continue")
    if connection is not None and _is_asked_back(connection, now=now):
        return NextStep(_("Give the link to the client"), "copy")
    if connection is None or connection.gone_at:
        return NextStep(_("Create the QuickBooks connection"), "connect")
    if mirror_rows.has_ended(connection):
        return _again(connection)
    if connection.intent != Intent.DONE:
        return NextStep(_("Continue creating the connection"), "continue")
    return _of_accounts(connection, now=now, barriers=barriers)


def _is_asked_back(connection: Connection, *, now: dt.datetime) -> bool:
    """Unlinked, and a link was made since that is known: the client can connect by it again."""
    if connection.gone_at or connection.status != "Unlinked":
        return False
    issued, until = connection.link_issued_at, connection.link_valid_until
    known = connection.status_as_of
    return bool(issued and until and known and until > now and issued >= known)


def _of_accounts(connection: Any, *, now: dt.datetime, barriers: words.Barriers) -> NextStep:
    rows = [row for row in connection.all_accounts if row.not_wanted_at is None]
    open_ones = [row for row in rows if row.intent != Intent.DONE]
    if open_ones:
        row = open_ones[0]
        return NextStep(_("Continue adding %(name)s") % {"name": row.name}, "account", row.pk)
    counted, ready = mirror_rows.counted(connection), mirror_rows.connected(connection)
    if not counted:
        return NextStep(_("Add accounts"), "accounts")
    free = [row for row in ready if row.pk not in barriers.stops]
    number, send_by = mirror_rows.waiting(free)
    if number:
        return _push(number, send_by, barriers)
    if ready and (not free or mirror_rows.waiting(ready)[0]):
        held = next(row for row in ready if row.pk in barriers.stops)
        return _stopped(held, barriers.stops[held.pk])
    if rest := [row for row in counted if row not in ready]:
        return _by_the_client(connection, rest, everything=not ready, now=now)
    if kept := mirror_rows.held(ready):
        text = ngettext(
            "%(n)s row is confirmed and has not left: see its push",
            "%(n)s rows are confirmed and have not left: see their pushes",
            kept,
        )
        return NextStep(text % {"n": words.count(kept)})
    return NextStep(_("Nothing to push: import a file when there is one"))


def _again(connection: Connection) -> NextStep:
    """Unlinked, by the client or by us: whether anything is lost depends on the rows that wait."""
    text = _("Ask the client: connect again, or close the company")
    if waits := _wait(mirror_rows.counted(connection)):
        text = f"{_('Create the QuickBooks connection')}. {waits}"
    return NextStep(text, "connect")


def _wait(rows: list[Any]) -> str:
    """That rows of these accounts wait, and until when the first can; "" when none does."""
    number, day = mirror_rows.waiting(rows)
    if not number:
        return ""
    text = ngettext(
        "%(n)s row waits, until %(day)s", "%(n)s rows wait, the first until %(day)s", number
    )
    return text % {"n": words.count(number), "day": words.day(day)}


def _by_the_client(
    connection: Connection, rest: list[Any], *, everything: bool, now: dt.datetime
) -> NextStep:
    """What only the client can do, by a link: connect at all, or the accounts that are left."""
    until = connection.link_valid_until
    has_link = bool(until and until > now)
    text = _("Give the link to the client") if has_link else _("Renew link when client calls")
    begun = [row for row in rest if row.status.lower() == "connecting"]
    if begun or not everything:
        text = _about(begun if everything else rest)
    if waits := _wait(rest):
        text = f"{text}. {waits}"
    return NextStep(text, "copy" if has_link else "renew")


def _about(rest: list[Any]) -> str:
    """Those that were lost first, where the client may not know it, then those half connected."""
    lost, begun = (
        [row for row in rest if row.status.lower() == word]
        for word in ("disconnected", "connecting")
    )
    found = lost or begun or rest
    row, more = found[0], len(found) - 1
    name = _("%(name)s and %(n)d more") % {"name": row, "n": more} if more else str(row)
    if lost:
        text = _("Ask the client about %(account)s: QuickBooks no longer asks for it")
    elif begun:
        text = _(
            "Ask the client about %(account)s: connecting it was begun in QuickBooks and not ended"
        )
    else:
        text = _(
            "Ask the client about %(account)s: connect it by a new link, or mark it not wanted"
        )
    return text % {"account": name}


def _push(number: int, send_by: dt.date | None, barriers: words.Barriers) -> NextStep:
    text = ngettext("Push %(n)s row by %(day)s", "Push %(n)s rows by %(day)s", number)
    text %= {"n": words.count(number), "day": words.day(send_by)}
    if barriers.incident is not None:
        text = f"{text}. {words.everything_waits(barriers.incident)}"
    return NextStep(text, "push")


def _stopped(row: SourceAccount, stop: SendingStop) -> NextStep:
    said = words.sending_stopped(stop, of=str(row) if stop.account_id else "")
    return NextStep(said, "stopped", stop.pk)
