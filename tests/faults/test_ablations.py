"""Designs that are known to fail must fail here: the real engine with one decision taken out of it.

The only place where patching is the point. Under the very same faults the engine as it is brings
every operation to the server exactly once.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from bankfeeds.codat import errors, transport
from bankfeeds.codat.client import Client
from bankfeeds.models import CallBudget, Push, PushAttempt, PushItem, PushStatus
from bankfeeds.pushing import outcome
from bankfeeds.pushing.claim import Claimed
from bankfeeds.sandbox.server import Sandbox
from tests import databases, support
from tests.faults.bank import Operation, confirm
from tests.faults.judge import Judgement, judge
from tests.faults.rows import broken, standings

pytestmark = pytest.mark.django_db(transaction=True)
Ablation = Callable[[pytest.MonkeyPatch], None]


@pytest.fixture(autouse=True)
def sandbox(settings: Any) -> Iterator[Sandbox]:
    """One that stores what comes twice, so that it can be counted."""
    settings.PUSH_SETTLE = 0.3
    with Sandbox(
        api_key=databases.API_KEY,
        time_zone=settings.INSTITUTION_TIME_ZONE,
        operation_seconds=0.02,
        keeps_doubles=True,
    ) as running:
        settings.CODAT_BASE_URL, settings.CODAT_API_KEY = running.url, databases.API_KEY
        yield running
        transport.close()


def no_key_and_no_look_up(patch: pytest.MonkeyPatch) -> None:
    """Send again until an answer comes: as if nobody had ever heard of keys."""
    push = Client.push

    def keyless(self: Client, *ids: Any, key: Any) -> Any:
        return push(self, *ids, key=uuid.uuid4())

    patch.setattr(Client, "push", keyless)
    new_key_without_look_up(patch)


def new_key_without_look_up(patch: pytest.MonkeyPatch) -> None:
    """Whatever the same key would only replay goes at once under another."""

    def again(claimed: Claimed, now: dt.datetime, *_: Any, **__: Any) -> Any:
        fresh = {"idempotency_key": uuid.uuid4(), "first_sent_at": None, "next_attempt_at": now}
        return outcome._Next(PushStatus.READY, PushAttempt.Outcome.UNKNOWN, fresh)

    patch.setattr(outcome, "_search", again)


def same_key_after_429(patch: pytest.MonkeyPatch) -> None:
    """429 does nothing and keeps nothing, so the same key goes again; whatever came before it."""
    refused = outcome._refused

    def again(claimed: Claimed, error: errors.Refused, now: dt.datetime) -> Any:
        if not isinstance(error, errors.Throttled):
            return refused(claimed, error, now)
        return outcome._Next(
            PushStatus.READY, PushAttempt.Outcome.THROTTLED, {"next_attempt_at": now}
        )

    patch.setattr(outcome, "_refused", again)


CASES = [
    (no_key_and_no_look_up, ["reset-after"]),
    (no_key_and_no_look_up, ["500-after"]),
    (new_key_without_look_up, ["500-after"]),
    (new_key_without_look_up, ["reset-after", "empty-200", "empty-200"]),
    (same_key_after_429, ["reset-after", "429-1"]),
    (same_key_after_429, ["hang-0.4", "429-1"]),
]
each = pytest.mark.parametrize(
    ("ablation", "faults"), CASES, ids=[f"{a.__name__}-{'-'.join(f)}" for a, f in CASES]
)


@each
def test_without_it_something_arrives_twice(
    ablation: Ablation, faults: list[str], monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.CODAT_READ_TIMEOUT = 0.2
    ablation(monkeypatch)
    found = _played(faults)
    assert found.twice
    assert not found.is_good


@each
def test_with_it_everything_arrives_once(
    ablation: Ablation, faults: list[str], settings: Any
) -> None:
    settings.CODAT_READ_TIMEOUT = 0.2
    found = _played(faults)
    assert found.is_good, vars(found)
    assert found.exactly_once == found.operations == 4


def _played(faults: list[str]) -> Judgement:
    """Two accounts of one connection, two operations each: the first POST of all meets faults."""
    client = support.onboard(accounts=2)
    series: dict[str, list[Operation]] = {}
    for _ in range(2):
        confirm(client.accounts, series, rows=2)
    for name in faults:
        support.order_fault(name, path=f"/{client.accounts[0].account_id}/bankTransactions")
    for _ in range(4):
        support.drain()
        Push.objects.filter(status=PushStatus.READY).update(next_attempt_at=None)
        CallBudget.objects.update(not_before=None, held_words="")
    assert PushItem.objects.count() == 8
    ledger = support.ledger()
    found = judge(series, ledger=ledger, standings=standings())
    found.broken += broken(posts=support.posts(), ledger=ledger)
    return found
