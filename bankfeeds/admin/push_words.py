"""How the pages of a push speak of it: numbers of things, and the words of `words.decided`."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bankfeeds import words
from bankfeeds.models import PushStatus, SourceAccount
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
    "account_labels",
    "accounts",
    "by",
    "is_by_word",
    "is_refused",
    "is_undecided",
    "listed",
    "marks",
    "may_be_missing",
    "sent_elsewhere",
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


def account_labels(accounts: Iterable[SourceAccount]) -> dict[int, str]:
    """As everywhere; two with the same last four also show their id."""
    accounts = list(accounts)
    endings = [account.number_last4 for account in accounts]
    return {
        account.pk: f"{account} · {account.account_id}"
        if endings.count(account.number_last4) > 1
        else str(account)
        for account in accounts
    }


def sent_elsewhere(account: SourceAccount, *, is_first: bool) -> str:
    if account.adopted_at is None or not is_first:
        return ""
    rule = _("Nothing older than the newest at Codat is accepted.")
    if account.written_at is None:
        return f"{rule} " + _(
            "Codat lists no write of its connection, as of the day it was adopted."
        )
    text = _("Its connection was written to on %(day)s, before the account was adopted.")
    return f"{rule} " + text % {"day": words.day(timezone.localdate(account.written_at))}
