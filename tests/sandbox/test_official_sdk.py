"""The official SDK `codat-bankfeeds` walks the whole story against the sandbox."""

from __future__ import annotations

import datetime as dt
import time
import uuid
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest

from .conftest import Start
from .talk import BASIC, Talk, row, today

# Its annotations ask for classes where it takes dicts as well; here it is driven by dicts.
CodatBankFeeds: Any = import_module("codat_bankfeeds").CodatBankFeeds
errors: Any = import_module("codat_bankfeeds.models.errors")
shared: Any = import_module("codat_bankfeeds.models.shared")
utils: Any = import_module("codat_bankfeeds.utils")

ONCE = utils.RetryConfig("none", utils.BackoffStrategy(1, 1, 1.0, 1), False)
ACCOUNT = {
    "id": "a b/c",
    "account_name": "Everyday",
    "account_type": "checking",
    "account_number": "12345670",
    "sort_code": "12-34-56",
    "currency": "USD",
    "balance": 4002.5,
}


@pytest.fixture
def codat(talk: Talk) -> Iterator[Any]:
    with _client(talk) as made:
        yield made


def _client(talk: Talk, *, header: str = BASIC) -> Any:
    return CodatBankFeeds(
        server_url=talk.url,
        retry_config=ONCE,
        timeout_ms=10_000,
        security=shared.Security(auth_header=header),
    )


def _made(codat: Any) -> dict[str, str]:
    """A company with a connection, as the SDK names their ids in each request."""
    company = codat.companies.create(request={"name": "Acme"})
    made = codat.connections.create(
        request={"company_id": company.id, "request_body": {"platform_key": "hcws"}}
    )
    return {"company_id": company.id, "connection_id": made.id}


@pytest.mark.off_contract("a name with forbidden characters")
def test_companies(codat: Any) -> None:
    key = {"Idempotency-Key": str(uuid.uuid4())}
    made = codat.companies.create(request={"name": "Acme [1]"}, http_headers=key)
    again = codat.companies.create(request={"name": "Acme [1]"}, http_headers=key)
    assert (made.name, again.id) == ("Acme 1", made.id)
    assert codat.companies.get(request={"company_id": made.id}).redirect
    listed = codat.companies.list(request={"page": 1, "page_size": 10, "query": "name=Acme 1"})
    assert [each.id for each in listed.results] == [made.id]
    request: dict[str, Any] = {"company_id": made.id, "company_update_request": {"name": "B"}}
    assert codat.companies.update(request=request).name == "B"
    request = {"company_id": made.id, "company_request_body": {"name": "C"}}
    assert codat.companies.replace(request=request).name == "C"
    assert codat.companies.get_access_token(request={"company_id": made.id}).expires_in == 86400
    codat.companies.delete(request={"company_id": made.id})
    with pytest.raises(errors.ErrorMessage) as raised:
        codat.companies.get(request={"company_id": made.id})
    assert raised.value.status_code == 404
    assert made.id in str(raised.value.data.error)


def test_connections(talk: Talk, codat: Any) -> None:
    ids = _made(codat)
    read = codat.connections.get(request=ids)
    assert read.status.value == "PendingAuth"
    assert read.link_url.startswith(talk.url)
    assert read.source_type.value == "BankFeed"
    listed = codat.connections.list(request={"company_id": ids["company_id"]})
    assert [each.id for each in listed.results] == [ids["connection_id"]]
    codat.source_accounts.create(request={**ids, "request_body": ACCOUNT})
    talk.control("connect", {"connectionId": ids["connection_id"], "accountIds": ["a b/c"]})
    unlinked = codat.connections.unlink(request={**ids, "request_body": {"status": "Unlinked"}})
    assert unlinked.status.value == "Unlinked"
    codat.connections.delete(request=ids)
    with pytest.raises(errors.ErrorMessage):
        codat.connections.get(request=ids)


