"""What became of every operation, counted from what the server saw; our rows only tell where an
operation that the server has not seen stands now.

Pure: takes the server's ledger (effects in their order) and who stands where, talks to nobody.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

# Where an operation stands in our rows.
ENDED, PERSON, HELD, OPEN = "ended", "person", "held", "open"
# One in a thousand may wait for a person's eyes.
MOST_REVIEWS = 0.001


class Operation(Protocol):
    @property
    def account(self) -> str: ...
    @property
    def ids(self) -> tuple[str, ...]: ...


@dataclass(frozen=True)
class Standing:
    """Of an operation in our rows: the push that has it last, and how far that is."""

    push: int
    status: str
    place: str


@dataclass
class Judgement:
    operations: int = 0
    exactly_once: int = 0
    twice: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    out_of_order: list[str] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)
    needs_review: list[str] = field(default_factory=list)
    # In front of a person for another reason, or behind something that is.
    waiting: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    @property
    def is_good(self) -> bool:
        bad = self.twice or self.lost or self.out_of_order or self.stuck or self.broken
        return not bad and len(self.needs_review) <= self.operations * MOST_REVIEWS


def judge(
    series: Mapping[str, Sequence[Operation]],
    *,
    ledger: Iterable[Mapping[str, Any]],
    standings: Mapping[str, Standing],
) -> Judgement:
    """`standings` by the first id of each operation; `ledger` as the sandbox gives it."""
    found = Judgement()
    effects: dict[str, list[str]] = defaultdict(list)
    for entry in ledger:
        effects[entry["accountId"]] += entry["transactionIds"]
    for account, operations in series.items():
        found.operations += len(operations)
        seen = effects.pop(account, [])
        times = Counter(seen)
        known = {ident for operation in operations for ident in operation.ids}
        found.broken += [f"{ident}: nobody confirmed it" for ident in times if ident not in known]
        for operation in operations:
            _count(found, operation, times, standings.get(operation.ids[0]))
        found.out_of_order += _overtaken(operations, seen)
    found.broken += [f"account {account} is nobody's" for account in effects]
    return found


def _count(
    found: Judgement, operation: Operation, times: Counter[str], standing: Standing | None
) -> None:
    counts = {times[ident] for ident in operation.ids}
    name = f"{operation.ids[0]} ({standing})"
    if max(counts) > 1:
        found.twice.append(name)
    elif counts == {1}:
        found.exactly_once += 1
    elif counts == {0, 1} or standing is None or standing.place == ENDED:
        found.lost.append(name)
    if standing is not None and standing.place == OPEN:
        found.stuck.append(name)
    elif standing is not None and standing.status == "needs_review":
        found.needs_review.append(name)
    elif standing is not None and standing.place in {PERSON, HELD}:
        found.waiting.append(name)


def _overtaken(operations: Sequence[Operation], seen: Sequence[str]) -> list[str]:
    """Operations whose first effect came after that of a later one, or whose rows were mixed."""
    first: dict[str, int] = {}
    for place, ident in enumerate(seen):
        first.setdefault(ident, place)
    found, newest = [], -1
    for operation in operations:
        places = [first[ident] for ident in operation.ids if ident in first]
        if places and (min(places) < newest or places != sorted(places)):
            found.append(operation.ids[0])
        newest = max([newest, *places])
    return found
