"""Companies, connections and accounts that exist at Codat already become known here too.

A look at Codat is a person's order: read in the background, shown, chosen from, carried out company
by company. Reads companies and source accounts only (reading connections mints links), changes
nothing at Codat; repeating it changes nothing twice.
"""

from __future__ import annotations

from .carrying import carry_out, go_on, look, ring_due
from .choosing import Chosen, NothingChosen, choose, open_to_choice
from .reading import AtCodat, read_company
from .standing import Stands, stands
from .taking import CannotAdopt, Taken, take

__all__ = [
    "AtCodat",
    "CannotAdopt",
    "Chosen",
    "NothingChosen",
    "Stands",
    "Taken",
    "carry_out",
    "choose",
    "go_on",
    "look",
    "open_to_choice",
    "read_company",
    "ring_due",
    "stands",
    "take",
]
