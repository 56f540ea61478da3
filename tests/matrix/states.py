"""Things in the states that some forms are for, and the like of another client."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from django.contrib.auth.models import Group, User
from django.utils import timezone

from bankfeeds import sealing
from bankfeeds.models import (
    Departure,
    FoundCompany,
    Look,
    PushMark,
    SourceAccount,
)
from tests import support
from tests.admin import pushes

FRESH = "fresh long pass phrase of a person"


def make(there: dict[str, Any]) -> dict[str, Any]:
    """By the names in the braces of `forms`, beside those of `things`."""
    now = timezone.now()
    account = SourceAccount.objects.get(pk=there["account"])
    closed = support.make_company(closed_at=now)
    unlinked = support.make_connection(status="Unlinked").company
    push_item = account.pushes.get(pk=there["push"]).items.order_by("position")[1]
    PushMark.objects.create(
        push_id=there["push"], kind="may_be_missing", made_at=now, made_by="schedule"
    )
    ready = support.make_account()
    support.make_transactions(ready)
    saved = support.make_transactions(support.make_account())
    unknown = pushes.looked(pushes.unknown())
    return {
        **there,
        "owner": "owner",
        "password": support.PASSWORD,
        "fresh": FRESH,
        "tomorrow": str(support.today() + dt.timedelta(days=1)),
        "manager": support.make_person("manager").pk,
        "group": Group.objects.get(name="support").pk,
        "name": account.company.name,
        "ready": ready.pk,
        "account_id": ready.account_id,
        "item": push_item.transaction_id,
        "closed": closed.pk,
        "saved": saved[0].statement_id,
        "unlinked": unlinked.pk,
        "unwanted": support.make_account(not_wanted_at=now).pk,
        "planned": _planned(now).pk,
        "leaving": _leaving(now).connection_id,
        "waiting": pushes.waiting().pk,
        "refused": pushes.refused().pk,
        "unknown": unknown.pk,
        "timed_out": pushes.looked(pushes.timed_out()).pk,
        "found": _found(Look.objects.get(pk=there["look"])),
        **_followed(now),
    }


def of_others() -> dict[str, str]:
    """By the name of a field: what belongs to another client, or to nobody any more."""
    now = timezone.now()
    push = pushes.succeeded()
    gone = support.make_account(gone_at=now)
    left = User.objects.create(username="left", is_active=False)
    return {
        "row": str(push.items.all()[0].transaction_id),
        "push": str(push.pk),
        "also": str(push.pk),
        "leave_out": str(push.items.all()[0].transaction_id),
        "earlier": str(gone.pk),
        "departure": str(_leaving(now, "other").pk),
        "found": str(_found(Look.objects.create(form_key="o", asked_at=now, asked_by="m"))),
        "owner": str(left.pk),
    }


def _planned(now: dt.datetime) -> SourceAccount:
    """Its number is kept no longer: to go on, it has to be entered again."""
    return support.make_account(
        intent="not_sent", status="", number_hash=sealing.number_hash("12345678")
    )


def _leaving(now: dt.datetime, key: str = "leaving") -> Departure:
    return Departure.objects.create(
        kind=Departure.Kind.UNLINK,
        connection=support.make_connection(),
        reason="left",
        form_key=key,
        requested_at=now,
        requested_by="manager",
    )


def _found(look: Look) -> int:
    found = FoundCompany.objects.create(
        look=look, codat_id=uuid.uuid4(), name="Found", found_as="new"
    )
    Look.objects.filter(pk=look.pk).update(next_page=0)
    return found.pk


def _followed(now: dt.datetime) -> dict[str, Any]:
    """An account of a client that had the like before."""
    ended = support.make_account(support.make_connection(status="Unlinked"))
    heir = support.make_account(support.make_connection(ended.company))
    return {"ended": ended.pk, "heir": heir.pk}
