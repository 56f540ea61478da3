"""Statements that core systems send by themselves: kept as they came, answered at once, read by
the worker as an import is.

A sender has a token of its own. Nothing of a file is lost: what has no account here, or bad rows,
waits in quarantine until a person has decided. Nothing is pushed by it: schedules and people do.
A file that is expected on each business day and does not come is written down as missing.
"""

from __future__ import annotations

from .binding import bind
from .deciding import leave_out_bad, read_again, reject, why_not
from .door import status, take
from .expecting import expect, give_up, missing_now, note_missing, rejected_of
from .reading import read_next, ring_waiting
from .tokens import NameTaken, create, revoke

__all__ = [
    "NameTaken",
    "bind",
    "create",
    "expect",
    "give_up",
    "leave_out_bad",
    "missing_now",
    "note_missing",
    "read_again",
    "read_next",
    "reject",
    "rejected_of",
    "revoke",
    "ring_waiting",
    "status",
    "take",
    "why_not",
]
