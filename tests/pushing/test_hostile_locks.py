"""People and workers at the same rows in the same moment: one waits for the other, never both."""

from __future__ import annotations

import importlib
import threading
from collections.abc import Collection
from contextlib import closing
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from bankfeeds import conf, pushing
from bankfeeds.models import Decision, PushStatus
from bankfeeds.pushing import lookup
from tests import databases
from tests.pushing.hostile import both, deliver, look, settled
from tests.pushing.test_delivery import BY, again, confirmed, fault

# The package's names of these are its verbs.
claiming = importlib.import_module("bankfeeds.pushing.claim")
concluding = importlib.import_module("bankfeeds.pushing.conclude")
confirming = importlib.import_module("bankfeeds.pushing.confirm")
deciding = importlib.import_module("bankfeeds.pushing.decide")
pytestmark = pytest.mark.django_db(transaction=True)
# Long enough for the other one to come as far as it can.
A_MOMENT = 0.5


def test_stopping_a_push_that_is_claimed_in_the_same_moment(
    sandbox: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The person holds the account and wants the push, the worker has the push."""
    (push,) = confirmed()
    claiming.claim(0, now=timezone.now())
    locked, claimed = threading.Event(), threading.Event()
    lock, begin = confirming.lock, claiming._begin

    def person_locks(account: int) -> None:
        lock(account)
        locked.set()
        claimed.wait(A_MOMENT)

    def worker_begins(*what: Any) -> Any:
        locked.wait(A_MOMENT)
        begun = begin(*what)
        claimed.set()
        return begun

    monkeypatch.setattr(confirming, "lock", person_locks)
    monkeypatch.setattr(claiming, "_begin", worker_begins)
    stopped, taken = both(
        lambda: pushing.cancel(push, reason="x", by=BY, now=timezone.now()),
        lambda: len(claiming.claim(5, now=timezone.now())),
    )
    assert (stopped, taken) in {(True, 0), (False, 1)}
    assert again(push).status == (PushStatus.CANCELLED if stopped else PushStatus.SENDING)


def test_deciding_on_a_push_whose_end_is_learned_in_the_same_moment(
    sandbox: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The person holds the account and wants the push, the sweep has moved the push."""
    (push,) = confirmed()
    fault("op-timedout-after")
    deliver()
    settled()
    look()
    assert again(push).status == PushStatus.TIMED_OUT
    _ends_well_after_all(monkeypatch)
    answers = lookup.read([again(push)], client=conf.client(), now=timezone.now())
    locked, moved = threading.Event(), threading.Event()
    lock, take_over = deciding.lock, concluding._take_over_balances

    def person_locks(account: int) -> None:
        lock(account)
        locked.set()
        moved.wait(A_MOMENT)

    def sweep_takes_over(ids: Collection[int]) -> None:
        moved.set()
        locked.wait(A_MOMENT)
        take_over(ids)

    monkeypatch.setattr(deciding, "lock", person_locks)
    monkeypatch.setattr(concluding, "_take_over_balances", sweep_takes_over)
    decided, learned = both(
        lambda: pushing.decide(push, Decision.ADOPT, reason="x", by=BY, now=timezone.now()),
        lambda: concluding.conclude([answers], now=timezone.now()),
    )
    assert decided is None or isinstance(decided, pushing.AlreadyDecided)
    assert learned == (set() if decided is None else {push.pk})
    assert again(push).status == PushStatus.SUCCEEDED
    assert again(push).account.balance == push.balance_after


@pytest.mark.django_db
def test_a_machine_that_stops_within_a_transaction_holds_up_nobody_for_long() -> None:
    limits = {"idle_in_transaction_session_timeout": "30s", "lock_timeout": "10s"}
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            # The system takes away the locks of a dead process; a living one is waited for.
            assert cursor.execute("PRAGMA busy_timeout").fetchone() == (20_000,)
        return
    with closing(connection.copy()) as as_in_production:
        options = as_in_production.settings_dict["OPTIONS"]
        options["options"] = options["options"].removesuffix(databases.PATIENT)
        with as_in_production.cursor() as cursor:
            for name, value in limits.items():
                cursor.execute(f"SHOW {name}")
                assert cursor.fetchone() == (value,)


def _ends_well_after_all(monkeypatch: pytest.MonkeyPatch) -> None:
    ended = concluding.ENDS
    monkeypatch.setattr(concluding, "ENDS", {**ended, "timedout": PushStatus.SUCCEEDED})
