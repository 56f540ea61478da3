"""Ids for rows that state none, made of all that they say.

Of what a row says and not of how it is written: the same row in a file made anew has the same id.
A balance that the file states is part of it, so that equal rows of a day are told apart in whatever
order the file lists them, and also where it begins behind the first of them. One that a person
states never is: the same row has the same id whatever was stated, and equal rows are counted.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from decimal import Decimal

from . import cells
from .shape import gettext_noop


class Derived:
    """The ids of one file, row by row as it lists them."""

    def __init__(self) -> None:
        self._equals: Counter[bytes] = Counter()
        self._first: dict[tuple[str, ...], tuple[int, Decimal]] = {}
        self._moved = Decimal(0)

    def id(
        self, line: int, day: dt.date, text: str, amount: Decimal, balance: Decimal | None
    ) -> str:
        """Raises BadCell for a row that is another one once more.

        Where nothing between two rows took back what they did, they cannot have one balance.
        """
        row = (day.isoformat(), text, cells.figure(amount))
        if balance is None:
            return cells.made_id(row, self._equals)
        said = (*row, cells.figure(balance))
        moved = self._moved + amount
        first, then = self._first.setdefault(said, (line, moved))
        if then != moved:
            raise cells.BadCell(
                "row-twice",
                gettext_noop(
                    "It is line %(line)d once more, with the same balance, which a second"
                    " transaction would have changed."
                ),
                line=first,
            )
        self._moved = moved
        return cells.made_id(said, self._equals)
