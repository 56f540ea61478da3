"""Statements that core systems send by themselves: kept as they came, answered at once, read by
the worker as an import is.

What people upload on a page and what is kept of it beside an import is here too.

A sender posts its files with a token of its own, or they lie in a folder. Nothing of a file is
lost: what has no account here, or bad rows, waits in quarantine until a person has decided; an
account that a person said is not ours is left out. Nothing is pushed by it: schedules and people
do. A file that is expected on each business day and does not come is written down as missing.
"""

from __future__ import annotations

from .batches import NoSuchSender, hand_in, of_folder
from .binding import bind
from .deciding import leave_out_bad, read_again, reject, why_not
from .door import status, take
from .expecting import expect, give_up, missing_now, note_missing, rejected_of
from .foreign import leave_out_account, stranger_in, wait_again
from .looking import read_upload
from .reading import DONE, read_next, ring_waiting
from .tokens import NameTaken, create, create_of_folder, revoke
from .uploads import keep_long, keep_refused, take_out

__all__ = [
    "DONE",
    "NameTaken",
    "NoSuchSender",
    "bind",
    "create",
    "create_of_folder",
    "expect",
    "give_up",
    "hand_in",
    "keep_long",
    "keep_refused",
    "leave_out_account",
    "leave_out_bad",
    "missing_now",
    "note_missing",
    "of_folder",
    "read_again",
    "read_next",
    "read_upload",
    "reject",
    "rejected_of",
    "revoke",
    "ring_waiting",
    "status",
    "stranger_in",
    "take",
    "take_out",
    "wait_again",
    "why_not",
]
