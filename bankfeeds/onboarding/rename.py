"""The one thing of an account that Codat lets change: its name; at Codat first, then here."""

from __future__ import annotations

import datetime as dt
import uuid

from django.db import transaction
from django.utils.translation import gettext as _

from bankfeeds import seen, sync
from bankfeeds.codat import bodies
from bankfeeds.codat.client import Client
from bankfeeds.models import Actor, Event, SourceAccount

from .creation import Clock, NotAtCodat
from .drafts import LONGEST_NAME


def rename_account(
    account: SourceAccount,
    name: str,
    *,
    shown: str,
    key: uuid.UUID,
    client: Client,
    by: Actor,
    clock: Clock,
) -> None:
    """Change the name at Codat, then here. `key`: the same for every press of one form; `shown`:
    the `name_version` on its page.

    Raises ValueError with words for an unusable name, and CodatError: then nothing changed here;
    and seen.Moved when another name than was shown stands by now.
    """
    name = name.strip()
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise ValueError(_("Enter a name of up to %(most)d characters.") % {"most": LONGEST_NAME})
    company_id, connection_id = account.company.codat_id, account.connection.codat_id
    if not account.at_codat or company_id is None or connection_id is None:
        raise NotAtCodat(_("The account does not exist at Codat. Its name was not changed."))
    account.refresh_from_db(fields=["name"])
    before = account.name
    if before == name:
        return
    seen.demand({"name": before}, shown)
    body = bodies.rename_body(id=account.account_id, account_name=name)
    answer = client.update_source_account(
        company_id, connection_id, account.account_id, body, key=key
    )
    account.name = answer.account_name[:LONGEST_NAME] or name
    if not _keep_name(account, before, by=by, now=clock()):
        # Two at once: which of them came last is what stands at Codat.
        sync.refresh_connection(account.connection, client=client, by=by, clock=clock)
        raise seen.Moved(["name"])


def name_version(account: SourceAccount) -> str:
    return seen.version({"name": account.name})


def _keep_name(account: SourceAccount, before: str, *, by: Actor, now: dt.datetime) -> bool:
    """False when somebody gave it another name while Codat was asked."""
    rows = SourceAccount.objects.filter(pk=account.pk)
    with transaction.atomic():
        if not rows.filter(name=before).update(name=account.name):
            return rows.filter(name=account.name).exists()
        if account.name != before:
            told, after = {"name": before}, {"name": account.name}
            Event.objects.record(
                "account.renamed", by=by, at=now, account=account, before=told, after=after
            )
    return True
