"""Codat -> our copies: statuses, what is gone, what comes back, and never a connection read."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from bankfeeds import conf, links, onboarding, sync
from bankfeeds.codat import bodies
from bankfeeds.codat.client import Client
from bankfeeds.codat.errors import KeyRefused, Unavailable
from bankfeeds.models import Actor, Event, SourceAccount
from tests import support
from tests.onboarding.orders import connection_reads, order, seen
from tests.support import Onboarded

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def waiting(transactional_db: None, sandbox: Any) -> Onboarded:
    """A client with two accounts who has not opened the link yet."""
    return support.onboard(accounts=2, connected=False)


def refresh(client: Client, by: Actor) -> list[sync.Refreshed]:
    return list(sync.refresh_everything(client=client, by=by, clock=timezone.now))


def connect(them: Onboarded, *accounts: SourceAccount) -> None:
    support.control(
        "connect",
        connectionId=str(them.connection.codat_id),
        accountIds=[row.account_id for row in accounts],
        feedStartDate="2026-01-15",
    )


def set_status(them: Onboarded, row: SourceAccount, status: str) -> None:
    support.control(
        "status",
        connectionId=str(them.connection.codat_id),
        accountIds=[row.account_id],
        status=status,
    )


def test_what_the_client_did_is_mirrored(waiting: Onboarded, codat: Client, actor: Actor) -> None:
    first, second = waiting.accounts
    connect(waiting, first)
    read = sync.refresh_connection(waiting.connection, client=codat, by=actor, clock=timezone.now)
    assert read == 2
    first.refresh_from_db()
    second.refresh_from_db()
    assert first.is_connected and first.feed_start_date == dt.date(2026, 1, 15)
    assert first.balance == Decimal("1000") and first.status_as_of
    assert second.status == "pending"
    event = Event.objects.get()
    assert (event.action, event.account, event.actor_name) == ("account.status", first, actor.name)
    assert event.before["status"] == "pending" and event.after["status"] == "connected"


def test_no_change_leaves_no_line(waiting: Onboarded, codat: Client, actor: Actor) -> None:
    before = timezone.now()
    assert [each.ok for each in refresh(codat, actor)] == [True]
    assert not Event.objects.exists()
    assert SourceAccount.objects.filter(status_as_of__gte=before).count() == 2


def test_a_status_that_nobody_knows_survives(
    waiting: Onboarded, codat: Client, actor: Actor
) -> None:
    set_status(waiting, waiting.accounts[0], "unknown")
    refresh(codat, actor)
    waiting.accounts[0].refresh_from_db()
    assert waiting.accounts[0].status == "unknown"


def test_an_account_goes_and_comes_back(waiting: Onboarded, codat: Client, actor: Actor) -> None:
    row = waiting.accounts[0]
    place = (str(row.company.codat_id), str(row.connection.codat_id))
    codat.delete_source_account(*place, row.account_id)
    refresh(codat, actor)
    row.refresh_from_db()
    assert row.gone_at
    refresh(codat, actor)  # still gone: no second line
    body = bodies.source_account_body(
        id=row.account_id, account_name="Back", account_type="checking", account_number="11112222",
        sort_code="021000021", currency="USD", balance=Decimal(5),
    )  # fmt: skip
    codat.create_source_account(*place, body, key=uuid.uuid4())
    refresh(codat, actor)
    row.refresh_from_db()
    assert row.gone_at is None and row.name == "Back" and row.balance == 5
    actions = list(Event.objects.order_by("id").values_list("action", flat=True))
    assert actions == ["account.gone", "account.back"]


def test_an_account_that_we_do_not_know_is_left_alone(
    waiting: Onboarded, codat: Client, actor: Actor
) -> None:
    waiting.accounts[0].delete()
    refresh(codat, actor)
    assert SourceAccount.objects.count() == 1


def test_an_account_that_is_only_planned_is_not_gone(
    waiting: Onboarded, codat: Client, actor: Actor
) -> None:
    row = support.make_account(waiting.connection, intent="unknown", status="")
    refresh(codat, actor)
    row.refresh_from_db()
    assert row.gone_at is None


def test_a_connection_that_codat_lost(waiting: Onboarded, codat: Client, actor: Actor) -> None:
    codat.delete_connection(str(waiting.company.codat_id), str(waiting.connection.codat_id))
    [refreshed] = refresh(codat, actor)
    assert not refreshed.ok and "no longer exists" in refreshed.words
    waiting.connection.refresh_from_db()
    waiting.company.refresh_from_db()
    assert waiting.connection.gone_at and waiting.company.gone_at is None
    assert refresh(codat, actor) == []


def test_a_company_that_codat_lost(waiting: Onboarded, codat: Client, actor: Actor) -> None:
    codat.delete_company(str(waiting.company.codat_id))
    refresh(codat, actor)
    waiting.connection.refresh_from_db()
    waiting.company.refresh_from_db()
    assert waiting.connection.gone_at and waiting.company.gone_at


def test_one_that_fails_does_not_stop_the_others(
    waiting: Onboarded, codat: Client, actor: Actor
) -> None:
    support.onboard(accounts=1)
    order("500-before", method="GET", path=str(waiting.connection.codat_id), times=9)
    first, second = refresh(codat.within(3), actor)
    assert not first.ok and first.words.startswith("Codat has a fault")
    assert second.ok and second.accounts == 1


def test_a_refused_key_stops_all(waiting: Onboarded, actor: Actor, settings: Any) -> None:
    settings.CODAT_API_KEY = "another key"
    with pytest.raises(KeyRefused):
        refresh(conf.client(), actor)


def test_refresh_company_reads_its_name_too(
    waiting: Onboarded, codat: Client, actor: Actor
) -> None:
    body = bodies.company_body(name="Renamed at Codat", description=waiting.company.description)
    codat.update_company(str(waiting.company.codat_id), body, key=uuid.uuid4())
    assert sync.refresh_company(waiting.company, client=codat, by=actor, clock=timezone.now) == 2
    waiting.company.refresh_from_db()
    assert waiting.company.codat_name == "Renamed at Codat"
    order("500-before", method="GET", times=9)
    with pytest.raises(Unavailable):
        sync.refresh_company(waiting.company, client=codat.within(2), by=actor, clock=timezone.now)


def test_nothing_in_the_background_mints_a_link(
    waiting: Onboarded, codat: Client, actor: Actor
) -> None:
    before = waiting.connection.link_url
    refresh(codat, actor)
    sync.refresh_company(waiting.company, client=codat, by=actor, clock=timezone.now)
    codat.delete_connection(str(waiting.company.codat_id), str(waiting.connection.codat_id))
    refresh(codat, actor)
    now = timezone.now() + dt.timedelta(days=2)
    links.wipe_expired(now=now)
    onboarding.forget_sealed_bodies(now=now)
    assert connection_reads() == []
    assert [r for r in seen("GET") if r["path"].endswith("/bankFeedAccounts")]
    waiting.connection.refresh_from_db()
    assert waiting.connection.link_url == before == ""


def unlinked(them: Onboarded, client: Client, actor: Actor) -> None:
    """Every account is lost; then somebody makes a new link, and hears Codat's word with it."""
    for row in them.accounts:
        place = {"connectionId": str(them.connection.codat_id), "accountIds": [row.account_id]}
        support.control("disconnect", **place)
    refresh(client, actor)
    links.renew(them.connection, client=client, by=actor, clock=timezone.now)
    assert them.connection.status == "Unlinked"


