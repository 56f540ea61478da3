"""What the sandbox says: an answer as bytes, and Codat's error bodies as published.

Codat guide: Errors. Talks to nobody.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from typing import Any

JSON = "application/json; charset=utf-8"
HTML = "text/html; charset=utf-8"

WORDS = {
    400: "Error processing request - not valid.",
    401: "Unauthorized",
    402: "CompanyValidationException: Company limit exceeded",
    403: "You are using an outdated API key or a key not associated with that resource.",
    404: "The requested resource was not found.",
    405: "The HTTP method is not supported by this endpoint.",
    408: "The request timed out.",
    409: "The data set has not been requested.",
    413: "The request body is too large.",
    422: "The idempotency key was already used with a different request.",
    429: "You have made too many requests in a given amount of time; please retry later.",
    500: "There is a problem with our server. Please try again later.",
    502: "Bad gateway.",
    503: "The Codat API is temporarily offline for maintenance. Please try again later.",
    504: "Gateway timeout.",
}
COMPANY_LIMIT = {
    "itemId": "Company",
    "message": "Company limit exceeded. Contact your account manager to add more companies.",
    "validatorName": "CreateCompany",
}


@dataclass(frozen=True)
class Answer:
    """One HTTP answer, complete but for the headers that every answer has."""

    status: int
    body: bytes = b""
    content_type: str = JSON
    headers: tuple[tuple[str, str], ...] = ()


class Refused(Exception):
    """Ends the handling of a request with this answer."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


def dumps(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def said(value: Any, *, status: int = 200) -> Answer:
    return Answer(status, dumps(value))


def item(item_id: str | None, message: str, validator: str) -> dict[str, str | None]:
    """One entry of `validation.errors` or `validation.warnings`."""
    return {"itemId": item_id, "message": message, "validatorName": validator}


def problem(
    status: int,
    *,
    error: str | None = None,
    errors: list[dict[str, str | None]] | None = None,
    service: str = "PublicApi",
    headers: tuple[tuple[str, str], ...] = (),
) -> Answer:
    """Codat's ErrorMessage body."""
    if status == 402 and errors is None:
        errors = [dict(COMPANY_LIMIT)]
    body = {
        "statusCode": status,
        "service": service,
        "error": error or WORDS.get(status, "Error"),
        "correlationId": uuid.uuid4().hex,
        "validation": {"errors": errors, "warnings": []} if errors else None,
        "canBeRetried": "Unknown",
        "detailedErrorCode": 0,
    }
    return Answer(status, dumps(body), headers=headers)


def refuse(status: int, **more: Any) -> Refused:
    return Refused(problem(status, **more))


def invalid(errors: list[dict[str, str | None]]) -> Refused:
    return refuse(400, errors=errors)


def invalid_field(name: str, message: str, *, validator: str = "Schema") -> Refused:
    return invalid([item(name, message, validator)])
