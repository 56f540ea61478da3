"""Fixtures of the whole suite."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests import asked, databases, emptying, parts, support
from tests.contract import watch

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from bankfeeds.codat.client import Client
    from bankfeeds.models import Actor
    from bankfeeds.sandbox.server import Sandbox


def pytest_configure(config: pytest.Config) -> None:
    from django.conf import settings

    settings.PASSWORD_HASHERS = [f"{support.QuickHasher.__module__}.QuickHasher"]
    emptying.install()
    watch.install(config)
    asked.install(config)
    config.pluginmanager.register(parts)


def pytest_collection_finish() -> None:
    """What is there now stays: the garbage collector need not look through it again and again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def forgotten_language() -> Iterator[None]:
    """A page in French leaves its language with the thread, where the next test would meet it."""
    from django.utils import translation

    yield
    translation.deactivate()


@pytest.fixture(autouse=True)
def at_leisure(monkeypatch: pytest.MonkeyPatch) -> None:
    """No answer is kept for later pages because a busy machine gave it late."""
    from bankfeeds import health

    monkeypatch.setattr(health, "SLOW", 600.0)


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
    """One staff user for each group, by the name of the group; the worker runs."""
    support.worker_runs()
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
        # These rows must survive a killed process, which they do, and no power cut.
        options = connection.settings_dict["OPTIONS"]
        options["init_command"] += "PRAGMA synchronous=OFF;"
    else:
        connection.settings_dict["OPTIONS"]["options"] += databases.PATIENT


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    with django_db_blocker.unblock():
        emptying.remember()
