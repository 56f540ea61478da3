"""Pushes: the operation's life, and each rule of the guide by a mistake against it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from .conftest import Start
from .talk import Client, Talk, account, row, today


def failed(client: Client, *rows: dict[str, Any]) -> list[tuple[str, str]]:
    """Pushes rows that must fail; answers which item broke which rule."""
    ended = client.ended(client.push(*rows))
    assert ended["status"] == "Failed"
    assert ended["statusCode"] == 400
    assert "see validation" in ended["errorMessage"]
    return [(each["itemId"], each["validatorName"]) for each in ended["validation"]["errors"]]


def stored(client: Client, *rows: dict[str, Any]) -> dict[str, Any]:
    ended = client.ended(client.push(*rows))
    assert ended["status"] == "Success", ended
    return ended


def test_from_pending_to_success(start: Start) -> None:
    talk = start(operation_seconds=30)
    client = talk.client()
    pending = client.push(row("t1", balance=250.75), key="key-1")
    assert (pending["status"], pending["statusCode"]) == ("Pending", 202)
    assert pending["dataType"] == "bankTransactions"
    assert pending["dataConnectionKey"] == client.connection_id
    assert "completedOnUtc" not in pending and "data" not in pending
    assert client.operation(pending) == pending
    assert talk.ledger() == []
    talk.control("clock", {"advanceSeconds": 31})
    assert talk.ledger() == [
        {
            "companyId": client.company_id,
            "connectionId": client.connection_id,
            "accountId": "ac-001",
            "transactionIds": ["t1"],
            "pushOperationKey": pending["pushOperationKey"],
            "idempotencyKey": "key-1",
        }
    ]
    done = client.operation(pending)
    assert (done["status"], done["statusCode"]) == ("Success", 200)
    assert done["completedOnUtc"] > done["requestedOnUtc"]
    assert client.account()["balance"] == 250.75


def test_history_is_paged_and_searched(talk: Talk) -> None:
    client = talk.client()
    keys = [client.push(row(f"t{n}"))["pushOperationKey"] for n in range(3)]
    client.ended(client.push(row("t0")))
    path = f"/companies/{client.company_id}/push"
    assert [each["pushOperationKey"] for each in talk.get(path)["results"][:3]] == keys
    query = f"dataConnectionKey={client.connection_id}&&status=Failed"
    assert talk.get(path, query=query)["totalResults"] == 1
    assert talk.get(path, query="dataConnectionKey=other")["totalResults"] == 0
    newest = talk.get(path, orderBy="-requestedOnUtc", pageSize="1")["results"][0]
    assert newest["pushOperationKey"] not in keys
    assert talk.send("GET", f"{path}/{client.company_id}").status_code == 404


def test_the_model_names_the_fields(talk: Talk) -> None:
    client = talk.client()
    option = talk.get(client.rows().replace("/push/", "/options/"))
    assert set(option["properties"]) == {"accountId", "transactions"}
    assert option["properties"]["transactions"]["properties"]["id"]["required"] is True


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        {},
        {"accountId": "ac-001"},
        {"accountId": "ac-001", "transactions": []},
        {"accountId": "other", "transactions": [row("a")]},
        {"transactions": [row("a")]},
        {"accountId": "ac-001", "transactions": ["a"]},
        {"accountId": "ac-001", "transactions": [row(str(n)) for n in range(1001)]},
        {"accountId": "ac-001", "transactions": [row("a", amount="10.50")]},
        {"accountId": "ac-001", "transactions": [row("a", amount=True)]},
        {"accountId": "ac-001", "transactions": [row("a", balance="1")]},
        {"accountId": "ac-001", "transactions": [row("a", id=7)]},
        {"accountId": "ac-001", "transactions": [row("a", date="2026-02-30")]},
        {"accountId": "ac-001", "transactions": [row("a", date="01/02/2026")]},
        {"accountId": "ac-001", "transactions": [row("a", transactionType="debit")]},
    ],
)
@pytest.mark.off_contract("breaches of the schema")
def test_a_breach_of_the_schema_is_400_at_once(talk: Talk, body: Any) -> None:
    client = talk.client()
    assert talk.send("POST", client.rows(), body).status_code == 400
    assert talk.get(f"/companies/{client.company_id}/push")["totalResults"] == 0


def test_a_thousand_rows_are_accepted(talk: Talk) -> None:
    client = talk.client()
    stored(client, *(row(str(n)) for n in range(1000)))
    assert len(talk.ledger()[0]["transactionIds"]) == 1000


def test_an_unknown_account_is_404(talk: Talk) -> None:
    client = talk.client()
    answer = talk.send("POST", client.rows("none"), {"accountId": "none", "transactions": []})
    assert answer.status_code == 404
    assert answer.json()["error"] == "No data available for accounts for ID none"


def test_only_a_connected_account_can_be_written(talk: Talk) -> None:
    client = talk.client(connect=False)
    assert failed(client, row("a")) == [("ac-001", "AccountConnected")]
    ids = {"connectionId": client.connection_id, "accountIds": ["ac-001"]}
    talk.control("connect", ids)
    stored(client, row("a"))
    talk.control("disconnect", ids)
    assert failed(client, row("b")) == [("ac-001", "AccountConnected")]


@pytest.mark.parametrize("name", ["id", "date", "description", "amount"])
@pytest.mark.off_contract("null where a value is required")
def test_each_required_field_is_missed_by_row(talk: Talk, name: str) -> None:
    client = talk.client()
    wrong = row("bad")
    del wrong[name]
    item = "1" if name == "id" else "bad"
    assert failed(client, row("good"), wrong) == [(item, "Required")]
    assert failed(client, row("good"), {**wrong, name: None}) == [(item, "Required")]


def test_balance_may_be_missing(talk: Talk) -> None:
    client = talk.client()
    stored(client, {k: v for k, v in row("a").items() if k != "balance"})
    assert client.account()["balance"] == 4002


def test_earliest_first(talk: Talk) -> None:
    client = talk.client()
    assert failed(client, row("a", days_ago=1), row("b", days_ago=2)) == [("b", "DateOrder")]
    stored(client, row("a", days_ago=2), row("b", days_ago=2), row("c", days_ago=1))


def test_order_holds_across_pushes(talk: Talk) -> None:
    client = talk.client()
    stored(client, row("a", days_ago=3), row("b", days_ago=1))
    assert failed(client, row("c", days_ago=2)) == [("c", "NotOlderThanNewest")]
    stored(client, row("c", days_ago=1))


def test_a_failed_push_leaves_no_mark(talk: Talk) -> None:
    client = talk.client()
    failed(client, row("a", days_ago=0), row("a", days_ago=0))
    stored(client, row("a", days_ago=3))


def test_neither_future_nor_older_than_a_week(talk: Talk) -> None:
    client = talk.client()
    ids = {"connectionId": client.connection_id, "accountIds": ["ac-001"]}
    talk.control("connect", {**ids, "feedStartDate": "2020-01-01"})
    assert failed(client, row("a", days_ago=8)) == [("a", "HistoryLimit")]
    assert failed(client, row("a", days_ago=-1)) == [("a", "NotFuture")]
    stored(client, row("a", days_ago=7), row("b"))


def test_not_before_the_feed_starts(talk: Talk) -> None:
    client = talk.client()
    ids = {"connectionId": client.connection_id, "accountIds": ["ac-001"]}
    start_date = (today() - dt.timedelta(days=2)).isoformat()
    talk.control("connect", {**ids, "feedStartDate": start_date})
    assert failed(client, row("a", days_ago=3)) == [("a", "FeedStartDate")]
    stored(client, row("a", days_ago=2))


def test_an_id_is_taken_once_per_account(talk: Talk) -> None:
    client = talk.client(account("ac-001"), account("ac-002"))
    stored(client, row("a"))
    assert failed(client, row("a")) == [("a", "UniqueId")]
    assert failed(client, row("b"), row("b")) == [("b", "UniqueId")]
    done = client.ended(client.push(row("a"), account_id="ac-002"))
    assert done["status"] == "Success"


def test_every_wrong_row_is_named(talk: Talk) -> None:
    client = talk.client()
    assert failed(client, row("a", days_ago=-2), row("b"), row("c", description="")) == [
        ("a", "NotFuture"),
        ("b", "DateOrder"),
        ("c", "Required"),
        ("c", "DateOrder"),
    ]


def test_a_sign_against_the_type_is_a_warning(talk: Talk) -> None:
    client = talk.client()
    rows = [
        row("a", amount=-1, transactionType="Credit"),
        row("b", amount=1, transactionType="Debit"),
        row("c", amount=-1, transactionType="Debit"),
        row("d", amount=-1, transactionType="Atm"),
    ]
    done = stored(client, *rows)
    assert [each["itemId"] for each in done["validation"]["warnings"]] == ["a", "b"]


@pytest.mark.parametrize("suffix", ["T23:59:59", "T00:30:00Z", "T23:30:00.1234567-11:00"])
def test_a_date_is_local_whatever_its_offset(talk: Talk, suffix: str) -> None:
    client = talk.client()
    stored(client, row("a", date=f"{today()}{suffix}"))


def test_today_follows_the_sandboxs_clock(talk: Talk) -> None:
    client = talk.client()
    talk.control("clock", {"advanceSeconds": 3 * 86400})
    stored(client, row("a", days_ago=-3))
    assert failed(client, row("b", days_ago=-4)) == [("b", "NotFuture")]


def test_two_in_flight_are_judged_in_order(start: Start) -> None:
    talk = start(operation_seconds=30)
    client = talk.client()
    first = client.push(row("a", description="fault-op-slow-60"), row("b"))
    second = client.push(row("c", days_ago=1))
    talk.control("clock", {"advanceSeconds": 31})
    assert client.operation(second)["status"] == "Pending"
    talk.control("clock", {"advanceSeconds": 30})
    assert client.operation(first)["status"] == "Success"
    assert client.operation(second)["status"] == "Failed"


def test_revoked_credentials_stop_the_writes(talk: Talk) -> None:
    client = talk.client()
    stored(client, row("a"))
    talk.send("DELETE", client.accounts + "/credentials")
    assert failed(client, row("b")) == [("ac-001", "CredentialsValid")]


@pytest.mark.off_contract("options that are none")
def test_options_of_a_push(start: Start) -> None:
    talk = start(operation_seconds=3600)
    client = talk.client()
    body = {"accountId": "ac-001", "transactions": [row("a")]}
    path = client.rows() + "?timeoutInMinutes=1&allowSyncOnPushComplete=false"
    pending = talk.post(path, body)
    assert pending["timeoutInMinutes"] == 1
    talk.control("clock", {"advanceSeconds": 61})
    assert client.operation(pending)["status"] == "TimedOut"
    talk.control("clock", {"advanceSeconds": 3600})
    assert talk.ledger() == []
    for bad in ("timeoutInMinutes=x", "timeoutInMinutes=-1", "allowSyncOnPushComplete=7"):
        assert talk.send("POST", f"{client.rows()}?{bad}", body).status_code == 400
