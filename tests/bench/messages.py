"""Codat's messages: the portal's web process, and what tells it of every write that ended."""

from __future__ import annotations

import socket
import sys
import threading
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from bankfeeds.management.process import Family
from tests.webhooks.signed import SECRET, URL, headers, write

from .processes import Server, Void

SETTINGS = {"CODAT_WEBHOOK_SECRET": SECRET}
LOOK_EVERY = 0.2
STARTS_WITHIN = 30.0


@contextmanager
def delivered(
    family: Family, server: Server, *, env: Mapping[str, str], log: Path
) -> Iterator[None]:
    """Each write's message is posted to the portal's door within LOOK_EVERY seconds of its end."""
    with _portal(family, env=env, log=log) as door:
        # Messages have come before: the portal counts on them.
        _post(requests, door, write(uuid.uuid4()))
        over = threading.Event()
        messenger = threading.Thread(target=_tell, args=(server, door, over), daemon=True)
        messenger.start()
        try:
            yield
        finally:
            over.set()
            messenger.join()


def _tell(server: Server, door: str, over: threading.Event) -> None:
    with requests.Session() as session:
        while not over.wait(LOOK_EVERY):
            for key in server.ended():
                _post(session, door, write(key))


def _post(session: Any, door: str, body: bytes) -> None:
    told = {**headers(body), "Content-Type": "application/json"}
    session.post(door, data=body, headers=told, timeout=10).raise_for_status()


@contextmanager
def _portal(family: Family, *, env: Mapping[str, str], log: Path) -> Iterator[str]:
    """`portal.wsgi` under gunicorn on a free port; the address of the door."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        port = found.getsockname()[1]
    command = [sys.executable, "-m", "gunicorn", "portal.wsgi", "--no-control-socket"]
    child = family.start(
        [*command, "--bind", f"127.0.0.1:{port}", "--worker-class", "gthread", "--threads", "4"],
        name="portal",
        environment=env,
        log=log.with_name("portal.log"),
    )
    try:
        _wait_for(port)
        yield f"http://127.0.0.1:{port}{URL}"
    finally:
        family.end(child)


def _wait_for(port: int) -> None:
    ends = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < ends:
        try:
            requests.get(f"http://127.0.0.1:{port}/healthz", timeout=5).raise_for_status()
            return
        except requests.RequestException:
            time.sleep(0.1)
    raise Void("the portal did not start")
