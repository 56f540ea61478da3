"""The bank of a campaign: its clients, the rows that it confirms in series, its person who decides.

An operation is what was confirmed at once for one account: a few rows with ids that tell its
place in the series. Everything goes through the public verbs.
"""

from __future__ import annotations

import datetime as dt
import random
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import requests
from django.conf import settings
from django.utils import timezone

from bankfeeds import holding, pushing
from bankfeeds.models import (
    Actor,
    BankTransaction,
    Decision,
    Incident,
    Origin,
    Push,
    PushStatus,
    SourceAccount,
    Statement,
)
from tests import support

PERSON = Actor("somebody", Origin.PERSON)
# Accounts of one confirmation: on SQLite it holds the only write lock.
AT_ONCE = 20
# Of how many accounts a connection is, in turn.
SHAPES = (1, 2, 1, 3, 1)
MOST_ROWS = 3
DAYS = 5


@dataclass(frozen=True)
class Operation:
    """`number`: its place in the series of its account, from 0 on."""

    account: str
    number: int
    ids: tuple[str, ...]


@dataclass
class Bank:
    accounts: list[SourceAccount]
    chance: random.Random
    # By Codat's id of the account, in the order in which they were confirmed.
    series: dict[str, list[Operation]] = field(default_factory=dict)
    confirmed: int = 0
    decided: int = 0
    _turn: int = 0

    def confirm(self, most: int) -> None:
        """Up to so many operations more: the next accounts in turn, one operation each."""
        while most > 0:
            count = min(most, AT_ONCE, len(self.accounts) - self._turn)
            batch = self.accounts[self._turn : self._turn + count]
            self._turn = (self._turn + count) % len(self.accounts)
            self._confirm(batch)
            most -= count

    def _confirm(self, batch: Sequence[SourceAccount]) -> None:
        confirm(batch, self.series, rows=self.chance.randint(1, MOST_ROWS))
        self.confirmed += len(batch)

    def decide(self) -> None:
        """What a person does about refused pushes and a refused key; nothing about unknown ones."""
        for push in Push.objects.undecided().filter(status=PushStatus.FAILED)[:AT_ONCE]:
            try:
                pushing.decide(
                    push, Decision.SEND_AGAIN, reason="again", by=PERSON, now=timezone.now()
                )
                self.decided += 1
            except pushing.AlreadyDecided:
                continue
        look_after_refusals()


def look_after_refusals() -> None:
    for incident in Incident.objects.open().filter(kind=Incident.Kind.REFUSED):
        holding.go_on(incident, reason="looked after", by=PERSON, now=timezone.now())


def confirm(
    accounts: Sequence[SourceAccount], series: dict[str, list[Operation]], *, rows: int
) -> list[Push]:
    """One operation more for each account, of so many rows; entered in `series`."""
    for account in accounts:
        _add_rows(account, series.setdefault(account.account_id, []), rows)
    made = pushing.confirm(
        accounts,
        fingerprint=None,
        form_key=str(uuid.uuid4()),
        by=PERSON,
        now=timezone.now(),
    )
    if len(made) != len(accounts):
        raise AssertionError(f"{len(made)} pushes of {len(accounts)} accounts were confirmed")
    return made


def _add_rows(account: SourceAccount, done: list[Operation], count: int) -> None:
    number = len(done)
    ids = tuple(f"{account.account_id}:{number}:{row}" for row in range(count))
    done.append(Operation(account.account_id, number, ids))
    statement = Statement.objects.filter(account=account).order_by("id").first()
    BankTransaction.objects.bulk_create(
        BankTransaction(
            account=account,
            statement=statement or support.make_statement(account),
            line=2 + number * MOST_ROWS + row,
            transaction_id=ident,
            date=_date(number),
            description=f"Line {row}",
            amount=Decimal(1),
            balance=Decimal(1000 + number * MOST_ROWS + row),
        )
        for row, ident in enumerate(ids)
    )


def _date(number: int) -> dt.date:
    """Later operations are never older, and none is near the end of the seven days."""
    return support.today() - dt.timedelta(days=max(0, DAYS - number))


def founded(*, connections: int, seed: int, first: int = 1) -> Bank:
    """Clients at the sandbox and, with the same ids, in our tables. first: account's number."""
    bank = Bank([], random.Random(f"{seed} bank"))
    numbers = iter(range(first, 1_000_000))
    with requests.Session() as session:
        for number in range(connections):
            company = _company(session, number)
            shape = SHAPES[number % len(SHAPES)]
            bank.accounts += _connection(session, company, number, shape, numbers)
    return bank


def _company(session: requests.Session, number: int) -> Any:
    theirs = _post(session, "/companies", {"name": f"Client {number}"})
    return support.make_company(f"Client {number}", codat_id=uuid.UUID(theirs["id"]))


def _connection(
    session: requests.Session, company: Any, number: int, accounts: int, numbers: Iterator[int]
) -> list[SourceAccount]:
    path = f"/companies/{company.codat_id}/connections"
    theirs = _post(session, path, {"platformKey": "hcws"})
    tie = support.make_connection(company, codat_id=uuid.UUID(theirs["id"]))
    made = []
    for _ in range(accounts):
        account_id = f"acc-{next(numbers)}"
        _post(session, f"{path}/{theirs['id']}/connectionInfo/bankFeedAccounts", _body(account_id))
        made.append(support.make_account(tie, account_id=account_id))
    ids = [each.account_id for each in made]
    _post(session, "/_sandbox/connect", {"connectionId": theirs["id"], "accountIds": ids})
    return made


def _body(account_id: str) -> dict[str, Any]:
    return {
        "id": account_id,
        "accountName": account_id,
        "accountType": "checking",
        "accountNumber": account_id,
        "sortCode": "123456789",
        "currency": "USD",
        "balance": 1000,
    }


def _post(session: requests.Session, path: str, body: Any) -> Any:
    answer = session.post(
        settings.CODAT_BASE_URL + path,
        json=body,
        headers={"Authorization": f"Basic {_token()}"},
        timeout=10,
    )
    answer.raise_for_status()
    return answer.json()


def _token() -> str:
    import base64

    return base64.b64encode(settings.CODAT_API_KEY.encode()).decode()
