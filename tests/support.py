"""What tests share: rows, people, the queue, the sandbox's controls, real processes."""

from __future__ import annotations

import datetime as dt
import functools
import itertools
import os
import time
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import requests
from django.conf import settings
from django.contrib.auth.hashers import PBKDF2PasswordHasher, make_password
from django.contrib.auth.models import Group, User
from django.db import connection as database
from django.db.models import Q
from django.utils import timezone
from django.utils.module_loading import import_string

from bankfeeds import conf
from bankfeeds.codat import bodies
from bankfeeds.groups import GROUPS
from bankfeeds.models import (
    BankTransaction,
    Company,
    Connection,
    Doubt,
    Heartbeat,
    Intent,
    Origin,
    Push,
    PushBody,
    PushItem,
    PushStatus,
    SourceAccount,
    Statement,
)

ROOT = Path(__file__).resolve().parent.parent
PASSWORD = "a long pass phrase for tests"
_numbers = itertools.count(1)


# --- People ---------------------------------------------------------------------------------


class QuickHasher(PBKDF2PasswordHasher):
    """Each sign-in of a test need not cost what it costs a thief; processes of ours can read it."""

    iterations = 1


@functools.cache
def _hashed() -> str:
    return make_password(PASSWORD)


def make_person(role: str, *, username: str = "") -> User:
    """A staff user in the group `role`; signs in with PASSWORD."""
    user = User.objects.create(username=username or role, is_staff=True, password=_hashed())
    user.groups.add(Group.objects.get(name=role))
    return user


def make_people() -> dict[str, User]:
    """One of each group, by its name; in three questions, since most tests want them."""
    users = User.objects.bulk_create(
        User(username=role, is_staff=True, password=_hashed()) for role in GROUPS
    )
    groups = dict(Group.objects.values_list("name", "pk"))
    User.groups.through.objects.bulk_create(
        User.groups.through(user=user, group_id=groups[user.username]) for user in users
    )
    return {user.username: user for user in users}


def worker_runs() -> None:
    """As if a worker ran for as long as the test takes, whatever clock it sets.

    Pages are then as on any day; without one each works out what will be lost, and says so.
    """
    Heartbeat.objects.create(name="of-the-tests", beat_at=timezone.now() + dt.timedelta(days=365))


def no_worker_runs() -> None:
    Heartbeat.objects.all().delete()


# --- Rows as Codat has confirmed them, without a call ---------------------------------------


def today() -> dt.date:
    """The institution's calendar day."""
    return timezone.now().astimezone(ZoneInfo(settings.INSTITUTION_TIME_ZONE)).date()


def make_company(name: str = "", **changes: Any) -> Company:
    name = name or f"Client {next(_numbers)}"
    values: dict[str, Any] = {
        "codat_id": uuid.uuid4(),
        "name": name,
        "codat_name": name,
        "folded_name": name.casefold(),
        "description": f"mark-{uuid.uuid4()}",
        "intent": Intent.DONE,
        "requested_at": timezone.now(),
    }
    return Company.objects.create(**{**values, **changes})


def make_connection(company: Company | None = None, **changes: Any) -> Connection:
    values: dict[str, Any] = {
        "company": company or make_company(),
        "codat_id": uuid.uuid4(),
        "status": "Linked",
        "intent": Intent.DONE,
        "requested_at": timezone.now(),
    }
    return Connection.objects.create(**{**values, **changes})


def make_account(connection: Connection | None = None, **changes: Any) -> SourceAccount:
    """A connected checking account whose feed began seven days ago."""
    number = next(_numbers)
    connection = connection or make_connection()
    values: dict[str, Any] = {
        "connection": connection,
        "company": connection.company,
        "account_id": f"acc-{uuid.uuid4()}",
        "name": f"Account {number}",
        "account_type": SourceAccount.Type.CHECKING,
        "number_last4": f"{number % 10_000:04d}",
        "number_hash": uuid.uuid4().hex,
        "currency": "USD",
        "status": "connected",
        "status_as_of": timezone.now(),
        "feed_start_date": today() - dt.timedelta(days=7),
        "intent": Intent.DONE,
        "requested_at": timezone.now(),
    }
    return SourceAccount.objects.create(**{**values, **changes})


def make_statement(account: SourceAccount, **changes: Any) -> Statement:
    values: dict[str, Any] = {
        "account": account,
        "connection": account.connection,
        "company": account.company,
        "state": Statement.State.SAVED,
        "file_name": "transactions.csv",
        "sha256": uuid.uuid4().hex * 2,
        "size": 1,
        "uploaded_at": timezone.now(),
        "saved_at": timezone.now(),
        "imported_by": "manager",
    }
    return Statement.objects.create(**{**values, **changes})


