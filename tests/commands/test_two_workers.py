"""Several machines: two workers with folders of their own on one PostgreSQL share the work."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from bankfeeds import pushing
from bankfeeds.codat import transport
from bankfeeds.management.process import Family
from bankfeeds.models import Actor, Heartbeat, Origin, Push, PushStatus
from bankfeeds.sandbox.server import Sandbox
from tests import databases, support
from tests.processes import Program

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        databases.which() == "sqlite",
        reason="Machines do not share a SQLite file: only PostgreSQL is for several workers.",
    ),
]

CONNECTIONS, ACCOUNTS = 20, 3
PUSHES = CONNECTIONS * ACCOUNTS
FACTOR = "0.2"
# Of django-q in each worker: sentinel, two that carry out jobs, monitor, pusher.
POOL = 5
# Long enough for both to be at work when most is confirmed.
ANSWERS_AFTER = "hang-0.3"
# One line for each call, in the log of whoever made it.
POSTED = "POST /companies/{companyId}/connections/{connectionId}/push/"


@pytest.fixture
def sandbox(settings: Any) -> Iterator[Sandbox]:
    """One that stores what comes twice, to be counted."""
    with Sandbox(
        api_key=databases.API_KEY,
        time_zone=settings.INSTITUTION_TIME_ZONE,
        operation_seconds=0.05,
        keeps_doubles=True,
    ) as running:
        settings.CODAT_BASE_URL = running.url
        yield running
        transport.close()


@pytest.fixture
def fleet(transactional_db: None, sandbox: Sandbox, tmp_path: Path) -> Iterator[list[Program]]:
    """Two workers, both ready, each with its own working directory."""
    with contextlib.ExitStack() as stack:
        programs = [stack.enter_context(_worker(tmp_path / name)) for name in ("east", "west")]
        for program in programs:
            _wait_for_its_pool(program)
        yield programs


@contextlib.contextmanager
def _worker(folder: Path) -> Iterator[Program]:
    folder.mkdir()
    log = folder / "worker.stderr"
    with log.open("w") as stderr, Family(grace=0, orphan_grace=0) as family:
        process = subprocess.Popen(
            [sys.executable, str(support.ROOT / "manage.py"), "worker"],
            cwd=folder,
            env=support.process_environment(TIMING_FACTOR=FACTOR, PYTHONDEVMODE=""),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=stderr,
            text=True,
            start_new_session=True,
        )
        family.guard(process.pid)
        program = Program(process, log)
        try:
            yield program
        except BaseException:
            print(program.said())
            raise
        finally:
            program.kill_everything()


def _wait_for_its_pool(program: Program) -> None:
    def is_there() -> bool:
        commands = [" ".join(each.cmdline()) for each in program.descendants()]
        return sum("qcluster" in command for command in commands) >= POOL

    _wait_until(is_there, what="a pool")


def test_the_fleet_is_drained_once_by_both(fleet: list[Program]) -> None:
    ids = _confirm_everything()
    done = Push.objects.filter(status=PushStatus.SUCCEEDED)
    _wait_until(lambda: done.count() == PUSHES, what="the end of all pushes")
    stored = [ident for entry in support.ledger() for ident in entry["transactionIds"]]
    assert sorted(stored) == sorted(ids), "each row once"
    keys = {post["idempotencyKey"] for post in support.posts()}
    assert len(keys) == PUSHES, "no push under two keys"
    shares = [program.said().count(POSTED) for program in fleet]
    assert sum(shares) >= PUSHES
    assert all(shares), f"one did everything: {shares}"
    alive = {name.rpartition(":")[2] for name in Heartbeat.objects.values_list("name", flat=True)}
    assert alive >= {str(program.process.pid) for program in fleet}
    _wait_until(lambda: not support.queued(), what="an empty queue")


def _wait_until(true: Callable[[], bool], *, what: str) -> None:
    """With pauses: the sandbox answers from this very process."""
    ends = time.monotonic() + 60
    while not true():
        assert time.monotonic() < ends, f"{what}: not within a minute"
        time.sleep(0.1)


def _confirm_everything() -> list[str]:
    """One client after the other, as on a busy morning: each rings by itself."""
    clients = [support.onboard(accounts=ACCOUNTS) for _ in range(CONNECTIONS)]
    accounts = [account for client in clients for account in client.accounts]
    rows = [row for account in accounts for row in support.make_transactions(account)]
    support.order_fault(ANSWERS_AFTER, path="/bankTransactions", times=PUSHES)
    for client in clients:
        pushing.confirm(
            client.accounts,
            fingerprint=None,
            form_key=str(uuid.uuid4()),
            by=Actor("somebody", Origin.PERSON),
            now=timezone.now(),
        )
    return [row.transaction_id for row in rows]
