"""The portal's tables. Mirror rows may be overwritten by Codat any day; push rows never are."""

from __future__ import annotations

from .intake import BankTransaction, Statement
from .mirror import Company, Connection, Intent, RemoteCreation, SourceAccount
from .pushes import Decision, Push, PushDecision, PushStatus, WrongStep
from .record import Actor, Event, Heartbeat, Origin
from .sent import PushAttempt, PushBody, PushItem

__all__ = [
    "Actor",
    "BankTransaction",
    "Company",
    "Connection",
    "Decision",
    "Event",
    "Heartbeat",
    "Intent",
    "Origin",
    "Push",
    "PushAttempt",
    "PushBody",
    "PushDecision",
    "PushItem",
    "PushStatus",
    "RemoteCreation",
    "SourceAccount",
    "Statement",
    "WrongStep",
]
