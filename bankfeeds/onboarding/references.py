"""The institution's own reference of a client, found however it is written: `qc 0042` is `QC-0042`.

Kept as it was typed; what stands between its letters and digits is passed over in comparing.
"""

from __future__ import annotations

from typing import Any

from django.db.models import CharField, F, Q, Value
from django.db.models.functions import Lower, Replace
from django.db.models.lookups import Exact, StartsWith

BETWEEN = " -./_#\N{NO-BREAK SPACE}"


def like(typed: str) -> Q:
    """Companies whose reference is this one; none for a reference of no letter or digit."""
    text = bare(typed)
    exactly = Q(reference__iexact=typed.strip()) if typed.strip() else Q(pk=None)
    return exactly | Q(Exact(_kept(), text)) if text else exactly


def beginning(typed: str) -> Q:
    text = bare(typed)
    return Q(StartsWith(_kept(), text)) if text else Q(pk=None)


def bare(typed: str) -> str:
    return "".join(character for character in typed.lower() if character not in BETWEEN)


def _kept() -> Any:
    """The column, as `bare` would leave it."""
    found: Any = Lower(F("reference"), output_field=CharField())
    for character in BETWEEN:
        found = Replace(found, Value(character), Value(""))
    return found
