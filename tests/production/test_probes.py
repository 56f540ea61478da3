"""What machines ask: does the process answer, and has it all that it needs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import DatabaseError, connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from django.utils import timezone

from bankfeeds import guards, health

READY = {"ready": True, "fails": []}


@pytest.fixture
def works(db: None) -> None:
    health.beat(now=timezone.now())


def fails(client: Client) -> list[str]:
    answer = client.get("/readyz")
    assert answer.status_code == 503
    found = answer.json()
    assert found == {"ready": False, "fails": found["fails"]}
    return list(found["fails"])


@contextmanager
def no_database() -> Iterator[None]:
    def refused(*args: Any) -> Any:
        raise DatabaseError("connection to server at db.example.com, password hunter2")

    with connection.execute_wrapper(refused):
        yield


def test_alive_asks_nobody(client: Client) -> None:
    # No database is allowed in this test.
    answer = client.get("/healthz")
    assert (answer.status_code, answer.content) == (200, b"ok\n")


def test_ready(client: Client, works: None) -> None:
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()) == (200, READY)
    assert answer["Cache-Control"] == "no-store"


def test_without_a_database(client: Client, works: None) -> None:
    with no_database():
        assert fails(client) == ["database"]


def test_a_migration_waits(client: Client, works: None) -> None:
    MigrationRecorder(connection).record_unapplied("bankfeeds", "0002_never_twice")
    assert fails(client) == ["migrations"]


def test_a_guard_fell(client: Client, works: None) -> None:
    guards.uproot()
    assert fails(client) == ["guards"]


def test_no_worker_or_a_quiet_one(client: Client, db: None) -> None:
    assert fails(client) == ["worker"]
    health.beat(now=timezone.now() - dt.timedelta(minutes=1))
    assert fails(client) == ["worker"]


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_probes_need_no_https_no_name_and_no_sign_in(
    client: Client, works: None, settings: Any, path: str
) -> None:
    settings.SECURE_SSL_REDIRECT = True
    settings.ALLOWED_HOSTS = ["feeds.example.com"]
    answer = client.get(path, headers={"Host": "10.1.2.3:8000"})
    assert answer.status_code == 200
    assert not answer.cookies