def test_source_accounts(talk: Talk, codat: Any) -> None:
    ids = _made(codat)
    made = codat.source_accounts.create(request={**ids, "request_body": ACCOUNT})
    assert isinstance(made, shared.SourceAccountV2)
    assert made.status is not None and made.status.value == "pending"
    with pytest.raises(errors.ErrorMessage) as raised:
        codat.source_accounts.create(request={**ids, "request_body": ACCOUNT})
    assert raised.value.status_code == 400
    (listed,) = codat.source_accounts.list(request=ids)
    assert isinstance(listed, shared.SourceAccountV2)
    talk.control("connect", {"connectionId": ids["connection_id"], "accountIds": ["a b/c"]})
    (listed,) = codat.source_accounts.list(request=ids)
    assert listed.feed_start_date == (today() - dt.timedelta(days=7)).isoformat()
    one = {**ids, "account_id": "a b/c"}
    renamed = codat.source_accounts.update(
        request={**one, "source_account": {"id": "a b/c", "account_name": "Renamed"}}
    )
    assert renamed.account_name == "Renamed"
    pair = codat.source_accounts.generate_credentials(request={**ids, "request_body": b"{}"})
    assert pair.username and pair.password
    codat.source_accounts.delete_credentials(request=ids)
    assert codat.account_mapping.get(request=ids)[0].source_account_id == "a b/c"
    codat.source_accounts.delete(request=one)
    assert codat.source_accounts.list(request=ids) == []


def test_batch(codat: Any) -> None:
    ids = _made(codat)
    two = [ACCOUNT, {**ACCOUNT, "id": "b"}]
    made = codat.source_accounts.create_batch(request={**ids, "request_body": two})
    assert [each.source_account_id for each in made] == ["a b/c", "b"]
    more = [ACCOUNT, {**ACCOUNT, "id": "c"}]
    mixed = codat.source_accounts.create_batch(request={**ids, "request_body": more})
    assert [int(each.result.status_code) for each in mixed] == [409, 201]


def test_push_and_operations(talk: Talk, codat: Any) -> None:
    ids = _made(codat)
    codat.source_accounts.create(request={**ids, "request_body": ACCOUNT})
    talk.control("connect", {"connectionId": ids["connection_id"], "accountIds": ["a b/c"]})
    one = {**ids, "account_id": "a b/c"}
    model = codat.transactions.get_create_model(request=one)
    assert set(model.properties or {}) == {"accountId", "transactions"}
    pending = codat.transactions.create(
        request={**one, "create_bank_transactions": _body(row("t1"), row("t2"))}
    )
    assert (pending.status.value, pending.status_code) == ("Pending", 202)
    assert _ended(codat, ids, pending).status.value == "Success"
    refused = codat.transactions.create(
        request={**one, "create_bank_transactions": _body(row("t1"))}
    )
    ended = _ended(codat, ids, refused)
    assert (ended.status.value, ended.status_code) == ("Failed", 400)
    assert ended.validation.errors[0].item_id == "t1"
    listed = codat.transactions.list_create_operations(
        request={"company_id": ids["company_id"], "query": "status=Success"}
    )
    assert [each.push_operation_key for each in listed.results] == [pending.push_operation_key]
    (written,) = talk.ledger()
    assert written["transactionIds"] == ["t1", "t2"]


def _body(*rows: dict[str, Any]) -> dict[str, Any]:
    renamed = [{("date_" if k == "date" else k): v for k, v in each.items()} for each in rows]
    return {"account_id": "a b/c", "transactions": renamed}


def _ended(codat: Any, ids: dict[str, str], operation: Any) -> Any:
    request = {
        "company_id": ids["company_id"],
        "push_operation_key": operation.push_operation_key,
    }
    until = time.monotonic() + 5
    while time.monotonic() < until:
        read = codat.transactions.get_create_operation(request=request)
        if read.status.value != "Pending":
            return read
        time.sleep(0.01)
    raise AssertionError("still pending")


def test_errors_arrive_typed(talk: Talk, codat: Any) -> None:
    with _client(talk, header="Basic nonsense") as stranger:
        with pytest.raises(errors.ErrorMessage) as raised:
            stranger.companies.list(request={})
        assert raised.value.status_code == 401
    for status in (402, 403, 429, 500, 503):
        talk.control("faults", [{"fault": str(status)}])
        with pytest.raises(errors.ErrorMessage) as raised:
            codat.companies.create(request={"name": "A"})  # a GET it repeats by itself after 429
        assert raised.value.status_code == status


def test_its_own_retries_get_through(start: Start) -> None:
    talk = start()
    talk.control("faults", [{"fault": "503", "times": 2}])
    patient = utils.RetryConfig("backoff", utils.BackoffStrategy(1, 5, 1.0, 5000), True)
    with CodatBankFeeds(
        server_url=talk.url, retry_config=patient, security=shared.Security(auth_header=BASIC)
    ) as codat:
        assert codat.companies.list(request={}).total_results == 0
