"""One run of one peer: the clock, CPU, memory, and whether the server saw what is claimed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

from . import messages, meter
from .place import Place
from .processes import Void, environment, talking, worker

LONGEST = 600.0
# Many more than the product allows itself: here the engine is measured, not its patience.
NO_LIMIT = {"CODAT_CALLS_PER_MINUTE": "100000000"}


@dataclass(frozen=True)
class Run:
    """CPU in seconds, memory in bytes. `ended_*`: until every outcome was known."""

    pushes: int
    transactions: int
    seconds: float
    cpu: float
    memory: int
    seen: dict[str, Any]
    ended_cpu: float
    ended_seconds: float | None = None

    @property
    def rate(self) -> float:
        """Pushes taken by Codat in a second."""
        return self.pushes / self.seconds

    @property
    def cpu_per_thousand(self) -> float:
        """CPU seconds for 1,000 transactions, until Codat had taken them."""
        return self.cpu / self.transactions * 1000

    @property
    def ended_cpu_per_thousand(self) -> float:
        """The same until every outcome was known: a loop asks for each once."""
        return self.ended_cpu / self.transactions * 1000

    @property
    def cpu_per_push(self) -> float:
        return self.cpu / self.pushes

    @property
    def server_cpu_per_push(self) -> float:
        return float(self.seen["cpu"]) / self.pushes

    @property
    def in_flight(self) -> int:
        return int(self.seen["most_in_flight"])


def loop(place: Place, peer: str, *, accounts: int, transactions: int, delay: float) -> Run:
    """One of `loops`, in a process of its own; `delay` of the answers in ms."""
    server = place.server
    server.begin(delay=delay)
    arguments = ("--url", server.url, "--accounts", accounts, "--transactions", transactions)
    with talking(place.family, "loops", peer, *arguments) as talker:
        talker.hear("ready")
        with meter.Peak(talker.pid) as peak:
            talker.tell()
            done = talker.hear("done")
    if not done["known"]:
        raise Void(f"the loop of {peer} asked, and not every push had succeeded")
    claims = {"keys": done["keys"], "transactions": accounts * transactions}
    return Run(
        pushes=accounts,
        transactions=accounts * transactions,
        seconds=done["seconds"],
        cpu=done["cpu"],
        ended_cpu=done["ended_cpu"],
        memory=peak.bytes,
        seen=held(server.stats(), claims),
    )


def engine(
    place: Place,
    *,
    answers: Mapping[str, float],
    settings: Mapping[str, str] = NO_LIMIT,
    told: bool = False,
) -> Run:
    """The portal's own worker on a fresh copy of the seeded database.

    answers: how the server gives them, see `Server.begin`; settings: from the environment; told:
    Codat's messages come in at the portal's web process (of which CPU and memory are not counted).
    """
    server = place.server
    if told:
        settings = {**settings, **messages.SETTINGS}
    env = environment(database=place.data.copy(), server=server.url, **settings)
    server.begin(**answers)
    with (
        messages.delivered(place.family, server, env=env, log=place.log) if told else nullcontext(),
        worker(place.family, env=env, log=place.log) as child,
        talking(place.family, "watch", "--seconds", LONGEST, env=env) as watcher,
    ):
        watcher.hear("ready")
        with meter.Peak(child.process.pid) as peak:
            before = meter.cpu(child.process.pid)
            watcher.tell()
            watcher.hear("gone")
            taken = _arrived(watcher.hear("taken"))
            taken_cpu = meter.cpu(child.process.pid) - before
            ended = _arrived(watcher.hear("ended"))
            ended_cpu = meter.cpu(child.process.pid) - before
        watcher.tell()
        claims = watcher.hear("claims")
    return Run(
        pushes=len(claims["keys"]),
        transactions=claims["transactions"],
        seconds=taken["seconds"],
        cpu=taken_cpu,
        memory=peak.bytes,
        seen=held(server.stats(), claims),
        ended_cpu=ended_cpu,
        ended_seconds=ended["seconds"],
    )


def _arrived(said: dict[str, Any]) -> dict[str, Any]:
    if not said["arrived"]:
        raise Void(f"after {said['seconds']:.0f} s the pushes stood at {said['statuses']}")
    odd = set(said["statuses"]) - {"submitted", "succeeded"}
    if odd:
        raise Void(f"pushes ended as {', '.join(sorted(odd))}")
    return said


def held(seen: dict[str, Any], claims: dict[str, Any]) -> dict[str, Any]:
    """The server's counts, against the claims: each write once, with every transaction."""
    keys: Sequence[int] = claims["keys"]
    claimed = {"posts": len(keys), "replays": 0, "transactions": claims["transactions"]}
    if "bytes" in claims:
        claimed["bytes"] = claims["bytes"]
    if "attempts" in claims:
        # Of those that were throttled the server took nothing.
        claimed["posts"] = claims["attempts"] - seen["throttled_posts"]
    saw = {name: seen[name] for name in claimed}
    if saw != claimed:
        raise Void(f"claimed {claimed}, but the server saw {saw}")
    if sorted(keys) != list(range(seen["keys"]["count"])):
        raise Void("the keys that were claimed are not those that the server handed out")
    return seen
