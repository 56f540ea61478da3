"""Requests for an account and day: one push each, followed by asking, within the product's budget.

A day of pushes within minutes. The stand-in throttles as Codat does, so a 429 is of our making.
"""

from __future__ import annotations

from . import runs
from .place import Place
from .runs import Run

# Codat's, as its guide to rate limits says them; ours lie below.
CODAT = {"per_minute": 1000, "per_company": 10}
OURS = {"most_in_a_minute": 800, "most_of_a_company": 8, "throttled": 0}
WORDS = {
    "most_in_a_minute": "requests in any 60 s",
    "most_of_a_company": "requests at once of one company",
    "throttled": "answers 429",
}


def day(place: Place, *, delay: float, pending: float, told: bool) -> Run:
    """Every account pushed once and followed to its end. delay in ms, pending in seconds.

    told: Codat's messages say when to look.
    """
    answers = {"delay": delay, "pending": pending, **CODAT}
    return runs.engine(place, answers=answers, settings={}, told=told)


def table(made: Run, *, per_company: int, told: bool) -> str:
    """What the server counted, and the goals beside it.

    A message only says when to look (it may be old, doubled or forged), so that one list for each
    company remains: 1.02 with 50 accounts in a company.
    """
    kinds: dict[str, int] = made.seen["requests"]
    total = sum(kinds.values()) + made.seen["throttled"]
    each, goal = total / made.pushes, 1.02 if told else 1 + 3 / per_company
    lines = [
        f"{made.pushes} accounts, {per_company} in a company, {'with' if told else 'without'} "
        f"messages: {total} requests {kinds} in {made.ended_seconds or 0:.0f} s",
        _line("requests for an account and day", f"{each:.3f}", goal, each <= goal),
    ]
    for name, most in OURS.items():
        lines.append(_line(WORDS[name], str(made.seen[name]), most, made.seen[name] <= most))
    return "\n".join(lines)


def _line(what: str, value: str, goal: float, met: bool) -> str:  # noqa: FBT001
    return f"  {what:<36}{value:>8}  goal <= {goal:g}  {'met' if met else 'MISSED'}"
