"""Which account goes on from which, when a client connects anew; rows that wait are not lost.

The unit of the rules is the connection's account. In the same QuickBooks company the new account
goes on where the old one stopped: nothing older than the newest sent may follow. In another one it
begins afresh, with the rows of the last seven days. Asks Codat nothing.
"""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from .models import (
    Actor,
    BankTransaction,
    Books,
    Connection,
    Event,
    FeedSchedule,
    Intent,
    Push,
    SourceAccount,
)
from .rules import FEED_WINDOW


class CannotFollow(ValueError):
    """It cannot go on from that account. Carries the words."""


def take_over(account: SourceAccount, *, by: Actor, now: dt.datetime) -> SourceAccount | None:
    """Let a new account go on from the client's earlier one with the same number, if there is one.

    Returns that one. Repeating it changes nothing.
    """
    if account.follows_id is not None:
        return account.follows
    old = candidates(account).filter(number_hash=account.number_hash).first()
    if old is not None:
        go_on_from(account, old, by=by, now=now)
    return old


def candidates(account: SourceAccount) -> QuerySet[SourceAccount]:
    """Earlier accounts of the company that nothing can be sent for, and nobody goes on from."""
    rows = SourceAccount.objects.filter(_ended(), company=account.company_id, intent=Intent.DONE)
    rows = rows.filter(pk__lt=account.pk, followed_by=None, currency=account.currency)
    return rows.exclude(pk=account.pk).select_related("connection").order_by("-pk")


def earlier(connection: Connection) -> list[SourceAccount]:
    """The client's accounts on ended connections that this one has not got yet, by their number.

    Of each number the newest; those that the client does not want are left out.
    """
    there = SourceAccount.objects.filter(connection=connection, gone_at=None)
    rows = SourceAccount.objects.filter(_ended(), company=connection.company_id, intent=Intent.DONE)
    rows = rows.exclude(connection=connection).exclude(number_hash="")
    rows = rows.exclude(number_hash__in=there.values("number_hash")).filter(not_wanted_at=None)
    newest: dict[str, SourceAccount] = {}
    for row in rows.defer("sealed_body").order_by("pk"):
        newest[row.number_hash] = row
    return sorted(newest.values(), key=lambda row: row.pk)


def _ended() -> Q:
    ended = Q(gone_at__isnull=False) | Q(connection__gone_at__isnull=False)
    return ended | Q(connection__status="Unlinked")


def go_on_from(account: SourceAccount, old: SourceAccount, *, by: Actor, now: dt.datetime) -> int:
    """How many rows came over. CannotFollow once something was sent for the new account."""
    with transaction.atomic():
        ids = [old.pk, account.pk]
        # Schedules before accounts, as a run takes them: neither waits for the other for ever.
        list(FeedSchedule.objects.select_for_update().filter(pk__in=ids).order_by("pk"))
        rows = SourceAccount.objects.select_for_update(no_key=True).filter(pk__in=ids)
        list(rows.order_by("pk").values_list("pk"))
        account.refresh_from_db(fields=["follows", "connection", "company"])
        if account.follows_id == old.pk:
            return 0
        _check(account, old)
        if _is_same_books(account, old):
            moved = _follow(account, old)
        else:
            moved = _begin_afresh(account, old, today=timezone.localdate(now))
        _hand_on_schedule(account, old, by=by, now=now)
        _record(account, old, moved, by=by, now=now)
    return moved


def _check(account: SourceAccount, old: SourceAccount) -> None:
    if account.follows_id is not None:
        raise CannotFollow(_("This account goes on from another one already."))
    if not candidates(account).filter(pk=old.pk).exists():
        raise CannotFollow(_("It cannot go on from that account: choose one that has ended."))
    if Push.objects.filter(account=account).exclude(status="cancelled").exists():
        raise CannotFollow(_("Something was sent for this account already. Nothing was changed."))


def _is_same_books(account: SourceAccount, old: SourceAccount) -> bool:
    """Where nobody was asked it is the same: what must not come twice does not come twice."""
    within = account.connection_id == old.connection_id
    return within or account.connection.books != Books.ANOTHER


def _follow(account: SourceAccount, old: SourceAccount) -> int:
    SourceAccount.objects.filter(pk=account.pk).update(follows=old)
    account.follows = old
    return BankTransaction.objects.hand_on(old.pk)


def _begin_afresh(account: SourceAccount, old: SourceAccount, *, today: dt.date) -> int:
    """The lines of the last seven days once more, sent before or not; older ones stay behind."""
    [line] = SourceAccount.objects.lines([old.pk]).values()
    rows = BankTransaction.objects.filter(account__in=line, left_out_by=None, goes_on_as=None)
    rows = rows.filter(date__gte=today - FEED_WINDOW)
    rows = rows.exclude(pk__in=rows.sent_in_error().values("pk"))
    known = account.transactions.values("transaction_id")
    moving = list(rows.exclude(transaction_id__in=known).in_feed_order())
    twins = BankTransaction.objects.bulk_create([_twin(row, account) for row in moving])
    for row, twin in zip(moving, twins, strict=True):
        row.goes_on_as = twin
    BankTransaction.objects.bulk_update(moving, ["goes_on_as"], batch_size=500)
    return len(moving)


def _twin(row: BankTransaction, account: SourceAccount) -> BankTransaction:
    same = ("line", "transaction_id", "date", "description", "amount", "balance")
    values = {name: getattr(row, name) for name in (*same, "transaction_type", "statement_id")}
    return BankTransaction(account=account, **values)


def _hand_on_schedule(
    account: SourceAccount, old: SourceAccount, *, by: Actor, now: dt.datetime
) -> None:
    """A feed that ran by itself goes on doing so, from now on; the old one runs no more."""
    schedule = FeedSchedule.objects.filter(pk=old.pk, is_on=True).first()
    if schedule is None:
        return
    changed = {"changed_at": now, "changed_by": by.name}
    FeedSchedule.objects.filter(pk=old.pk).update(is_on=False, **changed)
    given = {"is_on": True, "trigger": schedule.trigger, "at": schedule.at, **changed}
    FeedSchedule.objects.get_or_create(account=account, defaults=given)


def _record(
    account: SourceAccount, old: SourceAccount, moved: int, *, by: Actor, now: dt.datetime
) -> None:
    text = ngettext(
        "It goes on from %(old)s: %(n)d row came over.",
        "It goes on from %(old)s: %(n)d rows came over.",
        moved,
    )
    same = account.follows_id == old.pk
    Event.objects.record(
        "account.follows",
        by=by,
        at=now,
        account=account,
        words=text % {"old": old, "n": moved},
        after={"account": old.pk, "rows": moved, "same_books": same},
    )
