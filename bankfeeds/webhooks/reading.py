"""What a message is about, read from its body with suspicion. Knows no database.

Source: codat-api 6.4 (envelope and events) and 6.5 (bodies of the old form).
"""

from __future__ import annotations

import datetime as dt
import json
import uuid
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from bankfeeds.codat.reading import parse_moment

LONGEST_EVENT, LONGEST_REASON = 100, 300
# Where an error of a connection says what went wrong, the plainest first.
SAYING = ("errorMessage", "statusText", "statusCode")
WRITES = "bankTransactions.write."
ACCOUNTS = "bankFeeds.sourceAccount."
CONNECTIONS = "connection."
FAILED = "connection.failed"
QUOTA = "client.rateLimit."


@dataclass(frozen=True)
class Write:
    """How a write ended: which one."""

    operation_key: uuid.UUID


@dataclass(frozen=True)
class Tie:
    """Something about a connection or its accounts: which one, by Codat's id."""

    connection_id: uuid.UUID
    # Why linking failed, in Codat's words; asks for nothing else than any message does.
    reason: str = field(default="", compare=False)


@dataclass(frozen=True)
class Quota:
    """The calls of a day are used up, or are there again; `until` is Codat's word for when."""

    is_used_up: bool
    until: dt.datetime | None


@dataclass(frozen=True)
class Nothing:
    """Nothing to wake, and why. `is_fault`: it should have named something and does not."""

    words: str
    is_fault: bool = False


@dataclass(frozen=True)
class Read:
    event_type: str
    about: Write | Tie | Quota | Nothing


def read(body: bytes) -> Read:
    """Never raises: what cannot be read says so in words."""
    value = parsed(body)
    if value is None:
        return Read("", Nothing(_("The body is not JSON."), is_fault=True))
    if not isinstance(value, dict):
        return Read("", Nothing(_("The body is JSON, but no object."), is_fault=True))
    event = _event(value.get("eventType"))
    if event:
        return Read(event, _about(event, value.get("payload")))
    if "RuleType" in value or "AlertId" in value:
        words = _("A message in Codat's old form, which ended in January 2025.")
        return Read(_event(value.get("RuleType") or value.get("Type")), Nothing(words))
    return Read("", Nothing(_("The body names no event."), is_fault=True))


def parsed(body: bytes) -> Any:
    """The JSON value of a body; None when it is not JSON (`null` is of no more use)."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _about(event: str, payload: Any) -> Write | Tie | Quota | Nothing:
    given: dict[str, Any] = payload if isinstance(payload, dict) else {}
    if event.startswith(WRITES):
        key = _identifier(given.get("id"))
        return Write(key) if key else Nothing(_("It names no write."), is_fault=True)
    if event.startswith(ACCOUNTS):
        return _tie(given.get("connectionId"))
    if event.startswith(CONNECTIONS):
        connection = given.get("connection")
        told: dict[str, Any] = connection if isinstance(connection, dict) else {}
        return _tie(told.get("id"), reason=_reason(told) if event == FAILED else "")
    if event in (f"{QUOTA}reached", f"{QUOTA}reset"):
        return Quota(event.endswith("reached"), _moment(given.get("expiryDate")))
    return Nothing(_("Nothing here depends on this event."))


def _reason(connection: dict[str, Any]) -> str:
    """Of the first error, the newest: what it says, or else its status."""
    errors = connection.get("dataConnectionErrors")
    first = errors[0] if isinstance(errors, list) and errors else None
    if not isinstance(first, dict):
        return ""
    return next(filter(None, (_printable(first.get(name)) for name in SAYING)), "")


def _moment(value: Any) -> dt.datetime | None:
    try:
        return parse_moment(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _tie(value: Any, *, reason: str = "") -> Tie | Nothing:
    found = _identifier(value)
    return Tie(found, reason) if found else Nothing(_("It names no connection."), is_fault=True)


def _identifier(value: Any) -> uuid.UUID | None:
    try:
        return uuid.UUID(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _event(value: Any) -> str:
    """Codat's word as far as it can be kept and shown."""
    return _printable(value)[:LONGEST_EVENT]


def _printable(value: Any) -> str:
    text = value if isinstance(value, str) else ""
    return "".join(each for each in text if each.isprintable())[:LONGEST_REASON].strip()
