"""A client that connects, pushes, leaves and connects anew, by the verbs that the pages call."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from typing import Any

from django.utils import timezone

from bankfeeds import conf, leaving, onboarding, pushing
from bankfeeds.codat import bodies
from bankfeeds.models import BankTransaction, Company, Connection, Departure, Push, SourceAccount
from tests import support
from tests.admin.pushes import BY

NUMBER = "00012345"


def connection(company: Company, *, books: str = "") -> Connection:
    row = onboarding.plan_connection(
        company, by=BY, now=timezone.now(), form_key=str(uuid.uuid4()), books=books
    )
    assert onboarding.create_connection(row, client=conf.client(), by=BY, clock=timezone.now)
    return row


def account(
    tie: Connection, *, number: str = NUMBER, feed_start: dt.date | None = None
) -> SourceAccount:
    """Added by its number, and chosen by the client in QuickBooks."""
    draft = onboarding.AccountDraft(
        name="Operating",
        account_type="checking",
        account_number=number,
        sort_code="021000021",
        currency="USD",
        balance=Decimal("1000.00"),
    )
    row = onboarding.plan_account(tie, draft, by=BY, now=timezone.now(), form_key=str(uuid.uuid4()))
    assert onboarding.create_account(row, client=conf.client(), by=BY, clock=timezone.now)
    support.connect(tie, [row], feed_start=feed_start)
    return SourceAccount.objects.select_related("company", "connection").get(pk=row.pk)


def client() -> SourceAccount:
    """A new client with one account, connected."""
    mark = f"mark-{uuid.uuid4()}"
    body = bodies.company_body(name="Acme", description=mark)
    theirs = conf.client().create_company(body, key=uuid.uuid4())
    company = support.make_company("Acme", codat_id=theirs.id, description=mark)
    return account(connection(company))


def leave(tie: Connection, kind: Departure.Kind = Departure.Kind.UNLINK) -> None:
    departure = leaving.plan(
        kind,
        connection=tie,
        reason="moves",
        form_key=str(uuid.uuid4()),
        by=BY,
        now=timezone.now(),
    )
    assert leaving.carry_out(departure, client=conf.client(), by=BY, clock=timezone.now)


def move(old: SourceAccount, books: str, **more: Any) -> SourceAccount:
    leave(old.connection)
    return account(connection(old.company, books=books), **more)


def arrive(row: SourceAccount, ages: list[int]) -> list[BankTransaction]:
    """A row for each of these ages in days."""
    days = [support.today() - dt.timedelta(days=age) for age in ages]
    return [support.make_transactions(row, ["1.00"], date=day)[0] for day in days]


def push(row: SourceAccount) -> list[Push]:
    fresh = SourceAccount.objects.select_related("company", "connection").get(pk=row.pk)
    made = pushing.confirm(
        [fresh], fingerprint=None, form_key=str(uuid.uuid4()), by=BY, now=timezone.now()
    )
    support.drain()
    return made


def stored(tie: Connection) -> list[tuple[str, str]]:
    """Date and id of each row that the sandbox has stored of a connection, in its order."""
    entries = [each for each in support.ledger() if each["connectionId"] == str(tie.codat_id)]
    found = [each for entry in entries for each in entry["transactionIds"]]
    rows = BankTransaction.objects.filter(transaction_id__in=found)
    dates = dict(rows.values_list("transaction_id", "date"))
    return [(dates[each].isoformat(), each) for each in found]


def ids(rows: list[BankTransaction]) -> set[str]:
    return {row.transaction_id for row in rows}
