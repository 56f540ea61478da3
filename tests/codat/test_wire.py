"""What goes over the line, and what is said about it: paths, headers, hooks, logs, threads."""

from __future__ import annotations

import base64
import gc
import json
import logging
import multiprocessing
import threading
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bankfeeds.codat import paths, transport
from bankfeeds.codat.client import Answer, Client, Timings
from bankfeeds.codat.errors import Absent, KeyRefused
from tests.codat.faultserver import FaultServer, answer, closed_port
from tests.codat.support import (
    API_KEY,
    COMPANY,
    COMPANY_ANSWER,
    CONNECTION,
    CONNECTION_ANSWER,
    KEY,
    OPERATION,
    client,
)

NOT_UUIDS: list[Any] = ["", "x", "../companies", f"{COMPANY}/..", f"{COMPANY}x", None, 7]
NOT_ACCOUNTS: list[Any] = ["", ".", "..", " ", "\ud800", None, 7]


def never() -> None:
    raise AssertionError("nothing may be sent")


@pytest.mark.parametrize("bad", NOT_UUIDS)
def test_ids_are_uuids_before_a_socket_opens(bad: Any) -> None:
    codat = client(closed_port(), before_send=never)
    calls: list[Callable[[], object]] = [
        lambda: codat.get_company(bad),
        lambda: codat.update_company(bad, b"{}", key=KEY),
        lambda: codat.delete_company(bad),
        lambda: codat.create_connection(bad, key=KEY),
        lambda: codat.get_connection(COMPANY, bad),
        lambda: codat.list_connections(bad),
        lambda: codat.unlink_connection(bad, CONNECTION, key=KEY),
        lambda: codat.delete_connection(COMPANY, bad),
        lambda: codat.list_source_accounts(COMPANY, bad),
        lambda: codat.create_source_account(bad, CONNECTION, b"{}", key=KEY),
        lambda: codat.update_source_account(COMPANY, bad, "a", b"{}", key=KEY),
        lambda: codat.delete_source_account(bad, CONNECTION, "a"),
        lambda: codat.push(COMPANY, bad, "a", b"{}", key=KEY),
        lambda: codat.get_operation(COMPANY, bad),
        lambda: codat.list_operations(bad),
        lambda: codat.create_company(b"{}", key=bad),
        lambda: codat.push(COMPANY, CONNECTION, "a", b"{}", key=bad),
    ]
    for call in calls:
        with pytest.raises(ValueError, match="UUID"):
            call()


@pytest.mark.parametrize("bad", NOT_ACCOUNTS)
def test_account_ids_that_leave_the_path_are_refused(bad: Any) -> None:
    codat = client(closed_port(), before_send=never)
    for call in (
        lambda: codat.push(COMPANY, CONNECTION, bad, b"{}", key=KEY),
        lambda: codat.update_source_account(COMPANY, CONNECTION, bad, b"{}", key=KEY),
        lambda: codat.delete_source_account(COMPANY, CONNECTION, bad),
    ):
        with pytest.raises(ValueError, match="account id"):
            call()


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_quoted_account_id_is_one_segment(account_id: str) -> None:
    try:
        segment = paths.account_segment(account_id)
    except ValueError:
        assert not account_id.strip(" .")
        return
    assert unquote(segment) == account_id
    assert segment.isascii()
    assert not set(segment) & set("/?#&;= \r\n\x00")


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.sampled_from("/.%2eEF?#&=+ ~é\n\x00:;a"), min_size=1, max_size=12))
def test_an_account_id_arrives_as_it_was(account_id: str) -> None:
    if not account_id.strip(" ."):
        return
    with FaultServer(answer(204)) as server, client(server.url) as codat:
        codat.delete_source_account(COMPANY, CONNECTION, account_id)
    before, _, segment = server.seen[0].path.rpartition("/")
    assert before == (
        f"/companies/{COMPANY}/connections/{CONNECTION}/connectionInfo/bankFeedAccounts"
    )
    assert unquote(segment) == account_id


