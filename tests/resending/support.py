"""Many pushes in little time, orders and the jobs that carry them out."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from typing import Any

from django.utils import timezone
from django_q.models import OrmQ

from bankfeeds import doorbell, resending, tasks
from bankfeeds.models import (
    Actor,
    BankTransaction,
    Company,
    Connection,
    Origin,
    Push,
    PushItem,
    PushMark,
    PushStatus,
    Resending,
    ResendingRow,
    SourceAccount,
)
from tests import support

BY = Actor("manager", Origin.PERSON)


def order(
    pushes: Sequence[Push], *, form_key: str = "", reason: str = "Codat was down"
) -> Resending:
    return resending.order(
        [push.pk for push in pushes],
        choice="chosen in a test",
        reason=reason,
        form_key=form_key or str(uuid.uuid4()),
        by=BY,
        now=timezone.now(),
    )


def carry_out(made: Resending, *, later: dt.timedelta = dt.timedelta()) -> list[ResendingRow]:
    """One job; the rows of the order afterwards, in its order."""
    resending.carry_out(made.pk, clock=lambda: timezone.now() + later)
    return list(made.rows.select_related("replacement").order_by("pk"))


def run_orders() -> int:
    """Carry out the jobs of orders that wait in the queue now, and no others; says how many."""
    jobs = [job for job in OrmQ.objects.order_by("id") if job.task["func"] == doorbell.RESEND]
    for job in jobs:
        job.delete()
        tasks.resend(*job.task["args"])
    return len(jobs)


def marked(push: Push) -> Push:
    PushMark.objects.create(
        push=push, kind="may_be_missing", made_at=timezone.now(), made_by="schedule"
    )
    return push


def many(number: int, *, status: PushStatus = PushStatus.FAILED) -> list[Push]:
    """So many pushes of one row each, each of a client of its own, in a few statements."""
    first = support.make_push(status=status)
    template = first.items.get(position=0)
    companies = Company.objects.bulk_create(
        _twin(first.company, codat_id=uuid.uuid4(), description=str(uuid.uuid4()))
        for _ in range(number - 1)
    )
    ties = Connection.objects.bulk_create(
        _twin(first.connection, company=company, codat_id=uuid.uuid4()) for company in companies
    )
    accounts = SourceAccount.objects.bulk_create(
        _twin(first.account, connection=tie, company=tie.company) for tie in ties
    )
    rows = BankTransaction.objects.bulk_create(
        _twin(template.transaction, account=account) for account in accounts
    )
    pushes = Push.objects.bulk_create(
        _twin(
            first, account=account, connection=account.connection, company=account.company, rows=1
        )
        for account in accounts
    )
    PushItem.objects.bulk_create(
        _twin(template, push=push, connection=push.connection, transaction=row)
        for push, row in zip(pushes, rows, strict=True)
    )
    return [first, *pushes]


def _twin(row: Any, **changes: Any) -> Any:
    """The same again, not saved yet."""
    kept = {
        field.attname: getattr(row, field.attname)
        for field in row._meta.concrete_fields
        if not field.primary_key and field.name not in changes and not field.unique
    }
    return type(row)(**kept, **changes)
