"""Which error an answer, or its absence, is: a table of statuses and Codat's problem body.

Branches on the HTTP status only; the body's own number is wrong in some of Codat's answers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from bankfeeds.codat import errors, limits, receiving, shapes
from bankfeeds.codat.errors import CodatError
from bankfeeds.codat.reading import ShapeError, loose_text
from bankfeeds.codat.receiving import Flaw, Reply
from bankfeeds.codat.shapes import ValidationItem

_REFUSALS: dict[int, type[CodatError]] = {
    401: errors.KeyRefused,
    402: errors.PaymentRequired,
    403: errors.KeyRefused,
    404: errors.Absent,
    422: errors.KeyReused,
}
_IN_FLIGHT = frozenset({408, 409})  # on a write: the first with this key may still be running
_LONGEST_WORDS = 300
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\s]+")
_LINK = re.compile(r"https?://\S+|\botp=\S+", re.IGNORECASE)
_NOT_CORRELATION = re.compile(r"[^A-Za-z0-9:|._-]")


@dataclass(frozen=True, slots=True)
class Problem:
    """What an answer says about its failure; empty where it says nothing readable."""

    words: str = ""
    correlation_id: str = ""
    validation: tuple[ValidationItem, ...] = ()


def read_problem(reply: Reply, *, secrets: Iterable[str]) -> Problem:
    """Read Codat's error body, of whatever shape it is, without what must not be repeated."""
    try:
        source = receiving.parse(reply.body)
    except ShapeError:
        source = {}
    if not isinstance(source, dict):
        source = {}
    hidden = [secret for secret in secrets if secret]
    return Problem(
        words=clean(loose_text(source, "error"), hidden),
        correlation_id=correlation_id(reply, source),
        validation=tuple(_clean_item(i, hidden) for i in shapes.validation_items(source, "errors")),
    )


def correlation_id(reply: Reply, source: object) -> str:
    """Find the correlation id in the body, else in the header; harmless in a log line."""
    found = loose_text(source, "correlationId") if isinstance(source, dict) else ""
    found = found or reply.headers.get("X-Correlation-Id", "")
    return _NOT_CORRELATION.sub("", found)[:64]


def any_correlation_id(reply: Reply) -> str:
    """Find the correlation id of an answer that may be no JSON at all; successes carry none."""
    try:
        source = receiving.parse(reply.body) if reply.status >= 400 else None
    except ShapeError:
        source = None
    return correlation_id(reply, source)


def refusal(
    reply: Reply, *, write: bool, now: datetime, secrets: Iterable[str]
) -> CodatError | None:
    """Return the error that a status means; None for a 2xx."""
    status = reply.status
    if 200 <= status < 300:
        return None
    problem = read_problem(reply, secrets=secrets)
    told: dict[str, Any] = {
        "status": status,
        "correlation_id": problem.correlation_id,
        "validation": problem.validation,
    }
    words = problem.words or "Codat's answer has no words that can be read"
    if status == 429:
        wait = limits.retry_after(reply.headers.get("Retry-After"), now=now)
        return errors.Throttled(words, retry_after=wait, **told)
    return _kind(status, write=write)(words, **told)


def _kind(status: int, *, write: bool) -> type[CodatError]:
    if status >= 500:
        return errors.ServerFault if write else errors.Unavailable
    if status < 400:
        return errors.GarbledWrite if write else errors.Garbled
    if status in _IN_FLIGHT and write:
        return errors.Uncertain
    if status == 408:
        return errors.Unavailable
    return _REFUSALS.get(status, errors.Refused)


def flawed(reply: Reply, *, write: bool) -> CodatError | None:
    """Return the error of a 2xx whose body did not come in whole."""
    if reply.flaw is None:
        return None
    words = f"Codat's answer was {reply.flaw}"
    told: dict[str, Any] = {"status": reply.status, "correlation_id": correlation_id(reply, None)}
    if reply.flaw is Flaw.TOO_LARGE:
        return (errors.GarbledWrite if write else errors.Garbled)(words, **told)
    return (errors.Uncertain if write else errors.Unavailable)(words, **told)


def garbled(reply: Reply, reason: ShapeError, *, write: bool) -> CodatError:
    """Return the error of a 2xx that does not fit its shape."""
    return (errors.GarbledWrite if write else errors.Garbled)(
        f"Codat's answer does not fit: {reason}",
        status=reply.status,
        correlation_id=correlation_id(reply, None),
    )


def unanswered(*, write: bool, surely_not_sent: bool, late: bool) -> CodatError:
    """Return the error of a call to which no status line came back."""
    if surely_not_sent:
        words = "Codat could not be reached"
        return errors.NotSent(words) if write else errors.Unavailable(words)
    words = "Codat did not answer in time" if late else "the line to Codat broke"
    return errors.Uncertain(words) if write else errors.Unavailable(words)


def _clean_item(item: ValidationItem, hidden: list[str]) -> ValidationItem:
    return replace(
        item,
        item_id=clean(item.item_id, hidden),
        message=clean(item.message, hidden),
        validator_name=clean(item.validator_name, hidden),
    )


def clean(words: str, hidden: list[str]) -> str:
    for secret in hidden:
        words = words.replace(secret, "[hidden]")
    return _CONTROLS.sub(" ", _LINK.sub("[link]", words)).strip()[:_LONGEST_WORDS]
