"""Stop and allow sending, let it go on after a refusal, and what holds back what is confirmed.

A stop is a row that the engine reads before it takes a push; nothing else is changed by it.
Asks for no client: it rings the worker and lets it look.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from django.db import connection, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from . import budget, doorbell
from .models import (
    Actor,
    Company,
    Departure,
    Event,
    Incident,
    Push,
    PushStatus,
    SendingStop,
    SourceAccount,
)
from .models.record import demand_reason
from .words import Barriers, Holds

# Any number that nothing else of ours locks by.
TURN = 7_204_601


def open_stop(
    *, account: SourceAccount | None = None, company: Company | None = None
) -> SendingStop | None:
    """The open stop of exactly this account, this company, or (neither given) everything."""
    return SendingStop.objects.filter(allowed_at=None, account=account, company=company).first()


def stop_sending(
    *,
    account: SourceAccount | None = None,
    company: Company | None = None,
    reason: str,
    by: Actor,
    now: dt.datetime,
) -> tuple[SendingStop, bool]:
    """Nothing of it leaves any more: the stop, and whether it is new.

    Neither given: everything. What waits stays confirmed and waits on; what is on its way goes
    on. False: it was stopped already, and nothing was changed. ValueError without a reason.
    """
    if account is not None and company is not None:
        raise ValueError("a stop has one scope")
    demand_reason(reason)
    with transaction.atomic():
        _take_turns()
        standing = open_stop(account=account, company=company)
        if standing is not None:
            return standing, False
        stop = SendingStop.objects.create(
            account=account, company=company, stopped_at=now, stopped_by=by.name, reason=reason
        )
        _record("sending.stopped", stop, reason=reason, by=by, now=now)
    return stop, True


def allow_sending(stop: SendingStop, *, reason: str, by: Actor, now: dt.datetime) -> bool:
    """Lift the stop and ring for whatever is due; False when somebody had lifted it before."""
    demand_reason(reason)
    with transaction.atomic():
        lifted = SendingStop.objects.filter(pk=stop.pk, allowed_at=None).update(
            allowed_at=now, allowed_by=by.name, allowed_reason=reason
        )
        if not lifted:
            return False
        _record("sending.allowed", stop, reason=reason, by=by, now=now)
        doorbell.ring(doorbell.DELIVER)
    return True


def go_on(incident: Incident, *, reason: str = "", by: Actor, now: dt.datetime) -> bool:
    """End a refusal of our key and ring for whatever is due; False when it had ended before.

    Is the key still refused, the next call says so and opens a new incident. ValueError for an
    outage: that ends by itself.
    """
    if incident.kind != Incident.Kind.REFUSED:
        raise ValueError(_("An outage ends by itself, with Codat's first answer."))
    with transaction.atomic():
        open_ones = Incident.objects.open().filter(pk=incident.pk)
        if not open_ones.update(ended_at=now, ended_by=by.name):
            return False
        about = {"incident": incident.pk, "kind": incident.kind}
        Event.objects.record(
            "incident.ended", by=by, at=now, words=str(incident), reason=reason, after=about
        )
        doorbell.ring(doorbell.DELIVER)
    return True


def mended(incident: Incident) -> str:
    """What the person who let sending go on said was mended; "" when nobody said anything."""
    if incident.ended_at is None:
        return ""
    events = Event.objects.filter(action="incident.ended", at=incident.ended_at)
    found = [event.reason for event in events if event.after.get("incident") == incident.pk]
    return found[0] if found else ""


def _take_turns() -> None:
    """No constraint can forbid a second open stop of everything: one person after the other.

    On SQLite every writing transaction waits for the one before.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [TURN])


def _record(action: str, stop: SendingStop, *, reason: str, by: Actor, now: dt.datetime) -> None:
    everything = stop.account_id is None and stop.company_id is None
    Event.objects.record(
        action,
        by=by,
        at=now,
        words=_("Everything") if everything else "",
        reason=reason,
        after={"stop": stop.pk},
        account=stop.account,
        company=stop.company,
    )


# --- What holds pushes now -------------------------------------------------------------------


def holds(pushes: Iterable[Push], *, now: dt.datetime) -> Holds | None:
    """What may hold those of them that are ready; None, and no question, when none is."""
    ready = [push for push in pushes if push.status == PushStatus.READY]
    if not ready:
        return None
    scope = Q(account=None, company=None)
    scope |= Q(account__in={push.account_id for push in ready})
    scope |= Q(company__in={push.company_id for push in ready})
    found = Holds(
        stops=list(SendingStop.objects.filter(scope, allowed_at=None)),
        off=Departure.objects.off({push.account_id for push in ready}),
    )
    closed = budget.closed(now=now)
    if closed is not None and closed.until is None:
        refused = Incident.objects.open().filter(kind=Incident.Kind.REFUSED).first()
        return replace(found, refused=refused)
    if closed is not None:
        return replace(found, not_before=closed.until, budget_words=closed.words)
    return found


def barriers(accounts: Iterable[SourceAccount]) -> Barriers:
    """What keeps what is confirmed for these accounts from leaving; two questions."""
    stops = SendingStop.objects.over(accounts)
    # A refusal first: it lasts until a person ends it.
    order = {Incident.Kind.REFUSED.value: 0, Incident.Kind.OUTAGE.value: 1}
    open_ones = sorted(Incident.objects.open(), key=lambda row: order.get(row.kind, 2))
    return Barriers(stops, open_ones[0] if open_ones else None)


def place(rows: Sequence[Any], *, now: dt.datetime) -> None:
    """Put on each waiting push what `holds` pushes now, and the push that it `waits_behind`.

    Says of each what `pushing.behind` says of one; as many questions for ten as for one.
    """
    waiting = [row for row in rows if row.status == PushStatus.READY]
    if not waiting:
        return
    found = holds(waiting, now=now)
    heads = Push.objects.heads({row.account_id for row in waiting})
    unknown = _unknown({row.connection_id for row in waiting})
    for row in waiting:
        head = heads.get(row.account_id)
        is_first = head is None or head.sequence >= row.sequence
        row.holds = found
        row.waits_behind = unknown.get(row.connection_id) if is_first else head


def _unknown(connections: set[int]) -> dict[int, Push]:
    """Of each connection, a push of unknown fate: it holds up those of every account."""
    rows = Push.objects.filter(connection__in=connections, status=PushStatus.NEEDS_REVIEW)
    found = rows.only("status", "account_id", "connection_id").order_by("requested_at", "pk")
    return {push.connection_id: push for push in found}
