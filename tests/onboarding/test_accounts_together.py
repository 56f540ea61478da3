"""Several accounts in one call: Codat's batch and the guide's array, and what may go wrong."""

from __future__ import annotations

import threading
import uuid
from decimal import Decimal
from typing import Any

import pytest
import requests
from django.conf import settings
from django.utils import timezone

from bankfeeds import onboarding
from bankfeeds.codat import bodies, transport
from bankfeeds.codat.client import Client
from bankfeeds.models import Actor, Connection, Event, Intent, SourceAccount
from bankfeeds.onboarding import Way

from .orders import order, seen
from .test_accounts import at_codat, every_byte_of_the_database, plan_one

pytestmark = pytest.mark.django_db(transaction=True)
TOGETHER = (Way.BATCH, Way.PUT)
both = pytest.mark.parametrize("way", TOGETHER)


def planned(connection: Connection, by: Actor, *ids: str) -> list[SourceAccount]:
    """One account for each id, each with a number of its own."""
    return [
        plan_one(connection, by, account_id=each, account_number=f"44001{number:05d}", name=each)
        for number, each in enumerate(ids)
    ]


def create(rows: list[SourceAccount], way: Way, client: Client, by: Actor) -> list[str]:
    onboarding.create_accounts(rows, way=way, client=client, by=by, clock=timezone.now)
    return [row.intent for row in rows]


def calls() -> list[str]:
    """The writes of accounts that the sandbox saw."""
    found = [each for each in seen() if each["method"] in ("POST", "PUT")]
    return [
        f"{each['method']} {each['path'].rpartition('/')[2]}"
        for each in found
        if "bankFeedAccounts" in each["path"]
    ]


def somebody_elses(connection: Connection, client: Client, account_id: str) -> None:
    body = bodies.source_account_body(
        id=account_id, account_name="Other", account_type="checking", account_number="11112222",
        sort_code="021000021", currency="USD", balance=Decimal(0),
    )  # fmt: skip
    place = str(connection.company.codat_id), str(connection.codat_id)
    client.create_source_account(*place, body, key=uuid.uuid4())


@pytest.mark.parametrize(
    ("way", "made"),
    [
        (Way.POST, ["POST bankFeedAccounts"] * 3),
        (Way.BATCH, ["POST batch"]),
        (Way.PUT, ["PUT bankFeedAccounts"]),
    ],
)
def test_three_are_added(
    connection: Connection, codat: Client, actor: Actor, way: Way, made: list[str]
) -> None:
    rows = planned(connection, actor, "a", "b", "c")
    assert create(rows, way, codat, actor) == [Intent.DONE] * 3
    assert {each.id for each in at_codat(codat, rows[0])} == {"a", "b", "c"}
    assert [row.status for row in rows] == ["pending"] * 3
    assert [row.sealed_body for row in rows] == [None] * 3
    assert calls() == made
    assert Event.objects.filter(action="account.created").count() == 3
    # What exists is not sent again.
    assert create(rows, way, codat, actor) == [Intent.DONE] * 3
    assert calls() == made


@both
def test_one_of_three_is_there_already(
    connection: Connection, codat: Client, actor: Actor, way: Way
) -> None:
    somebody_elses(connection, codat, "b")
    rows = planned(connection, actor, "a", "b", "c")
    assert create(rows, way, codat, actor) == [Intent.DONE, Intent.REFUSED, Intent.DONE]
    assert "An account with this id is already on this connection." in rows[1].problem
    theirs = {each.id: each for each in at_codat(codat, rows[0])}
    assert theirs["b"].account_name == "Other"  # and was not overwritten


@both
def test_all_are_there_already(
    connection: Connection, codat: Client, actor: Actor, way: Way
) -> None:
    for each in ("a", "b"):
        somebody_elses(connection, codat, each)
    rows = planned(connection, actor, "a", "b")
    assert create(rows, way, codat, actor) == [Intent.REFUSED] * 2
    assert all("is already on this connection" in row.problem for row in rows)


def test_a_batch_names_the_reason_of_each(
    connection: Connection, codat: Client, actor: Actor
) -> None:
    [good] = planned(connection, actor, "a")
    # What our own check would have caught: Codat knows no such currency.
    bad = plan_one(connection, actor, account_id="b", account_number="440010001", currency="usd")
    assert create([good, bad], Way.BATCH, codat, actor) == [Intent.DONE, Intent.REFUSED]
    assert "currency must be an ISO 4217 code" in bad.problem
    assert "The account was not added." in bad.problem


