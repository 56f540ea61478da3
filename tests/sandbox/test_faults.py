"""Faults: each of the catalogue on the wire, by marker and by order; what took effect."""

from __future__ import annotations

import time
from typing import Any

import pytest
import requests

from bankfeeds.sandbox import faults

from .talk import Talk, account, row

STATUSES = [400, 401, 402, 403, 404, 408, 409, 422, 429, 500, 502, 503, 504]


def names(talk: Talk) -> list[str]:
    return [each["name"] for each in talk.get("/companies")["results"]]


def test_every_name_of_the_catalogue_is_understood() -> None:
    for name in faults.CATALOGUE:
        for scope in ("", "-once", "-always"):
            assert faults.parse(name + scope) is not None
    assert faults.parse("nothing") is None


@pytest.mark.parametrize("status", STATUSES)
def test_statuses_before_and_after(talk: Talk, status: int) -> None:
    before = talk.send("POST", "/companies", {"name": f"A fault-{status}"})
    assert before.status_code == status
    assert before.json()["statusCode"] == status
    assert names(talk) == []
    after = talk.send("POST", "/companies", {"name": f"B fault-{status}-after"})
    assert after.status_code == status
    assert names(talk) == [f"B fault-{status}-after"]


def test_a_402_says_which_limit(talk: Talk) -> None:
    body = talk.send("POST", "/companies", {"name": "fault-402"}).json()
    assert body["validation"]["errors"][0]["validatorName"] == "CreateCompany"


@pytest.mark.parametrize(
    ("fault", "error", "effect"),
    [
        ("reset-before", requests.ConnectionError, False),
        ("reset-after", requests.ConnectionError, True),
        ("half-body", requests.exceptions.ChunkedEncodingError, True),
    ],
)
def test_what_breaks_the_connection(
    talk: Talk, fault: str, error: type[Exception], effect: bool
) -> None:
    with pytest.raises(error):
        talk.send("POST", "/companies", {"name": f"fault-{fault}"})
    assert names(talk) == ([f"fault-{fault}"] if effect else [])


def test_half_headers_look_like_an_empty_200(talk: Talk) -> None:
    """That is what `requests` makes of a header block that was cut."""
    answer = talk.send("POST", "/companies", {"name": "fault-half-headers"})
    assert (answer.status_code, answer.content) == (200, b"")
    assert names(talk) == ["fault-half-headers"]


def test_empty_200_keeps_the_status_and_the_effect(talk: Talk) -> None:
    answer = talk.send("POST", "/companies", {"name": "fault-empty-200"}, key="k1")
    assert (answer.status_code, answer.content) == (200, b"")
    assert talk.post("/companies", {"name": "fault-empty-200"}, key="k1")["id"]
    assert len(names(talk)) == 1


def test_web_pages_instead_of_json(talk: Talk) -> None:
    proxy = talk.send("POST", "/companies", {"name": "fault-html"}, key="k1")
    assert (proxy.status_code, proxy.headers["Content-Type"]) == (502, "text/html")
    assert names(talk) == []
    assert talk.post("/companies", {"name": "fault-html"}, key="k1")["id"]
    captive = talk.send("POST", "/companies", {"name": "fault-html-200"})
    assert (captive.status_code, captive.headers["Content-Type"]) == (200, "text/html")
    assert len(names(talk)) == 2


def test_hang_is_late_and_took_effect_at_once(talk: Talk) -> None:
    with pytest.raises(requests.ReadTimeout):
        talk.session.post(talk.url + "/companies", json={"name": "fault-hang-30"}, timeout=0.3)
    assert names(talk) == ["fault-hang-30"]
    with pytest.raises(requests.ReadTimeout):
        talk.session.post(
            talk.url + "/companies", json={"name": "fault-hang-before-30"}, timeout=0.3
        )
    assert names(talk) == ["fault-hang-30"]
    began = time.monotonic()
    talk.company("fault-hang-1")
    assert time.monotonic() - began >= 1


def test_without_scope_a_fault_hits_each_key_once(talk: Talk) -> None:
    body = {"name": "fault-429-1"}
    for key in ("k1", "k2"):
        assert talk.send("POST", "/companies", body, key=key).status_code == 429
        assert talk.send("POST", "/companies", body, key=key).status_code == 200
    for _ in range(2):
        assert talk.send("POST", "/companies", body).status_code == 429


def test_once_is_once_and_always_is_always(talk: Talk) -> None:
    once, always = {"name": "A fault-500-after-once"}, {"name": "B fault-empty-200-always"}
    assert talk.send("POST", "/companies", once, key="k1").status_code == 500
    assert talk.send("POST", "/companies", once, key="k2").status_code == 200
    for _ in range(3):
        assert talk.send("POST", "/companies", always, key="k3").content == b""
    other = {"name": "C fault-500-after-once"}
    assert talk.send("POST", "/companies", other, key="k4").status_code == 500


def test_a_name_can_order_a_later_fault(talk: Talk) -> None:
    company = talk.company("Acme fault-connections-503-once fault-accounts-500-once")
    path = f"/companies/{company}/connections"
    assert talk.send("POST", path, {"platformKey": "hcws"}).status_code == 503
    made = talk.post(path, {"platformKey": "hcws"})
    accounts = f"{path}/{made['id']}/connectionInfo/bankFeedAccounts"
    assert talk.send("POST", accounts, account()).status_code == 500
    assert talk.send("POST", accounts, account()).status_code == 200
    assert talk.send("POST", accounts, account("b", accountName="fault-422")).status_code == 422


