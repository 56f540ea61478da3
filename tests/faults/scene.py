"""One case of the matrix: clients of its own, faults and kills that it orders, what the server saw.

Cases share the workers and the database, so that each of them costs seconds.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import itertools
import os
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
from django.db import close_old_connections, connection
from django.utils import timezone

from bankfeeds import conf, pushing
from bankfeeds.models import CallBudget, Decision, Push, PushStatus, SourceAccount
from bankfeeds.models.pushes import PushQuerySet
from tests.faults import bank, rows
from tests.faults.judge import Judgement, judge
from tests.faults.killer import family_of
from tests.faults.place import Place, Worker

READ_TIMEOUT, LEASE, SETTLE = 30.0, 90.0, 120.0
PATIENCE = 45.0
# Accounts of all scenes of a process are known to the same sandbox.
_numbers = itertools.count(1)


class Scene:
    """`factor`: of all timings. The accounts are of one connection unless more are founded."""

    def __init__(self, place: Place, *, factor: float, database: str) -> None:
        self.place, self.factor, self.database = place, factor, database
        self.series: dict[str, list[bank.Operation]] = {}
        self.accounts: list[SourceAccount] = []
        self._slack = dt.timedelta(0)

    # The bank

    def clients(self, count: int = 1) -> list[SourceAccount]:
        """So many connections more, of 1, 2, 1, 3 … accounts; all their accounts."""
        first = next(_numbers) * 1000
        made = bank.founded(connections=count, seed=0, first=first)
        self.accounts += made.accounts
        return made.accounts

    def confirm(self, accounts: Sequence[SourceAccount] = ()) -> list[Push]:
        return bank.confirm(accounts or self.accounts, self.series, rows=2)

    @property
    def pushes(self) -> PushQuerySet:
        return Push.objects.filter(account__in=self.accounts)

    # Trouble

    def fault(self, name: str, account: SourceAccount | None = None, *, times: int = 1) -> None:
        """The next pushes of the account (default: any of this scene) meet the fault."""
        ids = [each.account_id for each in ([account] if account else self.accounts)]
        path = f"/({'|'.join(ids)})/bankTransactions"
        order = {"method": "POST", "path": path, "fault": name, "times": times}
        self.place.server.post("faults", [order])

    def seconds(self, portal: float) -> str:
        """Seconds of the portal's timings, as they are scaled here, for the name of a fault."""
        return f"{portal * self.factor:.3f}"

    def kill_at(self, point: str) -> None:
        (self.place.folder / f"{point}.kill").touch()

    def was_killed_at(self, point: str) -> bool:
        return not (self.place.folder / f"{point}.kill").exists()

    def halt_at(self, point: str) -> Halt:
        (self.place.folder / f"{point}.wait").touch()
        return Halt(self, self.place.folder / f"{point}.here")

    @contextmanager
    def stopped(self, worker: Worker) -> Iterator[None]:
        """The worker and all that descends from it, as on a machine that stands still."""
        pids = [worker.pid, *(each.pid for each in family_of(worker))]
        _send(pids, signal.SIGSTOP)
        while _holds_the_only_lock():
            _send(pids, signal.SIGCONT)
            time.sleep(0.05)
            _send(pids, signal.SIGSTOP)
        try:
            yield
        finally:
            _send(list(reversed(pids)), signal.SIGCONT)

    @contextmanager
    def clock_wrong_by(self, seconds: float) -> Iterator[None]:
        """Of the workers."""
        file = self.place.folder / "clock"
        self._slack = max(self._slack, dt.timedelta(seconds=seconds))
        file.write_text(str(seconds))
        try:
            yield
        finally:
            file.unlink()

    # What comes of it

    def wait(self, true: Callable[[], Any], what: str, *, seconds: float = PATIENCE) -> None:
        ends = time.monotonic() + seconds
        while not true():
            if time.monotonic() > ends:
                raise AssertionError(f"{what}: not within {seconds} s\n{self.story()}")
            time.sleep(0.05)
            close_old_connections()

    def wait_for_the_end(self, *, seconds: float = PATIENCE) -> None:
        """A person has every refused push sent again meanwhile."""
        done = self.pushes.filter(status=PushStatus.SUCCEEDED)
        total = sum(len(each) for each in self.series.values())

        def ended() -> bool:
            for push in self.pushes.undecided().filter(status=PushStatus.FAILED):
                decide(push, Decision.SEND_AGAIN)
            return done.count() == total

        self.wait(ended, "the end of all pushes", seconds=seconds)

    def look(self, push: Push) -> list[pushing.Candidate]:
        """At Codat's list, as a person has to before saying that something is not there."""
        return pushing.candidates(push, client=conf.client(), now=timezone.now())

    def adopt_what_waits_for_a_person(self) -> None:
        """Who finds exactly one write at Codat for a push of unknown fate says that it is this."""
        for push in self.pushes.filter(status=PushStatus.NEEDS_REVIEW):
            (only,) = [each for each in self.look(push) if each.known_as is None]
            decide(push, Decision.ADOPT, operation_key=only.push_operation_key)

    def judge(self) -> Judgement:
        mine = set(self.series)
        ledger = [e for e in self.place.server.get("ledger") if e["accountId"] in mine]
        posts = [p for p in self.place.server.get("posts") if p["path"].split("/")[-2] in mine]
        found = judge(self.series, ledger=ledger, standings=rows.standings())
        found.broken += rows.broken(
            posts=posts,
            ledger=ledger,
            pushes=list(self.pushes.values_list("pk", flat=True)),
            slack=self._slack,
        )
        return found

    def must_be_once(self) -> None:
        found = self.judge()
        good = found.is_good and found.exactly_once == found.operations
        assert good, f"{vars(found)}\n{self.story()}"

    def story(self) -> str:
        ledger, posts = self.place.server.get("ledger"), self.place.server.get("posts")
        names = [each.ids[0] for operations in self.series.values() for each in operations]
        open_ones = [
            name
            for name in names
            if Push.objects.filter(items__transaction__transaction_id=name)
            .exclude(status=PushStatus.SUCCEEDED)
            .exists()
        ]
        told = (open_ones or names)[:3]
        return "\n".join(rows.evidence(name, ledger=ledger, posts=posts) for name in told)

    def clear(self) -> None:
        """Nothing of this case shall meet the next one."""
        for file in self.place.folder.glob("*.kill"):
            file.unlink()
        for file in (*self.place.folder.glob("*.wait"), *self.place.folder.glob("*.here")):
            file.unlink()
        self.place.server.forget_faults()
        CallBudget.objects.update(not_before=None, held_words="", unanswered=0)


class Halt:
    """Where a process was told to wait."""

    def __init__(self, scene: Scene, here: Path) -> None:
        self._scene, self._here = scene, here

    def wait_until_there(self) -> None:
        self._scene.wait(self._here.exists, f"a process at {self._here.stem}")

    def is_in(self, family: Sequence[psutil.Process]) -> bool:
        return int(self._here.read_text()) in {each.pid for each in family}

    def let_go(self) -> None:
        self._here.unlink()


def _send(pids: Sequence[int], number: signal.Signals) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def _holds_the_only_lock() -> bool:
    """On SQLite whoever is stopped while it writes stops everybody else too."""
    if connection.vendor != "sqlite":
        return False
    with contextlib.closing(sqlite3.connect(connection.settings_dict["NAME"], timeout=1)) as probe:
        try:
            probe.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return True
    return False


def decide(push: Push, kind: Decision, **more: Any) -> None:
    pushing.decide(push, kind, reason="looked at", by=bank.PERSON, now=timezone.now(), **more)
