"""Faults by chance, those that campaigns need, and what is kept to count them by."""

from __future__ import annotations

import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
import requests

from .talk import Client, Talk, account, row

Start = Callable[..., Talk]


def order(talk: Talk, fault: str) -> None:
    talk.control("faults", [{"method": "POST", "path": "/push/", "fault": fault}])


def send(client: Client, *ids: str, key: str | None = None) -> requests.Response:
    body = {"accountId": "ac-001", "transactions": [row(each) for each in ids]}
    return client.talk.send("POST", client.rows(), body, key=key)


def stored(talk: Talk) -> list[list[str]]:
    talk.get("/companies")
    return [entry["transactionIds"] for entry in talk.ledger()]


@pytest.mark.parametrize("fault", ["object-200", "twins", "bomb", "drip-0.2"])
def test_answers_that_are_not_what_was_meant_took_effect(talk: Talk, fault: str) -> None:
    client = talk.client()
    order(talk, fault)
    answer = send(client, "t1", key="k")
    assert answer.status_code == 200
    assert stored(talk) == [["t1"]]
    again = send(client, "t1", key="k").json()
    twice = answer.text.count("pushOperationKey")
    assert (twice, answer.text.count(again["pushOperationKey"])) == {
        "object-200": (0, 0),
        "twins": (2, 1),
        "bomb": (0, 0),
        "drip-0.2": (1, 1),
    }[fault]


def test_a_drip_takes_its_time(talk: Talk) -> None:
    client = talk.client()
    order(talk, "drip-0.3")
    start = time.monotonic()
    send(client, "t1")
    assert time.monotonic() - start >= 0.3


@pytest.mark.off_contract("an empty push")
def test_a_redirect_does_nothing_but_point(talk: Talk) -> None:
    client = talk.client()
    order(talk, "redirect")
    url = talk.url + client.rows()
    answer = talk.session.post(url, json={}, allow_redirects=False, timeout=10)
    assert (answer.status_code, answer.headers["Location"]) == (307, client.rows())
    assert stored(talk) == []


def test_retry_after_as_a_date_and_as_nonsense(talk: Talk) -> None:
    client = talk.client()
    order(talk, "429-date-7")
    answer = send(client, "t1")
    assert answer.status_code == 429
    until = parsedate_to_datetime(answer.headers["Retry-After"]).timestamp()
    assert 5 <= until - time.time() <= 7
    order(talk, "429-garbage")
    assert not send(client, "t1").headers["Retry-After"].isdigit()


def test_429_lets_go_of_a_key_that_was_used(talk: Talk) -> None:
    client = talk.client()
    first = send(client, "t1", key="k").json()
    assert send(client, "t1", key="k").json() == first
    order(talk, "429-1")
    assert send(client, "t1", key="k").status_code == 429
    assert send(client, "t1", key="k").json() != first


def test_a_push_that_is_late_ends_well_after_it_timed_out(talk: Talk) -> None:
    client = talk.client()
    order(talk, "op-late-20")
    operation = client.push(row("t1"))
    assert client.ended(operation)["status"] == "TimedOut"
    assert stored(talk) == []
    talk.control("clock", {"advanceSeconds": 21})
    assert client.operation(operation)["status"] == "Success"
    assert stored(talk) == [["t1"]]


def test_a_push_that_is_not_listed_yet_took_effect(talk: Talk) -> None:
    client = talk.client()
    order(talk, "op-unlisted-20")
    operation = client.push(row("t1"))
    listed = f"/companies/{client.company_id}/push"
    assert talk.get(listed)["results"] == []
    one = f"{listed}/{operation['pushOperationKey']}"
    assert talk.send("GET", one).status_code == 404
    assert stored(talk) == [["t1"]]
    talk.control("clock", {"advanceSeconds": 21})
    assert [each["status"] for each in talk.get(listed)["results"]] == ["Success"]


def test_doubles_and_older_rows_are_stored_to_be_counted(start: Start) -> None:
    talk = start(keeps_doubles=True)
    client = talk.client()
    client.push(row("t1"))
    client.push(row("t1"))
    client.push(row("t0", days_ago=2))
    assert stored(talk) == [["t1"], ["t1"], ["t0"]]


@pytest.mark.parametrize(
    ("treatment", "status", "ids"),
    [
        ("refuse", "Failed", [["t1"]]),
        ("skip", "Success", [["t1"], ["t2"]]),
        ("store", "Success", [["t1"], ["t1", "t2"]]),
    ],
)
def test_what_becomes_of_an_id_that_is_stored_already(
    start: Start, treatment: str, status: str, ids: list[list[str]]
) -> None:
    """Codat's documents say nothing of it; each way can be tried, the strict one by default."""
    talk = start(double_ids=treatment) if treatment != "refuse" else start()
    client = talk.client()
    client.push(row("t1"))
    operation = client.push(row("t1"), row("t2"))
    ended = talk.get(f"/companies/{client.company_id}/push/{operation['pushOperationKey']}")
    assert ended["status"] == status and stored(talk) == ids
    named = [one["itemId"] for one in ended["validation"]["warnings"]]
    assert named == (["t1"] if treatment == "skip" else [])


def test_every_push_that_came_in_is_kept_with_what_it_carried(talk: Talk) -> None:
    client = talk.client()
    send(client, "t1", key="k")
    order(talk, "reset-before")
    with pytest.raises(requests.ConnectionError):
        send(client, "t2", key="l")
    posts = requests.get(f"{talk.url}/_sandbox/posts", timeout=10).json()
    assert [each["idempotencyKey"] for each in posts] == ["k", "l"]
    assert {each["path"] for each in posts} == {client.rows()}
    assert posts[0]["sha256"] != posts[1]["sha256"]


def _statuses(talk: Talk, *, seed: int) -> list[int]:
    writes = {"500-before": 0.3, "409": 0.2}
    talk.control("chance", {"seed": seed, "writes": writes, "reads": {"503": 0.0}})
    client = talk.client(account("ac-001"))
    return [send(client, f"t{number}").status_code for number in range(40)]


def test_chance_is_the_same_for_the_same_seed(start: Start) -> None:
    first, second, other = (_statuses(start(), seed=seed) for seed in (7, 7, 8))
    assert first == second != other
    assert set(first) == {200, 409, 500}


def test_chance_counts_what_was_met_and_can_be_stopped(talk: Talk) -> None:
    statuses = _statuses(talk, seed=7)
    state = requests.get(f"{talk.url}/_sandbox/chance", timeout=10).json()
    assert state["met"] == {"500-before": statuses.count(500), "409": statuses.count(409)}
    assert state["seen"]["writes"] == 40
    requests.delete(f"{talk.url}/_sandbox/chance", timeout=10)
    client = talk.client(account("ac-002"))
    assert client.push(row("x"), account_id="ac-002")["status"] == "Pending"


@pytest.mark.parametrize(
    "plan",
    [
        [],
        {},
        {"seed": "7"},
        {"seed": 7, "writes": ["500"]},
        {"seed": 7, "writes": {"500": "much"}},
        {"seed": 7, "writes": {"500": -0.1}},
        {"seed": 7, "writes": {"500": 0.6, "409": 0.6}},
        {"seed": 7, "reads": {"nothing": 0.1}},
    ],
)
def test_a_plan_that_makes_no_sense_is_refused(talk: Talk, plan: Any) -> None:
    answer = requests.post(f"{talk.url}/_sandbox/chance", json=plan, timeout=10)
    assert answer.status_code == 400
    assert answer.json()["error"]
