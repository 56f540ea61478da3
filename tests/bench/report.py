"""What the bench prints: a table for each latency, the ratios, the goals beside them."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from .goals import ENGINE, Round, ratios
from .runs import Run

MB = 1024 * 1024
HEAD = (
    f"  {'peer':<10}{'pushes':>7}{'pushes/s':>10}{'CPU s / 1,000 tx':>18}{'to outcome':>12}"
    f"{'CPU ms / push':>15}{'peak MB':>9}{'in flight':>11}{'server ms / push':>18}"
)


def table(rounds: Sequence[Round], *, delay: int, transactions: int) -> str:
    lines = [f"Answers after {delay} ms, {transactions} transactions a push, medians", HEAD]
    lines += [_peer(name, [each[name] for each in rounds]) for name in rounds[0]]
    if len(rounds[0]) > 1:
        lines += ["  Ratios of the engine, median of the rounds (range):"]
        lines += [each.line(rounds) for each in ratios(delay=delay, transactions=transactions)]
    ended = median(each[ENGINE].ended_seconds or 0 for each in rounds)
    requests = rounds[-1][ENGINE].seen["requests"]
    lines += [f"  The engine knew every outcome after {ended:.1f} s; its requests: {requests}"]
    return "\n".join(lines)


def _peer(name: str, runs: Sequence[Run]) -> str:
    def middle(of: str) -> float:
        return median(float(getattr(run, of)) for run in runs)

    outcome = f"{middle('ended_cpu_per_thousand'):.4f}"
    return (
        f"  {name:<10}{runs[0].pushes:>7}{middle('rate'):>10.1f}{middle('cpu_per_thousand'):>18.4f}"
        f"{outcome:>12}{middle('cpu_per_push') * 1000:>15.2f}{middle('memory') / MB:>9.1f}"
        f"{middle('in_flight'):>11.0f}{middle('server_cpu_per_push') * 1000:>18.3f}"
    )


def progress(name: str, run: Run) -> str:
    cpu, memory = run.cpu_per_thousand, run.memory / MB
    return f"  {name}: {run.rate:.1f} pushes/s, CPU {cpu:.4f} s per 1,000, {memory:.0f} MB"


def memory(small: Run, large: Run) -> str:
    """Peak of the worker's whole tree for few and for many transactions."""
    ratio = large.memory / small.memory
    met = "met" if ratio <= 1.15 and large.memory < 150 * MB else "MISSED"
    return (
        f"Memory of the worker's tree: {small.memory / MB:.1f} MB for {small.transactions:,} "
        f"transactions, {large.memory / MB:.1f} MB for {large.transactions:,}: {ratio:.2f} x"
        f"  goal <= 1.15 x and < 150 MB  {met}"
    )
