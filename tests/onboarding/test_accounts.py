"""Source accounts: added once, numbers never kept whole, names changed at Codat first."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection as database
from django.utils import timezone

from bankfeeds import onboarding, sealing
from bankfeeds.codat import bodies, shapes
from bankfeeds.codat.client import Client
from bankfeeds.codat.errors import CodatError
from bankfeeds.models import Actor, Connection, Event, Intent, SourceAccount
from bankfeeds.onboarding import AccountDraft
from tests import support

from .conftest import Clock, in_an_hour
from .orders import order, seen

pytestmark = pytest.mark.django_db(transaction=True)

NUMBER = "9876543210"
DAY = dt.timedelta(hours=24)


def draft(**changes: Any) -> AccountDraft:
    values = {
        "name": "Operating",
        "account_type": "CHECKING",
        "account_number": NUMBER,
        "sort_code": "0210-00021",
        "currency": "USD",
        "balance": Decimal("-12.50"),
    }
    return AccountDraft(**{**values, **changes})


def plan_one(connection: Connection, by: Actor, **changes: Any) -> SourceAccount:
    key = changes.pop("form_key", str(uuid.uuid4()))
    return onboarding.plan_account(
        connection, draft(**changes), by=by, now=timezone.now(), form_key=key
    )


def create(row: SourceAccount, client: Client, by: Actor, clock: Clock = timezone.now) -> bool:
    return onboarding.create_account(row, client=client, by=by, clock=clock)


def at_codat(client: Client, row: SourceAccount) -> list[shapes.SourceAccount]:
    return client.list_source_accounts(str(row.company.codat_id), str(row.connection.codat_id))


def every_byte_of_the_database() -> str:
    with database.cursor() as cursor:
        text = []
        for table in database.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')  # noqa: S608
            text += [repr(tuple(map(_readable, row))) for row in cursor.fetchall()]
    return "\n".join(text)


def _readable(value: object) -> object:
    return bytes(value) if isinstance(value, memoryview) else value


def test_an_account_is_added_as_it_was_typed(
    connection: Connection, codat: Client, actor: Actor
) -> None:
    row = plan_one(connection, actor)
    assert create(row, codat, actor)
    [theirs] = at_codat(codat, row)
    assert theirs.id == row.account_id and row.account_id.startswith("acc-")
    assert (theirs.account_number, theirs.sort_code) == (NUMBER, "021000021")
    assert (theirs.account_type, theirs.currency) == ("checking", "USD")
    assert theirs.balance == Decimal("-12.50")
    assert row.status == "pending" and row.status_as_of and row.feed_start_date is None
    assert row.number_last4 == "3210" and row.number_hash == sealing.number_hash(NUMBER)
    assert row.sealed_body is None


def test_the_number_is_nowhere_in_the_database(
    connection: Connection, codat: Client, actor: Actor
) -> None:
    row = plan_one(connection, actor)
    order("500-before")
    assert not create(row, codat, actor)
    assert row.sealed_body is not None
    assert NUMBER not in every_byte_of_the_database()
    assert create(row, codat, actor)
    assert NUMBER not in every_byte_of_the_database()


def test_the_same_form_gives_the_same_row(connection: Connection, actor: Actor) -> None:
    first = plan_one(connection, actor, form_key="row-1")
    assert plan_one(connection, actor, form_key="row-1").pk == first.pk


@pytest.mark.parametrize(
    "fault", ["500-after", "500-before", "reset-after", "reset-before", "empty-200", "429-1", "409"]
)
def test_whatever_happens_it_is_added_once(
    connection: Connection, codat: Client, actor: Actor, fault: str
) -> None:
    row = plan_one(connection, actor)
    order(fault)
    assert not create(row, codat, actor)
    assert "account was" in row.problem
    # Codat keeps a 409 under the key, so that one ends only when the key is too old.
    assert create(row, codat, actor, in_an_hour if fault == "409" else timezone.now)
    assert len(at_codat(codat, row)) == 1


def test_after_an_hour_it_is_looked_for(
    connection: Connection, codat: Client, actor: Actor
) -> None:
    row = plan_one(connection, actor)
    order("reset-after")
    assert not create(row, codat, actor)
    assert create(row, codat, actor, in_an_hour)
    assert len(seen("POST", ending="bankFeedAccounts")) == 1


def test_an_id_that_codat_has_already_is_said_so(
    connection: Connection, codat: Client, actor: Actor
) -> None:
    """Somebody else has added the account in the meantime."""
    body = bodies.source_account_body(
        id="acc-1", account_name="Other", account_type="checking", account_number="11112222",
        sort_code="021000021", currency="USD", balance=Decimal(0),
    )  # fmt: skip
    company_id = str(connection.company.codat_id)
    codat.create_source_account(company_id, str(connection.codat_id), body, key=uuid.uuid4())
    row = plan_one(connection, actor, account_id="acc-1")
    assert not create(row, codat, actor)
    assert row.problem == (
        "An account with this id is already on this connection. Nothing was added."
        " Open it, or use another id."
    )
    # Nor is it taken for ours when our own answer was lost.
    row.intent = Intent.SERVER_FAULT
    row.save()
    assert not create(row, codat, actor)
    assert row.problem.startswith("An account with this id is already on this connection.")
    assert row.intent == Intent.REFUSED


def test_an_id_that_we_have_already_is_refused(
    connection: Connection, codat: Client, actor: Actor
) -> None:
    row = plan_one(connection, actor, account_id="acc-1")
    assert create(row, codat, actor)
    with pytest.raises(onboarding.AccountIdTaken, match="already on this connection"):
        plan_one(connection, actor, account_id="acc-1")


def test_a_refused_account_is_filled_in_anew(
    connection: Connection, codat: Client, actor: Actor
) -> None:
    row = plan_one(connection, actor, account_id="acc-1")
    order("400")
    assert not create(row, codat, actor)
    assert row.problem.startswith("Codat refused: ") and "was not added" in row.problem
    again = plan_one(connection, actor, account_id="acc-1", name="Corrected")
    assert again.pk == row.pk and again.problem == ""
    assert create(again, codat, actor)
    assert at_codat(codat, row)[0].account_name == "Corrected"


def test_an_unknown_account_is_not_filled_in_anew(
    connection: Connection, codat: Client, actor: Actor
) -> None:
    row = plan_one(connection, actor, account_id="acc-1")
    order("reset-after")
    assert not create(row, codat, actor)
    with pytest.raises(onboarding.AccountIdTaken):
        plan_one(connection, actor, account_id="acc-1", name="Corrected")


def test_after_a_day_the_number_is_asked_for_again(
    connection: Connection, codat: Client, actor: Actor
) -> None:
    row = plan_one(connection, actor)
    order("500-before")
    assert not create(row, codat, actor)
    now = timezone.now()
    assert onboarding.forget_sealed_bodies(now=now + DAY / 2) == 0
    assert onboarding.forget_sealed_bodies(now=now + DAY) == 1
    row.refresh_from_db()
    assert row.sealed_body is None and onboarding.needs_number(row, now=now)
    assert not create(row, codat, actor)
    assert "Enter the number again" in row.problem
    onboarding.renew_account_number(row, "98-7654 3210", by=actor, now=now)
    assert not onboarding.needs_number(row, now=now)
    assert create(row, codat, actor)
    assert len(at_codat(codat, row)) == 1


def test_a_body_past_its_day_is_not_sent_even_before_it_is_wiped(
    connection: Connection, codat: Client, actor: Actor
) -> None:
    row = plan_one(connection, actor)
    assert not create(row, codat, actor, lambda: timezone.now() + DAY)
    assert "24 hours" in row.problem and at_codat(codat, row) == []


def test_another_number_is_refused_while_the_first_may_be_there(
    connection: Connection, codat: Client, actor: Actor
) -> None:
    row = plan_one(connection, actor)
    order("reset-after")
    assert not create(row, codat, actor)
    now = timezone.now()
    with pytest.raises(ValueError, match="4 to 34"):
        onboarding.renew_account_number(row, "x", by=actor, now=now)
    with pytest.raises(onboarding.NumberDiffers):
        onboarding.renew_account_number(row, "5555555555", by=actor, now=now)
    onboarding.renew_account_number(row, NUMBER, by=actor, now=now)
    assert create(row, codat, actor)
    assert len(at_codat(codat, row)) == 1


def test_a_rename_reaches_codat_first(connection: Connection, codat: Client, actor: Actor) -> None:
    row = plan_one(connection, actor)
    assert create(row, codat, actor)
    press: Any = {"shown": onboarding.name_version(row), "key": uuid.uuid4()}
    for _ in range(2):  # the second press of the same form
        onboarding.rename_account(
            row, " Payroll ", **press, client=codat, by=actor, clock=timezone.now
        )
    row.refresh_from_db()
    assert row.name == at_codat(codat, row)[0].account_name == "Payroll"
    event = Event.objects.get(action="account.renamed")
    assert (event.before, event.after) == ({"name": "Operating"}, {"name": "Payroll"})


def test_a_rename_that_fails_changes_nothing_here(
    connection: Connection, codat: Client, actor: Actor
) -> None:
    row = plan_one(connection, actor)
    assert create(row, codat, actor)
    order("500-before", method="PATCH")
    press: Any = {"shown": onboarding.name_version(row), "key": uuid.uuid4()}
    with pytest.raises(CodatError):
        onboarding.rename_account(
            row, "Payroll", **press, client=codat, by=actor, clock=timezone.now
        )
    with pytest.raises(ValueError, match="Enter a name"):
        onboarding.rename_account(row, " ", **press, client=codat, by=actor, clock=timezone.now)
    row.refresh_from_db()
    assert row.name == "Operating"


def test_a_connected_account_shows_its_feed_start(
    connection: Connection, codat: Client, actor: Actor
) -> None:
    """An account found again after the client has connected it is mirrored as it stands."""
    row = plan_one(connection, actor)
    order("500-after")
    assert not create(row, codat, actor)
    support.control(
        "connect",
        connectionId=str(connection.codat_id),
        accountIds=[row.account_id],
        feedStartDate=support.today().isoformat(),
    )
    assert create(row, codat, actor)
    assert row.is_connected and row.feed_start_date == support.today()
