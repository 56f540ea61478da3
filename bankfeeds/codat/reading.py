"""How single values are read out of Codat's JSON: present and of the right kind, or ShapeError.

Knows no HTTP and no Django. `shapes` builds whole answers from these.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

_MOMENT = re.compile(
    r"(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ](?P<time>[0-9]{2}:[0-9]{2}:[0-9]{2})"
    r"(?:\.(?P<fraction>[0-9]{1,9}))?(?P<zone>[Zz]|[+-][0-9]{2}:[0-9]{2})?"
)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_LARGEST_EXPONENT = 40
_SECRET_FIELDS = frozenset({"linkurl", "redirect"})


class ShapeError(ValueError):
    """An answer lacks what was promised. Names the field, never its value."""


def parse_moment(words: str) -> datetime:
    """Read `…Z`, `…+hh:mm` or a time without zone (taken as UTC); always aware.

    Up to seven fractional digits occur; what is finer than a microsecond is cut off.
    """
    match = _MOMENT.fullmatch(words)
    if match is None:
        raise ShapeError("not a date and time")
    fraction = (match["fraction"] or "")[:6].ljust(6, "0")
    zone = (match["zone"] or "Z").upper()
    try:
        moment = datetime.fromisoformat(f"{match['day']}T{match['time']}.{fraction}{zone}")
        moment = moment if zone != "Z" else moment.replace(tzinfo=UTC)
        moment.astimezone(UTC)  # the first and the last hours of all time have no such moment
    except (ValueError, OverflowError) as error:
        raise ShapeError("not a date and time") from error
    return moment


def parse_day(words: str) -> date:
    """Read the calendar date as written, of a date or of a date-time; zones move nothing."""
    if _DAY.fullmatch(words) is None:
        parse_moment(words)
    try:
        return date.fromisoformat(words[:10])
    except ValueError as error:
        raise ShapeError("not a date") from error


def an_object(value: object) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise ShapeError("not an object")
    return value


def a_list(value: object) -> list[Any]:
    if not isinstance(value, list):
        raise ShapeError("not a list")
    return value


def present(source: Mapping[str, Any], name: str) -> Any:
    value = source.get(name)
    if value is None:
        raise ShapeError(f"{name} is missing")
    return value


def text(source: Mapping[str, Any], name: str) -> str:
    return _words(present(source, name), name)


def optional_text(source: Mapping[str, Any], name: str, default: str = "") -> str:
    return default if source.get(name) is None else text(source, name)


def identifier(source: Mapping[str, Any], name: str) -> UUID:
    try:
        return UUID(text(source, name))
    except ValueError as error:
        raise ShapeError(f"{name} is not a UUID") from error


def moment(source: Mapping[str, Any], name: str) -> datetime:
    try:
        return parse_moment(text(source, name))
    except ShapeError as error:
        raise ShapeError(f"{name}: {error}") from error


def optional_moment(source: Mapping[str, Any], name: str) -> datetime | None:
    return None if source.get(name) is None else moment(source, name)


def optional_day(source: Mapping[str, Any], name: str) -> date | None:
    if source.get(name) is None:
        return None
    try:
        return parse_day(text(source, name))
    except ShapeError as error:
        raise ShapeError(f"{name}: {error}") from error


def optional_amount(source: Mapping[str, Any], name: str) -> Decimal | None:
    """Read a JSON number as it was written. Numbers in quotes are not numbers."""
    value = source.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise ShapeError(f"{name} is not a number")
    amount = Decimal(value)
    if not amount.is_finite() or abs(amount.adjusted()) > _LARGEST_EXPONENT:
        raise ShapeError(f"{name} is out of range")
    return amount


def whole(source: Mapping[str, Any], name: str) -> int:
    value = present(source, name)
    if isinstance(value, bool) or not isinstance(value, int):
        raise ShapeError(f"{name} is not a whole number")
    return value


def whole_or_digits(source: Mapping[str, Any], name: str) -> int:
    """Read a whole number that Codat writes as a number here and as text there."""
    value = present(source, name)
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10:
        return int(value)
    return whole(source, name)


def flag(source: Mapping[str, Any], name: str) -> bool:
    value = present(source, name)
    if not isinstance(value, bool):
        raise ShapeError(f"{name} is not true or false")
    return value


def items(source: Mapping[str, Any], *names: str) -> Iterator[Mapping[str, Any]]:
    """The objects in the list at that path; nothing where a step is missing or of another kind.

    For what is shown to people only: an odd explanation must not hide the answer itself.
    """
    found: Any = source
    for name in names:
        found = found.get(name) if isinstance(found, dict) else None
    for item in found if isinstance(found, list) else []:
        if isinstance(item, dict):
            yield item


def loose_text(source: Mapping[str, Any], name: str) -> str:
    value = source.get(name)
    return _storable(value) if isinstance(value, str) else ""


def without_links(value: Any) -> Any:
    """Copy an answer without the fields that let their reader in, fit for storing."""
    if isinstance(value, dict):
        return {
            _storable(name): without_links(inner)
            for name, inner in value.items()
            if name.lower() not in _SECRET_FIELDS
        }
    if isinstance(value, list):
        return [without_links(inner) for inner in value]
    return _storable(value) if isinstance(value, str) else value


def _words(value: object, name: str) -> str:
    if not isinstance(value, str):
        raise ShapeError(f"{name} is not text")
    return _storable(value)


def _storable(words: str) -> str:
    # JSON may carry NUL and lone surrogates; PostgreSQL and UTF-8 may not.
    return _UNSTORABLE.sub("\ufffd", words)
