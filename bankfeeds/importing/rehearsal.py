"""What a profile would make of a file: its lines beside their values, the first money each way.

Nothing is kept. A person reads it before the profile can be: what is reversed here would be
reversed for every client.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from itertools import islice

from bankfeeds.intake.apart import Apart
from bankfeeds.intake.columns import Reading
from bankfeeds.intake.profile import Profile
from bankfeeds.intake.shape import Line, Reason, Rejected, gathered
from bankfeeds.intake.tables import in_a_table
from bankfeeds.models import SourceAccount

from .matching import places
from .order import movement

LOOKED_AT = 20_000
SHOWN = 20
FIRST_EACH_WAY = 3
# Of a file of many; what is reversed in these is in all.
ACCOUNTS = 50
# Of files of no account yet: what USD and CAD have.
PLACES = 2


@dataclass(frozen=True)
class Rehearsal:
    """`entries`: the first lines. `digest` names the profile: what was confirmed is what is kept.

    `understood` and `bad` count the first 20,000 lines. Where none of them `states_balances`,
    nothing tells whether a balance moves with the amounts.
    """

    entries: list[Line | Rejected]
    bad_ones: list[Rejected]
    money_out: list[Line]
    money_in: list[Line]
    understood: int
    bad: int
    signs_reversed: bool
    follows: bool
    states_balances: bool
    notes: tuple[Reason, ...]
    digest: str


def rehearse(profile: Profile, content: bytes, account: SourceAccount | None = None) -> Rehearsal:
    """Raises UnreadableFile."""
    decimals = places(account) if account else PLACES
    read = _of_accounts if profile.account is not None else _whole
    each, notes = read(content, profile, decimals)
    entries = sorted((entry for one in each for entry in one), key=lambda entry: entry.line)
    rows = [entry for entry in entries if isinstance(entry, Line)]
    bad = [entry for entry in entries if isinstance(entry, Rejected)]
    has_balance = any(not row.derived for row in rows)
    moved = [movement(in_a_table(gathered(one)).rows, before=None) for one in each]
    return Rehearsal(
        entries=entries[:SHOWN],
        bad_ones=bad[:SHOWN],
        money_out=[row for row in rows if row.amount < 0][:FIRST_EACH_WAY],
        money_in=[row for row in rows if row.amount > 0][:FIRST_EACH_WAY],
        understood=len(rows),
        bad=len(bad),
        signs_reversed=has_balance and any(one.signs_reversed for one in moved),
        follows=has_balance and len(rows) > 1 and not any(one.breaks for one in moved),
        states_balances=has_balance,
        notes=notes,
        digest=digest(profile),
    )


Read = tuple[list[list[Line | Rejected]], tuple[Reason, ...]]


def _whole(content: bytes, profile: Profile, decimals: int) -> Read:
    reading = Reading(content, profile, places=decimals)
    return [list(islice(reading, LOOKED_AT))], reading.notes


def _of_accounts(content: bytes, profile: Profile, decimals: int) -> Read:
    """Of each account by itself: its balance moves with its own amounts alone."""
    apart = Apart(content, profile)
    found: list[list[Line | Rejected]] = []
    for part in apart.parts[:ACCOUNTS]:
        entries: list[Line | Rejected] = list(part.bad)
        if part.lines:
            entries += islice(Reading(apart.text([part]), profile, places=decimals), LOOKED_AT)
        found.append(entries)
    return found, apart.notes


def digest(profile: Profile) -> str:
    return hashlib.sha256(json.dumps(profile.plain(), sort_keys=True).encode()).hexdigest()
