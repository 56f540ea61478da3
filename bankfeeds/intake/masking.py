"""Numbers of accounts and cards within a text, masked to their last four digits."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import accumulate

MASK, DOT = "••", "•"
SHOWN = 4
# What may be one, with or without marks between its groups.
NUMBER = re.compile(r"(?<![\d.])\d(?:[ -]?\d){6,}")
FEWEST = 7
DAYS = ("%Y%m%d", "%y%m%d", "%d%m%Y", "%m%d%Y")
_WRITTEN_DAY = re.compile(r"\d{2}(\d\d)?-\d\d?-(\d\d)?\d\d?")
# A comma may as well set columns apart, where nothing else does.
_CENTS = {True: re.compile(r"[.,]\d{1,2}(?!\d)"), False: re.compile(r"\.\d{1,2}(?!\d)")}
# What stands before cents; spaces may set its thousands apart.
_BEFORE_CENTS = re.compile(r"(?:(?<!\d)\d{1,3}(?: \d{3})+|\d+)\Z")
MOST_OF_MONEY = 13


def masked(text: str) -> str:
    """All of them."""
    return NUMBER.sub(lambda found: hidden(found[0]), text)


def unnamed(text: str, *, comma: bool = True) -> str:
    """Where nobody has said what a number is: days and money stay, any other may be an account's.

    `comma`: cents may stand behind one.
    """
    return NUMBER.sub(lambda found: _unnamed(found, _CENTS[comma]), text)


def unnamed_in_columns(text: str, widths: Sequence[int]) -> str:
    """The same of columns of fixed width, as long as it was, so that they can be counted."""
    letters = list(text)
    for found in NUMBER.finditer(text):
        for at in set(range(*found.span())) - set(_kept(found, {*accumulate(widths)})):
            letters[at] = DOT if text[at].isdigit() else text[at]
    return "".join(letters)


def is_day(digits: str) -> bool:
    """Of four digits for the year, also with a time of day behind it."""
    if len(digits) not in (8, 14):
        return False
    for form in DAYS:
        with suppress(ValueError):
            if 1990 <= dt.datetime.strptime(digits[:8], form).year < 2100:
                return True
    return False


def digits_of(text: str) -> str:
    return re.sub(r"\D", "", text)


def hidden(text: str) -> str:
    return MASK + digits_of(text)[-SHOWN:]


def _unnamed(found: re.Match[str], cents: re.Pattern[str]) -> str:
    money = _BEFORE_CENTS.search(found[0]) if cents.match(found.string, found.end()) else None
    tail = money[0] if money else ""
    words = found[0].removesuffix(tail).split(" ")
    head = []
    while words and _is_written_day(words[0]):
        head.append(words.pop(0))
    middle = " ".join(words)
    if len(digits_of(middle)) >= FEWEST:
        blank = " " if middle.endswith(" ") else ""
        middle = hidden(middle) + blank
    return " ".join([*head, middle] if words else head) + tail


def _is_written_day(text: str) -> bool:
    return bool(_WRITTEN_DAY.fullmatch(text)) or is_day(text)


def _kept(found: re.Match[str], cuts: set[int]) -> Iterator[int]:
    """Places of the digits that stay."""
    pieces = list(_pieces(found, cuts))
    for begins, ends in pieces:
        piece = found.string[begins:ends]
        digits = [at for at in range(begins, ends) if found.string[at].isdigit()]
        is_last = (begins, ends) == pieces[-1]
        is_money = is_last and _CENTS[True].match(found.string, ends)
        if _is_written_day(piece) or (is_money and len(digits) <= MOST_OF_MONEY):
            yield from digits
            continue
        if len(digits) >= FEWEST or is_last:
            yield from digits[-SHOWN:]
        if len(digits) >= 8 + FEWEST and is_day(piece[:8]):
            yield from digits[:8]


def _pieces(found: re.Match[str], cuts: set[int]) -> Iterator[tuple[int, int]]:
    """From blank to blank and from column to column."""
    begins = found.start()
    for at in range(found.start() + 1, found.end() + 1):
        if at == found.end() or at in cuts or found.string[at] == " ":
            if found.string[begins:at].strip():
                yield begins, at
            begins = at