def test_a_client_who_connects_again_by_that_link_is_linked_again(
    onboarded: Onboarded, codat: Client, actor: Actor
) -> None:
    unlinked(onboarded, codat, actor)
    connect(onboarded, onboarded.accounts[0])
    for _ in range(2):
        refresh(codat, actor)
    onboarded.connection.refresh_from_db()
    assert onboarded.connection.status == "Linked"
    told = Event.objects.get(action="connection.linked")
    assert (told.before, told.after) == ({"status": "Unlinked"}, {"status": "Linked"})


def test_an_ended_connection_stays_so_where_another_has_taken_its_place(
    onboarded: Onboarded, codat: Client, actor: Actor
) -> None:
    unlinked(onboarded, codat, actor)
    support.make_connection(onboarded.company, codat_id=None, intent="planned")
    connect(onboarded, onboarded.accounts[0])
    refresh(codat, actor)
    onboarded.connection.refresh_from_db()
    assert onboarded.connection.status == "Unlinked"


def test_what_still_looks_connected_after_an_unlinking_links_nothing(
    onboarded: Onboarded, codat: Client, actor: Actor
) -> None:
    rows = type(onboarded.connection).objects.filter(pk=onboarded.connection.pk)
    rows.update(status="Unlinked")
    refresh(codat, actor)
    assert rows.get().status == "Unlinked"
