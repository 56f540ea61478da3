"""Rows -> Codat: what would go, confirm, deliver, follow to the end, decide.

The way of a push: `plan` shows it, `confirm` freezes it, `deliver` sends it, `follow` asks how it
ended, `decide` is for people. Clients and clocks are handed in; states move by `Push.step` alone.
"""

from __future__ import annotations

from .confirm import RowsChanged, cancel, confirm, waiting_behind
from .decide import AlreadyDecided, Candidate, candidates, decide
from .deliver import deliver
from .follow import look_again, sweep
from .plan import AccountPlan, LeftOut, Plan, behind, plan, standing, today
from .recut import recut, recut_due
from .wake import wake

__all__ = [
    "AccountPlan",
    "AlreadyDecided",
    "Candidate",
    "LeftOut",
    "Plan",
    "RowsChanged",
    "behind",
    "cancel",
    "candidates",
    "confirm",
    "decide",
    "deliver",
    "look_again",
    "plan",
    "recut",
    "recut_due",
    "standing",
    "sweep",
    "today",
    "waiting_behind",
    "wake",
]
