"""The callout: a short text of the institution's on the link page, in English and French.

Codat guide: title of at most 50 and body of at most 150 characters, plain text, a French
translation if wanted. Without one the French page shows the English text.
"""

from __future__ import annotations

from typing import Any

from .world import World

LIMITS = {"title": 50, "body": 150}
LANGUAGES = ("en", "fr")

Callout = dict[str, dict[str, str]]


def problem(wanted: Any) -> str:
    """What is wrong with `{"en": {"title": ..., "body": ...}, "fr": ...}`; "" when nothing is."""
    if not isinstance(wanted, dict) or not set(wanted) <= set(LANGUAGES) or "en" not in wanted:
        return "A callout has en, and fr if wanted."
    for language, texts in wanted.items():
        if not isinstance(texts, dict) or set(texts) != set(LIMITS):
            return f"{language} must have title and body."
        for name, most in LIMITS.items():
            text = texts[name]
            if not isinstance(text, str) or not text.strip():
                return f"{name} ({language}) must be a text."
            if len(text) > most:
                return f"{name} ({language}) has {len(text)} characters; at most {most}."
            if not text.isprintable():
                return f"{name} ({language}) must be plain text on one line."
    return ""


def from_options(*, title: str, body: str, title_fr: str = "", body_fr: str = "") -> Callout:
    """As the command gives it; empty when nothing was given."""
    made = {"en": {"title": title, "body": body}, "fr": {"title": title_fr, "body": body_fr}}
    return {language: texts for language, texts in made.items() if any(texts.values())}


def keep(world: World, wanted: Callout) -> None:
    world.put("meta", "callout", wanted)


def of(world: World) -> Callout:
    """What is shown now; empty when there is none."""
    kept: Callout = world.table("meta").get("callout") or {}
    return kept


def shown(world: World, language: str) -> dict[str, str]:
    """Title and body for a page of that language; empty when there is no callout."""
    kept = of(world)
    return kept.get(language) or kept.get("en") or {}
