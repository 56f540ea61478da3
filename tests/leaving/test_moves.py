"""A client that moves: the accounts that it had stand there, and what was begun is gone on with."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from bankfeeds import holding, marks, pushing, succession
from bankfeeds.models import (
    Company,
    Connection,
    Decision,
    Departure,
    Push,
    PushStatus,
    SendingStop,
    SourceAccount,
)
from tests import support
from tests.admin import pushes
from tests.admin.pushes import BY, signed_in, text
from tests.succession import support as moves

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def manager(people: dict[str, Any]) -> Any:
    return signed_in(people["manager"])


def at(row: Any, name: str) -> str:
    return reverse(f"admin:bankfeeds_{row._meta.model_name}_{name}", args=[row.pk])


def form(**more: Any) -> dict[str, Any]:
    return {"reason": "new books", "form_key": str(uuid.uuid4()), **more}


@pytest.mark.parametrize("books", ["same", "another"])
def test_continue_goes_on_with_the_whole_move(
    manager: Any, onboarded: support.Onboarded, books: str
) -> None:
    push = support.make_push(onboarded.accounts[0], status=PushStatus.SUCCEEDED)
    pushes.attempt(push, "accepted")  # type: ignore[arg-type]
    path = at(onboarded.connection, "move")
    support.order_fault("500-before", method="PATCH")
    shown = text(manager.post(path, form(books=books), follow=True))
    assert "Press Continue" in shown and "It is part of a move" in shown
    departure = Departure.objects.get()
    named = {"departure": departure.pk}
    shown = text(manager.post(at(onboarded.connection, "go_on"), named, follow=True))
    assert "QuickBooks connection created at Codat." in shown
    assert "Company and" not in shown and "Add accounts of" in shown
    new = Connection.objects.latest("pk")
    assert new.books == books and new.at_codat and Connection.objects.count() == 2


def test_an_unlinking_that_was_asked_for_becomes_a_move(
    manager: Any, onboarded: support.Onboarded
) -> None:
    support.order_fault("500-before", method="PATCH", times=2)
    manager.post(at(onboarded.connection, "unlink"), form())
    manager.post(at(onboarded.connection, "move"), form(books="same"))
    departure = Departure.objects.get()
    assert departure.books == "same"
    manager.post(at(onboarded.connection, "go_on"), {"departure": departure.pk})
    assert Connection.objects.count() == 2


def number_typed(answer: Any, number: str) -> dict[str, str]:
    """What the page's form sends once the number of its first row is typed."""
    names = ("name", "account_type", "sort_code", "currency", "balance", "account_id", "seen")
    content = answer.content.decode()
    values = {f"{name}-0": _value(content, f"{name}-0") for name in names}
    earlier, key = pushes.hidden(answer, "earlier-0"), pushes.hidden(answer, "form_key")
    return {
        **values,
        "rows": pushes.hidden(answer, "rows"),
        "earlier-0": earlier,
        "account_number-0": number,
        "form_key": key,
    }


def _value(content: str, name: str) -> str:
    import re

    chosen = re.search(rf'<select id="{name}".*?value="([^"]*)" selected', content)
    typed = re.search(rf'name="{name}" value="([^"]*)"', content)
    found = chosen or typed
    assert found, name
    return found[1]


@pytest.mark.parametrize("books", ["same", "another"])
def test_the_earlier_accounts_wait_for_their_number(manager: Any, sandbox: Any, books: str) -> None:
    old = moves.client()
    support.make_transactions(old)
    moves.leave(old.connection)
    tie = moves.connection(old.company, books=books)
    page = manager.get(at(tie, "add_accounts"))
    shown = text(page)
    assert f"earlier {old}" in shown and "The client's earlier accounts stand here" in shown
    assert "begins afresh" in shown if books == "another" else "goes on where" in shown
    empty = number_typed(page, "")
    assert "Fill in at least one row" in text(manager.post(at(tie, "add_accounts"), empty))
    added = manager.post(at(tie, "add_accounts"), number_typed(page, moves.NUMBER), follow=True)
    assert "1 account added" in text(added)
    new = SourceAccount.objects.latest("pk")
    assert (new.name, new.sort_code, new.balance) == (old.name, old.sort_code, old.balance)
    assert new.account_id != old.account_id and new.transactions.count() == 3
    assert not succession.earlier(tie)
    assert "earlier accounts" not in text(manager.get(at(tie, "add_accounts")))


def test_an_account_of_an_ended_connection_sends_nothing_again(
    manager: Any, onboarded: support.Onboarded
) -> None:
    account = onboarded.accounts[0]
    pushes.succeeded(account)
    marks.disconnected(
        account, since=timezone.now() - marks.NOTICED_AFTER, by=BY, now=timezone.now()
    )
    page = at(account, "change")
    assert "Choose what goes again" in text(manager.get(page))
    # Its own word stays connected: nobody reads an unlinked connection's accounts any more.
    Connection.objects.update(status="Unlinked")
    assert "When the client has connected again" in text(manager.get(page))
    support.make_account(support.make_connection(onboarded.company))
    shown = text(manager.get(page))
    assert "The client has another connection by now" in shown
    assert "Choose what goes again" not in shown and "See these rows" in shown
    choose = text(manager.get(reverse("admin:bankfeeds_resending_choose", args=[account.pk])))
    assert "Only a file for the client helps" in choose and "Send the ticked" not in choose
    assert "Download the file" in choose


def test_the_timeline_says_what_became_of_a_push_without_an_answer(
    manager: Any, onboarded: support.Onboarded, settings: Any
) -> None:
    settings.PUSH_SETTLE = 0
    first, second = onboarded.accounts
    again = pushes.looked(pushes.timed_out(first))
    pushing.decide(again, Decision.NOT_THERE, reason="r", by=BY, now=timezone.now())
    stopped = pushes.waiting(second)
    pushing.cancel(stopped, reason="r", by=BY, now=timezone.now())
    shown = text(manager.get(at(onboarded.company, "change")))
    assert f"Sent again in another push #{again.pk}" in shown
    assert f"Stopped before sending #{stopped.pk}" in shown
    assert "Push stopped or given up" not in shown
    assert Push.objects.filter(status=PushStatus.CANCELLED).count() == 2


def test_a_stop_that_is_over_says_so_at_its_head(manager: Any) -> None:
    company = support.make_company("Acme")
    holding.stop_sending(company=company, reason="r", by=BY, now=timezone.now())
    stop = SendingStop.objects.get()
    assert "Sending stopped for Acme" in text(manager.get(at(stop, "change")))
    holding.allow_sending(stop, reason="r", by=BY, now=timezone.now())
    shown = text(manager.get(at(stop, "change")))
    assert "Sending was stopped for Acme, and is allowed again" in shown
    assert "Sending stopped for Acme" not in shown


def test_the_next_step_of_a_client_that_was_unlinked(manager: Any) -> None:
    account = support.make_account(support.make_connection(status="Unlinked"))
    page = at(Company.objects.get(), "change")
    shown = text(manager.get(page))
    assert "Ask the client: connect again, or close the company" in shown
    assert "Create QuickBooks connection" in shown
    support.make_transactions(account)
    assert "Create the QuickBooks connection. 3 rows wait" in text(manager.get(page))
    Connection.objects.update(gone_at=timezone.now())
    assert "rows wait" not in text(manager.get(page))
