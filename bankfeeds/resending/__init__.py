"""Send again: refused pushes by an order for many, accepted rows by a person's choice.

`estimate` says beforehand what would go and what not, `order` writes the order down, `carry_out`
works through it in the background; `choice` and `send_chosen` are for what may not have reached
QuickBooks. Calls no Codat: new pushes leave by `pushing`, as all do.
"""

from __future__ import annotations

from .choose import (
    Choice,
    ChoiceChanged,
    Chosen,
    choice,
    has_ended,
    may_send,
    see_to,
    see_to_arrived,
    send_chosen,
)
from .client_file import client_files, late_rows
from .judge import Estimate, Verdict, estimate, judge
from .order import carry_out, order, ring_due

__all__ = [
    "Choice",
    "ChoiceChanged",
    "Chosen",
    "Estimate",
    "Verdict",
    "carry_out",
    "choice",
    "client_files",
    "estimate",
    "has_ended",
    "judge",
    "late_rows",
    "may_send",
    "order",
    "ring_due",
    "see_to",
    "see_to_arrived",
    "send_chosen",
]
