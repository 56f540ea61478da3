"""One status as a person reads it: label, symbol, explanation. Never colour alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Tone = Literal["good", "wait", "warn", "bad", "quiet"]
SYMBOLS: dict[Tone, str] = {"good": "✓", "wait": "…", "warn": "!", "bad": "✕", "quiet": "–"}


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
