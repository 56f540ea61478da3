"""Rows -> Codat: what would go, confirm, deliver, follow to the end, decide.

The way of a push: `plan` shows it, `confirm` freezes it, `deliver` sends it, `follow` asks how it
ended, `decide` is for people. Clients and clocks are handed in; states move by `Push.step` alone.
"""

from __future__ import annotations

from .again import Again, again
from .confirm import RowsChanged, cancel, confirm, stop, waiting_behind
from .decide import AlreadyDecided, decide
from .deliver import deliver, something_goes
from .doubt import (
    Candidate,
    candidates,
    has_looked,
    kept,
    look,
    perhaps_there,
    settled_at,
    since,
    unsure_tries,
)
from .dry_run import Chunk, Endpoint, bodies, chunks, endpoint
from .follow import look_again, sweep
from .place import blocked, late, place, waiting
from .plan import AccountPlan, LeftOut, Plan, behind, plan, standing, today, why_nothing
from .pre_flight import Report, pre_flight, report
from .recut import recut, recut_due
from .together import Became, Result, chosen, decide_together, look_soon
from .wake import wake

__all__ = [
    "AccountPlan",
    "Again",
    "AlreadyDecided",
    "Became",
    "Candidate",
    "Chunk",
    "Endpoint",
    "LeftOut",
    "Plan",
    "Report",
    "Result",
    "RowsChanged",
    "again",
    "behind",
    "bodies",
    "cancel",
    "candidates",
    "chosen",
    "chunks",
    "confirm",
    "decide",
    "decide_together",
    "deliver",
    "endpoint",
    "has_looked",
    "kept",
    "look",
    "look_again",
    "look_soon",
    "perhaps_there",
    "blocked",
    "late",
    "place",
    "waiting",
    "plan",
    "pre_flight",
    "recut",
    "recut_due",
    "report",
    "settled_at",
    "since",
    "something_goes",
    "standing",
    "stop",
    "sweep",
    "today",
    "unsure_tries",
    "waiting_behind",
    "wake",
    "why_nothing",
]
