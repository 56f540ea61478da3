"""What comes from outside into pages, read with suspicion; knows no page."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import TYPE_CHECKING, cast

from django.http import HttpRequest, HttpResponseRedirect

from bankfeeds.models import Actor
from bankfeeds.models.record import demand_reason

if TYPE_CHECKING:
    from django.contrib.auth.models import User


def number(text: str) -> int | None:
    """A primary key, `12` or `#12`; None when it cannot be one."""
    text = text.strip().removeprefix("#")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None


def numbers(texts: Iterable[str]) -> set[int]:
    return {pk for text in texts if (pk := number(text)) is not None}


def identifier(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text.strip())
    except ValueError:
        return None


def reason(request: HttpRequest, *, required: bool = True) -> tuple[str, str]:
    """What a person gave as the reason, and what is wrong with it; "" when it may be kept."""
    text = request.POST.get("reason", "").strip()
    if text or required:
        try:
            demand_reason(text)
        except ValueError as wrong:
            return text, str(wrong)
    return text, ""


def actor(request: HttpRequest) -> Actor:
    """The person behind a request; the admin lets nobody in who has not signed in."""
    return Actor.person(cast("User", request.user))


def see_other(address: str) -> HttpResponseRedirect:
    """303: what was posted is done, and reloading the next page posts nothing."""
    answer = HttpResponseRedirect(address)
    answer.status_code = 303
    return answer
