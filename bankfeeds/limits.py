"""The numbers by which the rules go: those that Codat fixes, and the one that is chosen here."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.conf import settings

from . import rules


def late_after() -> dt.timedelta:
    """As the institution has chosen: what cleared longer ago is late."""
    return dt.timedelta(days=settings.LATE_AFTER_DAYS)


def numbers() -> dict[str, int]:
    """By name: days, and rows of one push."""
    return {
        "feed_window_days": rules.FEED_WINDOW.days,
        "rows_per_push": rules.PUSH_LIMIT,
        "late_after_days": late_after().days,
    }


def in_force() -> dict[str, dict[str, Any]]:
    """The rules of the moment as every push keeps them: {"limits", "severities": by code}."""
    return {
        "limits": numbers(),
        "severities": {rule.code: rule.severity.value for rule in rules.RULES},
    }
