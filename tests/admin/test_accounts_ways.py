"""*Add accounts* says the same of each row whichever way Codat is told: post, batch or put."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from bankfeeds.models import Connection, Intent
from tests import support
from tests.admin.pushes import hidden, text

from .test_accounts import GOOD, SECOND, THIRD, add, connection, filled, manager

__all__ = ["connection", "manager"]  # fixtures

pytestmark = pytest.mark.django_db(transaction=True)
WRITES = {"post": ("POST", "Accounts$"), "batch": ("POST", "batch$"), "put": ("PUT", "Accounts$")}


@pytest.fixture(params=list(WRITES))
def way(request: pytest.FixtureRequest, settings: Any) -> str:
    settings.CODAT_ADD_ACCOUNTS = request.param
    return str(request.param)


def order(way: str, fault: str) -> None:
    method, path = WRITES[way]
    support.order_fault(fault, method=method, path=path)


def test_three_are_added(manager: Any, connection: Connection, way: str) -> None:
    posted = filled(manager, connection, {}, SECOND, {**THIRD, "balance": "−250"})
    first, second = (manager.post(add(connection), posted) for _ in range(2))
    assert first["Location"] == second["Location"]
    shown = text(manager.get(first["Location"]))
    assert "3 accounts added: Operating ••8231, Reserve ••8249, Card ••2210." in shown
    assert [row.intent for row in connection.accounts.all()] == [Intent.DONE] * 3


def test_each_row_says_what_became_of_it(manager: Any, connection: Connection, way: str) -> None:
    there = {"account_id": "acc-one"}
    manager.post(add(connection), filled(manager, connection, there))
    taken = {**THIRD, "account_id": "acc-one", "account_number": "99887766"}
    rows = (there, SECOND, {**THIRD, "account_id": "acc-three"})
    answer = manager.post(add(connection), filled(manager, connection, *rows))
    shown = text(answer)
    assert "Already there" in shown and "Added Reserve" in shown and "Added Card" in shown
    answer = manager.post(add(connection), filled(manager, connection, taken))
    assert "An account with this id is already on this connection" in text(answer)
    assert answer.context["rows"][0].values["account_number"] == "99887766"
    assert connection.accounts.count() == 3


def test_what_is_refused_stays_filled_in(manager: Any, connection: Connection, way: str) -> None:
    order(way, "400")
    posted = filled(manager, connection, {**GOOD, "account_id": "acc-one"})
    answer = manager.post(add(connection), posted)
    assert "Not added: Codat refused" in text(answer)
    (left,) = answer.context["rows"]
    assert left.values["account_number"] == GOOD["account_number"]
    again = {f"{name}-0": value for name, value in left.values.items()}
    again |= {"form_key": hidden(answer, "form_key"), "rows": "1"}
    manager.post(add(connection), again)
    assert [row.intent for row in connection.accounts.all()] == [Intent.DONE]


def test_what_is_refused_and_left_has_a_way_out(
    manager: Any, connection: Connection, way: str
) -> None:
    order(way, "400")
    given = {"account_id": "acc-one"}
    manager.post(add(connection), filled(manager, connection, given))
    left = connection.accounts.get()
    pages = {
        name: reverse(f"admin:bankfeeds_sourceaccount_{name}", args=[left.pk])
        for name in ("change", "continue", "not_wanted", "wanted")
    }
    company = reverse("admin:bankfeeds_company_change", args=[connection.company_id])
    assert "Continue adding Operating" in text(manager.get(company))
    # Added under another id after all: the refused one is no account with the same number.
    manager.post(add(connection), filled(manager, connection, {"account_id": "acc-two"}))
    assert connection.accounts.get(account_id="acc-two").intent == Intent.DONE
    asked = text(manager.get(pages["not_wanted"]))
    assert "It was not added at Codat, and nobody is asked any more to go on with it." in asked
    manager.post(pages["not_wanted"], {"reason": "typed anew"})
    shown = text(manager.get(company))
    assert "Continue adding" not in shown and "Give the link to the client" in shown
    assert "Not wanted The client does not want" in text(manager.get(pages["change"]))
    assert "It was not added." in text(manager.post(pages["continue"], follow=True))
    manager.post(pages["wanted"], {"reason": "after all"})
    manager.post(pages["continue"])
    left.refresh_from_db()
    assert left.intent == Intent.DONE


def test_an_answer_that_is_lost_is_continued(
    manager: Any, connection: Connection, way: str
) -> None:
    order(way, "reset-after")
    posted = filled(manager, connection, {}, SECOND)
    answer = manager.post(add(connection), posted)
    assert "Not added yet" in text(answer)
    # The same form again goes on where it stopped.
    manager.post(add(connection), posted)
    assert [row.intent for row in connection.accounts.all()] == [Intent.DONE] * 2
    assert GOOD["account_number"] not in answer.content.decode()


def test_no_network_loses_no_row(
    manager: Any, connection: Connection, way: str, settings: Any
) -> None:
    posted = filled(manager, connection, {}, SECOND)
    settings.CODAT_BASE_URL = "http://127.0.0.1:9"
    answer = manager.post(add(connection), posted)
    assert len(answer.context["rows"]) == 2
