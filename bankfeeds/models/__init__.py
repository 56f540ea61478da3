"""The portal's tables. Mirror rows may be overwritten by Codat any day; push rows never are."""

from __future__ import annotations

from .adopting import FoundAs, FoundCompany, Look
from .doubts import Doubt
from .feeds import Closure, FeedRun, FeedSchedule
from .holds import CallBudget, Incident, SendingStop
from .intake import (
    BankTransaction,
    KeptPiece,
    KeptPreview,
    Preparing,
    PreviewPiece,
    Saving,
    Statement,
    UploadJob,
)
from .leaving import Departure
from .mirror import (
    Books,
    Company,
    Connection,
    Language,
    SourceAccount,
)
from .people import Note, Preference
from .profiles import ColumnProfile, SampleFile
from .pushes import Push, PushDecision
from .readiness import ReadinessCheck
from .record import Actor, Event, Heartbeat, HostClock, Origin
from .remote import Intent, RemoteCreation
from .resending import Resending, ResendingRow
from .senders import ExpectedFile, ForeignAccount, MissingFile, ReceivedFile, Sender, WrongToken
from .sent import MarkedRow, PushAttempt, PushBody, PushItem, PushMark, UnclaimedWrite
from .states import Decision, PushStatus, WrongStep
from .sums import MoneySum
from .webhooks import WebhookMessage

__all__ = [
    "Actor",
    "BankTransaction",
    "Books",
    "CallBudget",
    "Closure",
    "ColumnProfile",
    "Company",
    "Connection",
    "Decision",
    "Departure",
    "Doubt",
    "Event",
    "ExpectedFile",
    "FeedRun",
    "FeedSchedule",
    "ForeignAccount",
    "FoundAs",
    "FoundCompany",
    "Heartbeat",
    "HostClock",
    "Incident",
    "Intent",
    "KeptPiece",
    "KeptPreview",
    "Language",
    "Look",
    "MarkedRow",
    "MissingFile",
    "MoneySum",
    "Note",
    "Origin",
    "Preference",
    "Preparing",
    "PreviewPiece",
    "Push",
    "PushAttempt",
    "PushBody",
    "PushDecision",
    "PushItem",
    "PushMark",
    "PushStatus",
    "ReadinessCheck",
    "ReceivedFile",
    "RemoteCreation",
    "Resending",
    "ResendingRow",
    "SampleFile",
    "Saving",
    "Sender",
    "SendingStop",
    "SourceAccount",
    "Statement",
    "UnclaimedWrite",
    "UploadJob",
    "WebhookMessage",
    "WrongStep",
    "WrongToken",
]
