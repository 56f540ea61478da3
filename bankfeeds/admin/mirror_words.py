"""How the pages about clients speak: the headline, the one next step, until when rows can go.

Reads rows as `mirror_rows` hands them over; asks no database.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bankfeeds import onboarding, words
from bankfeeds.models import (
    Company,
    Connection,
    Intent,
    RemoteCreation,
    SendingStop,
    SourceAccount,
)
from bankfeeds.words import Word

from . import mirror_rows

NO_BARRIERS = words.Barriers()


def headline(company: Company, connection: Connection | None, *, now: dt.datetime) -> Word:
    """The status of a client: of the company while it is not at Codat, then of the connection."""
    if company.closed_at:
        return words.closed(company)
    if company.gone_at:
        return words.gone()
    if (word := unfinished(company, now=now)) is not None:
        return word
    if connection is not None and (word := unfinished(connection, now=now)) is not None:
        return word
    return words.connection(connection, mirror_rows.counted(connection), now=now)


def unfinished(row: RemoteCreation, *, now: dt.datetime) -> Word | None:
    """What is said of a row whose creation at Codat has not ended well; None when it has."""
    if row.intent == Intent.DONE:
        return None
    if onboarding.in_progress(row, now=now):
        return Word(
            _("Being created"), _("Codat is being asked right now. Look again in a minute."), "wait"
        )
    untold = _("It was not sent to Codat yet. It has to be continued.")
    problem = words.said(row.problem) or untold
    return Word(_("Not yet at Codat"), problem, "warn")


@dataclass(frozen=True)
class NextStep:
    """One short sentence, and which button does it: one of the names in next_step.html, or ""."""

    text: str
    kind: str = ""
    number: int | None = None


def next_step(
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
    open_ones = [row for row in connection.all_accounts if row.intent != Intent.DONE]
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
    if rest := [row for row in counted if not row.is_connected]:
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
    if not everything:
        text = _about(rest)
    if waits := _wait(rest):
        text = f"{text}. {waits}"
    return NextStep(text, "copy" if has_link else "renew")


def _about(rest: list[Any]) -> str:
    """Those that were lost first: there the client may not know it."""
    lost = [row for row in rest if row.status.lower() == "disconnected"]
    row, more = (lost or rest)[0], len(lost or rest) - 1
    name = _("%(name)s and %(n)d more") % {"name": row, "n": more} if more else str(row)
    if lost:
        text = _("Ask the client about %(account)s: QuickBooks no longer asks for it")
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


def own_stop(connection: Connection | None, barriers: words.Barriers) -> Word | None:
    """That somebody stopped this client or an account of it; everything has its band."""
    found = [barriers.stops.get(row.pk) for row in mirror_rows.counted(connection)]
    stop = next((one for one in found if one and (one.account_id or one.company_id)), None)
    return words.stopped(stop) if stop else None


def _stopped(row: SourceAccount, stop: SendingStop) -> NextStep:
    said = words.sending_stopped(stop, of=str(row) if stop.account_id else "")
    return NextStep(said, "stopped", stop.pk)


# --- Accounts --------------------------------------------------------------------------------


def account(row: SourceAccount, *, now: dt.datetime) -> Word:
    if (word := unfinished(row, now=now)) is not None:
        return word
    word = words.account(row)
    # After an unlinking Codat may call its accounts connected a while longer.
    if row.connection.status == "Unlinked" and word.tone == "good":
        return words.unlinked(row)
    return word


def account_type(codat_word: str) -> str:
    return str(dict(SourceAccount.Type.choices).get(codat_word, codat_word))


def why_no_import(row: SourceAccount) -> str:
    """Why *Import file* cannot work for this account now; "" when it can. What would take further
    questions to the database is said on the page of the import."""
    if row.connection.company.closed_at:
        return _("The company is closed.")
    if row.not_wanted_at:
        return _("Not wanted: nothing is sent.")
    if row.gone_at or row.connection.gone_at or row.connection.company.gone_at:
        return _("It no longer exists at Codat.")
    return "" if row.at_codat else _("It does not exist at Codat yet.")


def why_no_push(row: SourceAccount, *, barriers: words.Barriers = NO_BARRIERS) -> str:
    """Why *Push* cannot work for this account now; "" when it can."""
    if row.connection.company.closed_at:
        return _("The company is closed.")
    if row.not_wanted_at:
        return _("Not wanted: nothing is sent.")
    if not row.is_connected or row.connection.status == "Unlinked":
        return _("Not connected: nothing can be sent.")
    stop = barriers.stops.get(row.pk)
    return words.sending_stopped(stop) if stop else ""


def why_no_push_at_all(
    company: Company, connection: Connection | None, *, barriers: words.Barriers = NO_BARRIERS
) -> str:
    ready = mirror_rows.connected(connection)
    if company.closed_at:
        return _("The company is closed.")
    if not ready or company.gone_at:
        return _("No account is connected yet.")
    free = [row for row in ready if row.pk not in barriers.stops]
    if not free:
        stop = barriers.stops[ready[0].pk]
        return words.sending_stopped(stop, of=str(ready[0]) if stop.account_id else "")
    if mirror_rows.waiting(free)[0]:
        return ""
    held = [row for row in ready if row.pk in barriers.stops and row.waiting]
    if held:
        stop = barriers.stops[held[0].pk]
        return words.sending_stopped(stop, of=str(held[0]) if stop.account_id else "")
    return _("Nothing new to send: no rows wait.")


def push_waits(barriers: words.Barriers) -> str:
    """What must be known before *Push* is pressed: that it will not leave at once; "" when so."""
    return words.everything_waits(barriers.incident) if barriers.incident else ""


def send_by(
    day: dt.date | None,
    *,
    today: dt.date,
    money: Sequence[tuple[str, Decimal, Decimal]] = (),
) -> str:
    """`Send by Nov 24, 2026: In 120.00 USD, Out 45.50 USD`; of a row on its last day, that it may
    be too late. `money`: what the rows of that day carry, as `mirror_rows.urgent` finds it."""
    if day is None:
        return ""
    text = _("Send by %(day)s") % {"day": words.day(day)}
    if carried := _carried(money):
        text = _("%(send_by)s: %(money)s") % {"send_by": text, "money": carried}
    return ". ".join((text, _("QuickBooks may fetch too late."))) if day < today else text


def _carried(money: Sequence[tuple[str, Decimal, Decimal]]) -> str:
    return ", ".join(
        words.flow(amount, currency)
        for currency, money_in, money_out in money
        for amount in (money_in, money_out)
        if amount
    )
