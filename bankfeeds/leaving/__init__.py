"""Ways out: what ends at Codat on a person's order, accounts not wanted, companies closed.

`plan` commits what is to end and keeps anything of it from being sent; `carry_out` asks Codat, or
goes on where it stopped. The client, the clock and the actor are handed in.
"""

from __future__ import annotations

from .carry import abandon, carry_out, in_progress
from .closing import WrongReplacement, close, reopen
from .order import (
    UNKNOWN,
    Blocked,
    in_the_way,
    on_its_way,
    plan,
    undecided,
    waiting,
    why_not,
    why_wait,
)
from .wanted import mark_not_wanted, want_again
from .wrong_person import link_went_wrong

__all__ = [
    "UNKNOWN",
    "Blocked",
    "WrongReplacement",
    "abandon",
    "carry_out",
    "close",
    "in_progress",
    "in_the_way",
    "link_went_wrong",
    "mark_not_wanted",
    "on_its_way",
    "plan",
    "reopen",
    "undecided",
    "waiting",
    "want_again",
    "why_not",
    "why_wait",
]
