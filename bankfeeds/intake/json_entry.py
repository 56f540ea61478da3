"""What one transaction of the portal's JSON may hold."""

from __future__ import annotations

import datetime as dt
from typing import Any

from . import cells
from .json_text import Number, Object, shown
from .shape import gettext_noop

TEXTS = ("id", "date", "description", "type", "status", "currency")
KEYS = {*TEXTS, "amount", "balance"}


def day_of(given: Any) -> dt.date | None:
    """None where it is not certain."""
    text = given.get("date") if isinstance(given, Object) and "date" not in given.twice else None
    try:
        return cells.date(text) if type(text) is str else None
    except cells.BadCell:
        return None


def check_whole(given: Any) -> None:
    """Every key known and once, every value text, or text or a number where it is money."""
    if not isinstance(given, Object):
        raise cells.BadCell("entry-no-object", gettext_noop("It is no transaction."))
    if given.broken:
        raise cells.BadCell("text-broken", gettext_noop("A text in it has half a character."))
    if given.twice:
        raise cells.BadCell(
            "value-twice",
            gettext_noop("It states %(name)s more than once."),
            name=shown(given.twice[0]),
        )
    for name, value in given.items():
        if name not in KEYS:
            raise cells.BadCell(
                "field-unknown",
                gettext_noop("It has “%(name)s”, which the format does not know."),
                name=shown(name),
            )
        if type(value) is not str and (name in TEXTS or type(value) is not Number):
            raise cells.BadCell(
                "field-wrong",
                gettext_noop("Its “%(name)s” is not written as the format has it."),
                name=name,
            )
    if given.get("status", "booked") not in {"booked", "pending"}:
        raise cells.BadCell(
            "status-unknown",
            gettext_noop("Its status “%(text)s” does not say that it is booked."),
            text=cells.shown(given["status"]),
        )
