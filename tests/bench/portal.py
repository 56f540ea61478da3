"""A portal at work, for the clock of `mishaps`: confirms pushes, and says when the server had them.

Talks to the portal through its public verbs and to the sandbox by its controls. Imported once
Django stands.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import time
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import psutil
from django.db import DatabaseError, InterfaceError, connection
from django.utils import timezone

from bankfeeds import health, pushing
from bankfeeds.models import Actor, Origin, Push, PushStatus, SourceAccount
from tests import support
from tests.faults.killer import family_of
from tests.faults.place import Place, Worker

PERSON = Actor("somebody", Origin.PERSON)
LOOK_EVERY = 0.03
STARTS_WITHIN = 90.0


class NeverCame(Exception):
    """What the clock waited for did not happen in time."""


@dataclass(frozen=True)
class Waiting:
    """Rows of an account with a connection of its own, not confirmed yet."""

    account: SourceAccount
    ids: tuple[str, ...]


@dataclass(frozen=True)
class Confirmed:
    """`at`: when the confirmation had been committed, in seconds of the wall's clock."""

    keys: frozenset[str]
    at: float


class Portal:
    def __init__(self, place: Place, *, factor: float) -> None:
        self.place, self.factor = place, factor
        # Every transaction that was confirmed, by its id.
        self.confirmed: set[str] = set()

    @property
    def worker(self) -> Worker:
        return self.place.workers[0]

    # The worker

    def start_anew(self) -> None:
        """A worker whose pool has just carried out its first job, and of whom all are idle."""
        self.worker.stop()
        began = timezone.now()
        self.worker.start()
        self.wait(lambda: (health.last_beat() or began) > began, "first job", STARTS_WITHIN)
        time.sleep(1)

    def pool(self) -> list[psutil.Process]:
        """The two that carry out jobs, of a pool that was started and met no mishap since."""
        return family_of(self.worker)[1:3]

    # What is sent

    def rows(self) -> Waiting:
        """Of a new client."""
        (account,) = support.onboard().accounts
        rows = support.make_transactions(account)
        return Waiting(account, tuple(row.transaction_id for row in rows))

    def confirm(self, what: Waiting, *, form_key: str = "") -> Confirmed:
        """Again with the same form key after trouble with the database."""
        self.confirmed |= set(what.ids)
        made = pushing.confirm(
            [what.account],
            fingerprint=None,
            form_key=form_key or str(uuid.uuid4()),
            by=PERSON,
            now=timezone.now(),
        )
        return Confirmed(frozenset(str(push.idempotency_key) for push in made), time.time())

    def fault(self, name: str, account: SourceAccount) -> None:
        """The next push of the account meets it."""
        order = {"method": "POST", "path": f"/{account.account_id}/", "fault": name, "times": 1}
        self.place.server.post("faults", [order])

    # What the server saw

    def posts(self) -> list[tuple[float, str]]:
        """Arrival, in seconds of the wall's clock, and key of every POST so far."""
        seen = self.place.server.get("posts")
        return [(_seconds(post["at"]), post["idempotencyKey"]) for post in seen]

    def arrival(self, sent: Confirmed, *, after: float = 0.0, within: float) -> float:
        """When the first POST of it, later than `after`, came to the server."""

        def came() -> float | None:
            return next((at for at, key in self.posts() if at > after and key in sent.keys), None)

        return float(self.wait(came, "POST", within))

    def odd(self) -> dict[str, list[str]]:
        """Of all that was confirmed, by what the server stored: `twice` and `never`."""
        ledger = self.place.server.get("ledger")
        stored = Counter(ident for entry in ledger for ident in entry["transactionIds"])
        return {
            "twice": sorted(ident for ident in self.confirmed if stored[ident] > 1),
            "never": sorted(ident for ident in self.confirmed if not stored[ident]),
        }

    def wait_for_the_end(self, *, seconds: float) -> Counter[str]:
        """Pushes by status, when all have succeeded or the time is over."""

        def statuses() -> Counter[str]:
            return Counter(Push.objects.values_list("status", flat=True))

        with contextlib.suppress(NeverCame):
            self.wait(lambda: set(statuses()) <= {PushStatus.SUCCEEDED}, "the end", seconds)
        return statuses()

    def wait(self, true: Callable[[], Any], what: str, seconds: float) -> Any:
        """Its first truthy answer; NeverCame. The database may be away meanwhile."""
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            try:
                if (answer := true()) is not None and answer is not False:
                    return answer
            except (DatabaseError, InterfaceError):
                connection.close()
            time.sleep(LOOK_EVERY)
        raise NeverCame(f"{what}: not within {seconds:.0f} s")


def _seconds(stamp: str) -> float:
    return dt.datetime.fromisoformat(stamp).timestamp()
