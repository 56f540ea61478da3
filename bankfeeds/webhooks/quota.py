"""Codat says that the calls of the day are used up, or are there again.

A hint, and believed as little as any message: it has one call made that is of use anyway, and the
headers of Codat's own answer hold calls or let them go. Where calls are held as it says, none is.
"""

from __future__ import annotations

from django.utils.translation import gettext as _

from bankfeeds import budget, sync
from bankfeeds.codat.errors import CodatError, Throttled
from bankfeeds.models import Connection, Intent, SourceAccount, WebhookMessage
from bankfeeds.models.record import WEBHOOK
from bankfeeds.words import moment

from .outcome import Asking, Outcome, S, unanswered
from .reading import Quota


def doubt(message: WebhookMessage, told: Quota, asking: Asking) -> Outcome:
    """Have Codat confirm it by the accounts of which we know least lately."""
    now = asking.clock()
    held = budget.closed(now=now)
    if told.is_used_up is (held is not None):
        return Outcome(S.PROCESSED, _now(told, held))
    connection = _longest_unread()
    if connection is None:
        nothing = _("There is nothing to ask Codat about.")
        return Outcome(S.IGNORED, f"{_said(told)} {nothing}")
    if held is not None and not held.by_quota:
        return Outcome(S.PROCESSED, _now(told, held))
    if held is not None:
        budget.charge(1)
    elif not budget.take(1, now=now):
        return Outcome(S.WAITING, _("Waits until Codat may be asked again."))
    return _ask(message, told, connection, asking)


def _ask(message: WebhookMessage, told: Quota, connection: Connection, asking: Asking) -> Outcome:
    try:
        sync.refresh_connection(connection, client=asking.client, by=WEBHOOK, clock=asking.clock)
    except CodatError as error:
        asking.line.met(error)
        if not isinstance(error, Throttled):
            return unanswered(message, error, now=asking.clock())
    now = asking.clock()
    asking.line.tell(now=now)
    asked = _("Codat was asked.")
    return Outcome(S.PROCESSED, f"{asked} {_now(told, budget.closed(now=now))}")


def _longest_unread() -> Connection | None:
    there = {"connection__intent": Intent.DONE, "connection__gone_at": None}
    rows = SourceAccount.objects.wanted().filter(company__gone_at=None, **there)
    oldest = rows.order_by("status_as_of").values_list("connection", flat=True)[:1]
    found = Connection.objects.select_related("company").defer("link_url")
    return found.filter(pk__in=list(oldest)).first()


def _now(told: Quota, held: budget.Closed | None) -> str:
    return f"{_said(told)} {_held(held)}"


def _said(told: Quota) -> str:
    if not told.is_used_up:
        return _("Codat says that calls of a new day may be made.")
    if told.until is None:
        return _("Codat says that the calls of the day are used up.")
    return _("Codat says that the calls of the day are used up until %(moment)s.") % {
        "moment": moment(told.until)
    }


def _held(held: budget.Closed | None) -> str:
    if held is None:
        return _("Calls are not held.")
    why = held.words.rstrip(".")
    if held.until is None:
        return _("Calls are held: %(why)s.") % {"why": why}
    given = {"moment": moment(held.until), "why": why}
    return _("Calls are held until %(moment)s: %(why)s.") % given
