"""The worker as it really runs: its processes, their end, and what survives a `kill -9`."""

from __future__ import annotations

import datetime as dt
import json
import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from django.utils import timezone

from bankfeeds import health, pushing, sealing
from bankfeeds.management.commands.worker import READY
from bankfeeds.models import (
    Actor,
    BankTransaction,
    Origin,
    Push,
    PushStatus,
    ReceivedFile,
    Statement,
)
from tests import support
from tests.intake.json_writer import Account, entry, json_batch
from tests.processes import Program, lives, running
from tests.senders.support import numbered, post, sender

pytestmark = pytest.mark.django_db(transaction=True)

ENDS_ALIKE = pytest.mark.once("a signal ends the same processes; SIGTERM is sent on both")

# Ten times faster than in production, so that its patience is three seconds.
FACTOR = "0.1"
STARTS_WITHIN = 60
ENDS_WITHIN = 10


@pytest.fixture
def worker(transactional_db: None, sandbox: object, tmp_path: Path) -> Iterator[Program]:
    """A worker that has carried out its first job."""
    environment = support.process_environment(TIMING_FACTOR=FACTOR)
    with running("worker", folder=tmp_path, environment=environment) as program:
        support.wait_until(health.last_beat, seconds=STARTS_WITHIN, what="first sweep")
        yield program


def cluster(worker: Program) -> list[psutil.Process]:
    """django-q's processes: sentinel, two that carry out jobs, and others."""
    found = [each for each in worker.descendants() if "qcluster" in " ".join(each.cmdline())]
    assert len(found) >= 5
    return found


# Which modules a pool's process would still have to load for itself, once it is split off; and
# which it carries for nothing, since it shows no pages.
SPLITTING = """
import json
import sys
import django
django.setup()
from django.core.management.base import SystemCheckError
from bankfeeds import doorbell
from bankfeeds.checks import refuse_to_start_broken
from bankfeeds.management.commands.worker import Cluster
class Family:
    def fork(self, run, *, name):
        before = set(sys.modules)
        from django.utils.module_loading import import_string
        for job in doorbell.JOBS:
            import_string(job)
        late = sorted(set(sys.modules) - before)
        pages = [name for name in sys.modules if name.startswith("bankfeeds.admin")]
        print(json.dumps([late, pages]))
        sys.exit()
try:
    refuse_to_start_broken(pages=False)
except SystemCheckError:  # there is no database
    pass
Cluster(Family()).start()
"""


def test_what_the_pool_needs_is_loaded_before_it_is_split_off() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SPLITTING],
        cwd=support.ROOT,
        env=support.process_environment(),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == [[], []]


@ENDS_ALIKE
def test_it_says_when_the_pool_answers(worker: Program) -> None:
    assert worker.process.stdout
    while (line := worker.process.stdout.readline()) and not line.startswith(READY):
        pass
    assert line.strip() == READY


@pytest.mark.parametrize(
    "number",
    [
        signal.SIGTERM,
        pytest.param(signal.SIGINT, marks=ENDS_ALIKE),
        pytest.param(signal.SIGHUP, marks=ENDS_ALIKE),
    ],
)
def test_a_signal_ends_every_descendant(worker: Program, number: signal.Signals) -> None:
    assert cluster(worker)
    os.kill(worker.process.pid, number)
    support.wait_until(worker.is_gone, seconds=ENDS_WITHIN, what=f"end by {number.name}")
    assert worker.process.returncode == 0


@ENDS_ALIKE
def test_every_descendant_ends_when_the_worker_is_killed(worker: Program) -> None:
    assert cluster(worker)
    worker.process.kill()
    support.wait_until(worker.is_gone, seconds=ENDS_WITHIN, what="end of the orphans")


@ENDS_ALIKE
def test_every_descendant_ends_when_the_stuck_cluster_does_not_listen(worker: Program) -> None:
    for process in cluster(worker):
        process.suspend()
    worker.process.terminate()
    support.wait_until(worker.is_gone, seconds=ENDS_WITHIN, what="end of a stuck cluster")


@pytest.mark.parametrize("which", ["idle", "sentinel"])
def test_jobs_are_carried_out_again_after_a_kill(worker: Program, which: str) -> None:
    sentinel, *others = cluster(worker)
    victims = {"sentinel": [sentinel], "idle": others[:2]}[which]
    for victim in victims:
        victim.kill()
    old = [sentinel, *others]
    support.wait_until(lambda: not any(map(lives, old)), seconds=60, what="end of the old pool")
    gone_at = timezone.now()

    def answered() -> bool:
        beat = health.last_beat()
        return beat is not None and beat > gone_at

    support.wait_until(answered, seconds=60, what="a job after the kill, in a new pool")


def test_a_confirmed_push_is_carried_to_its_end(worker: Program) -> None:
    client = support.onboard(accounts=2)
    for account in client.accounts:
        support.make_transactions(account)
    pushing.confirm(
        client.accounts,
        fingerprint=None,
        form_key=str(uuid.uuid4()),
        by=Actor("somebody", Origin.PERSON),
        now=timezone.now(),
    )
    done = Push.objects.filter(status=PushStatus.SUCCEEDED)
    support.wait_until(lambda: done.count() == 2, seconds=30, what="the end of two pushes")
    assert len(support.ledger()) == 2


def test_a_received_file_whose_reader_is_killed_has_each_row_once(worker: Program) -> None:
    numbers, rows = [f"{n}00123456789" for n in range(1, 9)], 400
    accounts = [numbered(number, number_hash=sealing.number_hash(number)) for number in numbers]
    day = str(support.today())
    parts = [
        Account(
            [entry(f"T{n}", day, "1.00", "Sales") for n in range(rows)],
            number=number, opening=None, closing="1000.00",
        )
        for number in numbers
    ]  # fmt: skip
    assert post(sender()[1], json_batch(*parts)).status_code == 202
    saved = Statement.objects.filter(state="saved")
    support.wait_until(saved.exists, seconds=30, what="the first account's part")
    for process in cluster(worker):
        process.kill()
    assert ReceivedFile.objects.get().state == "reading"
    assert 0 < saved.count() < len(accounts)
    # As if its lease were over.
    ReceivedFile.objects.update(claimed_at=timezone.now() - dt.timedelta(hours=1))
    done = ReceivedFile.objects.filter(state="saved", tries=2)
    support.wait_until(done.exists, seconds=60, what="the file read once more")
    ids = [f"T{n}" for n in range(rows)]
    for account in accounts:
        found = BankTransaction.objects.filter(account=account).order_by("pk")
        assert sorted(found.values_list("transaction_id", flat=True)) == sorted(ids)
