"""What hostile tests share: a machine whose clock is set, a Codat that answers oddly, rounds."""

from __future__ import annotations

import datetime as dt
import threading
import time
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone

from bankfeeds import budget, conf, pushing
from bankfeeds.codat.shapes import PushOperation
from bankfeeds.models import Push, PushStatus
from bankfeeds.pushing import clocks, follow
from tests import support
from tests.pushing.test_delivery import BY

Clock = Callable[[], dt.datetime]
SECOND = dt.timedelta(seconds=1)
MINUTE = dt.timedelta(minutes=1)
HOUR = dt.timedelta(hours=1)


class Machine:
    """One on which time passes without waiting, and whose clock may be set."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._ahead = self._passed = dt.timedelta(0)
        steady = clocks._steady
        monkeypatch.setattr(clocks, "_steady", lambda: steady() + self._passed.total_seconds())
        # A round long before: how the clock stands is known.
        clocks.check(now=self.now())

    def now(self) -> dt.datetime:
        return timezone.now() + self._passed + self._ahead

    def passes(self, time: dt.timedelta) -> None:
        """Here and at Codat."""
        self._passed += time
        codat_passes(time)

    def is_set(self, by: dt.timedelta) -> None:
        """Somebody sets the clock of this machine: no time passes by it."""
        self._ahead += by


class Odd:
    """The portal's client, but for the calls that are given by name."""

    def __init__(self, **calls: Any) -> None:
        self._client = conf.client()
        self.__dict__.update(calls)

    def within(self, _seconds: float) -> Any:
        return self

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)


def codat_passes(time: dt.timedelta) -> None:
    support.control("clock", advanceSeconds=time.total_seconds())


def unsent() -> Push:
    """Ready to be sent, to a Codat that is not there; nobody was rung."""
    account = support.make_account()
    support.make_transactions(account)
    (push,) = pushing.confirm(
        [account], fingerprint=None, form_key=str(uuid.uuid4()), by=BY, now=timezone.now()
    )
    support.empty_queue()
    return push


def deliver(clock: Clock = timezone.now) -> None:
    line = budget.Line()
    pushing.deliver(client=conf.client(on_answer=line.heard), line=line, clock=clock)


def sweep(clock: Clock = timezone.now, *, client: Any = None) -> None:
    """A round in which every look is due."""
    _all_are_due(clock)
    pushing.sweep(client=client or conf.client(), line=budget.Line(), clock=clock)


def look(clock: Clock = timezone.now, *, client: Any = None) -> None:
    _all_are_due(clock)
    follow.look_up(client=client or conf.client(), line=budget.Line(), clock=clock)


def _all_are_due(clock: Clock) -> None:
    looked_up = Push.objects.filter(status__in=(PushStatus.RECONCILING, PushStatus.SUBMITTED))
    looked_up.update(next_attempt_at=clock() - SECOND)


def settled() -> None:
    """What was sent has had the time to show in Codat's list (PUSH_SETTLE of the tests)."""
    time.sleep(0.35)


def writes(push: Push) -> list[PushOperation]:
    """What Codat lists for its company, newest first."""
    return list(conf.client().list_operations(push.company.id_there))


def both(one: Callable[[], object], other: Callable[[], object]) -> list[object]:
    """What two threads at once give back; what they raise, too."""
    results: list[object] = [None, None]

    def run(place: int, call: Callable[[], object]) -> None:
        try:
            results[place] = call()
        except Exception as error:
            results[place] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate((one, other))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    return results
