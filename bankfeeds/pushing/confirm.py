"""A person, command or schedule confirms: rows are frozen into pushes, and the worker is rung."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Collection, Iterable, Sequence
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.db.models import Max

from bankfeeds import conf, doorbell, limits, rules
from bankfeeds.models import (
    Actor,
    BankTransaction,
    Event,
    Push,
    PushBody,
    PushItem,
    PushStatus,
    SourceAccount,
)
from bankfeeds.rules import Rule

from .body import body
from .plan import Plan, plan, today


class RowsChanged(Exception):
    """What would go is no longer what the person was shown; nothing was sent."""

    def __init__(self, plan: Plan) -> None:
        super().__init__("rows changed since the page was shown")
        self.plan = plan


def confirm(
    accounts: Iterable[SourceAccount],
    *,
    fingerprint: str | None,
    form_key: str,
    by: Actor,
    now: dt.datetime,
) -> list[Push]:
    """Make a push of every piece that goes, ready to be sent; [] when nothing is new.

    `fingerprint`: of the plan that was shown; None confirms whatever goes (commands). Raises
    RowsChanged. The same `form_key` again gives the pushes of the first time.
    """
    ids = [account.pk for account in accounts]
    try:
        with transaction.atomic():
            locked = SourceAccount.objects.select_for_update(of=("self",), no_key=True)
            owned = locked.filter(pk__in=ids).select_related("company", "connection").order_by("pk")
            by_id = {account.pk: account for account in owned}
            before = list(Push.objects.filter(form_key=form_key).order_by("pk"))
            if before:
                return before
            fresh = plan([by_id[pk] for pk in ids if pk in by_id], today=today(now))
            if fingerprint is not None and fresh.fingerprint != fingerprint:
                raise RowsChanged(fresh)
            return _freeze(fresh, form_key=form_key, by=by, now=now)
    except IntegrityError as error:
        # Another confirmation took a row or a number between reading and writing.
        accounts_now = SourceAccount.objects.filter(pk__in=ids)
        raise RowsChanged(plan(accounts_now, today=today(now))) from error


def cancel(push: Push, *, reason: str, by: Actor, now: dt.datetime) -> bool:
    """Stop a push that still waits, and those waiting behind it: all their rows are free again.

    The later ones must not overtake: once they were accepted, the rows of this one would be too
    old for the feed for ever. False, and nothing changed, when the worker was faster.
    """
    with transaction.atomic():
        lock(push.account_id)
        if not stop([push, *waiting_behind(push)], reason=reason, by=by, now=now):
            transaction.set_rollback(True)
            return False
        BankTransaction.objects.hand_on(push.account_id)
        doorbell.ring(doorbell.DELIVER)
    return True


def stop(pushes: Sequence[Push], *, reason: str, by: Actor, now: dt.datetime) -> bool:
    """Cancel them from the last on, so that none overtakes; False as soon as one has left."""
    for row in reversed(pushes):
        if row.status not in {PushStatus.DRAFT, PushStatus.READY}:
            return False
        if not row.step(PushStatus.CANCELLED, by=by, now=now, words=reason):
            return False
        release(row)
    return True


def lock(account_id: int) -> None:
    """Whoever changes the order of an account's pushes takes turns (on SQLite all writers do)."""
    lock_all([account_id])


def lock_all(accounts: Collection[int]) -> None:
    """Always before their pushes, in one order; whoever only refers to them is not kept."""
    rows = SourceAccount.objects.select_for_update(no_key=True).filter(pk__in=accounts)
    list(rows.order_by("pk").values_list("pk"))


def waiting_behind(push: Push) -> list[Push]:
    """The pushes of the account that wait for this one, in their order."""
    later = Push.objects.filter(account=push.account_id, sequence__gt=push.sequence)
    return list(later.filter(status=PushStatus.READY).order_by("sequence"))


def release(push: Push) -> None:
    push.items.filter(released=False).update(released=True)


def freeze_piece(
    account: SourceAccount,
    rows: Sequence[tuple[BankTransaction, tuple[Rule, ...]]],
    *,
    sequence: int,
    form_key: str,
    by: Actor,
    now: dt.datetime,
) -> Push:
    """One push with its frozen body and items, stepped to ready. Inside a transaction."""
    transactions = [row for row, _ in rows]
    content = body(account, transactions)
    push = Push.objects.create(
        **_figures(transactions),
        company=account.company,
        connection=account.connection,
        account=account,
        currency=account.currency,
        sequence=sequence,
        origin=by.origin,
        requested_at=now,
        requested_by=by.name,
        user_id=by.user_id,
        form_key=form_key,
        environment=conf.environment(),
        body_sha256=hashlib.sha256(content).hexdigest(),
        rules_in_force=limits.in_force(),
    )
    PushBody.objects.create(push=push, compressed=PushBody.pack(content))
    PushItem.objects.bulk_create(_items(push, rows))
    push.step(PushStatus.READY, by=by, now=now)
    return push


def next_sequence(account: SourceAccount) -> int:
    newest = Push.objects.filter(account=account).aggregate(newest=Max("sequence"))["newest"]
    return (newest or 0) + 1


def _freeze(fresh: Plan, *, form_key: str, by: Actor, now: dt.datetime) -> list[Push]:
    pushes = []
    for planned in fresh.accounts:
        sequence = next_sequence(planned.account)
        for number, piece in enumerate(rules.split(planned.going)):
            rows = [(judged.row, judged.findings) for judged in piece]
            pushes.append(
                freeze_piece(
                    planned.account,
                    rows,
                    sequence=sequence + number,
                    form_key=form_key,
                    by=by,
                    now=now,
                )
            )
    if pushes:
        doorbell.ring(doorbell.DELIVER)
    for left in fresh.left_out:
        Event.objects.record(
            "push.left_out",
            by=by,
            at=now,
            words=left.words,
            after={"code": left.code},
            account=left.account,
        )
    return pushes


def _figures(transactions: Sequence[BankTransaction]) -> dict[str, object]:
    amounts = [row.amount for row in transactions]
    return {
        "rows": len(transactions),
        "first_date": transactions[0].date,
        "last_date": transactions[-1].date,
        "money_in": sum((a for a in amounts if a > 0), Decimal(0)),
        "money_out": sum((a for a in amounts if a < 0), Decimal(0)),
        "balance_after": transactions[-1].balance,
    }


def _items(
    push: Push, rows: Sequence[tuple[BankTransaction, tuple[Rule, ...]]]
) -> Iterable[PushItem]:
    return [
        PushItem(
            push=push,
            connection_id=push.connection_id,
            transaction=row,
            position=position,
            findings=[{"code": rule.code, "severity": rule.severity} for rule in findings],
        )
        for position, (row, findings) in enumerate(rows)
    ]
