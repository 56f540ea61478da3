"""What Codat's headers say about its limits: Retry-After and the quota of the API key."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from bankfeeds.codat.reading import ShapeError, parse_moment

_SHORTEST = 1.0
_LONGEST = 24 * 3600.0
_SECONDS = re.compile(r"[0-9]+(\.[0-9]+)?")
_EPOCH_NOW = 1_000_000_000  # below that a number is a time to wait, not a point in time


def retry_after(words: str | None, *, now: datetime) -> float | None:
    """Read seconds or an HTTP date as seconds to wait, held to 1 s .. 24 h; None if neither."""
    if words is None:
        return None
    words = words.strip()
    if _SECONDS.fullmatch(words):
        seconds = float(words)
        return min(max(seconds, _SHORTEST), _LONGEST) if math.isfinite(seconds) else _LONGEST
    at = http_date(words)
    if at is None:
        return None
    return min(max((at - now).total_seconds(), _SHORTEST), _LONGEST)


def count(words: str | None) -> int | None:
    """Read X-Rate-Limit-Limit and -Remaining."""
    words = (words or "").strip()
    return int(words) if words.isascii() and words.isdigit() and len(words) < 16 else None


def reset_moment(words: str | None, *, now: datetime) -> datetime | None:
    """Read X-Rate-Limit-Reset: "a date" whose form Codat does not publish, so any usual one."""
    words = (words or "").strip()
    number = count(words)
    try:
        if number is not None and number < _EPOCH_NOW:
            return now + timedelta(seconds=number)
        if number is not None:
            return datetime.fromtimestamp(number, UTC)
        return parse_moment(words)
    except ShapeError:
        return http_date(words)
    except (OverflowError, OSError, ValueError):
        return None


def http_date(words: str) -> datetime | None:
    """Read a date as HTTP headers write it, such as Date and Retry-After."""
    try:
        at = parsedate_to_datetime(words)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
