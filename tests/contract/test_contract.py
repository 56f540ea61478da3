"""The judge itself: it lets through what fits, and it can fail."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bankfeeds.codat import bodies
from bankfeeds.sandbox import connections
from bankfeeds.sandbox.server import Sandbox
from tests.contract import judge, watch
from tests.contract.judge import Exchange
from tests.contract.watch import Verdicts
from tests.sandbox.talk import KEY, Talk, row

pytestmark = pytest.mark.skipif(
    not watch.file_named(), reason=f"{watch.VARIABLE} names no OpenAPI file of Codat's"
)


@pytest.fixture
def verdicts(request: pytest.FixtureRequest) -> Verdicts:
    """Those of this process: what a test of this file takes out of them is judged here alone."""
    plugin: Any = request.config.pluginmanager.get_plugin(watch.KEY)
    found: Verdicts = plugin.verdicts
    return found


@pytest.fixture
def talk(verdicts: Verdicts) -> Iterator[Talk]:
    with Sandbox(api_key=KEY, operation_seconds=0) as sandbox, Talk(sandbox.url) as talking:
        yield talking


def taken(verdicts: Verdicts, method: str, ending: str) -> Exchange:
    """The newest exchange with that verb whose path ends so."""
    fits = [e for e in verdicts.open if e.method == method and e.segments[-1] == ending]
    return fits[-1]


def answered(exchange: Exchange, **changes: Any) -> Exchange:
    """With other fields in its answer; None takes one away."""
    fields = {**json.loads(exchange.answer), **changes}
    kept = {name: value for name, value in fields.items() if value is not None}
    return replace(exchange, answer=json.dumps(kept).encode())


def wrong(verdicts: Verdicts, exchange: Exchange) -> list[str]:
    found = judge.wrong_request(verdicts.document, exchange)
    return [*found, *judge.wrong_answer(verdicts.document, exchange)]


def test_a_whole_story_is_seen_and_fits(talk: Talk, verdicts: Verdicts) -> None:
    client = talk.client()
    client.ended(client.push(row("a")))
    # Controls and pages of the sandbox are nobody's API.
    assert {each.segments[0] for each in verdicts.open} == {"companies"}
    assert [text for each in verdicts.open for text in wrong(verdicts, each)] == []
    assert len(verdicts.open) >= 5


def test_a_mutated_answer_is_caught(talk: Talk, verdicts: Verdicts) -> None:
    client = talk.client()
    client.push(row("a"))
    connection = taken(verdicts, "POST", "connections")
    push = taken(verdicts, "POST", "bankTransactions")
    account = taken(verdicts, "POST", "bankFeedAccounts")
    for mutated, words in (
        (answered(connection, linkUrl=None), "'linkUrl' is a required property"),
        (answered(connection, status="Waiting"), "status: 'Waiting' is not one of"),
        (answered(connection, id="7"), "id: '7' is not a 'uuid'"),
        (answered(connection, surprise=1), "'surprise' was unexpected"),
        (answered(push, statusCode="202"), "statusCode: '202' is not of type 'integer'"),
        (answered(account, balance="4002"), "balance: '4002' is not of type 'number'"),
        (replace(push, status=202), "does not declare status 202"),
        (replace(push, answer=b"<html>"), "the answer is not JSON"),
        (replace(push, content_type="text/html"), "the answer is text/html"),
    ):
        assert words in "\n".join(wrong(verdicts, mutated)), mutated.line


def test_a_mutated_request_is_caught(talk: Talk, verdicts: Verdicts) -> None:
    client = talk.client()
    client.push(row("a"))
    talk.get("/companies", pageSize="10")
    company = taken(verdicts, "POST", "companies")
    push = taken(verdicts, "POST", "bankTransactions")
    listing = taken(verdicts, "GET", "companies")
    rows = json.loads(push.body)
    rows["transactions"][0]["amount"] = "10.5"
    for mutated, words in (
        (replace(company, body=b'{"name":""}'), "name: ''"),
        (replace(company, body=b'{"name":"Caf\xc3\xa9"}'), "does not match"),
        (replace(company, body=b""), "a request body is missing"),
        (replace(push, body=json.dumps(rows).encode()), "amount: '10.5' is not of type 'number'"),
        (replace(push, method="PUT"), "no such method here"),
        (replace(push, segments=push.segments[:-1] + ("rows",)), "no such path"),
        (replace(push, segments=("companies", "7", *push.segments[2:])), "companyId"),
        (replace(listing, params={"pageSize": "5001"}), "pageSize"),
        (replace(listing, params={"page_size": "10"}), "page_size is not in the file"),
        (replace(listing, body=b"{}"), "a request body that the file does not know"),
    ):
        assert words in "\n".join(wrong(verdicts, mutated)), mutated.line


def test_a_sandbox_that_strays_fails_its_test(
    talk: Talk, verdicts: Verdicts, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    shown = connections.shown

    def without_link(*given: Any) -> Any:
        return {k: v for k, v in shown(*given).items() if k != "linkUrl"}

    monkeypatch.setattr(connections, "shown", without_link)
    talk.post(f"/companies/{talk.company()}/connections", {"platformKey": "hcws"})
    teardown = watch.Watch(request.config, verdicts).pytest_runtest_teardown(request.node)
    next(teardown)
    with pytest.raises(pytest.fail.Exception, match="'linkUrl' is a required property"):
        teardown.send(None)


def test_what_is_let_off_is_named_and_counted(talk: Talk, document_alone: Verdicts) -> None:
    put = ("companies", "{}", "connections", "{}", "connectionInfo", "bankFeedAccounts")
    for method, segments in (("GET", ("integrations", "hcws")), ("PUT", put)):
        document_alone.take(Exchange(method, segments, {}, b"", 200, b"nonsense"))
    document_alone.take(Exchange("POST", ("companies",), {}, b"{}", 200, b"", fault="empty-200"))
    found = document_alone.judged(off="an empty name")
    assert found == []
    assert sum(document_alone.let_off.values()) == 4
    assert not document_alone.counted[watch.REQUESTS]
    document_alone.take(Exchange("POST", ("companies",), {}, b"{}", 200, b"{}"))
    assert len(document_alone.judged(off="its answer is judged all the same")) == 1


def test_what_a_process_wrote_down_counts_once(document_alone: Verdicts, tmp_path: Path) -> None:
    strayed = json.dumps(watch.Verdict(["the file has no such path"], [])._asdict())
    with (tmp_path / "process.jsonl").open("w") as file:
        file.write(f"{strayed}\n{strayed[:20]}")  # killed while it wrote
        file.flush()
        assert document_alone.judged() == ["the file has no such path"]
        assert document_alone.judged() == []
        file.write(f"{strayed[20:]}\n")
        file.flush()
        assert len(document_alone.judged()) == 1
    assert document_alone.counted[watch.REQUESTS] == 2


@pytest.fixture
def document_alone(verdicts: Verdicts, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Verdicts:
    """Apart from what the processes of this run have written down."""
    monkeypatch.setenv(watch.FOLDER, str(tmp_path))
    return Verdicts(verdicts.document)


@pytest.mark.django_db(transaction=True)
def test_requests_of_the_portal_are_seen(sandbox: Sandbox, codat: Any, verdicts: Verdicts) -> None:
    codat.create_company(bodies.company_body(name="Acme", description="x"), key=uuid.uuid4())
    assert taken(verdicts, "POST", "companies").status == 200
    assert len(verdicts.open) == 1
