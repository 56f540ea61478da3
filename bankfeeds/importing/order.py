"""In which order a file's rows happened, and whether the balance moves with the amounts.

Some institutions list the newest row first. Rows of one day carry no time, so the running balance
tells their order; the last one's balance becomes the account's, so it has to be right.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from bankfeeds.intake.shape import Line


@dataclass(frozen=True)
class Movement:
    """`rows` oldest first. `first_break`: the first line whose balance does not follow."""

    rows: list[Line]
    first_break: int | None
    breaks: int
    newest_first: bool
    signs_reversed: bool


def movement(rows: Sequence[Line], *, before: Decimal | None) -> Movement:
    """`before`: the balance before the first row where it is known."""
    ways = [sorted(way, key=lambda row: row.date) for way in (rows, rows[::-1])]
    counted = [_breaks(way, before, 1) for way in ways]
    backwards = len(counted[1]) < len(counted[0])
    signs_reversed = False
    if counted[backwards]:
        reversed_ways = [_breaks(way, before, -1) for way in ways]
        if not all(reversed_ways):
            signs_reversed = True
            backwards = bool(reversed_ways[0])
    breaks = counted[backwards]
    return Movement(
        rows=ways[backwards],
        first_break=breaks[0] if breaks else None,
        breaks=len(breaks),
        newest_first=_lists_newest_first(rows, backwards=backwards),
        signs_reversed=signs_reversed,
    )


def _breaks(rows: Sequence[Line], before: Decimal | None, sign: int) -> list[int]:
    """The lines at which the balance before, and the amount with this sign, do not add up."""
    found = []
    balance = before
    for row in rows:
        if balance is not None and balance + sign * row.amount != row.balance:
            found.append(row.line)
        balance = row.balance
    return found


def _lists_newest_first(rows: Sequence[Line], *, backwards: bool) -> bool:
    return len(rows) > 1 and (backwards or rows[0].date > rows[-1].date)
