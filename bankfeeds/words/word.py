"""One status as a person reads it: label, symbol, explanation. Never colour alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from django.utils.translation import gettext as _

Tone = Literal["good", "wait", "warn", "bad", "quiet"]
SYMBOLS: dict[Tone, str] = {"good": "✓", "wait": "…", "warn": "!", "bad": "✕", "quiet": "–"}


def labelled(name: object, value: object) -> str:
    """`status: Accepted`; in French with a space before the colon."""
    return _("%(name)s: %(value)s") % {"name": name, "value": value}


@dataclass(frozen=True)
class Word:
    """One status as a person reads it. `small`: Codat's own word, shown beside it."""

    label: str
    explanation: str
    tone: Tone
    small: str = ""

    @property
    def symbol(self) -> str:
        return SYMBOLS[self.tone]
