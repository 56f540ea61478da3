"""What has taken effect at Codat in the two weeks, as the sandbox tells it."""

from __future__ import annotations

from tests import support


def rows() -> dict[tuple[str, str], list[str]]:
    """Transaction ids in the order of their writes, by connection and account."""
    found: dict[tuple[str, str], list[str]] = {}
    for write in support.ledger():
        place = (write["connectionId"], write["accountId"])
        found.setdefault(place, []).extend(write["transactionIds"])
    return found
