"""Accounts in the files of a sender that are not ours: left out of each from then on."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import transaction

from bankfeeds.models import Actor, Event, ForeignAccount, ReceivedFile, Sender
from bankfeeds.models.record import demand_reason

from .deciding import read_again


def stranger_in(row: ReceivedFile, place: int) -> dict[str, Any] | None:
    """Of a sender's file, the account at that place in it, if no account here has its number."""
    found: dict[str, Any] | None = next(iter(row.accounts[place : place + 1]), None)
    is_one = row.sender_id and found and found["status"] == "unknown" and found.get("stranger")
    return found if is_one else None


def leave_out_account(
    row: ReceivedFile, place: int, *, reason: str, by: Actor, now: dt.datetime
) -> bool:
    """It is not ours: leave it out of this file, which is read again, and of each after it.

    False: that was said already, or it is none. Raises ValueError without a reason.
    """
    demand_reason(reason)
    found = stranger_in(row, place)
    if row.sender is None or found is None:
        return False
    with transaction.atomic():
        Sender.objects.select_for_update(no_key=True).only("pk").get(pk=row.sender.pk)
        who = {"sender": row.sender, "number_hash": found["stranger"]}
        if is_new := not ForeignAccount.objects.standing().filter(**who).exists():
            last4 = found["number"].removeprefix("••")
            ForeignAccount.objects.create(
                **who, last4=last4, reason=reason, made_at=now, made_by=by.name
            )
            _record("sender.account_left_out", row.sender, last4, reason, by, now)
        if row.state == ReceivedFile.State.QUARANTINED:
            read_again(row, by=by, now=now)
    return is_new


def wait_again(row: ForeignAccount, *, reason: str, by: Actor, now: dt.datetime) -> bool:
    """Files with it wait for a person again. False: they do. Raises ValueError."""
    demand_reason(reason)
    with transaction.atomic():
        rows = ForeignAccount.objects.standing().filter(pk=row.pk)
        if not rows.update(ended_at=now, ended_by=by.name):
            return False
        _record("sender.account_waits_again", row.sender, row.last4, reason, by, now)
    return True


def left_out_of(sender: Sender) -> set[str]:
    """Keyed hashes of the accounts that are left out of its files."""
    return set(sender.foreign_accounts.standing().values_list("number_hash", flat=True))


def _record(
    action: str, sender: Sender, last4: str, reason: str, by: Actor, now: dt.datetime
) -> None:
    words = f"{sender.name}: ••{last4}"
    Event.objects.record(action, by=by, at=now, words=words, reason=reason)