def test_the_headers_and_bytes_of_a_write() -> None:
    with FaultServer(answer(200, COMPANY_ANSWER)) as server:
        client(server.url).create_company(b'{"name":"A"}', key=str(KEY).upper())
    seen = server.seen[0]
    assert (seen.method, seen.path, seen.body) == ("POST", "/companies", b'{"name":"A"}')
    assert seen.headers["authorization"] == "Basic " + base64.b64encode(API_KEY.encode()).decode()
    assert seen.headers["idempotency-key"] == str(KEY)
    assert seen.headers["accept"] == "application/json"
    assert seen.headers["content-type"] == "application/json"
    assert seen.headers["user-agent"] == "bank-feeds-portal"


def test_reads_and_deletes_carry_no_idempotency_key() -> None:
    with FaultServer(answer(200, COMPANY_ANSWER)) as server:
        client(server.url).get_company(COMPANY)
        client(server.url).delete_company(COMPANY)
    assert not [seen for seen in server.seen if "idempotency-key" in seen.headers]


def test_nothing_of_the_environment_replaces_the_key(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login other password other\n")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HTTP_PROXY", closed_port())
    with FaultServer(answer(200, COMPANY_ANSWER)) as server:
        client(server.url).get_company(COMPANY)
    assert base64.b64encode(API_KEY.encode()).decode() in server.seen[0].headers["authorization"]


def test_no_cookie_is_kept() -> None:
    with FaultServer(answer(200, COMPANY_ANSWER, Set_Cookie="a=b; Path=/")) as server:
        client(server.url).get_company(COMPANY)
        client(server.url).get_company(COMPANY)
    assert "cookie" not in server.seen[1].headers


def test_without_a_key_nothing_is_sent() -> None:
    with pytest.raises(KeyRefused, match="no API key"):
        Client(base_url=closed_port(), api_key="").get_integration()


@pytest.mark.parametrize(
    "url",
    ["", "api.codat.io", "ftp://h", "http://", "https://u:p@h", "https://h?x=1", "https://h#x"]
    + ["https://h:0", "https://h:99999", "https://h:x"],
)
def test_a_base_url_is_http_and_a_host(url: str) -> None:
    with pytest.raises(ValueError, match="base URL"):
        Client(base_url=url, api_key=API_KEY)


@pytest.mark.parametrize("bad", [{"connect": 0}, {"read": -1}, {"deadline": 0}])
def test_timings_are_above_zero(bad: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="above zero"):
        Timings(**bad)


def test_before_send_can_forbid_every_call() -> None:
    class Forbidden(Exception):
        pass

    def forbid() -> None:
        raise Forbidden

    with FaultServer(answer(200, COMPANY_ANSWER)) as server:
        codat = client(server.url, before_send=forbid)
        for forbidden in (codat, codat.within(1)):
            with pytest.raises(Forbidden):
                forbidden.get_company(COMPANY)
            with pytest.raises(Forbidden):
                forbidden.create_company(b"{}", key=KEY)
    assert server.seen == []


def test_on_answer_is_told_of_limits_and_templates() -> None:
    told: list[Answer] = []
    limits = {
        "X_Rate_Limit_Limit": "1000",
        "X_Rate_Limit_Remaining": "998",
        "X_Rate_Limit_Reset": "2024-05-02T00:00:00Z",
    }
    refusal = answer(404, {"error": "no", "correlationId": "abc\n1"})
    with FaultServer(answer(200, COMPANY_ANSWER, **limits), refusal) as server:
        codat = client(server.url, on_answer=told.append)
        codat.get_company(COMPANY)
        with pytest.raises(Exception, match="404"):
            codat.delete_company(COMPANY)
    first, second = told
    assert (first.method, first.path, first.status) == ("GET", "/companies/{companyId}", 200)
    assert (first.limit, first.remaining) == (1000, 998)
    assert first.reset is not None and first.reset.day == 2
    assert (second.method, second.status, second.correlation_id) == ("DELETE", 404, "abc1")
    assert second.limit is None


