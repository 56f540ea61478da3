"""What may enter a path: UUIDs, and account ids quoted whole. Judged before a socket opens."""

from __future__ import annotations

from urllib.parse import quote
from uuid import UUID

Id = UUID | str


def uuid_segment(value: Id) -> str:
    """Return the id as 36 characters; ValueError, without the value, if it is none."""
    if isinstance(value, UUID):
        return str(value)
    try:
        return str(UUID(value))
    except (ValueError, TypeError, AttributeError):
        raise ValueError("an id of Codat's must be a UUID") from None


def account_segment(account_id: str) -> str:
    """Return an account id (free text, the institution's own) as one path segment."""
    if not isinstance(account_id, str) or not account_id.strip(" ."):
        # "." and ".." would climb the path, nothing at all would name the list of accounts.
        raise ValueError("an account id must not be empty or consist of dots")
    try:
        return quote(account_id, safe="")
    except UnicodeEncodeError:
        raise ValueError("an account id must be text that UTF-8 can carry") from None
