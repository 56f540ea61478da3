"""HTTP itself: chunks, wrong lengths, broken requests, a bug of the sandbox's own."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from bankfeeds.sandbox import companies
from bankfeeds.sandbox.journal import Journal

from .talk import BASIC, Talk


def raw(talk: Talk, data: bytes) -> tuple[int, bytes]:
    """The status and the body of the one answer to these bytes."""
    url = urlsplit(talk.url)
    with socket.create_connection((url.hostname, url.port or 0), timeout=5) as wire:
        wire.sendall(data)
        wire.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: wire.recv(65536), b""))
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split(b" ")[1]), body


def request(*headers: str, body: bytes = b"", line: str = "POST /companies HTTP/1.1") -> bytes:
    lines = [line, "Host: 127.0.0.1", f"Authorization: {BASIC}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def test_chunks_are_put_together(talk: Talk) -> None:
    chunks = b'8\r\n{"name":\r\n5;x=y\r\n "A"}\r\n0\r\n\r\n'
    status, body = raw(talk, request("Transfer-Encoding: chunked", body=chunks))
    assert status == 200
    assert json.loads(body)["name"] == "A"


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (request("Transfer-Encoding: chunked", body=b"zz\r\n"), 400),
        (request("Content-Length: x"), 400),
        (request("Content-Length: -5"), 400),
        (request("Content-Length: 999999999999"), 413),
        (request("Transfer-Encoding: chunked", body=b"fffffffff\r\n"), 413),
        (request(line="BREW /companies HTTP/1.1"), 405),
        (b"nonsense\r\n\r\n", 400),
    ],
)
def test_broken_requests_are_answered_in_codats_form(talk: Talk, data: bytes, status: int) -> None:
    answered, body = raw(talk, data)
    assert answered == status
    assert json.loads(body)["statusCode"] == status


def test_a_connection_is_kept_open(talk: Talk) -> None:
    one = request(line="GET /companies HTTP/1.1")
    url = urlsplit(talk.url)
    with socket.create_connection((url.hostname, url.port or 0), timeout=5) as wire:
        for _ in range(3):
            wire.sendall(one)
            assert wire.recv(65536).startswith(b"HTTP/1.1 200 OK\r\n")


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    def fail(*_: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(companies, "create", fail)
    yield


@pytest.mark.usefixtures("broken")
def test_a_bug_is_a_500_and_shown(talk: Talk, capfd: pytest.CaptureFixture[str]) -> None:
    answer = talk.send("POST", "/companies", {"name": "A"}, key="k1")
    assert answer.status_code == 500
    assert answer.json()["error"].startswith("There is a problem with our server.")
    assert "RuntimeError: a bug" in capfd.readouterr().err
    assert talk.send("GET", "/companies").status_code == 200


def test_a_full_disk_leaves_the_journal_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "state.json"
    journal = Journal(path)
    journal.put("a", "1", {"n": 1})
    journal.commit()
    with monkeypatch.context() as patch:
        patch.setattr("bankfeeds.sandbox.journal._write", _half_written)
        journal.put("a", "2", {"n": 2})
        with pytest.raises(OSError, match="full"):
            journal.commit()
    lines = Path(f"{path}.journal").read_bytes()
    assert lines.endswith(b"\n") and lines.count(b"\n") == 1
    journal.commit()
    assert Path(f"{path}.journal").read_bytes().count(b"\n") == 2
    journal.close()


def _half_written(fd: int, data: bytes) -> None:
    os.write(fd, data[: len(data) // 2])
    raise OSError("full")