def test_a_bug_in_on_answer_does_not_lose_the_answer(caplog: pytest.LogCaptureFixture) -> None:
    def bug(_: Answer) -> None:
        raise RuntimeError("bug")

    with FaultServer(answer(200, COMPANY_ANSWER)) as server:
        assert client(server.url, on_answer=bug).get_company(COMPANY).id == COMPANY
    assert "on_answer failed" in caplog.text


def test_log_lines_tell_no_secret_and_no_id(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    number = "9988776655"
    body = json.dumps({"accountNumber": number}).encode()
    with FaultServer(answer(200, CONNECTION_ANSWER), answer(400, {"error": number})) as server:
        codat = client(server.url)
        codat.get_connection(COMPANY, CONNECTION)
        with pytest.raises(Exception, match="400"):
            codat.create_source_account(COMPANY, CONNECTION, body, key=KEY)
        with pytest.raises(Exception, match="400"):
            list(codat.list_companies(query="name=Acme"))
    with pytest.raises(Exception, match="reached"):
        client(closed_port()).push(COMPANY, CONNECTION, "acct-77", body, key=KEY)
    lines = caplog.text
    assert "GET /companies/{companyId}/connections/{connectionId} 200" in lines
    assert "NotSent" in lines
    for secret in (number, API_KEY, "811482", "Acme", "acct-77", str(COMPANY), str(KEY)):
        assert secret not in lines


def test_reprs_hide_the_key() -> None:
    codat = client(closed_port())
    assert API_KEY not in repr(codat) + repr(codat._wire)


def test_each_thread_has_its_own_session() -> None:
    found: list[requests.Session] = [transport.session(), transport.session()]

    def look() -> None:
        found.append(transport.session())
        transport.close()

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert found[0] is found[1]
    assert found[2] is not found[0]


def _child(url: str, done: Any) -> None:
    done.send(client(url).get_company(COMPANY).name)


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_process_opens_its_own_connections() -> None:
    fork = multiprocessing.get_context("fork")
    with FaultServer(answer(200, COMPANY_ANSWER)) as server:
        codat = client(server.url)
        codat.get_company(COMPANY)
        here, there = fork.Pipe(duplex=False)
        child = fork.Process(target=_child, args=(server.url, there))
        child.start()
        name = here.recv() if here.poll(10) else "no answer"
        child.join(10)
        here.close()
        there.close()
        codat.get_company(COMPANY)
    assert name == "Acme"
    assert (len(server.seen), server.connections) == (3, 2)


def test_a_given_session_is_used_and_never_guessed_about() -> None:
    with (
        FaultServer(answer(200, COMPANY_ANSWER)) as server,
        requests.Session() as session,
        client(server.url, session=session) as codat,
    ):
        assert codat.get_company(COMPANY).id == COMPANY
    with requests.Session() as session, pytest.raises(Exception, match="line to Codat"):
        client(closed_port(), session=session).create_company(b"{}", key=KEY)


def test_an_operation_is_read_by_its_key() -> None:
    absent = answer(404, {"error": "No push"})
    with FaultServer(absent) as server, pytest.raises(Absent, match="No push"):
        client(server.url).get_operation(COMPANY, OPERATION)
    assert server.seen[0].path == f"/companies/{COMPANY}/push/{OPERATION}"


def test_a_thread_that_ends_leaves_no_socket_open() -> None:
    def work(url: str) -> None:
        client(url).get_company(COMPANY)

    with FaultServer(answer(200, COMPANY_ANSWER)) as server:
        thread = threading.Thread(target=work, args=(server.url,))
        thread.start()
        thread.join()
        del thread
        gc.collect()  # an open socket would warn here, and warnings are errors
        assert server.hung_up.wait(5)
