"""A line as it stands in the file, with the account numbers in it masked to their last four."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from contextlib import suppress
from itertools import accumulate

from bankfeeds.intake.masking import MASK, NUMBER
from bankfeeds.intake.shape import Line

_WRITTEN_DAY = re.compile(r"\d{2}(\d\d)?-\d\d-(\d\d)?\d\d")
# A comma may as well set columns apart, where nothing else does.
_CENTS = {True: re.compile(r"[.,]\d{1,2}(?!\d)"), False: re.compile(r"\.\d{1,2}(?!\d)")}
DAYS = ("%Y%m%d", "%y%m%d", "%d%m%Y", "%m%d%Y")


def masked(row: Line, widths: Sequence[int] = ()) -> str:
    """`widths` of the columns where nothing else sets them apart.

    What the row shows beside it as a day, an amount, words or an id stays as it is.
    """
    known = [_digits(row.transaction_id), _digits(row.description)]
    known += [row.date.strftime(form) for form in DAYS]
    # With their cents, or what stands before the mark.
    money = {_digits(f"{value}").lstrip("0") for value in (row.amount, row.balance)}
    money |= {str(abs(int(value))) for value in (row.amount, row.balance)}

    def shown(found: re.Match[str]) -> str:
        digits = _digits(found[0])
        if any(digits in each for each in known[:2]) or digits.startswith(tuple(known[2:])):
            return found[0]
        return found[0] if digits.lstrip("0") in money else MASK + digits[-4:]

    return "".join(NUMBER.sub(shown, part) for part in _parts(row.raw, widths))


def masked_bad(raw: str, widths: Sequence[int] = ()) -> str:
    """Of a line that could not be read: what it has for days and money stays, any other number
    may be an account's. Somebody who mends it has the whole line in the file to download."""
    cents = _CENTS[";" in raw or "\t" in raw]

    def shown(found: re.Match[str]) -> str:
        digits = _digits(found[0])
        money = cents.match(found.string, found.end())
        day = _WRITTEN_DAY.fullmatch(found[0]) or _is_day(digits)
        return found[0] if money or day else MASK + digits[-4:]

    return "".join(NUMBER.sub(shown, part) for part in _parts(raw, widths))


def _is_day(digits: str) -> bool:
    """Of four digits for the year, also with a time of day behind it."""
    if len(digits) not in (8, 14):
        return False
    for form in DAYS:
        with suppress(ValueError):
            if 1990 <= dt.datetime.strptime(digits[:8], form).year < 2100:
                return True
    return False


def _parts(text: str, widths: Sequence[int]) -> list[str]:
    starts = list(accumulate(widths, initial=0))
    ends: list[int | None] = [*starts[1:], None]
    return [text[start:end] for start, end in zip(starts, ends, strict=True)]


def _digits(text: str) -> str:
    return re.sub(r"\D", "", text)
