"""The processes of a run: started in this environment, spoken with in lines of JSON, never left."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from bankfeeds.management.process import BASE_DIR, Child, Family
from tests.databases import KNOBS

READY = b"The pool answers."
# As in production, but for plain http to loopback. DEBUG would keep every query in memory.
PORTAL = {
    **KNOBS,
    "DEBUG": "off",
    "PORTAL_DEMO": "on",
    "DJANGO_SETTINGS_MODULE": "portal.settings",
}


class Void(Exception):
    """The run proves nothing: what the server saw is not what was claimed, or it never ended."""


def environment(
    *, database: str, server: str = KNOBS["CODAT_BASE_URL"], **more: str
) -> dict[str, str]:
    return {**os.environ, **PORTAL, "DATABASE_URL": database, "CODAT_BASE_URL": server, **more}


class Talker:
    """A module of the bench in a process of its own; it and we say lines to each other."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    @property
    def pid(self) -> int:
        return self._process.pid

    def hear(self, stage: str) -> dict[str, Any]:
        """Its next line, which must be of that stage."""
        assert self._process.stdout
        line = self._process.stdout.readline()
        said: dict[str, Any] = json.loads(line) if line else {"stage": "its end"}
        if said["stage"] != stage:
            raise Void(f"expected {stage}, heard {said['stage']}")
        return said

    def tell(self) -> None:
        """Let it go on."""
        assert self._process.stdin
        self._process.stdin.write("\n")
        self._process.stdin.flush()


@contextmanager
def talking(
    family: Family, module: str, *arguments: object, env: Mapping[str, str] | None = None
) -> Iterator[Talker]:
    process = subprocess.Popen(
        [sys.executable, "-m", f"tests.bench.{module}", *map(str, arguments)],
        cwd=BASE_DIR,
        env=env,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    family.guard(process.pid)
    with process:
        try:
            yield Talker(process)
        finally:
            process.kill()


def run(module: str, *arguments: object, env: Mapping[str, str]) -> dict[str, Any]:
    """Run it to its end; the line of JSON that it prints."""
    command = [sys.executable, "-m", f"tests.bench.{module}", *map(str, arguments)]
    done = subprocess.run(command, cwd=BASE_DIR, env=env, stdout=subprocess.PIPE)
    if done.returncode:
        raise Void(f"{module} failed")
    said: dict[str, Any] = json.loads(done.stdout)
    return said


class Server:
    """The stand-in, as the bench sees it."""

    def __init__(self, url: str) -> None:
        self.url = url

    def begin(self, **how: float) -> None:
        """Count anew. delay: ms to an answer; pending: seconds to a push's end, on the average.

        per_minute, per_company: calls above which it answers 429; left out: as many as come.
        """
        requests.post(f"{self.url}/set", params=how, timeout=10).raise_for_status()

    def ended(self) -> list[str]:
        """Keys of the writes that have ended since the last call."""
        answer = requests.get(f"{self.url}/ended", timeout=10)
        keys: list[str] = answer.json()
        return keys

    def stats(self) -> dict[str, Any]:
        answer = requests.get(f"{self.url}/stats", timeout=10)
        said: dict[str, Any] = answer.json()
        return said


@contextmanager
def standin(family: Family, *, world: Path) -> Iterator[Server]:
    child = family.start(
        [sys.executable, "-m", "tests.bench.standin", "--world", world],
        name="standin",
        stdout=subprocess.PIPE,
    )
    assert child.process.stdout
    try:
        yield Server(f"http://127.0.0.1:{int(child.process.stdout.readline())}")
    finally:
        family.end(child)


@contextmanager
def worker(family: Family, *, env: Mapping[str, str], log: Path) -> Iterator[Child]:
    """`manage.py worker`, when its pool has carried out its first job."""
    child = family.start(
        [sys.executable, "manage.py", "worker"],
        name="worker",
        environment=env,
        log=log,
        stdout=subprocess.PIPE,
    )
    assert child.process.stdout
    try:
        # An empty line is the end of its output.
        if not any(READY in line for line in iter(child.process.stdout.readline, b"")):
            raise Void(f"the worker did not start:\n{child.last_words()}")
        # Nothing of its start belongs to the run.
        time.sleep(0.5)
        yield child
    finally:
        family.end(child)