def test_an_accounts_name_can_fail_its_pushes(talk: Talk) -> None:
    client = talk.client(account("a", accountName="fault-push-503"), account("b"))
    rows = {"transactions": [row("t")]}
    refused = talk.send("POST", client.rows("a"), {"accountId": "a", **rows})
    assert refused.status_code == 503
    assert talk.send("POST", client.rows("b"), {"accountId": "b", **rows}).status_code == 200


def test_reads_can_be_hit_by_a_companys_name(talk: Talk) -> None:
    company = talk.company("fault-reads-503-once")
    assert talk.send("GET", f"/companies/{company}").status_code == 503
    assert talk.send("GET", f"/companies/{company}").status_code == 200


def test_orders_fit_a_verb_and_a_path_and_run_out(talk: Talk) -> None:
    wanted = [{"method": "get", "path": "^/companies$", "fault": "503", "times": 2}]
    talk.control("faults", wanted)
    assert talk.send("POST", "/companies", {"name": "A"}).status_code == 200
    assert talk.send("GET", "/integrations/hcws").status_code == 200
    got = [talk.send("GET", "/companies").status_code for _ in range(3)]
    assert got == [503, 503, 200]


def test_orders_can_be_taken_back(talk: Talk) -> None:
    talk.control("faults", [{"fault": "fault-503", "times": 5}])
    assert talk.get("/_sandbox/faults")[0]["times"] == 5
    assert talk.send("DELETE", "/_sandbox/faults").status_code == 204
    assert talk.send("GET", "/companies").status_code == 200


@pytest.mark.parametrize(
    "wanted",
    [{}, [{}], [{"fault": "x"}], [{"fault": "503", "times": 0}], [{"fault": "503", "path": "("}]],
)
def test_a_wrong_order_is_said(talk: Talk, wanted: Any) -> None:
    answer = talk.send("POST", "/_sandbox/faults", wanted)
    assert answer.status_code == 400
    assert answer.json()["error"]
    assert talk.get("/_sandbox/faults") == []


# What becomes of an accepted push


def test_a_marked_row_fails_its_push_and_leaving_it_out_helps(talk: Talk) -> None:
    client = talk.client()
    good, bad = row("good"), row("bad", description="fault-op-failed")
    ended = client.ended(client.push(good, bad))
    assert ended["status"] == "Failed"
    assert [each["itemId"] for each in ended["validation"]["errors"]] == ["bad"]
    assert client.ended(client.push(good))["status"] == "Success"


def test_failed_once_succeeds_when_sent_again(talk: Talk) -> None:
    client = talk.client()
    rows = row("a", description="x fault-op-failed-once")
    assert client.ended(client.push(rows))["status"] == "Failed"
    assert client.ended(client.push(rows))["status"] == "Success"


def test_timed_out_with_and_without_effect(talk: Talk) -> None:
    client = talk.client()
    for name, ids in (("fault-op-timedout", []), ("fault-op-timedout-after", ["a"])):
        ended = client.ended(client.push(row("a", description=name)))
        assert ended["status"] == "TimedOut"
        assert [each["transactionIds"] for each in talk.ledger()] == ([ids] if ids else [])


def test_pending_stays(talk: Talk) -> None:
    client = talk.client()
    pending = client.push(row("a", description="fault-op-pending"))
    slow = client.push(row("b", description="fault-op-slow-60"))
    talk.control("clock", {"advanceSeconds": 59})
    assert client.operation(slow)["status"] == "Pending"
    talk.control("clock", {"advanceSeconds": 86400})
    assert client.operation(pending)["status"] == "Pending"
    assert client.operation(slow)["status"] == "Success"


def test_an_operations_fault_can_be_ordered(talk: Talk) -> None:
    client = talk.client()
    talk.control("faults", [{"path": "/push/", "fault": "op-failed"}])
    ended = client.ended(client.push(row("a")))
    assert ended["validation"]["errors"][0]["itemId"] == "ac-001"
    assert client.ended(client.push(row("a")))["status"] == "Success"


@pytest.mark.off_contract("a status that is none")
def test_the_list_of_requests(talk: Talk) -> None:
    client = talk.client()
    talk.send("POST", "/companies", {"name": "fault-500"}, key="k1")
    talk.send("PATCH", client.base, {"status": "Nothing"}, key="k2")
    with pytest.raises(requests.ConnectionError):
        talk.send("POST", "/companies", {"name": "fault-reset-after"}, key="k3")
    requests.get(f"{talk.url}/companies?query=name=secret", timeout=5)
    seen = talk.get("/_sandbox/requests")
    assert [(each["method"], each["idempotencyKey"], each["status"]) for each in seen[-4:]] == [
        ("POST", "k1", 500),
        ("PATCH", "k2", 400),
        ("POST", "k3", None),
        ("GET", None, 401),
    ]
    assert seen[-1]["path"] == "/companies"
    assert {*seen[0]} == {"method", "path", "idempotencyKey", "status", "at"}