@both
@pytest.mark.parametrize(
    "fault", ["500-after", "500-before", "reset-after", "reset-before", "empty-200", "409", "html"]
)
def test_whatever_happens_each_is_added_once(
    connection: Connection, codat: Client, actor: Actor, way: Way, fault: str
) -> None:
    rows = planned(connection, actor, "a", "b")
    order(fault, method="*", path="batch$|bankFeedAccounts$" if way is Way.BATCH else "")
    if way is Way.PUT:
        order_for_put(fault)
    assert Intent.DONE not in create(rows, way, codat, actor)
    assert all("account was" in row.problem for row in rows)
    assert create(rows, way, codat, actor) == [Intent.DONE] * 2
    assert sorted(each.id for each in at_codat(codat, rows[0])) == ["a", "b"]
    assert "4400100000" not in every_byte_of_the_database()


def order_for_put(fault: str) -> None:
    """The look comes first: it shall not meet what is meant for the write."""
    from .orders import take_back_orders

    take_back_orders()
    order(fault, method="PUT")


@both
def test_continue_on_one_row_finds_what_the_call_for_all_has_made(
    connection: Connection, codat: Client, actor: Actor, way: Way
) -> None:
    rows = planned(connection, actor, "a", "b")
    order("reset-after", method="POST" if way is Way.BATCH else "PUT")
    assert create(rows, way, codat, actor) == [Intent.SERVER_FAULT] * 2
    assert onboarding.create_account(rows[0], client=codat, by=actor, clock=timezone.now)
    assert create(rows, way, codat, actor) == [Intent.DONE] * 2
    assert len(calls()) == 1


def test_an_array_that_codat_no_longer_takes(
    connection: Connection, codat: Client, actor: Actor
) -> None:
    retire_put()
    rows = planned(connection, actor, "a", "b")
    assert create(rows, Way.PUT, codat, actor) == [Intent.REFUSED] * 2
    assert "Ask the administrator to set CODAT_ADD_ACCOUNTS to post" in rows[0].problem
    assert create(rows, Way.POST, codat, actor) == [Intent.DONE] * 2


def retire_put() -> None:
    url = f"{settings.CODAT_BASE_URL}/_sandbox/put"
    assert requests.post(url, json={"accounts": False}, timeout=5).ok


@both
def test_the_key_is_refused(connection: Connection, codat: Client, actor: Actor, way: Way) -> None:
    rows = planned(connection, actor, "a", "b")
    order("401", method="*", times=3)
    create(rows, way, codat, actor)
    assert all("Codat does not accept our key." in row.problem for row in rows)


@both
def test_throttled_goes_on(connection: Connection, codat: Client, actor: Actor, way: Way) -> None:
    rows = planned(connection, actor, "a", "b")
    order("429-1", method="POST" if way is Way.BATCH else "PUT")
    assert create(rows, way, codat, actor) == [Intent.NOT_SENT] * 2
    assert create(rows, way, codat, actor) == [Intent.DONE] * 2


@both
def test_two_presses_at_once_send_nothing_twice(
    connection: Connection, codat: Client, actor: Actor, way: Way
) -> None:
    rows = planned(connection, actor, "a", "b")
    order("hang-0.5", method="POST" if way is Way.BATCH else "PUT")

    def press(*_: Any) -> None:
        from django.db import connection as database

        mine = list(SourceAccount.objects.order_by("pk"))
        create(mine, way, codat, actor)
        transport.close()
        database.close()

    presses = [threading.Thread(target=press) for _ in range(2)]
    for each in presses:
        each.start()
    for each in presses:
        each.join()
    for row in rows:
        row.refresh_from_db()
    assert [row.intent for row in rows] == [Intent.DONE] * 2
    # Each press may have held one of the rows; none was sent by both.
    assert len(calls()) <= 2
    assert not Event.objects.filter(action="account.failed").exists()


@both
def test_a_number_that_is_kept_no_longer_stays_behind(
    connection: Connection, codat: Client, actor: Actor, way: Way
) -> None:
    rows = planned(connection, actor, "a", "b")
    SourceAccount.objects.filter(pk=rows[0].pk).update(sealed_body=None)
    assert create(rows, way, codat, actor) == [Intent.PLANNED, Intent.DONE]
    assert "Enter the number again, then press Continue." in rows[0].problem
