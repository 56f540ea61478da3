"""The state: a kill loses nothing that was answered, a restart goes on where it was."""

from __future__ import annotations

import stat
import threading
import time
from pathlib import Path

import pytest
import requests

from bankfeeds.sandbox.journal import Journal
from bankfeeds.sandbox.server import NotLoopback, Sandbox, StateUnusable

from .talk import KEY, Client, Talk, row


def test_everything_answered_is_on_disk_before_the_stop(tmp_path: Path) -> None:
    """A copy of the files taken while it runs is what a killed process leaves behind."""
    state, copy = tmp_path / "state.json", tmp_path / "copy.json"
    with (
        Sandbox(api_key=KEY, state=state, operation_seconds=0) as sandbox,
        Talk(sandbox.url) as talk,
    ):
        client = talk.client()
        done = client.ended(client.push(row("a")))
        pending = client.push(row("b", description="fault-op-slow-60"))
        copy.write_bytes(state.read_bytes())
        journal = Path(f"{state}.journal")
        Path(f"{copy}.journal").write_bytes(journal.read_bytes() + b'[["companies","half')
        assert stat.S_IMODE(state.stat().st_mode) == 0o600
        assert stat.S_IMODE(journal.stat().st_mode) == 0o600
    with (
        Sandbox(api_key=KEY, state=copy, operation_seconds=0) as sandbox,
        Talk(sandbox.url) as talk,
    ):
        again = Client(talk, client.company_id, client.connection_id, "")
        assert again.operation(done) == done
        assert again.operation(pending)["status"] == "Pending"
        talk.control("clock", {"advanceSeconds": 61})
        assert again.operation(pending)["status"] == "Success"
        assert [each["transactionIds"] for each in talk.ledger()] == [["a"], ["b"]]
        assert len(talk.get("/_sandbox/requests")) > 5


def test_a_restart_remembers_rules_clock_links_and_faults(tmp_path: Path) -> None:
    state = tmp_path / "deep" / "state.json"
    with (
        Sandbox(api_key=KEY, state=state, operation_seconds=0) as sandbox,
        Talk(sandbox.url) as talk,
    ):
        talk.control("clock", {"advanceSeconds": 86400})
        client = talk.client()
        client.ended(client.push(row("a")))
        talk.control("faults", [{"path": "integrations", "fault": "503"}])
        link = talk.get(client.base)["linkUrl"].removeprefix(sandbox.url)
    with (
        Sandbox(api_key=KEY, state=state, operation_seconds=0) as sandbox,
        Talk(sandbox.url) as talk,
    ):
        again = Client(talk, client.company_id, client.connection_id, "")
        rules = {
            each["validatorName"]
            for each in again.ended(again.push(row("a", days_ago=1)))["validation"]["errors"]
        }
        assert rules == {"UniqueId", "NotOlderThanNewest"}
        assert again.ended(again.push(row("b", days_ago=-1)))["status"] == "Success"
        assert requests.get(sandbox.url + link, timeout=5).status_code == 200
        assert talk.get(client.base)["linkUrl"].startswith(sandbox.url)
        assert talk.send("GET", "/integrations/hcws").status_code == 503


def test_stopped_and_started_again_it_answers_where_it_did(tmp_path: Path) -> None:
    sandbox = Sandbox(api_key=KEY, state=tmp_path / "state.json", operation_seconds=0)
    with sandbox, Talk(sandbox.url) as talk:
        client, url = talk.client(), sandbox.url
        sandbox.stop()
        sandbox.start()
        assert sandbox.url == url
        assert client.ended(client.push(row("a")))["status"] == "Success"


def test_ten_days_are_remembered_over_a_restart(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    with Sandbox(api_key=KEY, state=state) as sandbox, Talk(sandbox.url) as talk:
        client = talk.client()
        path = f"{sandbox.url}/quickbooks/connections/{client.connection_id}/disconnect"
        assert requests.post(path, data={"account": "ac-001"}, timeout=5).status_code == 200
        assert client.account()["status"] == "connected"
    with Sandbox(api_key=KEY, state=state) as sandbox, Talk(sandbox.url) as talk:
        again = Client(talk, client.company_id, client.connection_id, "")
        talk.control("clock", {"advanceSeconds": 10 * 86400 - 60})
        assert again.account()["status"] == "connected"
        talk.control("clock", {"advanceSeconds": 61})
        assert again.account()["status"] == "disconnected"
        assert talk.get(again.base)["status"] == "Unlinked"


def test_a_file_is_one_sandboxs_alone(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    with Sandbox(api_key=KEY, state=state):
        second = Sandbox(api_key=KEY, state=state)
        with pytest.raises(StateUnusable, match="Another sandbox"):
            second.start()


def test_a_file_that_is_no_state_is_left_alone(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    state.write_text("my notes")
    with pytest.raises(StateUnusable, match="is not a state"):
        Sandbox(api_key=KEY, state=state).start()
    assert state.read_text() == "my notes"


def test_a_long_journal_is_folded_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bankfeeds.sandbox.journal.SMALLEST", 500)
    path = tmp_path / "state.json"
    journal = Journal(path)
    for number in range(100):
        journal.put("numbers", str(number % 10), {"value": number})
        if number % 10 == 9:
            journal.drop("numbers", "3")
        journal.commit()
    kept = dict(journal.tables["numbers"])
    assert Path(f"{path}.journal").stat().st_size < 2000
    journal.close()
    again = Journal(path)
    assert again.tables["numbers"] == kept
    again.close()


def test_loopback_only_and_a_key_is_needed() -> None:
    for host in ("0.0.0.0", "192.168.1.1", "example.com", ""):
        with pytest.raises(NotLoopback):
            Sandbox(api_key=KEY, host=host)
    with pytest.raises(ValueError, match="api_key"):
        Sandbox(api_key="")


def test_stop_does_not_wait_for_a_hung_request() -> None:
    sandbox = Sandbox(api_key=KEY).start()
    with Talk(sandbox.url) as talk:
        talk.control("faults", [{"fault": "hang-60"}])
        hung = threading.Thread(target=_ask, args=(talk,))
        hung.start()
        while not requests.get(f"{sandbox.url}/_sandbox/requests", timeout=5).json():
            time.sleep(0.01)
        began = time.monotonic()
        sandbox.stop()
        assert time.monotonic() - began < 1
        sandbox.stop()
        hung.join()


def _ask(talk: Talk) -> None:
    try:
        talk.send("GET", "/companies")
    except requests.ConnectionError:
        return
