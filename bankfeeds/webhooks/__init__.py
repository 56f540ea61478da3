"""Codat's messages in: checked, kept as they came, answered at once, processed by the worker.

A message only wakes: a push is asked about, the accounts of a connection are read again. It sets
no state by itself, so that a late, doubled or reordered one does no harm. Clients and clocks are
handed in.
"""

from __future__ import annotations

from .door import receive
from .process import process, process_again, ring_waiting
from .redact import Shown, shown
from .signature import is_secret

__all__ = ["Shown", "is_secret", "process", "process_again", "receive", "ring_waiting", "shown"]
