"""Links: kept for an hour, handed out and renewed by a person, never in the record."""

from __future__ import annotations

import datetime as dt
import threading
import uuid

import pytest
from django.db import connections
from django.utils import timezone

from bankfeeds import links
from bankfeeds.codat import transport
from bankfeeds.codat.client import Client
from bankfeeds.codat.errors import Absent, CodatError, Garbled
from bankfeeds.models import Actor, Connection, Event
from tests import support
from tests.onboarding.orders import connection_reads, order, take_back_orders

pytestmark = pytest.mark.django_db(transaction=True)

HOUR = dt.timedelta(hours=1)
LINK = "https://link-api.codat.io/companies/1/connections/2/start?otp=123456"


@pytest.fixture
def connection(onboarded: support.Onboarded) -> Connection:
    return onboarded.connection


def test_renewing_keeps_link_and_status(
    connection: Connection, codat: Client, actor: Actor
) -> None:
    links.renew(connection, client=codat, by=actor, clock=timezone.now)
    first = links.reveal(connection, by=actor, now=timezone.now())
    links.renew(connection, client=codat, by=actor, clock=timezone.now)
    second = links.reveal(connection, by=actor, now=timezone.now())
    assert "otp=" in first and first != second
    connection.refresh_from_db()
    assert connection.status == "Linked" and connection.status_as_of
    assert connection.link_issued_by == actor.name
    actions = list(Event.objects.order_by("id").values_list("action", flat=True))
    assert actions == ["link.renewed", "link.copied", "link.renewed", "link.copied"]
    for event in Event.objects.all():
        assert "otp" not in f"{event.words}{event.before}{event.after}{event.reason}"


def test_a_link_is_handed_out_until_its_hour_is_over(connection: Connection, actor: Actor) -> None:
    now = timezone.now()
    links.store(connection, LINK, by=actor, now=now)
    just_before = now + HOUR - dt.timedelta(seconds=1)
    assert links.reveal(connection, by=actor, now=just_before) == LINK
    with pytest.raises(links.NoValidLink, match="expired"):
        links.reveal(connection, by=actor, now=now + HOUR)
    assert Event.objects.filter(action="link.copied").count() == 1


def test_expired_links_are_wiped(connection: Connection, actor: Actor) -> None:
    now = timezone.now()
    links.store(connection, LINK, by=actor, now=now)
    assert links.wipe_expired(now=now + HOUR - dt.timedelta(seconds=1)) == 0
    assert links.wipe_expired(now=now + HOUR) == 1
    connection.refresh_from_db()
    assert connection.link_url == "" and connection.link_issued_at == now
    with pytest.raises(links.NoValidLink):
        links.reveal(connection, by=actor, now=now)


def test_no_link_yet(connection: Connection, actor: Actor) -> None:
    with pytest.raises(links.NoValidLink):
        links.reveal(connection, by=actor, now=timezone.now())


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "ftp://x/y",
        "https://",
        "//x/y",
        "",
        "https://x/\ny",
        "https://[",
        "x y",
    ],
)
def test_only_web_addresses_are_kept(connection: Connection, actor: Actor, address: str) -> None:
    with pytest.raises(Garbled):
        links.store(connection, address, by=actor, now=timezone.now())
    connection.refresh_from_db()
    assert connection.link_url == ""


def test_a_connection_that_codat_lost_is_marked(
    connection: Connection, codat: Client, actor: Actor
) -> None:
    codat.delete_connection(str(connection.company.codat_id), str(connection.codat_id))
    with pytest.raises(Absent):
        links.renew(connection, client=codat, by=actor, clock=timezone.now)
    connection.refresh_from_db()
    assert connection.gone_at and Event.objects.filter(action="connection.gone").count() == 1
    with pytest.raises(links.NoValidLink):
        links.renew(connection, client=codat, by=actor, clock=timezone.now)


@pytest.mark.parametrize("fault", ["500-before", "401", "empty-200"])
def test_a_failed_renewal_leaves_the_old_link(
    connection: Connection, codat: Client, actor: Actor, fault: str
) -> None:
    links.renew(connection, client=codat, by=actor, clock=timezone.now)
    old = connection.link_url
    order(fault, method="GET", times=9)
    with pytest.raises(CodatError):
        links.renew(connection, client=codat.within(2), by=actor, clock=timezone.now)
    take_back_orders()
    connection.refresh_from_db()
    assert connection.link_url == old


def test_an_unlinked_connection_whose_place_is_taken_gets_no_link(
    connection: Connection, codat: Client, actor: Actor
) -> None:
    connection.status = "Unlinked"
    connection.save()
    support.make_connection(connection.company, codat_id=uuid.uuid4())
    with pytest.raises(links.NoValidLink, match="place"):
        links.renew(connection, client=codat, by=actor, clock=timezone.now)
    assert connection_reads() == []


def test_the_second_press_of_renew_makes_no_second_link(
    connection: Connection, codat: Client, actor: Actor
) -> None:
    shown = links.issue_of(connection)
    links.renew(connection, client=codat, by=actor, clock=timezone.now, shown=shown)
    with pytest.raises(links.AlreadyRenewed, match=f"by {actor.name}"):
        links.renew(connection, client=codat, by=actor, clock=timezone.now, shown=shown)
    assert Event.objects.filter(action="link.renewed").count() == 1


def test_two_presses_at_once_make_one_link(
    connection: Connection, codat: Client, actor: Actor
) -> None:
    start = threading.Barrier(2)
    results: list[str] = []

    def press() -> None:
        row = Connection.objects.get(pk=connection.pk)
        start.wait()
        try:
            links.renew(row, client=codat, by=actor, clock=timezone.now, shown="")
            results.append("renewed")
        except links.AlreadyRenewed:
            results.append("already")
        finally:
            transport.close()
            connections.close_all()

    threads = [threading.Thread(target=press) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == ["already", "renewed"]
    assert Event.objects.filter(action="link.renewed").count() == 1
