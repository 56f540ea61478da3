"""The command as a process: its first line, its state, its end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from tests.contract import watch

from .talk import KEY, Client, Talk, row

ROOT = Path(__file__).resolve().parents[2]


def run(*options: str, key: str = KEY) -> subprocess.Popen[str]:
    environment = {
        **os.environ,
        "CODAT_API_KEY": key,
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "INSTITUTION_TIME_ZONE": "America/Toronto",
        **watch.child(),
    }
    return subprocess.Popen(
        [sys.executable, "manage.py", "sandbox", "--port", "0", *options],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@contextmanager
def running(*options: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The process and the address that its first line names."""
    process = run("--json", *options)
    try:
        assert process.stdout is not None
        yield process, json.loads(process.stdout.readline())["sandbox"]
    finally:
        process.kill()
        process.communicate()


def test_the_state_outlives_a_kill_and_a_stop(tmp_path: Path) -> None:
    options = ("--state", str(tmp_path / "state.json"), "--operation-seconds", "0")
    with running(*options) as (process, url), Talk(url) as talk:
        client = talk.client()
        done = client.ended(client.push(row("a")))
        process.send_signal(signal.SIGKILL)
        process.wait(5)
    with running(*options) as (process, url), Talk(url) as talk:
        again = Client(talk, client.company_id, client.connection_id, "")
        assert again.operation(done)["status"] == "Success"
        assert again.ended(again.push(row("b")))["status"] == "Success"
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(5) == 0
        assert time.monotonic() - began < 2
    with running(*options) as (process, url):
        entries = requests.get(f"{url}/_sandbox/ledger", timeout=5).json()
        assert [each["transactionIds"] for each in entries] == [["a"], ["b"]]
        process.send_signal(signal.SIGINT)
        assert process.wait(5) == 0


def test_a_callout_by_options(tmp_path: Path) -> None:
    state = ("--state", str(tmp_path / "state.json"))
    english = ("--callout-title", "Hello", "--callout-body", "Call us.")
    with running(*state, *english, "--callout-title-fr", "Allô", "--callout-body-fr", "Oui") as (
        _process,
        url,
    ):
        assert requests.get(f"{url}/_sandbox/callout", timeout=5).json() == {
            "en": {"title": "Hello", "body": "Call us."},
            "fr": {"title": "Allô", "body": "Oui"},
        }
    refused = run(*state, "--callout-title", "t" * 51, "--callout-body", "b")
    _out, words = refused.communicate(timeout=30)
    assert refused.returncode != 0 and "51 characters; at most 50" in words


def test_json_is_the_only_line_on_standard_output(tmp_path: Path) -> None:
    process = run("--json", "--state", str(tmp_path / "state.json"))
    assert process.stdout is not None
    url = json.loads(process.stdout.readline())["sandbox"]
    assert requests.get(url, timeout=5).status_code == 200
    process.terminate()
    rest, errors = process.communicate(timeout=5)
    assert (rest, errors, process.returncode) == ("", "", 0)


def test_without_json_it_is_said_in_words(tmp_path: Path) -> None:
    process = run("--state", str(tmp_path / "state.json"))
    assert process.stdout is not None
    assert "answers at http://127.0.0.1:" in process.stdout.readline()
    process.terminate()
    process.communicate(timeout=5)


def test_it_ends_with_its_parent(tmp_path: Path) -> None:
    script = (
        "import subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, 'manage.py', 'sandbox', '--port', '0', '--json',"
        f" '--with-parent', '--state', {str(tmp_path / 'state.json')!r}])\n"
        "time.sleep(60)\n"
    )
    environment = {**os.environ, "CODAT_API_KEY": KEY, "DJANGO_SETTINGS_MODULE": "portal.settings"}
    parent = subprocess.Popen(
        [sys.executable, "-c", script], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    url = json.loads(parent.stdout.readline())["sandbox"]
    parent.kill()
    parent.communicate(timeout=10)  # its output ends when the last who holds it has ended
    with pytest.raises(requests.ConnectionError):
        requests.get(url, timeout=5)


@pytest.mark.parametrize(
    ("options", "key", "words"),
    [
        ((), "", "CODAT_API_KEY"),
        (("--host", "0.0.0.0"), KEY, "not a loopback address"),
        (("--state", "/proc/nothing/state.json"), KEY, "Cannot start"),
    ],
)
def test_what_it_refuses_is_said(
    tmp_path: Path, options: tuple[str, ...], key: str, words: str
) -> None:
    process = run("--state", str(tmp_path / "state.json"), *options, key=key)
    out, errors = process.communicate(timeout=20)
    assert process.returncode == 1
    assert out == ""
    assert words in errors and "Traceback" not in errors
