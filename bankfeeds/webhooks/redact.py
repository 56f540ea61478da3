"""A body for eyes: links, account numbers and whatever looks like them are hidden, for everybody.

Rather too much than too little: a name unknown to us may hold a secret.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from bankfeeds import sealing
from bankfeeds.models import WebhookMessage

from . import reading

LARGEST_NUMBER = 10**6
# By the name of the field, whatever it holds; `connectionId`, `accountName` and the like stay.
_SECRET_NAME = re.compile(
    r"link|url|redirect|token|secret|password|otp|number|iban|routing|sortcode|bankcode"
    r"|accountinfo|authorization",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"://|\botp\b|www\.", re.IGNORECASE)
_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_MOMENT = r"\d{4}-\d\d-\d\d(?:T[\d:.]+(?:Z|[+-]\d\d:\d\d)?)?"
_HARMLESS = re.compile(rf"(?:[a-z]{{1,10}}-)?{_UUID}|{_MOMENT}", re.IGNORECASE)
# Six digits and more, also in groups: perhaps an account number.
_NUMBER = re.compile(r"\d(?:[ .\-/]?\d){5,}")


@dataclass(frozen=True)
class Shown:
    """`text` is the body without its secrets; "" when it cannot be shown, and `words` say why."""

    text: str
    size: int | None
    words: str = ""


def shown(message: WebhookMessage) -> Shown:
    body = opened(message)
    if body is None:
        return Shown("", None, sealed_for_good())
    value = reading.parsed(body)
    if value is None:
        return Shown("", len(body), _("The body is not JSON and is not shown."))
    try:
        text = json.dumps(_hidden(value), indent=2, ensure_ascii=False)
    except (RecursionError, ValueError):
        return Shown("", len(body), _("The body is nested too deeply to be shown."))
    # Half a surrogate pair is JSON, but cannot be sent to a browser.
    return Shown(text.encode("utf-8", "backslashreplace").decode(), len(body))


def opened(message: WebhookMessage) -> bytes | None:
    """The body as it came; None once the secret that sealed it is gone."""
    # Sealed for the links in it, not for a time: a message can be processed again any day.
    return sealing.unseal(message.sealed_body, now=message.received_at)


def sealed_for_good() -> str:
    return _("The body was encrypted with a SECRET_KEY that is not there any more.")


def harmless(text: str) -> str:
    """A text of Codat's without what looks like a link or an account number."""
    return _text(text)


def _hidden(value: Any) -> Any:
    if isinstance(value, dict):
        return {_text(name): _field(name, each) for name, each in value.items()}
    if isinstance(value, list):
        return [_hidden(each) for each in value]
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, int | float) and abs(value) >= LARGEST_NUMBER:
        return _("(hidden)")
    return value


def _field(name: str, value: Any) -> Any:
    return _("(hidden)") if value and _SECRET_NAME.search(name) else _hidden(value)


def _text(text: str) -> str:
    if _HARMLESS.fullmatch(text):
        return text
    if _ADDRESS.search(text):
        return _("(hidden)")
    return _NUMBER.sub(_("(hidden)"), text)
