"""What the pages about clients read: companies, connections and accounts with where they stand.

Every figure comes with the rows, so that a list costs the same number of questions however long.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from django.db.models import (
    Count,
    DecimalField,
    IntegerField,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    Subquery,
)
from django.db.models.functions import Coalesce
from django.utils import timezone

from bankfeeds import ageing, words
from bankfeeds.models import (
    BankTransaction,
    Company,
    Connection,
    Departure,
    Intent,
    MoneySum,
    Push,
    PushItem,
    PushStatus,
    SendingStop,
    SourceAccount,
)
from bankfeeds.rules import FEED_WINDOW

SEND_BY = FEED_WINDOW - ageing.DAY
IN, OUT = Q(amount__gt=0), Q(amount__lt=0)
MONEY = DecimalField(max_digits=19, decimal_places=4)


def accounts(
    rows: QuerySet[SourceAccount] | None = None, *, today: dt.date
) -> QuerySet[SourceAccount]:
    """Accounts with `waiting`, `earliest`, `urgent_in`, `urgent_out`, and `accepted_to`,
    `balance_then`, `accepted_push`.

    Waiting: free rows that could still go, by their date. Urgent: the money of the earliest day.
    The sealed body is never read.
    """
    rows = SourceAccount.objects.order_by("pk") if rows is None else rows
    waiting = _waiting()
    urgent = _free().filter(date=OuterRef("earliest"))
    accepted = _accepted().filter(account=OuterRef("pk"))
    return (
        rows.defer("sealed_body")
        .annotate(taken_from=ageing.taken_from(today))
        .annotate(
            waiting=_of(waiting, Count("pk"), IntegerField()),
            earliest=Subquery(waiting.order_by("date").values("date")[:1]),
            accepted_push=Subquery(accepted.values("pk")[:1]),
            accepted_to=Subquery(accepted.values("last_date")[:1]),
            balance_then=Subquery(accepted.values("balance_after")[:1]),
        )
        .annotate(urgent_in=_money(urgent, IN), urgent_out=_money(urgent, OUT))
    )


def with_money(rows: QuerySet[SourceAccount], *, today: dt.date) -> QuerySet[SourceAccount]:
    """Accounts read by `accounts`, further with `money_in`, `money_out` of the waiting rows, and
    how many are `too_late`: too old, before the feed's start, or older than the newest sent."""
    late = _free()
    return rows.annotate(
        money_in=_money(_waiting(), IN),
        money_out=_money(_waiting(), OUT),
        too_late=_of(late.filter(date__lt=OuterRef("taken_from")), Count("pk"), IntegerField()),
    )


def connections(rows: QuerySet[Connection], *, today: dt.date) -> QuerySet[Connection]:
    """Connections with their company and `all_accounts`. The link itself is never read."""
    known = Prefetch("accounts", accounts(today=today), to_attr="all_accounts")
    return rows.defer("link_url").select_related("company").prefetch_related(known)


def companies(rows: QuerySet[Company], *, today: dt.date, money: bool = False) -> QuerySet[Company]:
    """Companies with `all_connections` (each with `all_accounts`), `accepted_at`, `undecided`.

    money: the accounts as `with_money` reads them.
    """
    ties = Connection.objects.defer("link_url").order_by("-requested_at", "-pk")
    of_tie = accounts(today=today)
    of_tie = with_money(of_tie, today=today) if money else of_tie
    ties = ties.prefetch_related(Prefetch("accounts", of_tie, to_attr="all_accounts"))
    accepted = _accepted().filter(company=OuterRef("pk"))
    undecided = Push.objects.for_a_person().filter(company=OuterRef("pk")).order_by("pk")
    ending = Departure.objects.open().filter(connection__company=OuterRef("pk")).order_by("pk")
    return rows.annotate(
        accepted_at=Subquery(accepted.values("ended_at")[:1]),
        undecided=Subquery(undecided.values("pk")[:1]),
        ending=Subquery(ending.values("connection")[:1]),
    ).prefetch_related(Prefetch("connections", ties, to_attr="all_connections"))


def put_holds(rows: Sequence[Any]) -> None:
    """What keeps rows of these companies from leaving: their next step depends on it; and what
    was confirmed of them and has not left.

    What keeps everything from leaving stands in the bands above every page.
    """
    ties = [tie for row in rows if (tie := current(row))]
    accounts = [each for tie in ties for each in counted(tie)]
    barriers = words.Barriers(SendingStop.objects.over(accounts))
    for row in rows:
        row.barriers = barriers
    put_held(accounts, today=timezone.localdate())


@dataclass(frozen=True)
class Held:
    """What of an account was confirmed and is not known to have left: rows that the feed still
    takes, the date of the first, and the money of that day; `money_out` is negative."""

    rows: int = 0
    first: dt.date | None = None
    money_in: Decimal = Decimal(0)
    money_out: Decimal = Decimal(0)


