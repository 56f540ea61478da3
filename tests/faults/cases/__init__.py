"""The cases of the matrix: what happens to worker, wire, Codat, data, disk and clock.

What each must come to is the same: the server saw every operation once and in order.
"""

from __future__ import annotations

from . import codat, data, storage, wire, worker  # noqa: F401
from .entry import CASES

__all__ = ["CASES", "USUAL"]

# Of every run of the suite; the others by `python -m tests.faults.matrix`.
USUAL = ["kill-each", "pause", "jobs-lost-late-and-many", "held-by-401"]
