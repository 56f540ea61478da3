"""Every method of the client against a server that behaves like Codat."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
import requests

from bankfeeds.codat import bodies
from bankfeeds.codat.bodies import TransactionOut
from bankfeeds.codat.client import Answer, Client, Timings
from bankfeeds.codat.errors import (
    Absent,
    KeyRefused,
    KeyReused,
    Refused,
    ServerFault,
    Throttled,
    Uncertain,
)
from bankfeeds.codat.shapes import (
    Company,
    Connection,
    ConnectionStatus,
    PushOperation,
    PushStatus,
)
from bankfeeds.sandbox.server import Sandbox
from tests.codat.support import API_KEY

TIMINGS = Timings(connect=2, read=5, deadline=8)
ZONE = ZoneInfo("America/Toronto")
ACCOUNT_ID = "every/day 1%?"


@pytest.fixture(scope="module")
def server() -> Iterator[Sandbox]:
    with Sandbox(api_key=API_KEY, operation_seconds=0.05) as running:
        yield running


@pytest.fixture
def codat(server: Sandbox) -> Client:
    return Client(base_url=server.url, api_key=API_KEY, timings=TIMINGS)


def new_company(codat: Client, name: str = "Acme") -> Company:
    body = bodies.company_body(name=name, description="ref-1")
    return codat.create_company(body, key=uuid4())


def new_account(codat: Client, company: Company, link: Connection, account_id: str) -> None:
    body = bodies.source_account_body(
        id=account_id,
        account_name="Everyday",
        account_type="checking",
        account_number="46762629",
        sort_code="009911",
        currency="USD",
        balance=Decimal("100.10"),
    )
    codat.create_source_account(company.id, link.id, body, key=uuid4())


def control(server: Sandbox, name: str, **body: Any) -> None:
    answer = requests.post(f"{server.url}/_sandbox/{name}", json=body, timeout=5)
    assert answer.ok, answer.text


def linked(server: Sandbox, codat: Client) -> tuple[Company, Connection]:
    company = new_company(codat)
    link = codat.create_connection(company.id, key=uuid4())
    new_account(codat, company, link, ACCOUNT_ID)
    control(server, "connect", connectionId=str(link.id), accountIds=[ACCOUNT_ID])
    return company, link


def rows(*dates: date) -> list[TransactionOut]:
    return [
        TransactionOut(f"t{n}", on, "Café", Decimal("-1.10"), Decimal("99"), "Debit")
        for n, on in enumerate(dates, start=1)
    ]


def today() -> date:
    return datetime.now(ZONE).date()


def ended(codat: Client, company: Company, key: UUID) -> PushOperation:
    for _ in range(100):
        operation = codat.get_operation(company.id, key)
        if operation.status != PushStatus.PENDING:
            return operation
        time.sleep(0.05)
    raise AssertionError("still pending")


@pytest.mark.off_contract("a name with forbidden characters")
def test_companies(codat: Client) -> None:
    company = new_company(codat, "Company (Codat[1])")
    assert (company.name, company.description) == ("Company Codat1", "ref-1")
    assert company.created is not None
    changed = codat.update_company(company.id, bodies.encode({"name": "Renamed"}), key=uuid4())
    assert (changed.id, changed.name, changed.description) == (company.id, "Renamed", "ref-1")
    assert codat.get_company(str(company.id)).name == "Renamed"
    codat.delete_company(company.id)
    with pytest.raises(Absent, match=str(company.id)):
        codat.get_company(company.id)


def test_a_list_of_several_pages(codat: Client) -> None:
    made = {new_company(codat, f"Many {n}").id for n in range(103)}
    found = [company.id for company in codat.list_companies()]
    assert made <= set(found)
    assert len(found) == len(set(found))


def test_connections(server: Sandbox, codat: Client) -> None:
    company, link = linked(server, codat)
    assert link.status == ConnectionStatus.PENDING_AUTH
    assert link.source_type == "BankFeed"
    again = codat.get_connection(company.id, link.id)
    assert again.status == ConnectionStatus.LINKED
    assert again.link_url != link.link_url
    assert [one.id for one in codat.list_connections(company.id)] == [link.id]
    unlinked = codat.unlink_connection(company.id, link.id, key=uuid4())
    assert unlinked.status == ConnectionStatus.UNLINKED
    codat.delete_connection(company.id, link.id)
    with pytest.raises(Absent):
        codat.get_connection(company.id, link.id)


def test_source_accounts(server: Sandbox, codat: Client) -> None:
    company, link = linked(server, codat)
    new_account(codat, company, link, "second")
    first, second = sorted(
        codat.list_source_accounts(company.id, link.id), key=lambda account: account.status
    )
    assert (first.id, first.status, second.status) == (ACCOUNT_ID, "connected", "pending")
    assert first.feed_start_date == today() - timedelta(days=7)
    assert second.feed_start_date is None
    assert first.balance == Decimal("100.10")
    body = bodies.rename_body(id=ACCOUNT_ID, account_name="Other")
    renamed = codat.update_source_account(company.id, link.id, ACCOUNT_ID, body, key=uuid4())
    assert (renamed.id, renamed.account_name) == (ACCOUNT_ID, "Other")
    codat.delete_source_account(company.id, link.id, ACCOUNT_ID)
    assert [one.id for one in codat.list_source_accounts(company.id, link.id)] == ["second"]
    with pytest.raises(Refused) as caught:
        new_account(codat, company, link, "second")
    assert caught.value.status == 400
    assert caught.value.correlation_id


def test_the_integration(codat: Client) -> None:
    assert (codat.get_integration().key, codat.get_integration().enabled) == ("hcws", True)


def test_a_push_that_succeeds(server: Sandbox, codat: Client) -> None:
    company, link = linked(server, codat)
    body = bodies.push_body(
        account_id=ACCOUNT_ID, transactions=rows(today() - timedelta(days=1), today())
    )
    key = uuid4()
    operation = codat.push(company.id, link.id, ACCOUNT_ID, body, key=key)
    assert (operation.status, operation.status_code) == ("Pending", 202)
    assert (operation.company_id, operation.data_connection_key) == (company.id, link.id)
    replayed = codat.push(company.id, link.id, ACCOUNT_ID, body, key=key)
    assert replayed.push_operation_key == operation.push_operation_key
    done = ended(codat, company, operation.push_operation_key)
    assert (done.status, done.validation_errors) == ("Success", ())
    assert done.completed_on is not None and done.completed_on >= done.requested_on
    listed = list(codat.list_operations(company.id))
    assert [one.push_operation_key for one in listed] == [operation.push_operation_key]


def test_a_push_that_fails_says_why(server: Sandbox, codat: Client) -> None:
    company, link = linked(server, codat)
    old = rows(today() - timedelta(days=30))
    body = bodies.push_body(account_id=ACCOUNT_ID, transactions=old)
    operation = codat.push(company.id, link.id, ACCOUNT_ID, body, key=uuid4())
    done = ended(codat, company, operation.push_operation_key)
    assert (done.status, done.status_code) == ("Failed", 400)
    assert done.validation_errors[0].message
    assert done.error_message


def test_a_key_with_another_body(codat: Client) -> None:
    key = uuid4()
    codat.create_company(bodies.company_body(name="One"), key=key)
    with pytest.raises(KeyReused):
        codat.create_company(bodies.company_body(name="Two"), key=key)


def test_a_wrong_key(server: Sandbox) -> None:
    with pytest.raises(KeyRefused, match="Unauthorized") as caught:
        Client(base_url=server.url, api_key="wrong").get_integration()
    assert caught.value.status == 401


def test_limits_are_told(server: Sandbox) -> None:
    told: list[Answer] = []
    Client(base_url=server.url, api_key=API_KEY, on_answer=told.append).get_integration()
    assert told[0].limit and told[0].remaining is not None and told[0].reset is not None


@pytest.mark.parametrize(
    ("fault", "outcome", "exists"),
    [
        ("500-before", ServerFault, False),
        ("500-after", ServerFault, True),
        ("429-2", Throttled, False),
        ("reset-before", Uncertain, False),
        ("reset-after", Uncertain, True),
        ("empty-200", Uncertain, True),
        ("half-headers", Uncertain, True),
        ("half-body", Uncertain, True),
        ("html-200", Uncertain, True),
        ("409", Uncertain, False),
        ("402", Refused, False),
    ],
)
def test_what_may_be_there_is_called_uncertain(
    codat: Client, fault: str, outcome: type[Exception], exists: bool
) -> None:
    name = f"Mark{uuid4().hex} fault-{fault}-once"
    with pytest.raises(outcome):
        new_company(codat, name)
    assert exists == any(company.name == name for company in codat.list_companies())


def test_an_uncertain_write_is_made_certain_by_the_same_key(codat: Client) -> None:
    body = bodies.company_body(name=f"Twice{uuid4().hex} fault-reset-after-once")
    key = uuid4()
    with pytest.raises(Uncertain):
        codat.create_company(body, key=key)
    company = codat.create_company(body, key=key)
    assert [one.id for one in codat.list_companies() if one.name == company.name] == [company.id]
