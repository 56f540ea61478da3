"""Companies and connections: statuses, bodies, names, paging, queries, links."""

from __future__ import annotations

import uuid

import pytest
import requests

from .conftest import Start
from .talk import BASIC, Talk, account


def test_only_the_exact_header_opens(talk: Talk) -> None:
    for header in ("", "Basic", BASIC.lower(), BASIC + "=", "Bearer x", BASIC.replace(" ", "  ")):
        answer = requests.get(f"{talk.url}/companies", headers={"Authorization": header}, timeout=5)
        assert answer.status_code == 401
        assert answer.json()["error"] == "Unauthorized"
        assert answer.json()["service"] == "PublicApi"
    assert talk.send("GET", "/companies").status_code == 200


def test_error_bodies_are_those_published(talk: Talk) -> None:
    nobody = str(uuid.uuid4())
    company = talk.company()
    cases = {
        f"/companies/{nobody}": ("ClientsApi", f"No company was found with ID {nobody}"),
        f"/companies/{nobody}/push": ("ClientsApi", f"No company was found with ID {nobody}"),
        f"/companies/{company}/connections/{nobody}": (
            "PublicApi",
            f"Data connection {nobody} not found",
        ),
    }
    for path, (service, error) in cases.items():
        answer = talk.send("GET", path)
        assert answer.status_code == 404
        body = answer.json()
        assert (body["service"], body["error"], body["statusCode"]) == (service, error, 404)
        assert body["canBeRetried"] == "Unknown"
        assert len(body["correlationId"]) == 32


def test_a_connection_belongs_to_its_company(talk: Talk) -> None:
    client, other = talk.client(), talk.company()
    path = f"/companies/{other}/connections/{client.connection_id}"
    assert talk.send("GET", path).status_code == 404


@pytest.mark.parametrize(
    "raw", [b"{", b"", b"\xff", b'{"name": NaN}', b'{"name": "\\ud800"}', b"[" * 99999]
)
@pytest.mark.off_contract("what is no JSON")
def test_what_is_not_json_is_400(talk: Talk, raw: bytes) -> None:
    answer = talk.send("POST", "/companies", data=raw)
    assert answer.status_code == 400
    assert answer.json()["error"] == "Error processing request - not valid."


@pytest.mark.off_contract("paths and verbs of nobody")
def test_unknown_paths_and_verbs(talk: Talk) -> None:
    assert talk.send("GET", "/nothing").status_code == 404
    assert talk.send("PUT", "/companies").status_code == 405
    assert talk.send("TRACE", "/companies").status_code == 405


@pytest.mark.off_contract("names with forbidden characters")
def test_forbidden_characters_leave_a_name_silently(talk: Talk) -> None:
    made = talk.post("/companies", {"name": "Company (Codat[1])", "description": "ref-1"})
    assert made["name"] == "Company Codat1"
    assert made["description"] == "ref-1"
    assert made["dataConnections"] == []
    assert made["redirect"].startswith(talk.url)
    assert made["created"].endswith("Z") and len(made["created"]) == 28
    for name in ("[]()", " ", "", None, 7, "日本"):
        assert talk.send("POST", "/companies", {"name": name}).status_code == 400


@pytest.mark.off_contract("empty tags, null for unchanged")
def test_put_replaces_and_patch_leaves(talk: Talk) -> None:
    made = talk.post("/companies", {"name": "A", "description": "d", "tags": {"k": "v"}})
    path = f"/companies/{made['id']}"
    patched = talk.send("PATCH", path, {"name": "B", "description": None}).json()
    assert (patched["name"], patched["description"], patched["tags"]) == ("B", "d", {"k": "v"})
    put = talk.send("PUT", path, {"name": "C"}).json()
    assert put["name"] == "C"
    assert "description" not in put and "tags" not in put
    assert talk.send("PUT", path, {}).status_code == 400
    assert talk.send("PATCH", path, {"tags": {"": "x"}}).status_code == 400


def test_delete_takes_everything_along(talk: Talk) -> None:
    client = talk.client()
    answer = talk.send("DELETE", f"/companies/{client.company_id}")
    assert (answer.status_code, answer.content) == (204, b"")
    assert talk.send("GET", client.base).status_code == 404
    assert talk.send("DELETE", f"/companies/{client.company_id}").status_code == 404


def test_pages_have_links(talk: Talk) -> None:
    ids = [talk.company(f"Company {n}") for n in range(5)]
    first = talk.get("/companies", pageSize="2")
    assert [each["id"] for each in first["results"]] == ids[:2]
    assert (first["pageNumber"], first["pageSize"], first["totalResults"]) == (1, 2, 5)
    assert first["_links"]["self"] == {"href": "/companies"}
    assert "previous" not in first["_links"]
    second = talk.get(first["_links"]["next"]["href"])
    assert [each["id"] for each in second["results"]] == ids[2:4]
    last = talk.get(second["_links"]["next"]["href"])
    assert [each["id"] for each in last["results"]] == ids[4:]
    assert "next" not in last["_links"] and "previous" in last["_links"]


