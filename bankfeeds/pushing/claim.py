"""Win connections: choose what is due, take calls for it, and commit each attempt before its POST.

One short transaction that locks the budget's row: whoever claims takes turns, so that two workers
never count the same company's calls or pick the same push.
"""

from __future__ import annotations

import datetime as dt
import logging
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import IntegrityError, connection, transaction

from bankfeeds import budget, conf
from bankfeeds.models import Push, PushAttempt, PushBody, PushStatus, many
from bankfeeds.models.record import WORKER
from bankfeeds.models.remote import KEY_LIFETIME
from bankfeeds.models.states import Seen, Step

from .clocks import Stopwatch, database_now

log = logging.getLogger(__name__)

# Of each candidate so many, since several of one connection or company may stand in front.
CANDIDATES = 6
# Of the calls of one company at once, so many are kept for a look-up and a refresh.
LOOKS_AT_ONCE = 2

_SEEN = ("id", "status", "fence", "company_id", "connection_id", "account_id")
_MORE = (
    "idempotency_key",
    "first_sent_at",
    "unsure_since",
    "tries",
    "body_sha256",
    "company__codat_id",
    "connection__codat_id",
    "account__account_id",
)


@dataclass(frozen=True)
class Claimed:
    """A push that is ours to send until the lease ends, with all that its POST needs."""

    push: Seen
    number: int
    key: uuid.UUID
    first_sent_at: dt.datetime
    # An earlier try of this very key may have arrived.
    unsure: bool
    # Earlier tries of this very key.
    repeats: int
    tries: int
    body: bytes
    body_sha256: str
    company: uuid.UUID
    connection: uuid.UUID
    account: str
    begun: Stopwatch


def lease() -> dt.timedelta:
    return dt.timedelta(seconds=settings.PUSH_LEASE)


def claim(room: int, *, now: dt.datetime) -> list[Claimed]:
    """Up to `room` pushes, each now `sending` under a lease, its attempt committed."""
    begun = Stopwatch()
    try:
        with transaction.atomic():
            granted = budget.take(room, now=now)
            chosen = _whole(list(_choose(granted, now))) if granted else []
            budget.give_back(granted - len(chosen))
            return _begin(chosen, begun, now) if chosen else []
    except IntegrityError:
        # A push of the connection was moved by a person in the same moment: the next round sees it.
        log.warning("a claim met another one", exc_info=True)
        return []


def _choose(room: int, now: dt.datetime) -> Iterator[int]:
    """Those that must go out again come first: they hold their connection.

    Of the many that are looked at only what the choice needs is read.
    """
    left = room
    taken: set[int] = set()
    busy, unsure = _on_their_way()
    for rows in (Push.objects.due_again(now) if unsure else None, Push.objects.due(now)):
        if not left or rows is None:
            continue
        ours = rows.filter(environment=conf.environment()).order_by("requested_at", "id")
        locked = ours.select_for_update(of=("self",), skip_locked=_can_skip()).values(*_SEEN)
        for row in locked[: left * CANDIDATES].iterator(chunk_size=left):
            again = row["status"] == PushStatus.SENDING
            full = busy[row["company_id"]] >= max(1, conf.calls_at_once() - LOOKS_AT_ONCE)
            if row["connection_id"] in taken or (full and not again):
                continue
            taken.add(row["connection_id"])
            busy[row["company_id"]] += 0 if again else 1
            left -= 1
            yield row["id"]
            if not left:
                break


def _whole(ids: list[int]) -> list[dict[str, Any]]:
    """All that sending them needs, in the same order. They are locked already."""
    rows = Push.objects.filter(pk__in=ids).values(*_SEEN, *_MORE)
    by_id = {row["id"]: row for row in rows}
    return [by_id[pk] for pk in ids]


def _can_skip() -> bool:
    return bool(connection.features.has_select_for_update_skip_locked)


def _on_their_way() -> tuple[Counter[int], bool]:
    """How many of each company have a lease, and whether there are any of an unknown fate."""
    sending = Push.objects.filter(status=PushStatus.SENDING)
    rows = list(sending.values_list("company_id", "lease_until"))
    return Counter(pk for pk, lease in rows if lease), any(lease is None for _pk, lease in rows)


def _begin(chosen: list[dict[str, Any]], begun: Stopwatch, now: dt.datetime) -> list[Claimed]:
    until = database_now() + lease()
    steps, keys = [], {}
    for row in chosen:
        keys[row["id"]] = key = _key(row, now)
        columns = {"fence": row["fence"] + 1, "lease_until": until, "next_attempt_at": None}
        steps.append(
            Step(_seen(row), PushStatus.SENDING, columns={**columns, "hold_reason": "", **key})
        )
    moved = Push.objects.step_all(steps, by=WORKER, now=now)
    mine = [{**row, **keys[row["id"]]} for row in chosen if row["id"] in moved]
    many.insert_each(PushAttempt, [_attempt(row, now) for row in mine])
    bodies = _bodies([row["id"] for row in mine])
    repeats = _repeats([row for row in mine if row["unsure_since"] is not None])
    return [_claimed(row, bodies.get(row["id"], b""), repeats[row["id"]], begun) for row in mine]


def _key(row: Mapping[str, Any], now: dt.datetime) -> dict[str, Any]:
    """The push's key, or a new one when the old was first sent too long ago to be trusted.

    Whoever is ready again was surely not taken, so a new key cannot double anything; what is
    unsure keeps its key, and is looked up instead once that is too old.
    """
    if row["status"] == PushStatus.SENDING:
        return {}
    if row["first_sent_at"] is None:
        return {"first_sent_at": now}
    if abs(now - row["first_sent_at"]) < KEY_LIFETIME:
        return {}
    return {"first_sent_at": now, "idempotency_key": uuid.uuid4()}


def _seen(row: Mapping[str, Any]) -> Seen:
    return Seen(**{name: row[name] for name in _SEEN})


def _attempt(row: Mapping[str, Any], now: dt.datetime) -> dict[str, Any]:
    """Numbered by the fence, which grows by one with every claim and with nothing else."""
    return {
        "push_id": row["id"],
        "number": row["fence"] + 1,
        "fence": row["fence"] + 1,
        "idempotency_key": row["idempotency_key"],
        "body_sha256": row["body_sha256"],
        "started_at": now,
    }


def _bodies(ids: list[int]) -> dict[int, bytes]:
    rows = PushBody.objects.filter(pk__in=ids).values_list("pk", "compressed")
    return {pk: bytes(compressed) for pk, compressed in rows}


def _repeats(rows: list[dict[str, Any]]) -> Counter[int]:
    """How often each was tried before under the key that it has now."""
    if not rows:
        return Counter()
    keys = [row["idempotency_key"] for row in rows]
    attempts = PushAttempt.objects.filter(idempotency_key__in=keys, ended_at__isnull=False)
    return Counter(attempts.values_list("push_id", flat=True))


def _claimed(row: Mapping[str, Any], body: bytes, repeats: int, begun: Stopwatch) -> Claimed:
    fence = row["fence"] + 1
    return Claimed(
        push=Seen(**{**vars(_seen(row)), "status": PushStatus.SENDING, "fence": fence}),
        number=fence,
        key=row["idempotency_key"],
        first_sent_at=row["first_sent_at"],
        unsure=row["unsure_since"] is not None,
        repeats=repeats,
        tries=row["tries"],
        body=body,
        body_sha256=row["body_sha256"],
        company=row["company__codat_id"],
        connection=row["connection__codat_id"],
        account=row["account__account_id"],
        begun=begun,
    )
