"""Where a campaign takes place: a fresh database, the sandbox and the workers as processes.

Sets the environment of this process too, so it comes before Django's settings are loaded.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import django
import requests

from bankfeeds.management.process import BASE_DIR, Child, Family
from tests import databases
from tests.contract import watch
from tests.databases import API_KEY, KNOBS

# As in production, but for plain http to loopback. DEBUG would keep every query in memory.
PORTAL = {
    **KNOBS,
    "DEBUG": "off",
    "PORTAL_DEMO": "on",
    "LOG_LEVEL": "WARNING",
    "DJANGO_SETTINGS_MODULE": "portal.settings",
    "CODAT_CALLS_PER_MINUTE": "1000000",
    "PYTHONDEVMODE": "",
}
# How long a push stays pending at the sandbox, in seconds before the factor.
PENDING = 2.0


class Server:
    """The sandbox: killed and started again, it goes on where it was, at the same address."""

    def __init__(self, family: Family, folder: Path, *, environment: Mapping[str, str]) -> None:
        self.url = environment["CODAT_BASE_URL"]
        self._family, self._folder, self._environment = family, folder, environment
        self._lock = threading.Lock()
        self.child: Child | None = None

    def start(self) -> None:
        pending = PENDING * float(self._environment["TIMING_FACTOR"])
        self.child = self._family.start(
            [
                *(sys.executable, "manage.py", "sandbox", "--keep-doubles"),
                *("--port", self.url.rpartition(":")[2]),
                *("--state", self._folder / "sandbox.json"),
                *("--operation-seconds", str(pending), "--daily-quota", "100000000"),
            ],
            name="sandbox",
            environment={**self._environment, **watch.child()},
            log=self._folder / "sandbox.log",
        )
        self._wait()

    def kill(self) -> None:
        """And start it again."""
        with self._lock:
            assert self.child is not None
            self.child.process.kill()
            self.child.process.wait()
            self.start()

    def end(self) -> None:
        assert self.child is not None
        self._family.end(self.child)

    def get(self, control: str) -> Any:
        return self._ask("GET", control, None)

    def post(self, control: str, body: Any) -> Any:
        return self._ask("POST", control, body)

    def forget_faults(self) -> None:
        self._ask("DELETE", "faults", None)

    def _ask(self, method: str, control: str, body: Any) -> Any:
        """Patiently: it may just be dead."""
        for left in reversed(range(40)):
            try:
                answer = requests.request(
                    method, f"{self.url}/_sandbox/{control}", json=body, timeout=60
                )
                answer.raise_for_status()
                return answer.json() if answer.content else None
            except requests.ConnectionError:
                if not left:
                    raise
                time.sleep(0.5)
        raise AssertionError

    def _wait(self) -> None:
        ends = time.monotonic() + 60
        while True:
            with contextlib.suppress(requests.ConnectionError):
                requests.get(f"{self.url}/_sandbox/clock", timeout=10)
                return
            if time.monotonic() > ends or (self.child and not self.child.is_running):
                raise RuntimeError(f"the sandbox does not start: {self.child}")
            time.sleep(0.05)


class Worker:
    """One `manage.py worker`, started anew whenever it was killed."""

    def __init__(
        self, family: Family, folder: Path, number: int, *, environment: Mapping[str, str]
    ) -> None:
        self._family, self._folder, self.number = family, folder, number
        self._environment = environment
        self._lock = threading.Lock()
        self.child: Child | None = None

    @property
    def pid(self) -> int:
        return self.child.process.pid if self.child else 0

    def start(self) -> None:
        self.child = self._family.start(
            [sys.executable, "manage.py", "worker"],
            name=f"worker-{self.number}",
            environment=self._environment,
            log=self._folder / f"worker-{self.number}.log",
            stdout=subprocess.DEVNULL,
        )

    def kill(self) -> None:
        """And start it again; its reaper ends what is left of it meanwhile."""
        with self._lock:
            if self.child is not None:
                self.child.process.kill()
                self.child.process.wait()
            self.start()

    def must_live(self) -> None:
        """It ends when it is killed or told to; by itself only when it refuses to start."""
        with self._lock:
            if self.child is not None and not self.child.is_running:
                raise RuntimeError(f"worker {self.number} ended:\n{self.child.last_words()}")

    def stop(self) -> None:
        if self.child is not None and self.child.is_running:
            self.child.process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.child.process.wait(timeout=15)


@dataclass(frozen=True)
class Place:
    folder: Path
    server: Server
    workers: list[Worker] = field(default_factory=list)


@contextmanager
def prepared(
    *, database: str, factor: float, workers: int, worker_settings: str = ""
) -> Iterator[Place]:
    """A migrated database, a running sandbox, workers that are not started yet. Once a process."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="portal-faults-")))
        url = stack.enter_context(_database(database, folder))
        os.environ.update(environment(url, factor=factor, folder=folder))
        os.chdir(BASE_DIR)
        django.setup()
        _migrate()
        yield stack.enter_context(
            staffed(folder, environment=os.environ, workers=workers, settings=worker_settings)
        )


@contextmanager
def staffed(
    folder: Path, *, environment: Mapping[str, str], workers: int, settings: str = ""
) -> Iterator[Place]:
    """The processes, in this environment. settings: of the workers, if not the portal's own."""
    theirs = dict(environment)
    if settings:
        theirs |= {"DJANGO_SETTINGS_MODULE": settings, "FAULTS_FOLDER": str(folder)}
    with Family(grace=2, orphan_grace=1) as family:
        server = Server(family, folder, environment=dict(environment))
        server.start()
        numbers = range(1, workers + 1)
        staff = [Worker(family, folder, number, environment=theirs) for number in numbers]
        yield Place(folder, server, staff)


@contextmanager
def _database(vendor: str, folder: Path) -> Iterator[str]:
    if vendor == "sqlite":
        yield f"sqlite:///{folder / 'portal.sqlite3'}"
        return
    with databases._postgres() as url:
        yield url


def environment(database: str, *, factor: float, folder: Path) -> dict[str, str]:
    """Of all processes, with a port of its own for the sandbox."""
    return {
        **PORTAL,
        "DATABASE_URL": database,
        "CODAT_API_KEY": API_KEY,
        "CODAT_BASE_URL": f"http://127.0.0.1:{_free_port()}",
        "TIMING_FACTOR": str(factor),
        "STATIC_ROOT": str(folder),
    }


def _migrate() -> None:
    from django.core.management import call_command

    call_command("migrate", verbosity=0)


def _free_port() -> int:
    """Chosen once, since the sandbox comes back at the same address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
