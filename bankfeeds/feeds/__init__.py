"""Feeds that run by themselves: set when, find what is due, carry it out, list what was lost.

May talk to `pushing`, which confirms and sends; the clock is handed in. The sweep rings
when `something_is_due`; the job carries out a bounded round.
"""

from __future__ import annotations

from .days import BusinessDays, moment_of, next_day
from .due import something_is_due
from .lost import Losses, Lost, file_for_client, losses
from .run import ring_due, run_due
from .schedule import ScheduleChanged, close_day, closing_day, open_day, set_schedule, version

__all__ = [
    "BusinessDays",
    "Losses",
    "Lost",
    "ScheduleChanged",
    "close_day",
    "closing_day",
    "file_for_client",
    "losses",
    "moment_of",
    "next_day",
    "open_day",
    "ring_due",
    "run_due",
    "set_schedule",
    "something_is_due",
    "version",
]
