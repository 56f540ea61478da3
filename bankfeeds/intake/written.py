"""Dates and numbers as a profile says that they are written -> values, or why not.

A date is the day as it stands there: a time behind it is cut off, never converted.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from decimal import Decimal
from functools import cache, lru_cache

from . import cells
from .profile import Order
from .shape import gettext_noop

LONGEST_CELL = 60
TIME = re.compile(
    r"[T ]\s*[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?(?:\s*[AaPp]\.?[Mm]\.?)?"
    r"\s*(?:Z|[+-][0-9]{2}:?[0-9]{2})?$"
)
PARTS = re.compile(r"[\s./,-]+")
# English and French, without accents; the first three letters or more.
MONTHS = (
    ("january", "janvier"), ("february", "fevrier"), ("march", "mars"), ("april", "avril"),
    ("may", "mai"), ("june", "juin"), ("july", "juillet"), ("august", "aout"),
    ("september", "septembre"), ("october", "octobre"), ("november", "novembre"),
    ("december", "decembre"),
)  # fmt: skip
MINUS = "-\u2212"
SPACES = "[ \u00a0\u202f]"
GROUPED = {"": "", ",": ",", ".": r"\.", " ": SPACES, "'": "['\u2019]"}
NO_DIGITS = re.compile("[^0-9]")
EXPONENT = re.compile(r"[+-]?[0-9.]+[eE][+-]?[0-9]+")


def plainly(text: str) -> str:
    """Small letters without accents."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in apart if not unicodedata.combining(letter))


# A file has few different days.
@lru_cache(maxsize=4_096)
def date(text: str, order: Order) -> dt.date:
    """Raises BadCell. A year of two digits is of this century."""
    parts = _parts(text, order)
    if parts is None:
        raise cells.BadCell(
            "date-format",
            gettext_noop("Its date “%(text)s” is not written as the profile says."),
            text=cells.shown(text),
        )
    year, month, day = parts
    try:
        value = dt.date(year, month, day)
    except ValueError:
        value = None
    if value is None or year not in cells.YEARS:
        raise cells.BadCell(
            "date-unknown", gettext_noop("There is no day “%(text)s”."), text=cells.shown(text)
        )
    return value


def is_date(text: str) -> bool:
    return any(fits_order(text, order) for order in Order)


def fits_order(text: str, order: Order) -> bool:
    try:
        date(text, order)
    except cells.BadCell:
        return False
    return True


def _parts(text: str, order: Order) -> tuple[int, int, int] | None:
    """Year, month and day; None when they are not written in that order."""
    if len(text) > LONGEST_CELL:
        return None
    day = TIME.sub("", text).strip()
    parts = PARTS.split(day.rstrip("."))
    if len(parts) == 1 and day.isascii() and day.isdigit():
        parts = _cut(day, order)
    if len(parts) != 3:
        return None
    by_name = dict(zip(order.value, parts, strict=True))
    year, month, number = _year(by_name["y"]), _month(by_name["m"]), _small(by_name["d"])
    if year is None or month is None or number is None:
        return None
    return year, month, number


def _cut(day: str, order: Order) -> list[str]:
    """20261103 or 261103 in three."""
    if len(day) not in (6, 8):
        return []
    found, at = [], 0
    for part in order.value:
        size = len(day) - 4 if part == "y" else 2
        found.append(day[at : at + size])
        at += size
    return found


def _year(text: str) -> int | None:
    if not (text.isascii() and text.isdigit() and len(text) in (2, 4)):
        return None
    return int(text) + (2_000 if len(text) == 2 else 0)


def _month(text: str) -> int | None:
    if text.isascii() and text.isdigit():
        return _small(text)
    name = plainly(text)
    if len(name) < 3:
        return None
    found = [
        number
        for number, names in enumerate(MONTHS, start=1)
        if any(each.startswith(name) for each in names)
    ]
    # "jui" may be June or July.
    return found[0] if len(found) == 1 else None


def _small(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 2 else None


def money(text: str, *, decimal: str, thousands: str, column: str, places: int) -> Decimal:
    """A minus before or behind the digits, or brackets around them, make it negative.

    Raises BadCell. Three decimals are refused, since they may be thousands.
    """
    if not text:
        raise cells.BadCell("amount-missing", gettext_noop("It has no %(column)s."), column=column)
    negative, digits = _sign(text)
    match = _number(decimal, thousands).fullmatch(digits)
    if match is None or len(text) > LONGEST_CELL:
        raise _unlike(text, column)
    whole, fraction = match["whole"] or "", match["fraction"] or ""
    if thousands and not whole.isdigit():
        whole = NO_DIGITS.sub("", whole)
    if not decimal:
        whole, fraction = whole.zfill(3)[:-2], whole.zfill(3)[-2:]
    if len(fraction) == 3 > places:
        raise _unlike(text, column)
    plain = f"{'-' if negative else ''}{whole or '0'}.{fraction or '0'}"
    return cells.money(plain, column=column, places=places)


def _sign(text: str) -> tuple[bool, str]:
    """Whether it is negative, and the digits; more than one sign stays, and fits no number."""
    if text.startswith("(") and text.endswith(")"):
        return True, text[1:-1].strip().removeprefix("$").strip()
    text = _without_dollar(text)
    if text[:1] and text[0] in f"+{MINUS}":
        return text[0] in MINUS, _without_dollar(text[1:].strip())
    if text[-1:] and text[-1] in f"+{MINUS}":
        return text[-1] in MINUS, _without_dollar(text[:-1].strip())
    return False, text


def _without_dollar(text: str) -> str:
    if text.startswith("$"):
        return text[1:].strip()
    return text[:-1].strip() if text.endswith("$") else text


@cache
def _number(decimal: str, thousands: str) -> re.Pattern[str]:
    group = GROUPED[thousands]
    whole = f"[0-9]{{1,3}}(?:{group}[0-9]{{3}})+|[0-9]+" if group else "[0-9]+"
    if not decimal:
        return re.compile(r"(?P<whole>[0-9]+)(?P<fraction>)")
    mark = re.escape(decimal)
    # Digits before the mark, behind it, or both.
    return re.compile(f"(?=.*[0-9])(?P<whole>{whole})?(?:{mark}(?P<fraction>[0-9]+))?")


def _unlike(text: str, column: str) -> cells.BadCell:
    said = {"column": column, "text": cells.shown(text)}
    if EXPONENT.fullmatch(text):
        return cells.BadCell(
            "exponent",
            gettext_noop(
                "Its %(column)s “%(text)s” is written with an exponent; write it out, as in"
                " 1234.56."
            ),
            **said,
        )
    return cells.BadCell(
        "number-format",
        gettext_noop("Its %(column)s “%(text)s” is not a number as the profile says they are."),
        **said,
    )