def put_held(accounts: Sequence[Any], *, today: dt.date) -> None:
    """Sets `held` of these accounts: pushes that wait, or wait for a decision. One question."""
    pushes = Push.objects.filter(status=PushStatus.READY) | Push.objects.undecided()
    mine = pushes.filter(account__in=[row.pk for row in accounts])
    # Said outright, so that the index of pushes that are not through serves.
    mine = mine.exclude(status__in=(PushStatus.SUCCEEDED, PushStatus.CANCELLED)).order_by()
    items = PushItem.objects.filter(
        push__in=mine, released=False, transaction__date__gte=today - FEED_WINDOW
    )
    amount = "transaction__amount"
    days = (
        items.order_by("transaction__date")
        .values_list("push__account", "transaction__date")
        .annotate(
            rows=Count("pk"),
            money_in=Coalesce(MoneySum(amount, filter=Q(transaction__amount__gt=0)), Decimal(0)),
            money_out=Coalesce(MoneySum(amount, filter=Q(transaction__amount__lt=0)), Decimal(0)),
        )
    )
    found: dict[int, Held] = {}
    for account, date, number, money_in, money_out in days:
        first = found.get(account) or Held(0, date, money_in, money_out)
        found[account] = replace(first, rows=first.rows + number)
    for row in accounts:
        row.held = found.get(row.pk, Held())


def current(company: Company) -> Connection | None:
    """The live connection of a company read by `companies`, else its newest; sets its company."""
    ties: list[Connection] = getattr(company, "all_connections", [])
    live = (tie for tie in ties if not has_ended(tie))
    found = next(live, ties[0] if ties else None)
    if found is not None:
        found.company = company
    return found


def has_ended(connection: Connection | None) -> bool:
    """Whether there is none to connect by: a new one may be made."""
    return connection is None or bool(connection.gone_at) or connection.status == "Unlinked"


def counted(connection: Connection | None) -> list[Any]:
    """The accounts that count towards a headline and can be pushed."""
    rows: Sequence[Any] = getattr(connection, "all_accounts", ()) if connection else ()
    return [
        row
        for row in rows
        if row.intent == Intent.DONE and row.gone_at is None and row.not_wanted_at is None
    ]


def connected(connection: Connection | None) -> list[Any]:
    """None over a connection that has ended, though Codat may say otherwise of accounts a while."""
    if connection is None or has_ended(connection):
        return []
    rows = [row for row in counted(connection) if row.is_connected]
    return [row for row in rows if not connection.is_withdrawn(row)]


def to_go(company: Company) -> list[Any]:
    """The accounts whose rows are meant for QuickBooks, connected or not: all of them age."""
    tie = current(company)
    gone = company.closed_at or company.gone_at or (tie and tie.gone_at)
    return [] if gone else counted(tie)


def waiting(rows: Sequence[Any]) -> tuple[int, dt.date | None]:
    """How many rows wait on these accounts, and the day by which the first should leave."""
    days = [row.earliest for row in rows if row.earliest]
    return sum(row.waiting for row in rows), min(days) + SEND_BY if days else None


def held(rows: Sequence[Any]) -> int:
    """How many rows of these accounts, read by `put_held`, were confirmed and have not left."""
    return sum(row.held.rows for row in rows)


def send_by(rows: Sequence[Any]) -> dt.date | None:
    """The day by which the first of all that has not left should: in a push or in none."""
    first = min((day for row in rows for day, _in, _out in _first_days(row)), default=None)
    return first and first + SEND_BY


def urgent(rows: Sequence[Any]) -> list[tuple[str, Decimal, Decimal]]:
    """Currency, money in and money out of what should leave first, by currency."""
    by = send_by(rows)
    found: dict[str, tuple[Decimal, Decimal]] = {}
    for row in rows:
        for day, money_in, money_out in _first_days(row):
            if day + SEND_BY == by:
                before = found.get(row.currency, (Decimal(0), Decimal(0)))
                found[row.currency] = (before[0] + money_in, before[1] + money_out)
    return [(currency, *money) for currency, money in sorted(found.items())]


def _first_days(row: Any) -> list[tuple[dt.date, Decimal, Decimal]]:
    """Of an account: the first day, money in and money out of its free rows, and of those held."""
    days = [
        (row.earliest, row.urgent_in, row.urgent_out),
        (row.held.first, row.held.money_in, row.held.money_out),
    ]
    return [(day, money_in, money_out) for day, money_in, money_out in days if day]


def _waiting() -> QuerySet[BankTransaction]:
    """Of the account outside that knows `taken_from`."""
    # The one bound on the date: the index then starts there, and it is worked out once a scan.
    return _free().filter(date__gte=OuterRef("taken_from"))


def _free() -> QuerySet[BankTransaction]:
    """Of the account outside. One bound on the date beside it, never two: of two, a database may
    take the wrong one for its index and work the other out for every row."""
    return BankTransaction.objects.free().filter(account=OuterRef("pk")).order_by()


def _accepted() -> QuerySet[Push]:
    return Push.objects.filter(status=PushStatus.SUCCEEDED).order_by("-requested_at", "-pk")


def _of(rows: QuerySet[Any], what: Count | MoneySum, output: Any) -> Coalesce:
    grouped = rows.order_by().values("account").annotate(found=what).values("found")
    return Coalesce(Subquery(grouped, output_field=output), 0, output_field=output)


def _money(rows: QuerySet[Any], way: Q) -> Coalesce:
    return _of(rows, MoneySum("amount", filter=way), MONEY)
