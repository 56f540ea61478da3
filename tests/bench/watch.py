"""Beside the worker, on its database: lets the pushes go, and says when they have arrived.

A process of its own: python -m tests.bench.watch. Says a line when it is ready, waits for one,
lets go and rings as a confirmation does, then says what the portal claims at two moments: when
every push was taken by Codat, and when every outcome is known.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable

import django

LOOK_EVERY = 0.02


def let_go() -> float:
    """All at once, rung as the confirmation of many accounts rings; CPU seconds that it took."""
    from django.db import transaction

    from bankfeeds import doorbell
    from bankfeeds.models import Push

    before = time.process_time()
    with transaction.atomic():
        Push.objects.update(next_attempt_at=None)
        doorbell.ring(doorbell.DELIVER)
    return time.process_time() - before


def wait_until(arrived: Callable[[dict[str, int]], bool], *, seconds: float) -> dict[str, int]:
    """Pushes by status, as soon as they are as wished, or when the time is over."""
    from django.db.models import Count

    from bankfeeds.models import Push

    end = time.monotonic() + seconds
    while True:
        rows = Push.objects.order_by().values_list("status").annotate(Count("pk"))
        found = dict(rows)
        if arrived(found) or time.monotonic() > end:
            return found
        time.sleep(LOOK_EVERY)


def taken(found: dict[str, int]) -> bool:
    return not {"ready", "sending", "reconciling"} & set(found)


def ended(found: dict[str, int]) -> bool:
    return taken(found) and "submitted" not in found


def claims() -> dict[str, object]:
    """What the portal believes that it has sent."""
    from bankfeeds.models import Push, PushAttempt, PushBody

    sent = Push.objects.exclude(push_operation_key=None)
    bodies = PushBody.objects.filter(push__in=sent).iterator()
    keys = sent.values_list("push_operation_key", flat=True)
    return {
        "attempts": PushAttempt.objects.count(),
        "transactions": sum(sent.values_list("rows", flat=True)),
        "bytes": sum(len(body.content) for body in bodies),
        "keys": [int(str(key).rpartition("-")[2], 16) for key in keys],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=300, help="to wait at most")
    options = parser.parse_args()
    django.setup()
    from django.db import connection

    connection.ensure_connection()
    _say("ready")
    sys.stdin.readline()
    cpu = let_go()
    began = time.perf_counter()
    _say("gone", cpu=cpu)
    for stage, arrived in (("taken", taken), ("ended", ended)):
        found = wait_until(arrived, seconds=options.seconds)
        _say(stage, seconds=time.perf_counter() - began, statuses=found, arrived=arrived(found))
    sys.stdin.readline()
    _say("claims", **claims())


def _say(stage: str, **what: object) -> None:
    sys.stdout.write(json.dumps({"stage": stage, **what}) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