def make_transactions(
    account: SourceAccount,
    amounts: Sequence[str] = ("100.00", "-25.50", "-4.25"),
    *,
    date: dt.date | None = None,
    opening: str = "1000.00",
) -> list[BankTransaction]:
    """Transactions of one day (default: today) with a running balance; ids never repeat."""
    statement = make_statement(account, rows_saved=len(amounts))
    balance = Decimal(opening)
    rows = []
    for line, amount in enumerate(map(Decimal, amounts), start=2):
        balance += amount
        rows.append(
            BankTransaction(
                account=account,
                statement=statement,
                line=line,
                transaction_id=f"tx-{uuid.uuid4()}",
                date=date or today(),
                description=f"Line {line}",
                amount=amount,
                balance=balance,
            )
        )
    return BankTransaction.objects.bulk_create(rows)


def make_doubt(account: SourceAccount, ours: BankTransaction, **changes: Any) -> Doubt:
    """A row of another file that says the same as `ours`."""
    values: dict[str, Any] = {
        "account": account,
        "statement": make_statement(account),
        "kind": Doubt.Kind.ALIKE,
        "line": 2,
        "transaction_id": f"again-{ours.transaction_id}",
        "date": ours.date,
        "description": ours.description,
        "amount": ours.amount,
        "balance": ours.balance,
        "ours": ours,
        "asked_at": timezone.now(),
    }
    return Doubt.objects.create(**{**values, **changes})


def make_push(
    account: SourceAccount | None = None,
    rows: Sequence[BankTransaction] = (),
    **changes: Any,
) -> Push:
    """A push with its items, for the state of your choice; real ones come from `pushing`."""
    account = account or make_account()
    rows = rows or make_transactions(account)
    values: dict[str, Any] = {
        "company": account.company,
        "connection": account.connection,
        "account": account,
        "sequence": Push.objects.filter(account=account).count() + 1,
        "origin": Origin.PERSON,
        "requested_at": timezone.now(),
        "requested_by": "manager",
        "environment": "sandbox",
        "rows": len(rows),
        "first_date": min(row.date for row in rows),
        "last_date": max(row.date for row in rows),
        "money_in": sum(row.amount for row in rows if row.amount > 0),
        "money_out": -sum(row.amount for row in rows if row.amount < 0),
        "balance_after": rows[-1].balance,
        "currency": account.currency,
    }
    push = Push.objects.create(**{**values, **changes})
    PushBody.objects.create(push=push, compressed=PushBody.pack(b"{}"))
    for position, row in enumerate(rows):
        PushItem.objects.create(
            push=push, connection=push.connection, transaction=row, position=position
        )
    return push


# --- A client that the sandbox knows too ----------------------------------------------------


@dataclass(frozen=True)
class Onboarded:
    """A client at the sandbox and, with the same ids, in our tables."""

    company: Company
    connection: Connection
    accounts: list[SourceAccount] = field(default_factory=list)


def onboard(*, accounts: int = 1, connected: bool = True, name: str = "") -> Onboarded:
    """Create a client with `accounts` checking accounts at the sandbox and mirror them.

    connected: the client has chosen all of them in QuickBooks, as of seven days ago.
    """
    name = name or f"Client {next(_numbers)}"
    codat = conf.client()
    theirs = codat.create_company(
        bodies.company_body(name=name, description=f"mark-{uuid.uuid4()}"), key=uuid.uuid4()
    )
    tie = codat.create_connection(theirs.id, key=uuid.uuid4())
    company = make_company(name, codat_id=theirs.id, description=theirs.description)
    connection = make_connection(company, codat_id=tie.id, status=tie.status)
    rows = [_account_at_codat(connection, number) for number in range(1, accounts + 1)]
    if connected:
        connect(connection, rows)
    return Onboarded(company, connection, rows)


def _account_at_codat(connection: Connection, number: int) -> SourceAccount:
    account_id = f"acc-{uuid.uuid4()}"
    body = bodies.source_account_body(
        id=account_id,
        account_name=f"Account {number}",
        account_type=SourceAccount.Type.CHECKING.value,
        account_number=f"{next(_numbers):08d}",
        sort_code="123456789",
        currency="USD",
        balance=Decimal("1000.00"),
    )
    assert connection.company.codat_id and connection.codat_id
    conf.client().create_source_account(
        connection.company.codat_id, connection.codat_id, body, key=uuid.uuid4()
    )
    return make_account(
        connection,
        account_id=account_id,
        name=f"Account {number}",
        status="pending",
        feed_start_date=None,
    )


def connect(
    connection: Connection,
    accounts: Iterable[SourceAccount],
    *,
    feed_start: dt.date | None = None,
) -> None:
    """Do what the client does in QuickBooks, and mirror it."""
    start = feed_start or today() - dt.timedelta(days=7)
    chosen = list(accounts)
    control(
        "connect",
        connectionId=str(connection.codat_id),
        accountIds=[account.account_id for account in chosen],
        feedStartDate=start.isoformat(),
    )
    for account in chosen:
        account.status, account.feed_start_date = "connected", start
        account.save(update_fields=["status", "feed_start_date"])
    connection.status = "Linked"
    connection.save(update_fields=["status"])


