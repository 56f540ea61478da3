"""Whose the files of a sender are that name no account."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from bankfeeds import words
from bankfeeds.models import Actor, Event, Sender, SourceAccount


def bind(sender: Sender, account: SourceAccount | None, *, by: Actor, now: dt.datetime) -> bool:
    """Let them be of this account, or of none: then they wait in quarantine. False: it is so.

    Files that name their accounts are taken in as before.
    """
    with transaction.atomic():
        row = Sender.objects.select_for_update(no_key=True).get(pk=sender.pk)
        before = row.account_id
        after = account.pk if account else None
        if before == after:
            return False
        row.account = account
        row.save(update_fields=["account"])
        name = f"{account.company}: {words.account(account)}" if account else "–"
        Event.objects.record(
            "sender.bound",
            by=by,
            at=now,
            words=f"{sender.name}: {name}",
            before={"account": before},
            after={"account": after},
            account=account,
        )
    return True
