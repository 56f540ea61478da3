"""The proof by campaign: real workers, killed at random, against the sandbox with faults by chance.

    python -m tests.faults.campaign --operations 10000 --kills 1000 --http-faults 0.25 --seed 1 \\
        --database sqlite

Prints what the server saw of every operation, and exits non-zero when one arrived twice, not at
all, out of order, or is stuck, or when more than one in a thousand needs a person's eyes.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.faults import weather
from tests.faults.judge import Judgement, judge
from tests.faults.killer import Killer
from tests.faults.place import Place, prepared

if TYPE_CHECKING:
    from tests.faults.bank import Bank

LEASE = 90.0
# So much of the work may be done, or be waiting, before its share of the kills was made.
AHEAD = 0.15
SAY_EVERY = 5.0
# The killer waits at most so long for the work to come along.
PATIENCE = 6.0
EVIDENCE = 10
MOVING = {"sending", "reconciling", "submitted"}


@dataclass(frozen=True)
class Order:
    operations: int
    kills: int
    http_faults: float
    seed: int
    database: str
    workers: int
    connections: int
    factor: float
    minutes: float
    pace: float
    quiet: float


def main(arguments: list[str] | None = None) -> int:
    order = Order(**vars(_parser().parse_args(arguments)))
    began = time.monotonic()
    with prepared(database=order.database, factor=order.factor, workers=order.workers) as place:
        return _Campaign(order, place, began).run()


class _Campaign:
    def __init__(self, order: Order, place: Place, began: float) -> None:
        self.order, self.place, self.began = order, place, began
        self.killer = Killer(
            place,
            wanted=order.kills,
            seed=order.seed,
            pace=order.pace,
            lease=LEASE * order.factor,
            may_go_on=self._killer_may_go_on,
        )
        self._said_at = 0.0
        self._done = 0
        self._waited_since: float | None = None
        self.bank: Bank

    def run(self) -> int:
        from tests.faults import bank

        order = self.order
        self.bank = bank.founded(connections=order.connections, seed=order.seed)
        self.place.server.post(
            "chance", weather.plan(seed=order.seed, share=order.http_faults, factor=order.factor)
        )
        self._note(f"{len(self.bank.accounts)} accounts, {order}, in {self.place.folder}")
        for worker in self.place.workers:
            worker.start()
        self.killer.start()
        try:
            self._work()
        finally:
            self.killer.halt()
            for worker in self.place.workers:
                worker.stop()
        if self.killer.trouble:
            raise self.killer.trouble
        return self._report()

    def _work(self) -> None:
        """Feed, decide, say how it goes; until all is confirmed, killed and at rest."""
        ends = self.began + self.order.minutes * 60
        rest = _Rest(self.order.quiet)
        while time.monotonic() < ends:
            self._feed()
            self.bank.decide()
            for worker in self.place.workers:
                worker.must_live()
            states = self._states()
            is_fed = self.bank.confirmed == self.order.operations
            if is_fed and self.killer.share >= 1 and rest.has_come(states):
                return
            time.sleep(0.3)
        self._note("the time is over")

    def _feed(self) -> None:
        share = AHEAD + (1 - AHEAD) * self.killer.share
        wanted = min(self.order.operations, round(self.order.operations * share) + 1)
        if wanted > self.bank.confirmed:
            self.bank.confirm(min(wanted - self.bank.confirmed, 100))

    def _killer_may_go_on(self, share: float) -> bool:
        """Not too far ahead of the work; but when that stands still, kill all the same."""
        if share <= self._done / self.order.operations + AHEAD:
            self._waited_since = None
            return True
        self._waited_since = self._waited_since or time.monotonic()
        if time.monotonic() - self._waited_since < PATIENCE:
            return False
        self._waited_since = None
        return True

    def _states(self) -> Counter[str]:
        from django.db.models import Count

        from bankfeeds.models import Push

        rows = Push.objects.order_by().values_list("status").annotate(n=Count("pk"))
        states = Counter(dict(rows))
        self._done = states["succeeded"]
        if time.monotonic() - self._said_at > SAY_EVERY:
            self._said_at = time.monotonic()
            self._note(
                f"confirmed {self.bank.confirmed}, kills {self.killer.kills}, "
                + ", ".join(f"{n} {name}" for name, n in sorted(states.items()))
            )
        return states

    def _note(self, words: str) -> None:
        sys.stderr.write(f"{time.monotonic() - self.began:7.1f} s  {words}\n")
        sys.stderr.flush()

    def _report(self) -> int:
        from tests.faults import rows

        server = self.place.server
        ledger, posts, met = server.get("ledger"), server.get("posts"), server.get("chance")
        found = judge(self.bank.series, ledger=ledger, standings=rows.standings())
        found.broken += rows.broken(posts=posts, ledger=ledger)
        self._say(found, posts, met)
        for name in _worth_a_look(found):
            self._note(rows.evidence(name, ledger=ledger, posts=posts))
        return 0 if found.is_good else 1

    def _say(self, found: Judgement, posts: list[Any], met: dict[str, Any]) -> None:
        kinds = self.killer.counts
        on_posts = sum(n for name, n in met["met"].items() if name in met["plan"]["writes"])
        lines: list[tuple[str, object]] = [
            ("database", self.order.database),
            ("seed", self.order.seed),
            ("operations", found.operations),
            ("kills", f"{self.killer.kills} {dict(sorted(kinds.items()))}"),
            ("posts", len(posts)),
            (
                "faults",
                f"{sum(met['met'].values())} (of posts {on_posts / max(1, len(posts)):.1%})",
            ),
            ("exactly once", found.exactly_once),
            ("twice", len(found.twice)),
            ("lost", len(found.lost)),
            ("out of order", len(found.out_of_order)),
            ("stuck", len(found.stuck)),
            ("needs_review", len(found.needs_review)),
            ("waiting for a person", len(found.waiting)),
            ("sent again by a person", self.bank.decided),
            ("broken invariants", len(found.broken)),
            ("seconds", round(time.monotonic() - self.began)),
        ]
        sys.stdout.write("".join(f"{name:24}{value}\n" for name, value in lines))
        sys.stdout.write(f"{'faults met':24}{dict(sorted(met['met'].items()))}\n")
        sys.stdout.write("".join(f"broken: {words}\n" for words in found.broken))
        sys.stdout.flush()


class _Rest:
    """Nothing moves any more but what waits behind a person, or nothing has for `quiet` seconds."""

    def __init__(self, quiet: float) -> None:
        self._quiet, self._seen, self._since = quiet, Counter[str](), time.monotonic()

    def has_come(self, states: Counter[str]) -> bool:
        from bankfeeds.models import Push

        if states != self._seen:
            self._seen, self._since = states, time.monotonic()
        undecided = Push.objects.undecided()
        if undecided.exclude(status="needs_review").exists() or states.keys() & MOVING:
            return time.monotonic() - self._since > self._quiet
        ready = Push.objects.filter(status="ready").exclude(
            connection__in=undecided.values("connection")
        )
        return not ready.exists() or time.monotonic() - self._since > self._quiet


def _worth_a_look(found: Judgement) -> list[str]:
    names: list[str] = []
    for kind in (found.twice, found.lost, found.out_of_order, found.stuck, found.needs_review):
        names += [name for name in kind[:EVIDENCE] if name not in names]
    return names


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--operations", type=int, default=10_000)
    parser.add_argument("--kills", type=int, default=1_000)
    parser.add_argument("--http-faults", type=float, default=0.25, help="share of the POSTs")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--database", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--workers", type=int, default=2, help="worker commands")
    parser.add_argument("--connections", type=int, default=400)
    parser.add_argument("--factor", type=float, default=0.05, help="of all timings")
    parser.add_argument("--minutes", type=float, default=60, help="after which it is broken off")
    parser.add_argument("--pace", type=float, default=0.4, help="seconds between two kills")
    parser.add_argument("--quiet", type=float, default=90, help="seconds without a move: at rest")
    return parser


if __name__ == "__main__":
    sys.exit(main())