# --- The sandbox ----------------------------------------------------------------------------


def control(name: str, **body: Any) -> Any:
    """POST one of the sandbox's controls, such as `clock`; answers its JSON."""
    answer = requests.post(f"{settings.CODAT_BASE_URL}/_sandbox/{name}", json=body, timeout=10)
    assert answer.ok, f"{name}: {answer.status_code} {answer.text}"
    return answer.json() if answer.content else None


def age_link(connection: Connection, *, minutes: int) -> None:
    """As if the link had been issued so long ago; at Codat, too."""
    at = timezone.now() - dt.timedelta(minutes=minutes)
    Connection.objects.filter(pk=connection.pk).update(link_issued_at=at)
    control("clock", advanceSeconds=minutes * 60)


def order_fault(name: str, *, method: str = "POST", path: str = "", times: int = 1) -> None:
    """Let the next `times` fitting requests to the sandbox meet the fault (its catalogue)."""
    order = {"method": method, "path": path, "fault": name, "times": times}
    answer = requests.post(f"{settings.CODAT_BASE_URL}/_sandbox/faults", json=[order], timeout=10)
    assert answer.ok, answer.text


def order_no_faults() -> None:
    """Forget the orders that have not been met."""
    answer = requests.delete(f"{settings.CODAT_BASE_URL}/_sandbox/faults", timeout=10)
    assert answer.ok, answer.text


def ledger() -> list[dict[str, Any]]:
    """Every write that took effect at the sandbox, in order."""
    answer = requests.get(f"{settings.CODAT_BASE_URL}/_sandbox/ledger", timeout=10)
    entries: list[dict[str, Any]] = answer.json()
    return entries


def posts() -> list[dict[str, Any]]:
    """Every push that the sandbox was sent, whatever became of it, in order."""
    answer = requests.get(f"{settings.CODAT_BASE_URL}/_sandbox/posts", timeout=10)
    sent: list[dict[str, Any]] = answer.json()
    return sent


# --- The queue ------------------------------------------------------------------------------


def run_jobs() -> int:
    """Carry out every job that waits in the queue now, in this process; says how many."""
    from django_q.models import OrmQ

    jobs = list(OrmQ.objects.order_by("id"))
    for job in jobs:
        job.delete()
        import_string(job.task["func"])(*job.task["args"])
    return len(jobs)


def empty_queue() -> None:
    from django_q.models import OrmQ

    OrmQ.objects.all().delete()


def queued() -> list[tuple[str, tuple[Any, ...]]]:
    """Name and arguments of every job in the queue, oldest first."""
    from django_q.models import OrmQ

    return [(job.task["func"], job.task["args"]) for job in OrmQ.objects.order_by("id")]


def drain(*, rounds: int = 200) -> None:
    """Carry out jobs and sweeps until nothing is due and nothing is under way at Codat.

    Does not wait for the next look or the next try of an unknown one, but lets it be due at
    once; what waits for later for another reason (throttled, held) stays as it is.
    """
    from bankfeeds import budget, tasks

    for _ in range(rounds):
        ran = run_jobs()
        under_way = Push.objects.filter(
            Q(status__in=(PushStatus.SUBMITTED, PushStatus.RECONCILING))
            | Q(status=PushStatus.SENDING, lease_until=None)
        )
        # Far enough back for "due by now" whatever clock the test has set.
        under_way.update(next_attempt_at=timezone.now() - dt.timedelta(seconds=1))
        held = budget.closed(now=timezone.now()) is not None
        if not ran and (held or not something_is_due()):
            return
        tasks.sweep()
        if under_way.exists():
            time.sleep(0.02)
    raise AssertionError(f"still not done after {rounds} rounds")


def something_is_due() -> bool:
    now = timezone.now()
    pushes = Push.objects
    return any(
        rows.exists() for rows in (pushes.due(now), pushes.due_again(now), pushes.to_look_up(now))
    )


# --- Real processes -------------------------------------------------------------------------


def process_environment(**changes: str) -> dict[str, str]:
    """The environment of a process of ours that shall see this test's database and sandbox."""
    return {
        **os.environ,
        "DATABASE_URL": database_url(),
        "CODAT_BASE_URL": settings.CODAT_BASE_URL,
        "CODAT_API_KEY": settings.CODAT_API_KEY,
        **changes,
    }


def database_url() -> str:
    """The test database, which bears another name than DATABASE_URL says."""
    name = database.settings_dict["NAME"]
    if database.vendor == "sqlite":
        return f"sqlite:///{name}"
    base, _, host = os.environ["DATABASE_URL"].partition("?")
    return f"{base.rpartition('/')[0]}/{name}?{host}"


def wait_until(true: Callable[[], Any], *, seconds: float, what: str) -> Any:
    """The first truthy answer of `true`; fails after `seconds` with `what` did not happen."""
    end = time.monotonic() + seconds
    while not (answer := true()):
        assert time.monotonic() < end, f"{what}: not within {seconds} s"
        time.sleep(0.05)
    return answer
