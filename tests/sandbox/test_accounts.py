"""Source accounts: both schemas, batch, PUT, PATCH, and what the client's steps do to them."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import Start
from .talk import Talk, account

TEN_DAYS = 10 * 86400


def test_a_new_account_is_pending_and_listed_in_an_array(talk: Talk) -> None:
    client = talk.client(account(), connect=False)
    (listed,) = talk.get(client.accounts)
    assert listed["status"] == "pending"
    assert listed["balance"] == 4002
    assert "routingInfo" not in listed and listed["accountInfo"] is None
    assert "feedStartDate" not in listed


@pytest.mark.parametrize(
    "wrong",
    [
        {"id": ""},
        {"id": 5},
        {"accountName": None},
        {"accountType": "Checking"},
        {"accountType": "current"},
        {"accountNumber": None},
        {"accountNumber": 12345670},
        {"currency": "usd"},
        {"currency": None},
        {"balance": "4002"},
        {"balance": None},
        {"balance": True},
        {"balance": 10**40},
        {"currency": "GBP", "sortCode": None},
        {"accountInfo": "x"},
    ],
)
@pytest.mark.off_contract("breaches of the schema")
def test_what_breaks_the_schema_is_400_and_named(talk: Talk, wrong: dict[str, Any]) -> None:
    client = talk.client(connect=False)
    answer = talk.send("POST", client.accounts, account("other", **wrong))
    assert answer.status_code == 400
    named = {each["itemId"] for each in answer.json()["validation"]["errors"]}
    assert named & {*wrong}
    assert len(talk.get(client.accounts)) == 1


def test_version_1_needs_an_id_only_and_answers_in_lower_case(talk: Talk) -> None:
    client = talk.client(connect=False)
    made = talk.post(client.accounts, {"id": "old", "accountType": "Credit"})
    assert made["accountType"] == "credit"
    assert "routingInfo" not in made
    talk.control("connect", {"connectionId": client.connection_id, "accountIds": ["old"]})
    assert client.account("old")["feedStartDate"].endswith("T00:00:00")


def test_an_existing_id_is_refused(talk: Talk) -> None:
    client = talk.client()
    answer = talk.send("POST", client.accounts, account())
    assert answer.status_code == 400
    (error,) = answer.json()["validation"]["errors"]
    assert error["itemId"] == "ac-001"
    assert "already exists" in error["message"]


def test_an_id_is_a_free_text(talk: Talk) -> None:
    odd = "a b/c?d%e&f é"
    client = talk.client(account(odd))
    path = f"{client.accounts}/a%20b%2Fc%3Fd%25e%26f%20%C3%A9"
    renamed = talk.send("PATCH", path, {"id": odd, "accountName": "new"})
    assert renamed.json()["accountName"] == "new"
    assert talk.send("DELETE", path).status_code == 204
    assert talk.get(client.accounts) == []


@pytest.mark.off_contract("an account of a batch without its id")
def test_a_batch_says_each_result(talk: Talk) -> None:
    client = talk.client(connect=False)
    path = client.accounts + "/batch"
    new = talk.send("POST", path, [account("a"), account("b")])
    assert new.status_code == 201
    assert [each["result"]["statusCode"] for each in new.json()] == [201, 201]
    mixed = talk.send("POST", path, [account("a"), account("c"), account("d", currency="?")])
    assert mixed.status_code == 207
    assert [each["result"]["statusCode"] for each in mixed.json()] == ["409", 201, "400"]
    assert mixed.json()[1]["result"]["account"]["id"] == "c"
    assert talk.send("POST", path, [account("a"), account("b")]).status_code == 409
    assert talk.send("POST", path, [{}]).status_code == 400
    assert talk.send("POST", path, []).status_code == 400
    assert [each["id"] for each in talk.get(client.accounts)] == ["ac-001", "a", "b", "c"]


def test_put_adds_and_updates_and_can_be_switched_off(talk: Talk, start: Start) -> None:
    client = talk.client()
    put = talk.send("PUT", client.accounts, [account(accountName="renamed"), account("new")])
    assert put.status_code == 200
    assert [(each["accountName"], each["status"]) for each in put.json()] == [
        ("renamed", "connected"),
        ("account-001", "pending"),
    ]
    assert len(talk.get(client.accounts)) == 2
    retired = start(put_accounts=False)
    other = retired.client()
    assert retired.send("PUT", other.accounts, [account()]).status_code == 405


@pytest.mark.off_contract("a change without the id")
def test_patch_changes_what_it_may(talk: Talk) -> None:
    client = talk.client(account(), connect=False)
    path = client.accounts + "/ac-001"
    whole = account(accountName="new", sortCode="999999", currency="CAD", balance=7)
    changed = talk.send("PATCH", path, whole).json()
    assert (changed["accountName"], changed["balance"]) == ("new", 7)
    assert (changed["currency"], changed["sortCode"]) == ("USD", "12-34-56")
    talk.control("connect", {"connectionId": client.connection_id, "accountIds": ["ac-001"]})
    assert talk.send("PATCH", path, {"id": "ac-001", "balance": 8}).json()["balance"] == 7
    for wrong in ({"accountName": "x"}, {"id": "other"}, {"id": "ac-001", "status": "pending"}):
        assert talk.send("PATCH", path, wrong).status_code == 400
    off = talk.send("PATCH", path, {"id": "ac-001", "status": "disconnected"}).json()
    assert off["status"] == "disconnected"
    assert talk.get(client.base)["status"] == "Unlinked"
    assert talk.send("PATCH", client.accounts + "/none", {"id": "none"}).status_code == 404


def test_connecting_some_links_the_connection(talk: Talk) -> None:
    client = talk.client(account("a"), account("b"), connect=False)
    assert talk.get(client.base)["status"] == "PendingAuth"
    wanted = {"connectionId": client.connection_id, "accountIds": ["a"]}
    said = talk.control("connect", {**wanted, "feedStartDate": "2026-01-02"})
    assert said["status"] == "Linked"
    assert client.account("a")["status"] == "connected"
    assert client.account("a")["feedStartDate"] == "2026-01-02"
    assert client.account("b")["status"] == "pending"


def test_the_last_account_to_go_unlinks_the_connection(talk: Talk) -> None:
    client = talk.client(account("a"), account("b"))
    talk.control("disconnect", {"connectionId": client.connection_id, "accountIds": ["a"]})
    assert talk.get(client.base)["status"] == "Linked"
    talk.control("disconnect", {"connectionId": client.connection_id, "accountIds": ["b"]})
    assert talk.get(client.base)["status"] == "Unlinked"
    assert "feedStartDate" not in client.account("b")


def test_all_five_statuses_can_be_seen(talk: Talk) -> None:
    client = talk.client()
    for status in ("pending", "connected", "connecting", "disconnected", "unknown"):
        body = {"connectionId": client.connection_id, "accountIds": ["ac-001"], "status": status}
        talk.control("status", body)
        assert client.account()["status"] == status


def test_credentials_open_until_they_are_revoked(talk: Talk) -> None:
    client = talk.client()
    path = client.accounts + "/credentials"
    first = talk.send("POST", path, data=b'""').json()
    second = talk.send("POST", path, {}).json()
    assert first["username"] != second["username"]
    assert [len(part) for part in first["username"].split("-")] == [4, 4, 4]
    assert len(first["password"]) == 16 and first["password"].isalnum()
    assert talk.send("DELETE", path).status_code == 204


def test_mapping_shows_the_source_side_only(talk: Talk) -> None:
    client = talk.client()
    path = client.base + "/bankFeedAccounts/mapping"
    (mapped,) = talk.get(path)
    assert mapped["sourceAccountId"] == "ac-001"
    assert mapped["targetAccountOptions"] == []
    assert talk.send("POST", path, {"sourceAccountId": "ac-001"}).status_code == 400


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ([], 400),
        ({"connectionId": "none", "accountIds": ["a"]}, 404),
        ({"connectionId": "REAL", "accountIds": []}, 400),
        ({"connectionId": "REAL", "accountIds": "ac-001"}, 400),
        ({"connectionId": "REAL", "accountIds": ["none"]}, 404),
        ({"connectionId": "REAL", "accountIds": ["ac-001"], "feedStartDate": "2026-02-30"}, 400),
        ({"connectionId": "REAL", "accountIds": ["ac-001"], "feedStartDate": 5}, 400),
    ],
)
def test_controls_say_what_is_wrong(talk: Talk, body: Any, status: int) -> None:
    client = talk.client(connect=False)
    if isinstance(body, dict) and body.get("connectionId") == "REAL":
        body = {**body, "connectionId": client.connection_id}
    answer = talk.send("POST", "/_sandbox/connect", body)
    assert answer.status_code == status
    assert answer.json()["error"]
    assert client.account()["status"] == "pending"


def test_controls_are_known_by_name_and_verb(talk: Talk) -> None:
    assert talk.send("POST", "/_sandbox/nothing", {}).status_code == 404
    assert talk.send("GET", "/_sandbox/connect").status_code == 405
    assert talk.send("POST", "/_sandbox/connect", data=b"{").status_code == 400
    for seconds in (-1, "1", None, True, 10**12):
        assert talk.send("POST", "/_sandbox/clock", {"advanceSeconds": seconds}).status_code == 400


def test_no_other_site_reaches_the_controls(talk: Talk) -> None:
    for headers in ({"Host": "evil.example"}, {"Origin": "https://evil.example"}):
        answer = talk.send("GET", "/_sandbox/ledger", headers=headers)
        assert answer.status_code == 403
        assert talk.send("GET", "/", headers=headers).status_code == 403
