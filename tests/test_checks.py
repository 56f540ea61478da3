"""Each check: silent when all is well, an error with its id when it is not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.checks import run_checks
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import connection

from bankfeeds import checks, guards
from bankfeeds.checks import DURABLE
from tests import databases, support
from tests.processes import running

# The checks read what is set for the database.
pytestmark = pytest.mark.both_databases

LIVE = "https://api.codat.io"


def found() -> list[str]:
    return [message.id for message in run_checks(tags=["portal"]) if message.id]


def test_all_is_well() -> None:
    assert found() == []


@pytest.mark.parametrize(("days", "ok"), [(0, False), (1, True), (6, True), (7, False)])
def test_e014_late_is_not_within_the_feed(settings: LazySettings, days: int, ok: bool) -> None:
    settings.LATE_AFTER_DAYS = days
    assert found() == ([] if ok else ["bankfeeds.E014"])


@pytest.mark.parametrize("name", ["SECRET_KEY", "CODAT_API_KEY"])
def test_e001_a_secret_is_empty(settings: LazySettings, name: str) -> None:
    setattr(settings, name, "")
    assert found() == ["bankfeeds.E001"]


@pytest.mark.parametrize(
    ("address", "trying", "expected"),
    [
        (LIVE, False, []),
        (LIVE, True, []),
        ("http://api.codat.io", True, ["bankfeeds.E002"]),
        ("https://api.codat.io.example.com", True, ["bankfeeds.E002"]),
        ("https://user@example.com", True, ["bankfeeds.E002"]),
        ("http://127.0.0.1:8182", True, []),
        ("http://localhost:8182", True, []),
        ("http://[::1]:8182", True, []),
        ("http://127.0.0.1:8182", False, ["bankfeeds.E002"]),
        ("http://192.168.0.7:8182", True, ["bankfeeds.E002"]),
        ("ftp://127.0.0.1", True, ["bankfeeds.E002"]),
        ("", True, ["bankfeeds.E002"]),
    ],
)
def test_e002_codats_address(
    settings: LazySettings, address: str, trying: bool, expected: list[str]
) -> None:
    settings.CODAT_BASE_URL = address
    settings.DEBUG_AT_START = trying
    assert found() == expected


def test_e003_the_demo_must_not_reach_live(settings: LazySettings) -> None:
    settings.CODAT_BASE_URL = LIVE
    settings.DEMO = True
    assert found() == ["bankfeeds.E003"]


@pytest.mark.parametrize("name", ["Toronto/America", "", "../etc/passwd"])
def test_e004_the_time_zone_exists(settings: LazySettings, name: str) -> None:
    settings.INSTITUTION_TIME_ZONE = name
    assert found() == ["bankfeeds.E004"]


@pytest.mark.parametrize(
    ("name", "seconds"),
    [
        ("CODAT_READ_TIMEOUT", 40),
        ("CODAT_DEADLINE", 61),
        ("TASK_TIMEOUT", 90),
        ("PUSH_LEASE", 200),
    ],
)
def test_e005_timings_grow_outwards(settings: LazySettings, name: str, seconds: float) -> None:
    setattr(settings, name, seconds)
    assert found() == ["bankfeeds.E005"]


@pytest.mark.parametrize("change", [{"retry": 180}, {"queue_limit": 4}, {"timeout": 70}])
def test_e006_no_job_is_handed_out_twice(settings: LazySettings, change: dict[str, Any]) -> None:
    settings.Q_CLUSTER = {**settings.Q_CLUSTER, **change}
    assert found() == ["bankfeeds.E006"]


@pytest.mark.parametrize("change", [{"orm": "other"}, {"orm": None}])
def test_e007_the_queue_is_in_our_database(settings: LazySettings, change: dict[str, Any]) -> None:
    settings.Q_CLUSTER = {**settings.Q_CLUSTER, **change}
    assert found() == ["bankfeeds.E007"]


# E008 is held by test_guards.


@pytest.mark.django_db
@pytest.mark.parametrize("pages", [True, False])
def test_nothing_starts_while_a_check_fails(
    settings: LazySettings, pages: bool, capsys: Any
) -> None:
    checks.refuse_to_start_broken(pages=pages)
    assert capsys.readouterr() == ("", "")
    settings.CODAT_API_KEY = ""
    with pytest.raises(SystemCheckError, match="CODAT_API_KEY is empty"):
        checks.refuse_to_start_broken(pages=pages)


@pytest.mark.django_db
@pytest.mark.parametrize("pages", [True, False])
def test_nothing_starts_without_the_guards(pages: bool) -> None:
    guards.uproot()
    with pytest.raises(SystemCheckError, match="guards of the history are missing"):
        checks.refuse_to_start_broken(pages=pages)


@pytest.mark.django_db
@pytest.mark.parametrize("value", ["on", "local", "remote_write", "off"])
def test_w011_a_commit_survives_a_crash_of_the_server(value: str, capsys: Any) -> None:
    """A warning in `check --deploy`; the worker does not start."""
    checks.refuse_to_send_undurably()
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL synchronous_commit = {value}")
    messages = run_checks(tags=[DURABLE], include_deployment_checks=True)
    if value != "off":
        assert messages == []
        checks.refuse_to_send_undurably()
        return
    assert [message.id for message in messages] == ["bankfeeds.W011"]
    call_command("check", tags=[DURABLE], deploy=True)
    assert "ALTER ROLE" in capsys.readouterr().err
    with pytest.raises(SystemCheckError, match="synchronous_commit is off"):
        checks.refuse_to_send_undurably()


@pytest.mark.skipif(databases.which() != "postgres", reason="a setting of PostgreSQL")
@pytest.mark.django_db(transaction=True)
def test_w011_the_worker_does_not_start_on_it(tmp_path: Path) -> None:
    name = connection.ops.quote_name(connection.settings_dict["NAME"])
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER DATABASE {name} SET synchronous_commit = off")
        try:
            with running("worker", folder=tmp_path) as worker:
                assert worker.process.wait(60) not in (0, None)
                assert "synchronous_commit is off" in worker.said()
        finally:
            cursor.execute(f"ALTER DATABASE {name} RESET synchronous_commit")


def test_e010_accounts_are_added_in_a_known_way(settings: LazySettings) -> None:
    settings.CODAT_ADD_ACCOUNTS = "patch"
    assert found() == ["bankfeeds.E010"]


@pytest.mark.parametrize(
    "program",
    [
        [sys.executable, "-c", "import portal.wsgi"],
        [sys.executable, "manage.py", "worker"],
    ],
    ids=["web", "worker"],
)
def test_web_and_worker_say_what_is_missing_and_exit(program: list[str]) -> None:
    answer = subprocess.run(
        program,
        cwd=support.ROOT,
        env=support.process_environment(SECRET_KEY="", CODAT_API_KEY=""),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert answer.returncode != 0
    assert "SECRET_KEY is empty" in answer.stderr
    assert "CODAT_API_KEY is empty" in answer.stderr


def test_help_and_check_work_in_an_empty_environment() -> None:
    answer = subprocess.run(
        [sys.executable, "manage.py", "help"],
        cwd=support.ROOT,
        env={**support.process_environment(SECRET_KEY="", CODAT_API_KEY=""), "DEBUG": "off"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert answer.returncode == 0, answer.stderr
