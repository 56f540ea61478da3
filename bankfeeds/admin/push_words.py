"""How the pages of a push speak of it: numbers of things, and the words of `words.decided`."""

from __future__ import annotations

from django.utils.translation import ngettext

from bankfeeds import words
from bankfeeds.models import PushStatus
from bankfeeds.words.decided import (
    Mark,
    by,
    is_by_word,
    is_refused,
    is_undecided,
    listed,
    marks,
    may_be_missing,
    span,
    status,
    took,
    was_given_up,
)

__all__ = [
    "MOVING",
    "Mark",
    "accounts",
    "by",
    "is_by_word",
    "is_refused",
    "is_undecided",
    "listed",
    "marks",
    "may_be_missing",
    "span",
    "status",
    "took",
    "transactions",
    "was_given_up",
]

# While it is in one of these the page looks again by itself.
MOVING = (
    PushStatus.READY,
    PushStatus.SENDING,
    PushStatus.RECONCILING,
    PushStatus.SUBMITTED,
)


def transactions(count: int) -> str:
    return ngettext("%(n)s transaction", "%(n)s transactions", count) % {"n": words.count(count)}


def accounts(count: int) -> str:
    return ngettext("%(n)s account", "%(n)s accounts", count) % {"n": words.count(count)}
