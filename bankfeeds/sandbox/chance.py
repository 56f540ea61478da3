"""Faults by chance, the same for the same seed: `POST /_sandbox/chance`, for campaigns.

    {"seed": 7, "writes": {"reset-after": 0.03, ...}, "reads": {...}, "operations": {...}}

gives the share of pushes (POST), of reads (GET) and of accepted pushes that meet each fault. What
is drawn depends on the seed, the account or company, and how many such requests it had before, and
on nothing else: not on the order in which requests of different accounts come in.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from .rules import is_number
from .world import Record, World

KINDS = ("writes", "reads", "operations")


def plan(world: World, wanted: Any, *, known: Mapping[str, object]) -> str | None:
    """Takes a plan in place of the one before; answers what is wrong with it, or None.

    `known` are the faults by their names that the plan may use, as `faults.parse` found them.
    """
    if not isinstance(wanted, dict) or type(wanted.get("seed")) is not int:
        return 'The body must be an object with "seed", a whole number.'
    taken: Record = {"seed": wanted["seed"]}
    for kind in KINDS:
        shares = wanted.get(kind, {})
        if not isinstance(shares, dict) or not all(is_number(each) for each in shares.values()):
            return f"{kind} must be an object of shares by the names of faults."
        if unknown := [name for name in shares if known.get(name) is None]:
            return f"Unknown fault: {unknown[0]}."
        if any(each < 0 for each in shares.values()) or sum(shares.values()) > 1:
            return f"The shares of {kind} must not be negative, and together at most 1."
        taken[kind] = shares
    stop(world)
    world.put("chance", "plan", taken)
    return None


def stop(world: World) -> None:
    """No more faults by chance; what was met stays counted."""
    world.drop("chance", "plan")


def state(world: World) -> Record:
    """The plan, how often each fault was met, and how many requests of each kind there were."""
    table = world.table("chance")
    return {
        "plan": table.get("plan"),
        "met": table.get("met", {}),
        "seen": table.get("seen", dict.fromkeys(KINDS, 0)),
    }


def draw(world: World, method: str, path: str, *, operation: bool) -> str | None:
    """The name of the fault that this request is to meet, if any."""
    wanted: Record | None = world.table("chance").get("plan")
    kind = _kind(method, path, operation)
    if wanted is None or kind is None:
        return None
    place = f"{kind} {_place(world, path)}"
    number = world.table("turns").get(place, 0) + 1
    world.put("turns", place, number)
    seen = world.table("chance").get("seen", dict.fromkeys(KINDS, 0))
    world.put("chance", "seen", {**seen, kind: seen[kind] + 1})
    left = random.Random(f"{wanted['seed']} {place} {number}").random()  # noqa: S311
    for name, share in wanted[kind].items():
        left -= share
        if left < 0:
            return str(name)
    return None


def count(world: World, name: str) -> None:
    met = world.table("chance").get("met", {})
    world.put("chance", "met", {**met, name: met.get(name, 0) + 1})


def _kind(method: str, path: str, operation: bool) -> str | None:
    is_push = path.endswith("/bankTransactions")
    if operation:
        return "operations"
    if method == "POST" and is_push:
        return "writes"
    return "reads" if method == "GET" else None


def _place(world: World, path: str) -> str:
    """The account of a push; else the company, by its name, since its id is another every time."""
    parts = path.strip("/").split("/")
    if path.endswith("/bankTransactions"):
        return parts[-2]
    company = world.table("companies").get(parts[1], {}) if len(parts) > 1 else {}
    return str(company.get("name", ""))
