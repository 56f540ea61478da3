"""The portal as docs/production.md starts it: web and worker by their units, on PostgreSQL.

A person signs in through what a proxy would send, with both steps, and pushes; everything is
killed and started again; the same session pushes again. Each row arrives once.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests
from requests.adapters import HTTPAdapter

from bankfeeds.management.demo.visitor import Visitor
from bankfeeds.management.process import Family
from tests import databases, support
from tests.processes import Program
from tests.production import recipe
from tests.sign_in.app import App

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from bankfeeds.models import BankTransaction
    from bankfeeds.sandbox.server import Sandbox

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(databases.which() == "sqlite", reason="Production is on PostgreSQL."),
]
HOST = "feeds.example.com"
SITE = f"https://{HOST}"
SIGNS = "Money in and money out are right"
ADDRESS = "127.0.0.1:8000"


@pytest.fixture
def sandbox(settings: Any) -> Iterator[Sandbox]:
    """One that stores what comes twice, to be counted."""
    from bankfeeds.codat import transport
    from bankfeeds.sandbox.server import Sandbox

    with Sandbox(
        api_key=recipe.API_KEY,
        time_zone=settings.INSTITUTION_TIME_ZONE,
        operation_seconds=0.05,
        keeps_doubles=True,
    ) as running:
        settings.CODAT_BASE_URL, settings.CODAT_API_KEY = running.url, recipe.API_KEY
        yield running
        transport.close()


class Machine:
    """What systemd does with the two units, as far as it matters here."""

    def __init__(self, folder: Path, *, sandbox: str, family: Family) -> None:
        self._folder, self._family = folder, family
        self._port = _free_port()
        self.web = f"http://127.0.0.1:{self._port}"
        bare = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        # All of the sample holds but where its neighbours are. Plain http to a sandbox is allowed
        # to demos alone; what a demo would switch off is switched on again.
        self._environment = bare | recipe.environment(
            DATABASE_URL=support.database_url(),
            CODAT_BASE_URL=sandbox,
            STATIC_ROOT=str(folder / "static"),
            # The sandbox sends no messages through TLS; without them the portal asks.
            CODAT_WEBHOOK_SECRET="",
            PORTAL_DEMO="on",
            HTTPS_ONLY="on",
            SECOND_FACTOR="on",
        )

    def run(self, command: list[str]) -> None:
        subprocess.run(
            command,
            cwd=support.ROOT,
            env=self._environment,
            check=True,
            capture_output=True,
            timeout=120,
        )

    def start(self, unit: str) -> Program:
        service = recipe.unit(unit)
        assert service["WorkingDirectory"] == "/opt/portal"
        assert service["EnvironmentFile"] == "/etc/portal.env"
        assert service["KillMode"] == "mixed"
        assert (service["StandardOutput"], service["StandardError"]) == ("null", "journal")
        line = service["ExecStart"]
        if unit == "portal-web":
            assert f"--bind {ADDRESS} " in line and "--no-control-socket" in line
            line = line.replace(ADDRESS, f"127.0.0.1:{self._port}")
        log = self._folder / f"{unit}.log"
        with log.open("a") as stderr:
            process = subprocess.Popen(
                recipe.here(line),
                cwd=support.ROOT,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=stderr,
                text=True,
                start_new_session=True,
            )
        self._family.guard(process.pid)
        return Program(process, log)

    def is_ready(self) -> bool:
        try:
            return requests.get(f"{self.web}/readyz", timeout=5).ok
        except requests.RequestException:
            return False


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as door:
        return int(door.getsockname()[1])


class Proxy(HTTPAdapter):
    """What nginx does with a request: takes it over https, hands it on with the page's headers."""

    def __init__(self, web: str) -> None:
        super().__init__()
        self._web = web

    def send(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        inner = request.copy()
        inner.url = request.url.replace(SITE, self._web)
        inner.headers.update(
            {"Host": HOST, "X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.9"}
        )
        answer = super().send(inner, *args, **kwargs)
        answer.request, answer.url = request, request.url
        return answer


class Browser(Visitor):
    """A person behind the proxy."""

    def __init__(self, web: str) -> None:
        super().__init__()
        self._session.mount(SITE, Proxy(web))

    @property
    def cookies(self) -> set[str]:
        return {cookie.name for cookie in self._session.cookies if cookie.secure}


def sign_in(browser: Browser) -> None:
    browser.open(f"{SITE}/admin/")
    browser.press("Log in", {"Username": "manager", "Password": support.PASSWORD})
    secret = browser.page.by_id["secret"]
    browser.press("Set up", {"Code": App(secret).code()})
    browser.follow("I have kept them")
    assert browser.cookies == {"__Host-sessionid", "__Host-csrftoken"}


def push(browser: Browser, client: support.Onboarded, *, opening: str) -> list[str]:
    """Rows of a day are pushed and followed to their end; their ids."""
    from bankfeeds.models import Push, PushStatus

    before = Push.objects.count()
    rows: list[BankTransaction] = support.make_transactions(client.accounts[0], opening=opening)
    browser.open(f"/admin/bankfeeds/company/{client.company.pk}/change/")
    browser.follow("Push connected accounts")
    # Asked for with the first push of an account alone.
    ticks = {tick: True for tick in (SIGNS,) if tick in browser.page.text}
    browser.press(f"Send {len(rows)} transactions", ticks)
    done = Push.objects.filter(status=PushStatus.SUCCEEDED)
    support.wait_until(lambda: done.count() == before + 1, seconds=60, what="the end of the push")
    return [row.transaction_id for row in rows]


def test_it_runs_is_killed_and_runs_again(
    people: dict[str, User], sandbox: Sandbox, tmp_path: Path
) -> None:
    client = support.onboard()
    with ExitStack() as stack:
        family = stack.enter_context(Family(grace=0, orphan_grace=0))
        machine = Machine(tmp_path, sandbox=sandbox.url, family=family)
        browser = stack.enter_context(Browser(machine.web))
        for command in recipe.commands()[:-1]:
            machine.run(command)

        def start() -> list[Program]:
            programs = [machine.start(unit) for unit in ("portal-web", "portal-worker")]
            for each in programs:
                stack.callback(each.kill_everything)
            support.wait_until(machine.is_ready, seconds=90, what="all to be ready")
            return programs

        programs = start()
        try:
            sign_in(browser)
            ids = push(browser, client, opening="1000.00")
            for each in programs:
                each.descendants()
                each.kill_everything()
            support.wait_until(lambda: not machine.is_ready(), seconds=10, what="the end of it")
            programs = start()
            ids += push(browser, client, opening="1070.25")
        except BaseException:
            print(*[each.said() for each in programs], sep="\n")
            raise
    stored = [ident for entry in support.ledger() for ident in entry["transactionIds"]]
    assert sorted(stored) == sorted(ids), "each row once"
    assert len({post["idempotencyKey"] for post in support.posts()}) == 2
    web, worker = (_lines(tmp_path / f"portal-{each}.log") for each in ("web", "worker"))
    assert {"gunicorn.error", "portal.requests"} <= {line["logger"] for line in web}
    assert all(line["request_id"] for line in web if line["logger"] == "portal.requests")
    assert {"bankfeeds.worker", "bankfeeds.codat"} <= {line["logger"] for line in worker}


def _lines(log: Path) -> list[dict[str, Any]]:
    """Each is one object, whoever wrote it."""
    return [json.loads(line) for line in log.read_text().splitlines()]
