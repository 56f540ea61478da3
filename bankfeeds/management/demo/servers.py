"""The demo's three processes: sandbox, worker, web. Started in order, each waited for, watched."""

from __future__ import annotations

import base64
import contextlib
import ipaddress
import json
import select
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable

import requests

from bankfeeds.management.commands.worker import READY
from bankfeeds.management.process import Child, Family

from .place import Place, Secrets

STARTS_WITHIN = 90.0
# The sandbox is started again when it ended by itself; not more often than this in so many seconds.
RESTARTS, RESTARTS_IN = 3, 60.0
LOOK_EVERY = 0.2
THREADS = 8
SANDBOX = "sandbox"


class Trouble(Exception):  # noqa: N818 - said to a person as it stands
    """A process of the demo did not start, or ended."""


class Stopped(Exception):  # noqa: N818 - no error
    """The demo was told to stop while it was starting."""


class Servers:
    """`start` returns when all three answer; `sandbox` and `web` are their addresses."""

    def __init__(
        self,
        family: Family,
        *,
        place: Place,
        kept: Secrets,
        host: str,
        stop: threading.Event,
        say: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._family, self._place, self._kept = family, place, kept
        self._host, self._stop = host, stop
        self._say = say
        self._restarted_at: list[float] = []
        self.sandbox = self.web = ""

    def start(self, *, port: int, sandbox_port: int) -> None:
        """Raises Trouble with the cause, or Stopped."""
        with self._listening(port) as door:
            self.sandbox = self._start_sandbox(sandbox_port)
            self._prepare()
            worker = self._start_worker()
            web = self._start_web(door)
        self._line_of(worker, beginning=READY)
        self._wait_for(web, lambda: _answers(f"{self.web}/healthz"))
        self._take_messages()

    def check(self) -> None:
        """Raise Stopped when told to stop, Trouble when one that should run does not.

        The sandbox plays somebody else's server, which may go and come back: it is started again.
        """
        if self._stop.is_set():
            raise Stopped
        for child in list(self._family.children):
            if child.is_running:
                continue
            if child.name != SANDBOX or not self._may_restart():
                raise Trouble(self._obituary(child))
            self._restart_sandbox(child)

    def _may_restart(self) -> bool:
        now = time.monotonic()
        self._restarted_at = [at for at in self._restarted_at if at > now - RESTARTS_IN]
        self._restarted_at.append(now)
        return len(self._restarted_at) <= RESTARTS

    def _restart_sandbox(self, child: Child) -> None:
        """On its port, with its state; its log goes on, so that its last words stay."""
        code = child.process.poll()
        self._say(f"The sandbox ended (exit code {code}). Starting it again with what it knew …")
        self._family.end(child)
        self._start_sandbox(int(self.sandbox.rpartition(":")[2]), again=True)
        self._say(f"The sandbox runs again at {self.sandbox}.")

    def _obituary(self, child: Child) -> str:
        words = child.last_words() or "(it said nothing)"
        return (
            f"The {child.name} ended (exit code {child.process.poll()}). The end of"
            f" {child.log}:\n{words}"
        )

    def _listening(self, port: int) -> socket.socket:
        """The web's door, opened by us: a port that is taken is said before anything starts."""
        port = self._place.port("web", wanted=port)
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        try:
            door = socket.create_server((self._host, port), family=family, backlog=128)
        except (OSError, OverflowError) as error:
            raise Trouble(
                f"Cannot listen on port {port} for the web: {_reason(error)}."
                " Choose another with --port (0 takes any free one)."
            ) from error
        port = door.getsockname()[1]
        host = f"[{self._host}]" if ":" in self._host else self._host
        self.web = f"http://{host}:{port}"
        self._place.remember_port("web", port)
        return door

    def _start_sandbox(self, port: int, *, again: bool = False) -> str:
        port = port if again else self._place.port("sandbox", wanted=port)
        state = str(self._place.state)
        options = ("--port", str(port), "--state", state, "--json")
        child = self._manage(SANDBOX, *options, keep_log=again)
        try:
            url = json.loads(self._line_of(child))["sandbox"]
        except Trouble as error:
            raise Trouble(f"{error}\nChoose another port with --sandbox-port.") from error
        self._place.remember_port("sandbox", int(url.rpartition(":")[2]))
        return str(url)

    def _prepare(self) -> None:
        command = [sys.executable, "-m", "bankfeeds.management.demo.prepare"]
        child = self._start("preparation", [*command, str(self._place.folder)])
        self._wait_for(child, lambda: not child.is_running, may_end=True)
        if child.process.returncode:
            raise Trouble(self._obituary(child))
        self._family.end(child)

    def _start_worker(self) -> Child:
        return self._manage("worker")

    def _start_web(self, door: socket.socket) -> Child:
        command = [sys.executable, "-m", "gunicorn", "portal.wsgi", "--no-control-socket"]
        command += ["--bind", f"fd://{door.fileno()}", "--graceful-timeout", "4"]
        command += ["--worker-class", "gthread", "--workers", "1", "--threads", str(THREADS)]
        return self._start("web", command, door=door)

    def _take_messages(self) -> None:
        """Have the sandbox send its messages to our web, as one tells Codat in its portal.

        Without them all is learned by asking, only later.
        """
        token = base64.b64encode(self._kept.api_key.encode()).decode()
        place = f"{self.sandbox}/webhooks"
        with contextlib.suppress(requests.RequestException), requests.Session() as session:
            session.trust_env = False
            session.headers["Authorization"] = f"Basic {token}"
            for consumer in session.get(place, timeout=5).json()["results"]:
                session.delete(f"{place}/{consumer['id']}", timeout=5)
            session.post(place, json={"url": f"{self.web}/webhooks/codat"}, timeout=5)

    def _manage(self, name: str, *arguments: str, keep_log: bool = False) -> Child:
        command = [sys.executable, "manage.py", name, *arguments]
        return self._start(name, command, told=True, keep_log=keep_log)

    def _start(
        self,
        name: str,
        command: list[str],
        *,
        told: bool = False,
        door: socket.socket | None = None,
        keep_log: bool = False,
    ) -> Child:
        log = self._place.log(name)
        if not keep_log:
            log.unlink(missing_ok=True)
        return self._family.start(
            command,
            name=name,
            environment=self._place.environment(self._kept, sandbox=self.sandbox),
            log=log,
            stdout=subprocess.PIPE if told else None,
            pass_fds=(door.fileno(),) if door else (),
        )

    def _line_of(self, child: Child, *, beginning: str = "") -> str:
        """The first line on its standard output that begins so: it comes when it is ready."""
        pipe = child.process.stdout
        assert pipe is not None  # noqa: S101 - started with one
        while True:
            self._wait_for(child, lambda: bool(select.select([pipe], [], [], 0)[0]))
            line = pipe.readline().decode()
            if not line:
                child.process.wait()
                raise Trouble(self._obituary(child))
            if line.startswith(beginning):
                return line

    def _wait_for(self, child: Child, true: Callable[[], bool], *, may_end: bool = False) -> None:
        deadline = time.monotonic() + STARTS_WITHIN
        while not true():
            if self._stop.wait(LOOK_EVERY):
                raise Stopped
            if not (child.is_running or may_end):
                raise Trouble(self._obituary(child))
            if time.monotonic() > deadline:
                raise Trouble(
                    f"The {child.name} did not answer within {STARTS_WITHIN:g} s. The end of"
                    f" {child.log}:\n{child.last_words()}"
                )


def _answers(url: str) -> bool:
    with contextlib.suppress(requests.RequestException), requests.Session() as session:
        session.trust_env = False  # our own machine: a proxy of the environment has no say
        return session.get(url, timeout=2).ok
    return False


def _reason(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error)


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a server that listens on `host`."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
