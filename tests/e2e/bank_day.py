"""A plausible morning at a bank: seven clients in the states that the guides write about."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from django.contrib.auth.models import User
from django.utils import timezone

from bankfeeds import conf, health, importing, links, pushing
from bankfeeds.models import Actor, BankTransaction, Connection, Push, SourceAccount
from tests import support
from tests.e2e import files

Rows = Sequence[files.Row]
BAKERY: Rows = (
    ("Card sales", "1284.60"),
    ("Maple Flour Mill invoice 1182", "-486.35"),
    ("Hydro", "-194.10"),
    ("Catering for the town hall", "1250.00"),
    ("Payroll", "-2640.00"),
    ("Card sales", "988.15"),
)
DENTAL: Rows = (
    ("Insurance payout claim 20418", "3120.00"),
    ("Dental supplies", "-864.20"),
    ("Card payments", "1475.50"),
)
GARAGE: Rows = (
    ("Invoice 3307 brake job", "684.00"),
    ("Parts Direct order 88-104", "-312.75"),
    ("Invoice 3308 tires", "1120.00"),
    ("Shop rent", "-1850.00"),
)
BREWERY: Rows = (("Tap room sales", "2210.40"), ("Malt and hops", "-930.00"))
CLINIC: Rows = (("Card payments", "1890.25"), ("Laboratory", "-240.00"), ("Payroll", "-3100.00"))
REFUSED = "Parts Direct order 88-104"


@dataclass(frozen=True)
class Day:
    """Where the pictures are taken."""

    waiting: Connection
    importing: SourceAccount
    new_file: Path
    confirming: SourceAccount
    refused: Push


def begun(owner: User, folder: Path) -> Day:
    by = Actor.person(owner)
    health.beat(now=timezone.now())
    bakery = _client("Maple Street Bakery", "RB-20418", owner, ("Operating", "Company card"))
    support.connect(bakery.connection, bakery.accounts)
    _send(bakery.accounts[0], BAKERY[:3], by, folder, days_ago=3)
    _save(bakery.accounts[0], BAKERY, by, folder)
    clinic = _client("Cedar Hill Veterinary", "RB-20377", owner, ("Operating",))
    support.connect(clinic.connection, clinic.accounts)
    _send(clinic.accounts[0], CLINIC, by, folder)
    dental = _client("Harbour Point Dental", "RB-20455", owner, ("Operating", "Reserve", "Payroll"))
    support.connect(dental.connection, dental.accounts[:2])
    _send(dental.accounts[0], DENTAL, by, folder)
    refused = _refused(owner, by, folder)
    _unknown(owner, by, folder)
    _waiting("Lakeview Landscaping", "RB-20461", owner, by, minutes_ago=95)
    waiting = _waiting("Café Québec & Fils", "RB-20463", owner, by, minutes_ago=4)
    return Day(
        waiting=waiting,
        importing=bakery.accounts[1],
        new_file=files.statement(folder, BAKERY, name="company-card.csv", opening="-250.00"),
        confirming=bakery.accounts[0],
        refused=refused,
    )


def _client(name: str, reference: str, owner: User, accounts: Sequence[str]) -> support.Onboarded:
    client = support.onboard(name=name, accounts=len(accounts), connected=False)
    client.company.owner, client.company.reference = owner, reference
    client.company.save(update_fields=["owner", "reference"])
    for account, called in zip(client.accounts, accounts, strict=True):
        account.name = called
        account.number_last4 = f"{(account.pk * 3571) % 10_000:04d}"
        account.save(update_fields=["name", "number_last4"])
    return client


def _save(
    account: SourceAccount, rows: Rows, by: Actor, folder: Path, *, days_ago: int = 2
) -> None:
    start = support.today() - dt.timedelta(days=days_ago)
    name = f"{account.company.reference.lower()}-{start:%m%d}.csv"
    last = BankTransaction.objects.filter(account=account).order_by("pk").last()
    opening = str(last.balance) if last else "4210.55"
    file = files.statement(folder, rows, name=name, start=start, opening=opening)
    now = timezone.now()
    looked_at = importing.look(account, file_name=name, content=file.read_bytes(), by=by, now=now)
    importing.save(looked_at, leave_out_bad=False, by=by, now=now)


def _send(
    account: SourceAccount, rows: Rows, by: Actor, folder: Path, *, days_ago: int = 2
) -> Push:
    _save(account, rows, by, folder, days_ago=days_ago)
    now = timezone.now()
    plan = pushing.plan([account], today=pushing.today(now))
    (push,) = pushing.confirm(
        [account], fingerprint=plan.fingerprint, form_key=str(uuid.uuid4()), by=by, now=now
    )
    support.drain()
    account.refresh_from_db()
    push.refresh_from_db()
    return push


def _refused(owner: User, by: Actor, folder: Path) -> Push:
    garage = _client("Northside Auto Repair", "RB-20409", owner, ("Operating",))
    support.connect(garage.connection, garage.accounts)
    marked = [(f"{text} fault-op-failed" if text == REFUSED else text, n) for text, n in GARAGE]
    push = _send(garage.accounts[0], marked, by, folder)
    # The word that told the sandbox which row to refuse is nothing for a picture.
    named = BankTransaction.objects.filter(description__contains="fault-op-failed")
    named.update(description=REFUSED)
    return push


def _unknown(owner: User, by: Actor, folder: Path) -> None:
    brewery = _client("Riverbend Brewing", "RB-20433", owner, ("Operating",))
    support.connect(brewery.connection, brewery.accounts)
    support.order_fault("422-after", path="push")
    _send(brewery.accounts[0], BREWERY, by, folder)


def _waiting(name: str, reference: str, owner: User, by: Actor, *, minutes_ago: int) -> Connection:
    client = _client(name, reference, owner, ("Operating", "Savings", "Company card"))
    links.renew(client.connection, client=conf.client(), by=by, clock=timezone.now)
    issued = timezone.now() - dt.timedelta(minutes=minutes_ago)
    Connection.objects.filter(pk=client.connection.pk).update(link_issued_at=issued)
    return client.connection
