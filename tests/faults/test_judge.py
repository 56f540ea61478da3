"""The judge is held to account itself: every kind of failure is seen, and nothing else is one."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import pytest
from django.utils import timezone

from bankfeeds.models import Push, PushAttempt, PushStatus
from tests import support
from tests.faults import rows
from tests.faults.bank import Operation
from tests.faults.judge import ENDED, HELD, OPEN, PERSON, Judgement, Standing, judge

SERIES = {"a": [Operation("a", n, (f"a:{n}:0", f"a:{n}:1")) for n in range(3)]}
DONE = Standing(1, "succeeded", ENDED)


def effect(*ids: str) -> dict[str, Any]:
    return {"accountId": "a", "transactionIds": list(ids)}


ALL = [effect(*operation.ids) for operation in SERIES["a"]]


def judged(ledger: list[dict[str, Any]], *, last: Standing | None = DONE) -> Judgement:
    """`last`: where the last of the three operations stands in our rows."""
    standings = {"a:0:0": DONE, "a:1:0": DONE, **({"a:2:0": last} if last else {})}
    return judge(SERIES, ledger=ledger, standings=standings)


def test_all_is_well() -> None:
    found = judged(ALL)
    assert (found.operations, found.exactly_once, found.is_good) == (3, 3, True)


@pytest.mark.parametrize("extra", [("a:1:0", "a:1:1"), ("a:1:1",)])
def test_what_came_twice(extra: tuple[str, ...]) -> None:
    found = judged([*ALL, effect(*extra)])
    assert ([name[:5] for name in found.twice], found.exactly_once) == (["a:1:0"], 2)
    assert not found.is_good


@pytest.mark.parametrize(
    ("ledger", "last"),
    [
        (ALL[:2], DONE),
        (ALL[:2], None),
        (ALL[:2], Standing(1, "cancelled", ENDED)),
        ([*ALL[:2], effect("a:2:0")], DONE),
    ],
)
def test_what_never_came(ledger: list[dict[str, Any]], last: Standing | None) -> None:
    found = judged(ledger, last=last)
    assert len(found.lost) == 1
    assert not found.is_good


@pytest.mark.parametrize(
    "ledger",
    [
        [ALL[1], ALL[0], ALL[2]],
        [ALL[0], effect("a:1:1", "a:1:0"), ALL[2]],
        [ALL[0], effect("a:1:0"), ALL[2], effect("a:1:1")],
    ],
)
def test_what_came_out_of_order(ledger: list[dict[str, Any]]) -> None:
    found = judged(ledger)
    assert found.out_of_order
    assert not found.is_good


@pytest.mark.parametrize("ledger", [ALL, ALL[:2]])
def test_what_is_stuck(ledger: list[dict[str, Any]]) -> None:
    """At its end at the server, perhaps; but our rows do not know, and nobody looks."""
    found = judged(ledger, last=Standing(1, "sending", OPEN))
    assert len(found.stuck) == 1
    assert (len(found.lost), found.is_good) == (0, False)


@pytest.mark.parametrize(
    "last", [Standing(1, "timed_out", PERSON), Standing(1, "failed", PERSON), Standing(1, "", HELD)]
)
def test_what_waits_for_a_person_is_neither_lost_nor_stuck(last: Standing) -> None:
    found = judged(ALL[:2], last=last)
    assert (len(found.waiting), found.is_good) == (1, True)


def test_one_in_a_thousand_may_need_a_look() -> None:
    found = judged(ALL[:2], last=Standing(1, "needs_review", PERSON))
    assert not found.is_good
    found.operations = 1000
    assert found.is_good


def test_what_nobody_confirmed() -> None:
    strange = {"accountId": "b", "transactionIds": ["b:0:0"]}
    for ledger in ([*ALL, effect("a:9:0")], [*ALL, strange]):
        assert not judged(ledger).is_good


@pytest.fixture
def push(db: None) -> Push:
    push = support.make_push(status=PushStatus.SENDING)
    _attempt(push)
    return push


def _attempt(push: Push, **changes: Any) -> PushAttempt:
    values = {
        "number": 1,
        "fence": 1,
        "idempotency_key": push.idempotency_key,
        "body_sha256": "good",
        "started_at": timezone.now(),
    }
    return PushAttempt.objects.create(push=push, **{**values, **changes})


def _post(push: Push, **changes: Any) -> dict[str, Any]:
    at = (timezone.now() + dt.timedelta(seconds=1)).isoformat()
    return {"idempotencyKey": str(push.idempotency_key), "at": at, "sha256": "good", **changes}


def _about_posts(posts: list[dict[str, Any]]) -> list[str]:
    return [words for words in rows.broken(posts=posts, ledger=[]) if words.startswith("POST")]


def test_a_post_has_its_attempt(push: Push) -> None:
    assert _about_posts([_post(push)]) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"idempotencyKey": str(uuid.uuid4())},
        {"at": "2020-01-01T00:00:00.0000000Z"},
        {"sha256": "another"},
    ],
)
def test_a_post_without_its_attempt_is_seen(push: Push, changes: dict[str, str]) -> None:
    assert _about_posts([_post(push, **changes)])


def test_two_posts_of_one_attempt_are_seen(push: Push) -> None:
    assert _about_posts([_post(push)] * 2)


def test_a_push_that_took_another_write_for_its_own_is_seen(db: None) -> None:
    key = uuid.uuid4()
    push = support.make_push(status=PushStatus.SUCCEEDED, push_operation_key=key)
    own = list(push.items.values_list("transaction__transaction_id", flat=True))
    for ids, words in ((own, 0), (["x"], 1)):
        entry = {**effect(*ids), "pushOperationKey": str(key)}
        found = rows.broken(posts=[], ledger=[entry])
        assert sum("succeeded as write" in each for each in found) == words


def test_attempts_left_open_and_steps_that_nobody_recorded_are_seen(push: Push) -> None:
    Push.objects.update(status=PushStatus.SUBMITTED)
    _attempt(push, number=3, fence=3)
    found = " ".join(rows.broken(posts=[], ledger=[]))
    for words in ("was never closed", "numbered [1, 3]", "the record says None"):
        assert words in found
