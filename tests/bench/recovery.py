"""How soon the portal is itself again, and how soon a click reaches Codat: the real worker, timed.

    python -m tests.bench.recovery --database sqlite
    python -m tests.bench.recovery --database postgres --only restart

`click`: from the commit of a confirmation to the arrival of its POST at the server, 60 times.
`killed`: a process of the pool is killed while its POST is on its way; until that push is sent
again. `deadlock`: an idle process of the pool is killed while it holds the lock of the queue,
which stops all of them without a word; until a push confirmed at that moment is sent. `restart`:
PostgreSQL is stopped as by a crash while pushes flow; from its first answer until the next push
is sent.

Timings are those of production unless `--factor` scales them. Each figure stands beside its goal,
met or MISSED, and proves nothing about another machine or load. Exit code 1 only when something
that was confirmed arrived at the server twice or not at all.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from bankfeeds.management.process import Family
from tests.faults.place import prepared

from .place import note, say

if TYPE_CHECKING:
    from .mishaps import Figure
    from .portal import Portal

CLOCKS = ("click", "killed", "deadlock", "restart")


def main(arguments: Sequence[str] | None = None) -> int:
    options = _options(arguments)
    # Around the place, whose end must find the server that was started again.
    with (
        Family(grace=5, orphan_grace=5) as family,
        prepared(database=options.database, factor=options.factor, workers=1) as place,
    ):
        from .portal import Portal

        portal = Portal(place, factor=options.factor)
        try:
            return _measured(options, portal, family)
        finally:
            portal.worker.stop()


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench.recovery",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--database", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--factor", type=float, default=1.0, help="of all timings of the portal")
    parser.add_argument("--rounds", type=int, default=1, help="of all but `click`")
    parser.add_argument("--only", choices=CLOCKS, nargs="+", default=CLOCKS)
    return parser.parse_args(arguments)


def _measured(options: argparse.Namespace, portal: Portal, family: Family) -> int:
    from django.conf import settings

    say(f"recovery: {options.database}, timings x {options.factor:g}, {os.cpu_count()} cores")
    for name, clock in _clocks(options, portal, family).items():
        note(f"{name} …")
        load = os.getloadavg()[0]
        for figure in clock():
            say(f"{figure.line()}  load {load:.1f} - {os.getloadavg()[0]:.1f}")
    statuses = portal.wait_for_the_end(seconds=settings.PUSH_LEASE + settings.PUSH_SETTLE + 60)
    odd = portal.odd()
    told = ", ".join(f"{count} {status}" for status, count in statuses.items())
    say(f"  {len(portal.confirmed)} transactions in pushes: {told}; at the server {_told(odd)}")
    return int(any(odd.values()))


def _clocks(
    options: argparse.Namespace, portal: Portal, family: Family
) -> dict[str, Callable[[], Sequence[Figure]]]:
    from . import mishaps

    url = os.environ["DATABASE_URL"]
    rounds: int = options.rounds
    clocks: dict[str, Callable[[], Sequence[Figure]]] = {
        "click": lambda: [mishaps.click_to_post(portal)],
        "killed": lambda: [mishaps.killed_worker(portal, times=rounds)],
        "deadlock": lambda: [mishaps.deadlocked_pool(portal, times=rounds)],
        "restart": lambda: mishaps.restarted_database(portal, times=rounds, url=url, family=family),
    }
    if options.database == "sqlite":
        del clocks["restart"]
    return {name: clock for name, clock in clocks.items() if name in options.only}


def _told(odd: dict[str, list[str]]) -> str:
    if not any(odd.values()):
        return "each once"
    return "; ".join(f"{len(ids)} {how}: {', '.join(ids[:5])}" for how, ids in odd.items())


if __name__ == "__main__":
    sys.exit(main())
