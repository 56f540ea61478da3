"""How the pages about clients speak: the headline, what cannot be done and why, by when rows go.

Reads rows as `mirror_rows` hands them over; asks no database.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from bankfeeds import onboarding, words
from bankfeeds.models import (
    Company,
    Connection,
    Intent,
    RemoteCreation,
    SourceAccount,
)
from bankfeeds.words import Word

from . import mirror_rows

NO_BARRIERS = words.Barriers()
# An unlinking ends these, however long ago QuickBooks last asked.
ENDED_WITH_IT = ("connected", "disconnected")


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


def own_stop(connection: Connection | None, barriers: words.Barriers) -> Word | None:
    """That somebody stopped this client or an account of it; everything has its band."""
    found = [barriers.stops.get(row.pk) for row in mirror_rows.counted(connection)]
    stop = next((one for one in found if one and (one.account_id or one.company_id)), None)
    return words.stopped(stop) if stop else None


# --- Accounts --------------------------------------------------------------------------------


def account(row: SourceAccount, *, now: dt.datetime) -> Word:
    if row.not_wanted_at is None and (word := unfinished(row, now=now)) is not None:
        return word
    word = words.account(row)
    # After an unlinking Codat may call its accounts connected a while longer.
    if row.connection.status == "Unlinked" and row.status.lower() in ENDED_WITH_IT:
        return words.unlinked(row)
    if row.connection.is_withdrawn(row) and word.tone == "good":
        return words.withdrawn(row)
    return word


def account_type(codat_word: str) -> str:
    return str(dict(SourceAccount.Type.choices).get(codat_word, codat_word))


def why_no_import(row: SourceAccount) -> str:
    """Why *Import file* cannot work for this account now; "" when it can. What would take further
    questions to the database is said on the page of the import."""
    if why := _why_nothing(row):
        return why
    return "" if row.at_codat else _("It does not exist at Codat yet.")


def why_no_push(row: Any, *, barriers: words.Barriers = NO_BARRIERS) -> str:
    """Why *Push* cannot work now for this account, read by `mirror_rows`; "" when it can."""
    if why := _why_nothing(row):
        return why
    tie = row.connection
    if not row.is_connected or tie.status == "Unlinked" or tie.is_withdrawn(row):
        return _("Not connected: nothing can be sent.")
    if stop := barriers.stops.get(row.pk):
        return words.sending_stopped(stop)
    return "" if row.waiting else _("No rows wait.")


def _why_nothing(row: SourceAccount) -> str:
    if row.connection.company.closed_at:
        return _("The company is closed.")
    if row.not_wanted_at:
        return _("Not wanted: nothing is sent.")
    if row.gone_at or row.connection.gone_at or row.connection.company.gone_at:
        return _("It no longer exists at Codat.")
    return ""


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
