"""What only we know of a company, changed by people: never over what another changed meanwhile."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from bankfeeds import seen
from bankfeeds.models import Actor, Company, Event

from .names import folded

OURS = ("name", "reference", "country", "language", "owner", "contact_name", "contact_details")


def details(company: Company) -> dict[str, Any]:
    """What stands now, by the names of OURS."""
    return {name: getattr(company, name) for name in OURS}


def edit_details(
    company: Company, given: Mapping[str, Any], *, shown: str, by: Actor, now: dt.datetime
) -> bool:
    """Keep what was given by the names of OURS; False when all of it is so already.

    `shown`: the version of the details on the person's page. Raises seen.Moved when other ones
    stand by now and are not what is wanted.
    """
    with transaction.atomic():
        before = details(_held([company.pk]).get())
        changed = {name: value for name, value in given.items() if before[name] != value}
        if not changed:
            return False
        seen.demand(before, shown)
        columns = {**changed, "folded_name": folded(given["name"])}
        Company.objects.filter(pk=company.pk).update(**columns)
        _record(company, {name: before[name] for name in changed}, changed, by=by, now=now)
    return True


def hand_over(chosen: Iterable[int], *, to: User, shown: str, by: Actor, now: dt.datetime) -> int:
    """Give these companies to `to`; how many belong to it now. Each change is written down.

    `shown`: the `owners_version` on the person's page. Raises seen.Moved with the companies'
    numbers when one of them has come to a third person since; then none changes hands.
    """
    with transaction.atomic():
        held = list(_held(chosen))
        rows = [row for row in held if row.owner_id != to.pk]
        seen.demand(_owners(rows), shown)
        Company.objects.filter(pk__in=[row.pk for row in rows]).update(owner=to)
        for row in rows:
            _record(row, {"owner": row.owner}, {"owner": to}, by=by, now=now)
    return len(held)


def owners_version(companies: Iterable[Company]) -> str:
    return seen.version(_owners(companies))


def _owners(companies: Iterable[Company]) -> dict[str, int | None]:
    return {str(row.pk): row.owner_id for row in companies}


def _held(ids: Iterable[int]) -> Any:
    """Until the end of the transaction nobody else changes them."""
    held = Company.objects.select_for_update(of=("self",), no_key=True)
    return held.filter(pk__in=list(ids)).order_by("pk")


def _record(
    company: Company,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    *,
    by: Actor,
    now: dt.datetime,
) -> None:
    Event.objects.record(
        "company.edited",
        by=by,
        at=now,
        company=company,
        before={name: _told(value) for name, value in before.items()},
        after={name: _told(value) for name, value in after.items()},
    )


def _told(value: Any) -> str:
    return value.get_username() if isinstance(value, User) else str(value or "")
