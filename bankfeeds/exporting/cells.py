"""Values -> cells of a CSV: plain numbers and ISO dates, and no text that becomes a formula."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from collections.abc import Iterable
from decimal import Decimal

from django.utils import timezone

FORMULA = ("=", "+", "-", "@", "\t", "\r")
NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")

_NOT_IN_A_NAME = re.compile(r'[\\/:*?"<>|\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]')

Value = str | int | Decimal | dt.date | dt.datetime | None


def harmless(text: str) -> str:
    """A text that no spreadsheet takes for a formula; what is typed as a number stays."""
    if text.startswith(FORMULA) and not NUMBER.fullmatch(text):
        return f"'{text}"
    return text


def cell(value: Value) -> str:
    """Money as `-1234.50`, days as `2026-11-20`, moments as `2026-11-20 15:42:07` there."""
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return amount(value)
    if isinstance(value, dt.datetime):
        return f"{timezone.localtime(value):%Y-%m-%d %H:%M:%S}"
    if isinstance(value, dt.date):
        return value.isoformat()
    return harmless(_one_line(value)) if isinstance(value, str) else str(value)


def amount(value: Decimal) -> str:
    """With at least two decimals and never an exponent."""
    plain = value.normalize()
    places = max(2, -int(plain.as_tuple().exponent))
    return f"{plain:.{places}f}"


def csv_line(values: Iterable[Value]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow([cell(value) for value in values])
    return out.getvalue()


def file_name(text: str) -> str:
    """A name that every system takes for a file, and for one file only."""
    return _NOT_IN_A_NAME.sub("_", text)


def _one_line(text: str) -> str:
    """Without what ends a line or the text itself in some readers of CSV."""
    return text.replace("\x00", "").replace("\r\n", " ").replace("\n", " ").strip(" ")
