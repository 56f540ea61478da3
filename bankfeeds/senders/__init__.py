"""Statements that core systems send by themselves: kept as they came, answered at once, read by
the worker as an import is.

A sender has a token of its own. Nothing of a file is lost: what has no account here, or bad rows,
waits in quarantine until a person has decided. Nothing is pushed by it: schedules and people do.
"""

from __future__ import annotations

from .deciding import leave_out_bad, read_again, reject, why_not
from .door import status, take
from .reading import read_next, ring_waiting
from .tokens import NameTaken, create, revoke

__all__ = [
    "NameTaken",
    "create",
    "leave_out_bad",
    "read_again",
    "read_next",
    "reject",
    "revoke",
    "ring_waiting",
    "status",
    "take",
    "why_not",
]
