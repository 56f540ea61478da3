"""Files -> transactions that wait: look at a file, preview it, save it or let it go.

Nothing is saved before a person or command says so, and nothing of a file with bad rows unless
they are left out on purpose; mended, they come in as lines of their file. What is stored already
is never overwritten, and what was never in a push can be taken back. Knows `models`, `rules`,
`sealing` and `intake`; no other verb, no network.
"""

from __future__ import annotations

from . import profiles
from .bulk import in_one_pass
from .deciding import (
    AlreadyDecided,
    Decided,
    answers_of,
    decide,
    decide_together,
    seen_of,
    sent_in,
)
from .each import Looked, look_on_each
from .entries import VIEWS, Entry
from .figures import Figures, Flow
from .jobs import ring_waiting
from .keeping import Outdated, changed_since
from .landing import Arrival, Landed, land, land_on
from .look import FileKnown, OfAnother, elsewhere, look, refuse_in_vain, refuse_unfit
from .matching import CannotImport
from .mending import hand_out as hand_out_bad_rows
from .mending import mended_lines
from .opening import Offer, OpeningNeeded, WrongOpening, amount_of, offered, state_opening, told
from .pieces import UploadGone
from .preparing import is_long, prepare, prepare_again, prepare_later, shown
from .preview import Preview, bad_rows, preview, read
from .profiles import ProfileNameTaken, SeveralProfiles, let_go_of_samples
from .progress import Progress
from .save import BadRowsRemain, NothingToSave, discard, save
from .saving import carry_out, save_later
from .saying import left_out_row, words_of, words_of_row
from .sorting import Kind
from .stamps import stamp_of
from .undo import CannotUndo, undo, why_not_undo

__all__ = [
    "AlreadyDecided",
    "Arrival",
    "BadRowsRemain",
    "CannotImport",
    "CannotUndo",
    "Decided",
    "Entry",
    "Figures",
    "FileKnown",
    "Flow",
    "Kind",
    "Landed",
    "Looked",
    "NothingToSave",
    "Offer",
    "OpeningNeeded",
    "OfAnother",
    "Outdated",
    "Preview",
    "ProfileNameTaken",
    "Progress",
    "SeveralProfiles",
    "UploadGone",
    "VIEWS",
    "WrongOpening",
    "amount_of",
    "answers_of",
    "bad_rows",
    "hand_out_bad_rows",
    "carry_out",
    "changed_since",
    "decide",
    "decide_together",
    "discard",
    "elsewhere",
    "is_long",
    "in_one_pass",
    "land",
    "let_go_of_samples",
    "land_on",
    "left_out_row",
    "look",
    "look_on_each",
    "mended_lines",
    "offered",
    "prepare",
    "prepare_again",
    "prepare_later",
    "preview",
    "profiles",
    "read",
    "refuse_in_vain",
    "refuse_unfit",
    "ring_waiting",
    "save",
    "save_later",
    "seen_of",
    "stamp_of",
    "state_opening",
    "sent_in",
    "shown",
    "told",
    "undo",
    "why_not_undo",
    "words_of",
    "words_of_row",
]