def test_queries_and_order(talk: Talk) -> None:
    talk.post("/companies", {"name": "Beta", "tags": {"region": "uk"}})
    alpha = talk.client(name="Alpha")
    gamma = talk.client(name="Gamma", connect=False)

    def names(**params: str) -> list[str]:
        return [each["name"] for each in talk.get("/companies", **params)["results"]]

    assert names(query="name=beta") == ["Beta"]
    assert names(query=f"id={alpha.company_id}") == ["Alpha"]
    assert names(query="name!=Beta&&name~a") == ["Alpha", "Gamma"]
    assert names(query="dataConnections.status=Linked") == ["Alpha"]
    assert names(query="dataConnections.status=PendingAuth") == ["Gamma"]
    assert names(tags="region = uk") == ["Beta"]
    assert names(orderBy="name") == ["Alpha", "Beta", "Gamma"]
    assert names(orderBy="-name") == ["Gamma", "Beta", "Alpha"]
    assert gamma.company_id


@pytest.mark.parametrize(
    "params",
    [
        {"query": "name"},
        {"query": "isCompleted=1"},
        {"query": "name=" + "x" * 2048},
        {"page": "0"},
        {"page": "x"},
        {"pageSize": "5001"},
        {"orderBy": "nothing"},
    ],
)
@pytest.mark.off_contract("parameters out of range")
def test_bad_parameters_are_400(talk: Talk, params: dict[str, str]) -> None:
    talk.company()
    assert talk.send("GET", "/companies", params=params).status_code == 400


@pytest.mark.off_contract("platform keys that are none")
def test_connections_are_hcws_only(talk: Talk) -> None:
    company = talk.company()
    path = f"/companies/{company}/connections"
    for platform in ("HCWS", "gbol", "", None):
        assert talk.send("POST", path, {"platformKey": platform}).status_code == 400
    made = talk.connection(company)
    assert made["status"] == "PendingAuth"
    assert made["integrationKey"] == "hcws"
    assert made["platformName"] == "QuickBooks Online Bank Feeds"
    assert made["sourceType"] == "BankFeed"


def test_every_read_hands_out_a_new_link_and_the_old_one_lives_its_hour(talk: Talk) -> None:
    client = talk.client()
    read = talk.get(client.base)["linkUrl"]
    listed = talk.get(f"/companies/{client.company_id}/connections")["results"][0]["linkUrl"]
    assert len({client.link, read, listed}) == 3
    company = talk.get(f"/companies/{client.company_id}")
    again = talk.get(f"/companies/{client.company_id}")
    assert company["dataConnections"][0]["linkUrl"] == listed
    assert again["dataConnections"][0]["linkUrl"] == listed
    for url in (client.link, read, listed):
        assert requests.get(url, timeout=5).status_code == 200
    talk.control("clock", {"advanceSeconds": 3601})
    assert requests.get(listed, timeout=5).status_code == 401
    assert requests.get(listed[:-6] + "abcdef", timeout=5).status_code == 401


def test_only_a_linked_connection_is_unlinked(talk: Talk) -> None:
    client = talk.client(connect=False)
    assert talk.send("PATCH", client.base, {"status": "Unlinked"}).status_code == 400
    ids = {"connectionId": client.connection_id, "accountIds": ["ac-001"]}
    talk.control("connect", ids)
    assert talk.send("PATCH", client.base, {"status": "Linked"}).status_code == 400
    answer = talk.send("PATCH", client.base, {"status": "Unlinked"})
    assert (answer.status_code, answer.json()["status"]) == (200, "Unlinked")
    assert client.account()["status"] == "disconnected"


def test_a_deleted_connection_answers_200_and_is_gone(talk: Talk) -> None:
    client = talk.client(account("a"), account("b"))
    answer = talk.send("DELETE", client.base)
    assert (answer.status_code, answer.content) == (200, b"")
    assert talk.send("GET", client.accounts).status_code == 404


def test_integration_token_and_consumers(talk: Talk) -> None:
    assert talk.get("/integrations/hcws")["enabled"] is True
    assert talk.send("GET", "/integrations/gbol").status_code == 404
    token = talk.get(f"/companies/{talk.company()}/accessToken")
    assert (token["expiresIn"], token["tokenType"]) == (86400, "Bearer")
    made = talk.send("POST", "/webhooks", {"url": "http://127.0.0.1:1/x", "eventTypes": ["a"]})
    assert made.status_code == 201
    assert talk.get("/webhooks")["results"] == [made.json()]
    assert talk.send("DELETE", f"/webhooks/{made.json()['id']}").status_code == 204
    assert talk.send("DELETE", f"/webhooks/{made.json()['id']}").status_code == 404


@pytest.mark.off_contract("a path of nobody")
def test_rate_limit_headers_and_the_quota(talk: Talk) -> None:
    before = talk.send("GET", "/companies").headers
    after = talk.send("GET", "/nothing").headers
    left = int(before["X-Rate-Limit-Remaining"]) - int(after["X-Rate-Limit-Remaining"])
    assert left == 1
    assert after["X-Rate-Limit-Reset"].endswith("T00:00:00Z")


def test_over_the_quota_is_429_until_midnight(start: Start) -> None:
    talk = start(daily_quota=3)
    assert [talk.send("GET", "/companies").status_code for _ in range(4)] == [200, 200, 200, 429]
    answer = talk.send("GET", "/companies")
    assert 0 < int(answer.headers["Retry-After"]) <= 86400
    assert answer.headers["X-Rate-Limit-Remaining"] == "0"
    talk.control("clock", {"advanceSeconds": int(answer.headers["Retry-After"]) + 1})
    assert talk.send("GET", "/companies").status_code == 200


def test_codats_own_formula_of_the_quota(start: Start) -> None:
    talk = start(daily_quota=None)
    assert talk.send("GET", "/companies").headers["X-Rate-Limit-Limit"] == "1000"
    talk.client()
    assert talk.send("GET", "/companies").headers["X-Rate-Limit-Limit"] == "2000"
