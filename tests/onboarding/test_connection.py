"""A company's connection: once, resumable, with its first link kept."""

from __future__ import annotations

import uuid
from decimal import Decimal

import pytest
from django.utils import timezone

from bankfeeds import links, onboarding
from bankfeeds.codat import bodies
from bankfeeds.codat.client import Client
from bankfeeds.models import Actor, Company, Connection, Event, Intent
from tests import support

from .conftest import Plan
from .orders import connection_reads, order

pytestmark = pytest.mark.django_db(transaction=True)


def plan_one(company: Company, by: Actor, form_key: str = "form") -> Connection:
    return onboarding.plan_connection(company, by=by, now=timezone.now(), form_key=form_key)


def create(row: Connection, client: Client, by: Actor) -> bool:
    return onboarding.create_connection(row, client=client, by=by, clock=timezone.now)


def at_codat(client: Client, company: Company) -> list[str]:
    return [str(each.id) for each in client.list_connections(str(company.codat_id))]


def test_a_connection_comes_with_its_link(company: Company, codat: Client, actor: Actor) -> None:
    row = plan_one(company, actor)
    assert create(row, codat, actor)
    assert row.status == "PendingAuth" and row.status_as_of
    assert row.link_url.startswith("http") and "otp=" in row.link_url
    assert row.link_issued_at and row.link_issued_by == actor.name
    assert links.reveal(row, by=actor, now=timezone.now()) == row.link_url
    assert connection_reads() == []
    assert at_codat(codat, company) == [str(row.codat_id)]


def test_a_second_one_is_refused_while_the_first_is_live(
    company: Company, connection: Connection, actor: Actor
) -> None:
    with pytest.raises(onboarding.AlreadyConnected, match="Nothing was created") as refusal:
        plan_one(company, actor, "another form")
    assert refusal.value.connection == connection
    assert plan_one(company, actor, "connection") == connection
    connection.status = "Unlinked"
    connection.save()
    assert plan_one(company, actor, "another form") != connection


def test_the_company_comes_first(plan: Plan, actor: Actor) -> None:
    with pytest.raises(onboarding.NotAtCodat):
        plan_one(plan(), actor)


@pytest.mark.parametrize(
    "fault", ["500-after", "500-before", "reset-after", "reset-before", "empty-200", "400", "429-1"]
)
def test_half_way_goes_on_to_one_connection(
    company: Company, codat: Client, actor: Actor, fault: str
) -> None:
    row = plan_one(company, actor)
    order(fault)
    assert not create(row, codat, actor)
    assert row.intent != Intent.DONE and row.problem and row.link_url == ""
    assert create(row, codat, actor)
    assert row.link_url and row.problem == ""
    assert at_codat(codat, company) == [str(row.codat_id)]


def test_half_way_says_that_the_company_is_there(
    company: Company, codat: Client, actor: Actor
) -> None:
    row = plan_one(company, actor)
    order("429-1")
    assert not create(row, codat, actor)
    assert row.problem.startswith(
        "Codat takes no more requests from us for now. Company created; the connection was not."
        " Press Continue: no second company will be made."
    )


def test_a_look_does_not_take_a_connection_that_was_unlinked(
    company: Company, codat: Client, actor: Actor
) -> None:
    """It is there, but not from this press: somebody made and unlinked it elsewhere."""
    where = str(company.codat_id)
    theirs = codat.create_connection(where, key=uuid.uuid4())
    body = bodies.source_account_body(
        id="acc-1", account_name="A", account_type="checking", account_number="11112222",
        sort_code="021000021", currency="USD", balance=Decimal(0),
    )  # fmt: skip
    codat.create_source_account(where, theirs.id, body, key=uuid.uuid4())
    support.control("connect", connectionId=str(theirs.id), accountIds=["acc-1"])
    codat.unlink_connection(where, theirs.id, key=uuid.uuid4())
    row = plan_one(company, actor)
    order("500-before")
    assert not create(row, codat, actor)
    assert create(row, codat, actor)
    assert row.codat_id != theirs.id and row.status == "PendingAuth"


def test_a_look_does_not_take_a_connection_that_is_known(
    company: Company, connection: Connection, codat: Client, actor: Actor
) -> None:
    connection.status = "Unlinked"
    connection.save()
    row = plan_one(company, actor)
    order("500-before")
    assert not create(row, codat, actor)
    assert create(row, codat, actor)
    assert row.codat_id != connection.codat_id
    assert len(at_codat(codat, company)) == 2


def test_the_record_never_holds_the_link(
    company: Company, connection: Connection, actor: Actor
) -> None:
    links.reveal(connection, by=actor, now=timezone.now())
    for event in Event.objects.all():
        told = f"{event.words} {event.reason} {event.before} {event.after}"
        assert "otp" not in told and "http" not in told
