"""What staff read: every status as label, symbol and explanation, in one place.

Pages, exports and commands all take their words from here. Knows the models and reads the rows
it is given; asks no database.
"""

from __future__ import annotations

from .clients import ACCOUNT_WORDS, LINK_ENDS_SOON, account, connection, link
from .figures import clock_time, day, flow, moment, money, number, zone
from .pushes import push, transaction
from .word import Tone, Word

__all__ = [
    "ACCOUNT_WORDS",
    "LINK_ENDS_SOON",
    "Tone",
    "Word",
    "account",
    "clock_time",
    "connection",
    "day",
    "flow",
    "link",
    "moment",
    "money",
    "number",
    "push",
    "transaction",
    "zone",
]
