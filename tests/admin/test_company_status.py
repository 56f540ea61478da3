"""The filter by status finds exactly those whose headline says so."""

from __future__ import annotations

import datetime as dt
import random
from typing import Any

import pytest
from django.utils import timezone

from bankfeeds.admin import company_status, mirror_rows, mirror_words
from bankfeeds.models import Company, Connection, Intent, SourceAccount
from tests import support
from tests.admin.pushes import signed_in

LIST = "/admin/bankfeeds/company/"
COMPANIES = 240
# How a headline begins, and the filter that finds it. "Partly ..." before what it contains.
BEGINNINGS = {
    "Closed": "closed",
    "Removed at Codat": "gone",
    "Not yet at Codat": "unfinished",
    "Being created": "unfinished",
    "No connection yet": "unconnected",
    "Access withdrawn": "withdrawn",
    "Disconnected": "disconnected",
    "Partly disconnected": "partly_disconnected",
    "Connected": "connected",
    "Partly connected": "partly_connected",
    "No accounts yet": "no_accounts",
    "Unclear": "unclear",
    "Waiting for the client": "waiting",
}


@pytest.fixture
def manager(people: dict[str, Any]) -> Any:
    return signed_in(people["manager"])


def test_each_filter_finds_those_whose_headline_says_so(manager: Any) -> None:
    chance, now = random.Random(7), timezone.now()
    for number in range(COMPANIES):
        _make(chance, number, now)
    rows = mirror_rows.companies(Company.objects.all(), today=support.today())
    by_headline: dict[str, set[str]] = {}
    for row in rows:
        label = mirror_words.headline(row, mirror_rows.current(row), now=now).label
        [kind] = {kind for begin, kind in BEGINNINGS.items() if label.startswith(begin)}
        by_headline.setdefault(kind, set()).add(row.name)
    assert set(by_headline) == set(BEGINNINGS.values()), "a headline that chance never made"
    for value, _label in company_status.LABELS:
        found = manager.get(LIST, {"status": value, "all": ""}).context["cl"].queryset
        assert set(found.values_list("name", flat=True)) == by_headline[value], value


def test_a_filter_that_is_none_shows_all(manager: Any) -> None:
    support.make_company("Acme")
    assert len(manager.get(LIST, {"status": "lost"}).context["cl"].result_list) == 1


def _make(chance: random.Random, number: int, now: dt.datetime) -> None:
    def rarely(value: Any, *, one_in: int = 12) -> Any:
        return value if chance.randrange(one_in) == 0 else None

    unfinished = {"intent": Intent.NOT_SENT, "codat_id": None} if rarely(True) else {}
    ended = {"closed_at": rarely(now), "gone_at": rarely(now)}
    company = support.make_company(f"Company {number}", **unfinished, **ended)
    ties = chance.choice((0, 1, 1, 1, 2, 2))
    for left in reversed(range(ties)):
        words = ("PendingAuth", "PendingAuth", "Linked", "Unlinked", "Deauthorized", "Odd", "")
        tie = support.make_connection(
            company,
            # Only one of a company may be alive; the newest need not be that one.
            status="Unlinked" if left else chance.choice(words),
            status_as_of=chance.choice((None, now, now - dt.timedelta(days=1))),
            gone_at=rarely(now),
            **({"intent": Intent.NOT_SENT, "codat_id": None} if rarely(True) else {}),
        )
        earlier = now - dt.timedelta(days=chance.randrange(3))
        Connection.objects.filter(pk=tie.pk).update(requested_at=earlier)
        for _account in range(chance.choice((0, 1, 1, 2, 3))):
            _make_account(chance, tie, rarely(now))


def _make_account(chance: random.Random, tie: Connection, ended: dt.datetime | None) -> None:
    account = support.make_account(
        tie, status=chance.choice(("pending", "connected", "Connected", "disconnected", "odd"))
    )
    rarely_heard = account.status_as_of and chance.choice((None, account.status_as_of))
    changes: dict[str, Any] = chance.choice(({}, {"not_wanted_at": ended}, {"gone_at": ended}))
    if not changes and ended:
        changes = {"intent": Intent.NOT_SENT}
    SourceAccount.objects.filter(pk=account.pk).update(status_as_of=rarely_heard, **changes)
