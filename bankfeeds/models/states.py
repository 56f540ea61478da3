"""The states of a push and the table of allowed steps between them. Nothing else moves a push."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _


class PushStatus(models.TextChoices):
    """Labels are the words of the staff; `bankfeeds/words` adds what each means."""

    DRAFT = "draft", _("Not confirmed")
    READY = "ready", _("Waiting to be sent")
    SENDING = "sending", _("Sending")
    RECONCILING = "reconciling", _("Checking what Codat received")
    SUBMITTED = "submitted", _("At Codat, being checked")
    SUCCEEDED = "succeeded", _("Accepted by Codat")
    FAILED = "failed", _("Refused by Codat")
    TIMED_OUT = "timed_out", _("Outcome unknown")
    NEEDS_REVIEW = "needs_review", _("Needs your decision")
    CANCELLED = "cancelled", _("Stopped before sending")


S = PushStatus
STEPS: dict[str, frozenset[PushStatus]] = {
    S.DRAFT: frozenset({S.READY, S.CANCELLED}),
    S.READY: frozenset({S.SENDING, S.CANCELLED, S.NEEDS_REVIEW}),
    # To itself: the same key and bytes are to go out once more.
    S.SENDING: frozenset(
        {S.SUBMITTED, S.READY, S.SENDING, S.RECONCILING, S.FAILED, S.NEEDS_REVIEW}
    ),
    S.RECONCILING: frozenset({S.SUBMITTED, S.READY, S.NEEDS_REVIEW}),
    S.SUBMITTED: frozenset({S.SUCCEEDED, S.FAILED, S.TIMED_OUT}),
    S.TIMED_OUT: frozenset({S.SUCCEEDED, S.FAILED, S.CANCELLED}),
    S.NEEDS_REVIEW: frozenset({S.SUBMITTED, S.READY, S.CANCELLED}),
    S.SUCCEEDED: frozenset(),
    S.FAILED: frozenset(),
    S.CANCELLED: frozenset(),
}
# On its way: at most one push of a connection at a time may be in these.
IN_FLIGHT = (S.SENDING, S.RECONCILING)
# Holds the connection: Codat's list of writes names no account, so that a write whose fate is
# unknown can only be told from others while no other push of its connection is sent.
HOLDS_CONNECTION = (*IN_FLIGHT, S.NEEDS_REVIEW)
# Not at its end: the later pushes of the account wait for it.
UNFINISHED = (S.READY, S.SENDING, S.RECONCILING, S.SUBMITTED, S.TIMED_OUT, S.NEEDS_REVIEW)
ENDED = (S.SUCCEEDED, S.FAILED, S.CANCELLED)
# What a person has to decide (a failed one only while no decision was made).
UNDECIDED = (S.FAILED, S.TIMED_OUT, S.NEEDS_REVIEW)


class Decision(models.TextChoices):
    LEAVE_OUT = "leave_out", _("Leave out chosen rows and send the rest")
    SEND_AGAIN = "send_again", _("Send again unchanged")
    GIVE_UP = "give_up", _("Give up")
    ADOPT = "adopt", _("Codat has it")
    NOT_THERE = "not_there", _("Codat does not have it")


# Settle a push for good; the others only say what became of an unknown one.
SETTLING = (Decision.LEAVE_OUT, Decision.SEND_AGAIN, Decision.GIVE_UP)


class WrongStep(ValueError):
    """A step that the table does not allow: a mistake of ours, never of a person."""


@dataclass(frozen=True)
class Seen:
    """A push as somebody read it: enough to move it and to write that down, and no more."""

    id: int
    status: str
    fence: int
    company_id: int
    connection_id: int
    account_id: int


@dataclass(frozen=True)
class Step:
    """One move to be made with others in one go: `columns` are set in the same statement, and it
    is made only where the row still has the columns of `fits`."""

    push: Seen
    to: PushStatus
    words: str = ""
    columns: dict[str, Any] = field(default_factory=dict)
    fits: dict[str, Any] = field(default_factory=dict)

    def all_columns(self, now: dt.datetime) -> dict[str, Any]:
        ended = {"ended_at": now} if self.to in ENDED else {}
        return {"status": self.to, **ended, **self.columns}


def check_step(seen: str, to: PushStatus, *, push: int) -> None:
    """Raise WrongStep when the table does not know the step."""
    if to not in STEPS.get(seen, ()):
        raise WrongStep(f"push {push}: {seen} -> {to}")
