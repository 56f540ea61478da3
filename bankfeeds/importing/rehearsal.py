"""What a profile would make of a file: its lines beside their values, the first money each way.

Nothing is kept. A person reads it before the profile can be: what is reversed here would be
reversed for every client.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from itertools import islice

from bankfeeds.intake.columns import Reading
from bankfeeds.intake.profile import Profile
from bankfeeds.intake.shape import Line, Reason, Rejected
from bankfeeds.models import SourceAccount

from .matching import places
from .order import movement

LOOKED_AT = 20_000
SHOWN = 20
FIRST_EACH_WAY = 3
# Of files of no account yet: what USD and CAD have.
PLACES = 2


@dataclass(frozen=True)
class Rehearsal:
    """`entries`: the first lines. `digest` names the profile: what was confirmed is what is kept.

    `understood` and `bad` count the first 20,000 lines.
    """

    entries: list[Line | Rejected]
    bad_ones: list[Rejected]
    money_out: list[Line]
    money_in: list[Line]
    understood: int
    bad: int
    signs_reversed: bool
    follows: bool
    notes: tuple[Reason, ...]
    digest: str


def rehearse(profile: Profile, content: bytes, account: SourceAccount | None = None) -> Rehearsal:
    """Raises UnreadableFile."""
    reading = Reading(content, profile, places=places(account) if account else PLACES)
    entries = list(islice(reading, LOOKED_AT))
    rows = [entry for entry in entries if isinstance(entry, Line)]
    bad = [entry for entry in entries if isinstance(entry, Rejected)]
    moved = movement(rows, before=None)
    return Rehearsal(
        entries=entries[:SHOWN],
        bad_ones=bad[:SHOWN],
        money_out=[row for row in rows if row.amount < 0][:FIRST_EACH_WAY],
        money_in=[row for row in rows if row.amount > 0][:FIRST_EACH_WAY],
        understood=len(rows),
        bad=len(bad),
        signs_reversed=moved.signs_reversed,
        follows=len(rows) > 1 and not moved.breaks,
        notes=reading.notes,
        digest=digest(profile),
    )


def digest(profile: Profile) -> str:
    return hashlib.sha256(json.dumps(profile.plain(), sort_keys=True).encode()).hexdigest()
