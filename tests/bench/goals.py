"""The goals that stand beside the figures: what is divided by what, and where it should lie."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from .runs import Run

ENGINE, SDK, LOOP = "engine", "sdk", "requests"
Round = dict[str, Run]


@dataclass(frozen=True)
class Ratio:
    """One comparison within a round. `goal`: what it should be, `best`: at most or at least."""

    name: str
    of: Callable[[Round], float]
    goal: float | None = None
    at_most: bool = False

    def values(self, rounds: Sequence[Round]) -> list[float]:
        return [self.of(each) for each in rounds]

    def verdict(self, value: float) -> str:
        """Met or missed, for eyes: nothing fails by it."""
        if self.goal is None:
            return ""
        met = value <= self.goal if self.at_most else value >= self.goal
        sign = "<=" if self.at_most else ">="
        return f"goal {sign} {self.goal:g} x  {'met' if met else 'MISSED'}"

    def line(self, rounds: Sequence[Round]) -> str:
        values = self.values(rounds)
        middle = median(values)
        span = f"({min(values):.2f} - {max(values):.2f})"
        return f"  {self.name:<52}{middle:>8.2f} x  {span:<18}{self.verdict(middle)}".rstrip()


def ratios(*, delay: int, transactions: int) -> list[Ratio]:
    return [
        Ratio("pushes/s, of the SDK loop's", _rate(SDK), _speed_goal(delay, transactions)),
        Ratio("pushes/s, of the requests loop's", _rate(LOOP)),
        Ratio("CPU to taken, of the requests loop's", _cpu(LOOP), 3, at_most=True),
        Ratio("CPU to taken, of the SDK loop's", _cpu(SDK), 0.35, at_most=True),
        # Both ask for the outcome; then against loops that never do.
        Ratio("CPU to the outcome, of the requests loop's", _outcome_cpu(LOOP), 3, at_most=True),
        Ratio("CPU to the outcome, of the SDK loop's", _outcome_cpu(SDK), 0.35, at_most=True),
        Ratio("the same, of the requests loop's to taken", _unasked_cpu(LOOP), 3, at_most=True),
        Ratio("the same, of the SDK loop's to taken", _unasked_cpu(SDK), 0.35, at_most=True),
    ]


def _speed_goal(delay: int, transactions: int) -> float | None:
    if transactions >= 1000:
        return 10 if delay == 50 else None
    return {0: 3, 50: 15, 200: 25}.get(delay)


def _rate(other: str) -> Callable[[Round], float]:
    return lambda runs: runs[ENGINE].rate / runs[other].rate


def _cpu(other: str) -> Callable[[Round], float]:
    return lambda runs: runs[ENGINE].cpu_per_thousand / runs[other].cpu_per_thousand


def _outcome_cpu(other: str) -> Callable[[Round], float]:
    return lambda runs: runs[ENGINE].ended_cpu_per_thousand / runs[other].ended_cpu_per_thousand


def _unasked_cpu(other: str) -> Callable[[Round], float]:
    return lambda runs: runs[ENGINE].ended_cpu_per_thousand / runs[other].cpu_per_thousand
