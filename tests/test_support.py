"""That the fixtures are what they say, above all that guards stand again after a flush."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.contrib.auth.models import Group
from django.utils import timezone

from bankfeeds import doorbell, guards
from bankfeeds.groups import GROUPS
from bankfeeds.models import Actor, Company, Event, Origin
from tests import support

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from bankfeeds.codat.client import Client


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("turn", [1, 2])
def test_a_flush_leaves_an_empty_guarded_database_with_its_groups(turn: int) -> None:
    assert not Event.objects.exists()
    assert guards.missing() == []
    assert set(Group.objects.values_list("name", flat=True)) == set(GROUPS)
    assert Group.objects.get(name="manager").permissions.exists()
    Event.objects.record("test.said", by=Actor("somebody", Origin.PERSON), at=timezone.now())


def test_people_have_the_rights_of_their_group(people: dict[str, User]) -> None:
    assert set(people) == set(GROUPS)
    assert people["manager"].has_perm("bankfeeds.push_sourceaccount")
    assert not people["auditor"].has_perm("bankfeeds.push_sourceaccount")
    assert people["manager"].check_password(support.PASSWORD)
    assert not any(user.is_superuser for user in people.values())


def test_an_onboarded_client_is_the_same_on_both_sides(
    onboarded: support.Onboarded, codat: Client
) -> None:
    company, connection = onboarded.company, onboarded.connection
    assert company.codat_id and connection.codat_id
    theirs = codat.list_source_accounts(company.codat_id, connection.codat_id)
    assert {(a.id, a.status, a.feed_start_date) for a in theirs} == {
        (row.account_id, "connected", row.feed_start_date) for row in onboarded.accounts
    }


@pytest.mark.django_db(transaction=True)
def test_jobs_run_when_told(codat: Client) -> None:
    doorbell.ring(doorbell.SWEEP)
    assert support.run_jobs() == 1
    assert support.run_jobs() == 0


@pytest.mark.django_db
def test_rows_can_be_made_without_a_call() -> None:
    account = support.make_account()
    rows = support.make_transactions(account, ["10.00", "-3.00"])
    assert [str(row.balance) for row in rows] == ["1010.00", "1007.00"]
    assert Company.objects.count() == 1
    assert account.is_connected
