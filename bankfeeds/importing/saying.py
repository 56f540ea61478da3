"""A reason in the language of whoever reads it: it is kept as code, template and values.

What was left out of an import is kept with its reason; imports of old have the words of then.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from bankfeeds import words
from bankfeeds.intake.shape import Reason

from .sorting import CHANGED

# Values of a reason that are words of ours, or days; the others are quoted from the file.
OURS = {"what", "separator", "day", "last", "date", "column"}
# By code of a reason: a value that is quoted from the file all the same.
QUOTED = {"column-twice": "column"}
# By code of a reason: money of ours; that of a file is quoted as it stands there.
MONEY = {CHANGED: "amount"}


def words_of(reason: Reason) -> str:
    values = {
        name: _in_words(str(value)) if name in OURS and QUOTED.get(reason.code) != name else value
        for name, value in reason.values.items()
    }
    if name := MONEY.get(reason.code):
        values[name] = words.number(Decimal(str(values[name])))
    return _(reason.template) % values


def _in_words(value: str) -> str:
    try:
        return words.day(dt.date.fromisoformat(value))
    except ValueError:
        return ", ".join(map(_, value.split(", ")))


def left_out_row(line: int, reason: Reason) -> dict[str, Any]:
    """As JSON keeps it."""
    values = dict(reason.values)
    return {"line": line, "code": reason.code, "template": reason.template, "values": values}


def words_of_row(kept: Mapping[str, Any]) -> str:
    """Why it was left out."""
    if "template" in kept:
        return words_of(Reason(kept["code"], kept["template"], kept["values"]))
    return words.said(kept["reason"])
