"""Numbers of accounts and cards within a text."""

from __future__ import annotations

import re

MASK = "••"
# What may be one, with or without marks between its groups.
NUMBER = re.compile(r"(?<![\d.])\d(?:[ -]?\d){6,}")


def masked(text: str) -> str:
    """All of them to their last four digits."""
    return NUMBER.sub(lambda found: MASK + re.sub(r"\D", "", found[0])[-4:], text)
