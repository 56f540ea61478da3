"""A client in the middle of a working day: one of everything that has a page."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from django.utils import timezone

from bankfeeds import conf, importing, links, pushing
from bankfeeds.models import Actor, BankTransaction, Push, SourceAccount, Statement
from tests import support

CSV = (
    b"id,date,description,amount,balance\n"
    b"t-1,%(day)s,Sales,100.00,1100.00\n"
    b"t-2,%(day)s,Rent,-40.00,1060.00\n"
    b"t-3,not a date,Sales,10.00,1070.00\n"
)


def lived(actor: Actor) -> support.Onboarded:
    """Three of four accounts connected: a push accepted, one refused, one unknown; a live link."""
    client = support.onboard(accounts=4, connected=False)
    accepted, refused, unknown, _pending = client.accounts
    support.connect(client.connection, [accepted, refused, unknown])
    _push(accepted, actor)
    _push(refused, actor, description="Rent fault-op-failed")
    support.order_fault("500-after", path="push")
    _push(unknown, actor)
    _imports(accepted, actor)
    support.make_transactions(accepted, ["5.00"], opening="1070.25")
    links.renew(client.connection, client=conf.client(), by=actor, clock=timezone.now)
    return client


def _push(account: SourceAccount, actor: Actor, *, description: str = "") -> Sequence[Push]:
    rows = support.make_transactions(account)
    if description:
        BankTransaction.objects.filter(pk=rows[1].pk).update(description=description)
    now = timezone.now()
    plan = pushing.plan([account], today=pushing.today(now))
    made = pushing.confirm(
        [account], fingerprint=plan.fingerprint, form_key=str(uuid.uuid4()), by=actor, now=now
    )
    support.drain()
    return made


def _imports(account: SourceAccount, actor: Actor) -> None:
    """One file saved without its bad row, one that was only looked at."""
    day, now = support.today().isoformat().encode(), timezone.now()
    content = CSV % {b"day": day}
    kept = importing.look(account, file_name="saved.csv", content=content, by=actor, now=now)
    importing.save(kept, leave_out_bad=True, by=actor, now=now)
    content = content.replace(b"t-", b"u-")
    looked_at = importing.look(account, file_name="open.csv", content=content, by=actor, now=now)
    assert looked_at.state == Statement.State.PREVIEWED
