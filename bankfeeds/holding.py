"""Stop and allow sending, let it go on after a refusal, and what would age out meanwhile.

A stop is a row that the engine reads before it takes a push; nothing else is changed by it.
Asks for no client: it rings the worker and lets it look.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from . import budget, doorbell
from .models import (
    Actor,
    BankTransaction,
    Company,
    Event,
    Incident,
    Intent,
    Push,
    PushItem,
    PushStatus,
    SendingStop,
    SourceAccount,
)
from .rules import FEED_WINDOW
from .words import Holds

# Any number that nothing else of ours locks by.
TURN = 7_204_601
DAY = dt.timedelta(days=1)


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
    _demand(reason)
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
    _demand(reason)
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


def _demand(reason: str) -> None:
    if not reason.strip():
        raise ValueError(_("Give a reason; it is kept."))


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
    stops = list(SendingStop.objects.filter(scope, allowed_at=None))
    closed = budget.closed(now=now)
    if closed is not None and closed.until is None:
        refused = Incident.objects.open().filter(kind=Incident.Kind.REFUSED).first()
        return Holds(stops=stops, refused=refused)
    if closed is not None:
        return Holds(stops=stops, not_before=closed.until, budget_words=closed.words)
    return Holds(stops=stops)


# --- What would age out ----------------------------------------------------------------------


@dataclass
class Flow:
    """Money of one currency; `money_out` is negative, as the amounts are."""

    money_in: Decimal = Decimal(0)
    money_out: Decimal = Decimal(0)


@dataclass
class AgeingDay:
    """What is too late for the feed from this day on: confirmed rows, and free ones that wait."""

    on: dt.date
    confirmed: int = 0
    waiting: int = 0
    flows: dict[str, Flow] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        return self.confirmed + self.waiting


@dataclass(frozen=True)
class Ageing:
    """`days`: in order, those on which something is lost. `already`: confirmed rows that are."""

    days: list[AgeingDay]
    already: int


def ageing(
    *,
    account: SourceAccount | None = None,
    company: Company | None = None,
    now: dt.datetime,
) -> Ageing:
    """What becomes too late while nothing leaves: of an account, a company, or everything.

    Counts what a push of today would send (connected accounts only), and what was confirmed and
    waits. Two questions, whatever the number of rows.
    """
    today = timezone.localdate(now)
    scope: dict[str, Any] = {"account": account} if account else {}
    if company is not None:
        scope = {"account__company": company}
    days: dict[dt.date, AgeingDay] = {}
    already = 0
    for date, currency, rows, money_in, money_out in _confirmed(scope):
        if date < today - FEED_WINDOW:
            already += rows
            continue
        place = _day(days, date)
        place.confirmed += rows
        _add(place, currency, money_in, money_out)
    for date, currency, rows, money_in, money_out in _waiting(scope, today):
        place = _day(days, date)
        place.waiting += rows
        _add(place, currency, money_in, money_out)
    return Ageing([days[on] for on in sorted(days)], already)


def _day(days: dict[dt.date, AgeingDay], date: dt.date) -> AgeingDay:
    # A row of day D may go through D+7.
    on = date + FEED_WINDOW + DAY
    return days.setdefault(on, AgeingDay(on))


def _add(place: AgeingDay, currency: str, money_in: Decimal, money_out: Decimal) -> None:
    flow = place.flows.setdefault(currency, Flow())
    flow.money_in += money_in or 0
    flow.money_out += money_out or 0


def _confirmed(scope: dict[str, Any]) -> Iterable[Any]:
    pushes = Push.objects.filter(status=PushStatus.READY, **scope).order_by()
    items = PushItem.objects.filter(push__in=pushes, released=False).order_by()
    return _by_day(items, prefix="transaction__")


def _waiting(scope: dict[str, Any], today: dt.date) -> Iterable[Any]:
    """What `pushing.plan` would send today, in SQL: the rules that look at a row's date.

    Rows without id or description, or with an id twice, never get past the import.
    """
    newer = Push.objects.holding().filter(
        account=OuterRef("account"),
        last_date__gt=OuterRef("date"),
        # No row is newer than its push: this bounds what is read to a week of the index.
        requested_at__gte=_midnight(today - FEED_WINDOW - DAY),
    )
    rows = BankTransaction.objects.free().filter(
        Q(account__feed_start_date=None) | Q(date__gte=F("account__feed_start_date")),
        ~Q(account__connection__status="Unlinked"),
        ~Exists(newer),
        date__range=(today - FEED_WINDOW, today),
        account__status__iexact="connected",
        account__intent=Intent.DONE,
        account__gone_at=None,
        account__connection__gone_at=None,
        account__company__gone_at=None,
        **scope,
    )
    return _by_day(rows.order_by())


def _midnight(day: dt.date) -> dt.datetime:
    return timezone.make_aware(dt.datetime.combine(day, dt.time.min))


def _by_day(rows: QuerySet[Any], *, prefix: str = "") -> Iterable[Any]:
    """date, currency, number of rows, money in, money out."""
    amount = f"{prefix}amount"
    grouped = rows.values_list(f"{prefix}date", f"{prefix}account__currency")
    figures: QuerySet[Any, Any] = grouped.annotate(
        rows=Count("pk"),
        into=Sum(amount, filter=Q(**{f"{amount}__gt": 0})),
        out=Sum(amount, filter=Q(**{f"{amount}__lt": 0})),
    )
    return figures


def place(rows: Sequence[Any], *, now: dt.datetime) -> None:
    """Put on each waiting push what `holds` pushes now, and the push that it `waits_behind`."""
    waiting = [row for row in rows if row.status == PushStatus.READY]
    found = holds(waiting, now=now)
    heads = Push.objects.heads({row.account_id for row in waiting}) if waiting else {}
    for row in waiting:
        row.holds = found
        head = heads.get(row.account_id)
        if head is not None and head.sequence < row.sequence:
            row.waits_behind = head
