"""The status through time: from, to, when and how we learned it, told from the record."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import Any

import pytest
from django.utils import timezone

from bankfeeds import conf, sync
from bankfeeds.admin import status_timeline
from bankfeeds.codat.client import Client
from bankfeeds.models import Actor, Connection, Event, SourceAccount
from bankfeeds.models.record import SCHEDULE, WEBHOOK
from tests import support
from tests.admin.pushes import signed_in, text
from tests.support import Onboarded

pytestmark = pytest.mark.django_db(transaction=True)
_seconds = itertools.count(1)


@pytest.fixture
def waiting(transactional_db: None, sandbox: Any) -> Onboarded:
    return support.onboard(accounts=2, connected=False)


def learn(them: Onboarded, by: Actor, *accounts: SourceAccount, status: str) -> dt.datetime:
    """Codat's word for these accounts changes, and somebody hears of it."""
    if accounts:
        support.control(
            "status",
            connectionId=str(them.connection.codat_id),
            accountIds=[row.account_id for row in accounts],
            status=status,
        )
    at = timezone.now() + dt.timedelta(seconds=next(_seconds))
    sync.refresh_connection(
        Connection.objects.get(pk=them.connection.pk),
        client=conf.client(), by=by, clock=lambda: at,
    )  # fmt: skip
    return at


def of_account(account: SourceAccount) -> list[tuple[str, str, str]]:
    fresh = SourceAccount.objects.get(pk=account.pk)
    turns = status_timeline.of_account(fresh)
    assert [turn.at for turn in turns] == sorted((turn.at for turn in turns), reverse=True)
    return [(turn.before, turn.after, turn.learned) for turn in turns]


def of_connection(them: Onboarded) -> list[tuple[str, str]]:
    fresh = Connection.objects.get(pk=them.connection.pk)
    return [(turn.before, turn.after) for turn in status_timeline.of_connection(fresh)]


def test_each_way_of_learning_is_named(waiting: Onboarded, actor: Actor) -> None:
    account = waiting.accounts[0]
    learn(waiting, WEBHOOK, account, status="connected")
    learn(waiting, SCHEDULE, account, status="disconnected")
    learn(waiting, Actor.command("sync"), account, status="connecting")
    at = learn(waiting, actor, account, status="unknown")
    fresh = status_timeline.of_account(SourceAccount.objects.get(pk=account.pk))
    assert fresh[0].at == at
    assert of_account(account) == [
        ("Connecting", "Unclear – Codat says “unknown”", f"Refreshed by {actor.name}"),
        ("Disconnected", "Connecting", "Refreshed by command sync"),
        ("Connected", "Disconnected", "Background refresh"),
        ("Not connected yet", "Connected", "Message from Codat"),
    ]


def test_the_headline_of_a_connection_follows_from_its_accounts(waiting: Onboarded) -> None:
    first, second = waiting.accounts
    learn(waiting, SCHEDULE, first, status="connected")
    learn(waiting, SCHEDULE, second, status="connected")
    learn(waiting, SCHEDULE, second, status="connecting")
    learn(waiting, SCHEDULE, second, status="pending")  # says the same of the whole
    learn(waiting, WEBHOOK, first, second, status="disconnected")
    learn(waiting, SCHEDULE, first, status="connected")
    assert of_connection(waiting) == [
        ("Disconnected", "Partly disconnected (1 of 2 lost)"),
        ("Partly connected (1 of 2)", "Disconnected"),
        ("Connected (2 of 2)", "Partly connected (1 of 2)"),
        ("Partly connected (1 of 2)", "Connected (2 of 2)"),
        ("Waiting for the client", "Partly connected (1 of 2)"),
    ]
    both = status_timeline.of_connection(waiting.connection)[1]
    assert both.because == (
        "Account 1: Connected → Disconnected",
        "Account 2: Not connected yet → Disconnected",
    )
    assert both.learned == "Message from Codat"


def test_what_goes_and_comes_back_is_told(waiting: Onboarded, codat: Client) -> None:
    first, second = waiting.accounts
    learn(waiting, SCHEDULE, first, second, status="connected")
    place = (str(waiting.company.codat_id), str(waiting.connection.codat_id))
    codat.delete_source_account(*place, first.account_id)
    learn(waiting, SCHEDULE, status="")
    assert of_account(first)[0][:2] == ("Connected", "Removed")
    assert of_connection(waiting)[0] == ("Connected (2 of 2)", "Connected (1 of 1)")
    codat.delete_connection(*place)
    learn(waiting, SCHEDULE, status="")
    assert of_connection(waiting)[0] == ("Connected (1 of 1)", "Removed at Codat")


def test_an_account_that_comes_back_is_told(waiting: Onboarded, actor: Actor) -> None:
    account, at = waiting.accounts[0], timezone.now()
    SourceAccount.objects.filter(pk=account.pk).update(gone_at=at)
    Event.objects.record("account.gone", by=SCHEDULE, at=at, account=account)
    learn(waiting, SCHEDULE, account, status="connected")
    assert [turn[:2] for turn in of_account(account)] == [
        ("Removed", "Connected"),
        ("Not connected yet", "Removed"),
    ]


def test_the_beginning_is_the_answer_to_the_creation(
    waiting: Onboarded, actor: Actor, people: dict[str, Any]
) -> None:
    before = timezone.now() - dt.timedelta(days=1)
    Event.objects.record("connection.created", by=actor, at=before, connection=waiting.connection)
    for number, account in enumerate(waiting.accounts, start=1):
        at = before + dt.timedelta(minutes=number)
        Event.objects.record("account.created", by=actor, at=at, account=account)
    created = f"The answer when it was created, {actor.name}"
    assert of_account(waiting.accounts[0]) == [("–", "Not connected yet", created)]
    assert of_connection(waiting) == [
        ("No accounts yet", "Waiting for the client"),
        ("–", "No accounts yet"),
    ]
    learn(waiting, WEBHOOK, *waiting.accounts, status="connected")
    browser = signed_in(people["auditor"])
    for page in (f"sourceaccount/{waiting.accounts[0].pk}", f"connection/{waiting.connection.pk}"):
        said = text(browser.get(f"/admin/bankfeeds/{page}/change/"))
        assert "Status timeline" in said and "Message from Codat" in said and created in said
