"""What becomes too late for the feed while nothing leaves, by day. Reads only."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import (
    Count,
    DateField,
    Exists,
    F,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
)
from django.db.models.functions import Coalesce, Greatest
from django.utils import timezone

from .models import (
    BankTransaction,
    Company,
    Connection,
    Event,
    Incident,
    Intent,
    MoneySum,
    Push,
    PushItem,
    PushStatus,
    SourceAccount,
)
from .rules import FEED_WINDOW

DAY = dt.timedelta(days=1)
NONE = Value(0)
# Confirmed, has left or may have, and not known to be accepted.
UNDER_WAY = (
    PushStatus.SENDING,
    PushStatus.RECONCILING,
    PushStatus.SUBMITTED,
    PushStatus.TIMED_OUT,
    PushStatus.NEEDS_REVIEW,
)


@dataclass
class Flow:
    """Money of one currency; `money_out` is negative, as the amounts are."""

    money_in: Decimal = Decimal(0)
    money_out: Decimal = Decimal(0)


@dataclass
class AgeingDay:
    """What is too late for the feed from this day on.

    `confirmed`: in pushes that wait; `under_way`: in pushes that may be at Codat, or are and are
    not accepted; `waiting`: in no push.
    """

    on: dt.date
    confirmed: int = 0
    under_way: int = 0
    waiting: int = 0
    flows: dict[str, Flow] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        return self.confirmed + self.under_way + self.waiting


@dataclass(frozen=True)
class Ageing:
    """`days`: in order, those on which something is lost. `already`: rows that wait in a
    push and are too late by now.
    """

    days: list[AgeingDay]
    already: int


def foresee(
    *,
    account: SourceAccount | None = None,
    company: Company | None = None,
    now: dt.datetime,
) -> Ageing:
    """What becomes too late while nothing leaves: of an account, a company, or everything.

    Counts what a push of today would send (connected accounts only), and what was confirmed and
    is not through. Two questions, whatever the number of rows.
    """
    today = timezone.localdate(now)
    scope: dict[str, Any] = {"account": account} if account else {}
    if company is not None:
        scope = {"account__company": company}
    days: dict[dt.date, AgeingDay] = {}
    already = 0
    for date, currency, waits, rows, money_in, money_out in _confirmed(scope):
        if date < today - FEED_WINDOW:
            already += waits
            continue
        place = _day(days, date)
        place.confirmed += waits
        place.under_way += rows - waits
        _add(place, currency, money_in, money_out)
    for date, currency, _none, rows, money_in, money_out in _waiting(scope, today):
        place = _day(days, date)
        place.waiting += rows
        _add(place, currency, money_in, money_out)
    return Ageing([days[on] for on in sorted(days)], already)


def first_waiting(*, today: dt.date) -> dt.date | None:
    """The date of the oldest row that is in no push, could go by its date, and is meant for
    QuickBooks: also of accounts that are not connected, since their rows age as well.

    Stands in a band above every page. Each account's own first date bounds what is read: of what
    was sent, the newest day at most.
    """
    rows = BankTransaction.objects.free().filter(account=OuterRef("pk"))
    # One bound on the date, never two: a database may take the wrong one for its index.
    rows = rows.filter(date__gte=OuterRef("taken_from")).order_by("date", "id")
    known = _meant().annotate(taken_from=taken_from(today))
    found = known.annotate(earliest=Subquery(rows.values("date")[:1])).order_by()
    first: dt.date | None = found.aggregate(first=Min("earliest"))["first"]
    return first if first is not None and first <= today else None


def _meant() -> QuerySet[SourceAccount]:
    """Accounts whose rows are meant for QuickBooks, whether they can go today or not."""
    in_place = Connection.objects.live().filter(company=OuterRef("company"))
    in_place = in_place.exclude(pk=OuterRef("connection"))
    superseded = Q(Exists(in_place), connection__status="Unlinked")
    return SourceAccount.objects.wanted().filter(
        ~superseded,
        connection__gone_at=None,
        company__gone_at=None,
        company__closed_at=None,
    )


def taken_from(today: dt.date) -> Greatest:
    """The first date that the feed still takes of an account: as `rules` judge it."""
    oldest = today - FEED_WINDOW
    # No push of such rows can have been confirmed before their first day; the index ends there.
    sent = Push.objects.holding().filter(
        account=OuterRef("pk"), requested_at__gte=_midnight(oldest - DAY), last_date__gt=oldest
    )
    newest = sent.order_by("-last_date").values("last_date")[:1]
    bound = Value(oldest, output_field=DateField())
    return Greatest(bound, Coalesce("feed_start_date", bound), Coalesce(Subquery(newest), bound))


def _day(days: dict[dt.date, AgeingDay], date: dt.date) -> AgeingDay:
    # A row of day D may go through D+7.
    on = date + FEED_WINDOW + DAY
    return days.setdefault(on, AgeingDay(on))


def _add(place: AgeingDay, currency: str, money_in: Decimal, money_out: Decimal) -> None:
    flow = place.flows.setdefault(currency, Flow())
    flow.money_in += money_in or 0
    flow.money_out += money_out or 0


def _confirmed(scope: dict[str, Any]) -> Iterable[Any]:
    pushes = Push.objects.filter(status__in=(PushStatus.READY, *UNDER_WAY), **scope).order_by()
    items = PushItem.objects.filter(push__in=pushes, released=False).order_by()
    waits = Count("pk", filter=Q(push__status=PushStatus.READY))
    return _by_day(items, prefix="transaction__", waits=waits)


def _waiting(scope: dict[str, Any], today: dt.date) -> Iterable[Any]:
    return _by_day(_sendable(scope, today).order_by())


def _sendable(scope: dict[str, Any], today: dt.date) -> QuerySet[BankTransaction]:
    """What `pushing.plan` would send today, in SQL: the rules that look at a row's date or amount.

    Rows without id or description, or with an id twice, never get past the import.
    """
    newer = Push.objects.holding().filter(
        account=OuterRef("account"),
        last_date__gt=OuterRef("date"),
        # No row is newer than its push: this bounds what is read to a week of the index.
        requested_at__gte=_midnight(today - FEED_WINDOW - DAY),
    )
    return BankTransaction.objects.free().filter(
        Q(account__feed_start_date=None) | Q(date__gte=F("account__feed_start_date")),
        ~Q(account__connection__status="Unlinked"),
        ~Q(amount=0),
        ~Exists(newer),
        date__range=(today - FEED_WINDOW, today),
        account__status__iexact="connected",
        account__intent=Intent.DONE,
        account__gone_at=None,
        account__not_wanted_at=None,
        account__connection__gone_at=None,
        account__company__gone_at=None,
        account__company__closed_at=None,
        **scope,
    )


def _midnight(day: dt.date) -> dt.datetime:
    return timezone.make_aware(dt.datetime.combine(day, dt.time.min))


def _by_day(rows: QuerySet[Any], *, prefix: str = "", waits: Any = NONE) -> Iterable[Any]:
    """date, currency, how many wait in a push, number of rows, money in, money out."""
    amount = f"{prefix}amount"
    grouped = rows.values_list(f"{prefix}date", f"{prefix}account__currency")
    figures: QuerySet[Any, Any] = grouped.annotate(
        waits=waits,
        rows=Count("pk"),
        into=MoneySum(amount, filter=Q(**{f"{amount}__gt": 0})),
        out=MoneySum(amount, filter=Q(**{f"{amount}__lt": 0})),
    )
    return figures


# --- What an incident has cost ---------------------------------------------------------------

# A push that waited longer had been decided on before, or waits for a person.
LONGEST_WAIT = dt.timedelta(days=31)
# The sweep looks through what aged out within this time.
WRITTEN_DOWN_WITHIN = dt.timedelta(minutes=10)


@dataclass(frozen=True)
class Cost:
    """`pushes`: confirmed ones that waited meanwhile; `late`: rows of them that aged out."""

    pushes: int = 0
    late: int = 0


def cost(incident: Incident) -> Cost:
    """What an incident that is over has cost. Two questions; all zero while it goes on."""
    began, ended = incident.started_at, incident.ended_at
    if ended is None:
        return Cost()
    waited = Push.objects.filter(
        Q(submitted_at=None) | Q(submitted_at__gt=began),
        Q(ended_at=None) | Q(ended_at__gt=began),
        requested_at__gte=began - LONGEST_WAIT,
        requested_at__lt=ended,
    ).order_by()
    late = Event.objects.filter(
        push__in=waited,
        action="push.too_late",
        at__gte=began,
        at__lte=ended + WRITTEN_DOWN_WITHIN,
    )
    return Cost(waited.count(), sum(about.get("count", 0) for about in _afters(late)))


def _afters(events: QuerySet[Event]) -> Iterable[dict[str, Any]]:
    return events.order_by().values_list("after", flat=True)
