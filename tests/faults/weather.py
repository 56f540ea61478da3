"""The faults of a campaign: which share of requests meets which, in seconds scaled by the factor.

Every second is set against the portal's own timings: read timeout 30, deadline 40, settle 120.
"""

from __future__ import annotations

from typing import Any

# Weights among the faults of a push; `{}` is seconds before the factor.
WRITES: dict[str, float] = {
    "reset-before": 3,
    "reset-after": 4,
    "half-headers": 2,
    "half-body": 2,
    "empty-200": 1,
    "object-200": 1,
    "html-200": 1,
    "html": 1,
    "twins": 1,
    "bomb": 0.3,
    "redirect": 0.5,
    # Longer than the read timeout; longer than the deadline.
    "hang-{36}": 2,
    "drip-{60}": 1,
    # The effect lands after the client has given up, and before it believes the list.
    "hang-before-{36}": 2,
    "hang-before-{60}": 1,
    "500-before": 2,
    "500-after": 2.5,
    "503-before": 1,
    "503-after": 1,
    "504-after": 0.5,
    "408": 0.5,
    "409": 1,
    "400": 0.3,
    "404": 0.2,
    # Each of these holds everything for a second or more.
    "429-1": 0.25,
    "429-date-1": 0.1,
    "429-garbage": 0.05,
}
READS: dict[str, float] = {
    "500": 2,
    "503": 1,
    "reset-before": 2,
    "half-body": 1,
    "half-headers": 1,
    "html-200": 1,
    "object-200": 1,
    "hang-{36}": 1,
    "429-1": 0.1,
}
# Of what is drawn so much cannot be played, since the request is answered from the kept answers.
REPLAYED = 1.08
# Seconds, before the factor, for which a client does not wait any more.
LONG = 36.0
# Shares of accepted pushes, not weights.
OPERATIONS: dict[str, float] = {
    "op-unlisted-{60}": 0.03,
    "op-slow-{20}": 0.02,
    "op-failed": 0.005,
    "op-late-{20}": 0.003,
}


def plan(*, seed: int, share: float, factor: float, reads: float | None = None) -> dict[str, Any]:
    """For `POST /_sandbox/chance`. share: of pushes; reads: of reads, by default a fifth of it."""
    return {
        "seed": seed,
        "writes": _shares(WRITES, share=min(1.0, share * REPLAYED), factor=factor),
        "reads": _shares(READS, share=share / 5 if reads is None else reads, factor=factor),
        "operations": scaled(OPERATIONS, factor) if share else {},
    }


def scaled(weights: dict[str, float], factor: float) -> dict[str, float]:
    """The same weights, by names with real seconds."""
    return {_scaled(name, factor): weight for name, weight in weights.items()}


def _shares(weights: dict[str, float], *, share: float, factor: float) -> dict[str, float]:
    total = sum(weights.values())
    return {name: each / total * share for name, each in scaled(weights, factor).items()}


def _scaled(name: str, factor: float) -> str:
    before, brace, seconds = name.partition("{")
    return f"{before}{float(seconds[:-1]) * factor:.3f}" if brace else name
