"""A line as it stands in the file, with the account numbers in it masked to their last four."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import accumulate

from bankfeeds.intake.masking import DAYS, NUMBER, digits_of, hidden, unnamed
from bankfeeds.intake.shape import Line

# They would show the line, and what stands beside it, in another order than it has.
DIRECTIONS = re.compile(r"[\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def masked(row: Line, widths: Sequence[int] = ()) -> str:
    """`widths` of the columns where nothing else sets them apart.

    What the row shows beside it as a day, an amount, words or an id stays as it is.
    """
    known = [digits_of(row.transaction_id), digits_of(row.description)]
    known += [row.date.strftime(form) for form in DAYS]
    # With their cents, or what stands before the mark.
    money = {digits_of(f"{value}").lstrip("0") for value in (row.amount, row.balance)}
    money |= {str(abs(int(value))) for value in (row.amount, row.balance)}

    def shown(found: re.Match[str]) -> str:
        digits = digits_of(found[0])
        if any(digits in each for each in known[:2]) or digits.startswith(tuple(known[2:])):
            return found[0]
        return found[0] if digits.lstrip("0") in money else hidden(found[0])

    return "".join(NUMBER.sub(shown, part) for part in _parts(row.raw, widths))


def masked_bad(raw: str, widths: Sequence[int] = ()) -> str:
    """Of a line that could not be read. Somebody who mends it has the whole line in the file to
    download."""
    comma = ";" in raw or "\t" in raw
    return "".join(unnamed(part, comma=comma) for part in _parts(raw, widths))


def _parts(text: str, widths: Sequence[int]) -> list[str]:
    text = DIRECTIONS.sub("·", text)
    starts = list(accumulate(widths, initial=0))
    ends: list[int | None] = [*starts[1:], None]
    return [text[start:end] for start, end in zip(starts, ends, strict=True)]
