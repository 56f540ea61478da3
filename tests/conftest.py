"""Fixtures of the whole suite, and which test runs on which database."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests import databases, emptying, support
from tests.contract import watch

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from bankfeeds.codat.client import Client
    from bankfeeds.models import Actor
    from bankfeeds.sandbox.server import Sandbox

TESTS = Path(__file__).resolve().parent
# Once is enough for these: nothing in them depends on the database, or (browser tests) they are
# here for their price and the pages' own tests run on both. Shared between the halves of the run.
ONCE = {
    "sqlite": (
        TESTS / "codat",
        TESTS / "sandbox",
        TESTS / "bench",
        TESTS / "commands" / "test_demo.py",
        TESTS / "commands" / "test_process.py",
        TESTS / "test_architecture.py",
        TESTS / "test_settings.py",
    ),
    "postgres": (TESTS / "e2e",),
}


def pytest_configure(config: pytest.Config) -> None:
    emptying.install()
    watch.install(config)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    elsewhere = [p for half, places in ONCE.items() if half != databases.which() for p in places]
    once = [item for item in items if any(item.path.is_relative_to(place) for place in elsewhere)]
    if once:
        config.hook.pytest_deselected(items=once)
        items[:] = [item for item in items if item not in set(once)]


@pytest.fixture
def sandbox(settings: Any) -> Iterator[Sandbox]:
    """A sandbox of this test alone; settings point at it. Its operations end after 50 ms."""
    from bankfeeds.codat import transport
    from bankfeeds.sandbox.server import Sandbox

    with Sandbox(
        api_key=databases.API_KEY,
        time_zone=settings.INSTITUTION_TIME_ZONE,
        operation_seconds=0.05,
    ) as running:
        settings.CODAT_BASE_URL = running.url
        settings.CODAT_API_KEY = databases.API_KEY
        yield running
        transport.close()


@pytest.fixture
def codat(sandbox: Sandbox) -> Client:
    """The portal's own client, talking to the sandbox."""
    from bankfeeds import conf

    return conf.client()


@pytest.fixture
def people(db: None) -> dict[str, User]:
    """One staff user for each group, by the name of the group."""
    return support.make_people()


@pytest.fixture
def actor(people: dict[str, User]) -> Actor:
    """The manager, as every verb wants to be told."""
    from bankfeeds.models import Actor

    return Actor.person(people["manager"])


@pytest.fixture
def drain(transactional_db: None) -> Callable[[], None]:
    """Carries out jobs and sweeps in this process until nothing is left to do."""
    return support.drain


@pytest.fixture
def onboarded(transactional_db: None, sandbox: Sandbox) -> support.Onboarded:
    """A client with two connected accounts, at the sandbox and in our tables."""
    return support.onboard(accounts=2)


@pytest.fixture(scope="session")
def django_db_modify_db_settings() -> None:
    """SQLite's test database is a file: real worker processes must see it."""
    from django.db import connection

    if databases.which() == "sqlite":
        file = Path(os.environ["DATABASE_URL"].removeprefix("sqlite:///"))
        connection.settings_dict["TEST"]["NAME"] = str(file.with_name("test.sqlite3"))


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    with django_db_blocker.unblock():
        emptying.remember()
