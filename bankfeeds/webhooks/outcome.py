"""What came of one try of a message, and what a try may use."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from bankfeeds import budget, messages
from bankfeeds.codat.client import Client
from bankfeeds.codat.errors import CodatError
from bankfeeds.models import WebhookMessage

Clock = Callable[[], dt.datetime]
S = WebhookMessage.State

# As long Codat is asked again for a message; later the daily look finds whatever it told.
ASKING = dt.timedelta(hours=1)


@dataclass(frozen=True)
class Outcome:
    state: S
    words: str


@dataclass(frozen=True)
class Asking:
    client: Client
    line: budget.Line
    clock: Clock


def unanswered(message: WebhookMessage, error: CodatError, *, now: dt.datetime) -> Outcome:
    words = messages.what_happened(error)
    if now - message.received_at < ASKING:
        return Outcome(S.WAITING, " ".join((words, _("It is asked again."))))
    unchanged = _("Nothing was changed. Process this message again.")
    return Outcome(S.FAILED, f"{words} {unchanged}")
