"""The portal in a real browser: a web server, the sandbox and a worker, each in a thread.

The browser lives as long as this folder's tests. Playwright parks an event loop in the main
thread, in which Django then refuses its ORM; nothing runs on that loop while a test reads rows,
so the guard is lifted for exactly as long as the browser is up.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.core.signals import request_finished
from playwright.sync_api import BrowserContext

from tests import support
from tests.e2e import browser as chromium
from tests.e2e.browser import Watch
from tests.e2e.desk import Desk
from tests.e2e.pictures import Camera
from tests.e2e.worker import Worker
from tests.processes import Program, running

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from playwright.sync_api import Browser

    from bankfeeds.sandbox.server import Sandbox

ASYNC = "DJANGO_ALLOW_ASYNC_UNSAFE"
PATIENCE = 8_000  # ms; what a step may take on a machine that does three things at once
Open = Callable[..., BrowserContext]
At = Callable[..., Desk]


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    try:
        with chromium.started() as running:
            os.environ[ASYNC] = "1"
            yield running
    except chromium.NoChromium as missing:
        pytest.skip(str(missing))
    finally:
        os.environ.pop(ASYNC, None)


@pytest.fixture
def watch() -> Iterator[Watch]:
    """Fails the test when a page of it logged an error or answered with 500 and above."""
    watching = Watch()
    yield watching
    assert watching.errors == []


@pytest.fixture
def portal(transactional_db: None, live_server: Any, people: dict[str, User]) -> Iterator[str]:
    """Address of the portal, with its people planted."""
    from bankfeeds.codat import transport

    def hang_up(**_: Any) -> None:
        # Each request has a thread of its own, and with it sockets to the sandbox.
        transport.close()

    request_finished.connect(hang_up)
    # Here a real one runs, or none.
    support.no_worker_runs()
    yield str(live_server.url)
    request_finished.disconnect(hang_up)


@pytest.fixture
def worker(portal: str, sandbox: Sandbox) -> Iterator[Worker]:
    """Carries out jobs and sweeps in a thread, as the worker does in its process."""
    with Worker() as running:
        yield running


@pytest.fixture
def real_worker(portal: str, sandbox: Sandbox, tmp_path: Path) -> Iterator[Program]:
    """`manage.py worker`, all its processes, once it has carried out its first job."""
    from bankfeeds import health

    with running("worker", folder=tmp_path) as program:
        support.wait_until(health.last_beat, seconds=60, what="first sweep")
        yield program


@pytest.fixture
def window(browser: Browser, watch: Watch) -> Iterator[Open]:
    """Opens a browser of its own, with no cookies; options are those of a Playwright context."""
    opened: list[BrowserContext] = []

    def open_window(**options: Any) -> BrowserContext:
        options = {"viewport": {"width": 1280, "height": 900}, "locale": "en-US", **options}
        context = browser.new_context(**options)
        context.set_default_timeout(PATIENCE)
        context.on("page", watch.over)
        opened.append(context)
        return context

    yield open_window
    for context in opened:
        context.close()


@pytest.fixture
def at_desk(portal: str, sandbox: Sandbox, window: Open, people: dict[str, User]) -> At:
    """A member of staff, signed in: `at_desk("manager")`. Options are the window's."""
    from django.test import Client

    def sit_down(who: str, **options: Any) -> Desk:
        context = window(**options)
        context.grant_permissions(["clipboard-read", "clipboard-write"], origin=portal)
        client = Client()
        client.force_login(people[who])
        context.add_cookies(
            [{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": portal}]
        )
        return Desk(context.new_page(), portal)

    return sit_down


@pytest.fixture
def camera() -> Camera:
    return Camera()
