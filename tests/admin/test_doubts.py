"""Rows to decide in the browser's words: the list, both rows, the decision."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from bankfeeds import importing
from bankfeeds.models import Doubt, PushStatus, SourceAccount
from tests import support as portal
from tests.importing.support import look, save
from tests.intake.support import file_of

ROWS = "admin:bankfeeds_doubt_changelist"
PAGE = "admin:bankfeeds_doubt_change"
DECIDE = "admin:bankfeeds_doubt_decide"


@pytest.fixture
def account(db: None) -> SourceAccount:
    return portal.make_account(portal.make_connection(portal.make_company("Café Québec")))


@pytest.fixture
def support(client: Client, people: dict[str, User]) -> Client:
    client.force_login(people["support"])
    return client


def text(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def two_coffees(account: SourceAccount) -> Doubt:
    on = portal.today()
    save(look(account, file_of(f"C1,{on},Coffee,-4.50,95.50")))
    save(look(account, file_of(f"C2,{on},Coffee,-4.50,91.00", f"T,{on},Tea,-1.00,90.00")))
    return Doubt.objects.get()


def post(client: Client, doubt: Doubt, answer: str, **changes: str) -> Any:
    form = {"answer": answer, "reason": "the client says so", "seen": importing.seen_of(doubt)}
    return client.post(reverse(DECIDE, args=[doubt.pk]), {**form, **changes}, follow=True)


def test_from_the_count_to_the_decision(support: Client, account: SourceAccount) -> None:
    doubt = two_coffees(account)
    start = support.get(reverse("admin:bankfeeds_company_changelist"))
    url = f"{reverse(ROWS)}?state=open"
    assert f'href="{url}">Rows to decide (1)</a>' in text(start)
    listed = text(support.get(url))
    page = reverse(PAGE, args=[doubt.pk])
    assert page in listed
    assert "Café Québec" in listed
    shown = text(support.get(page))
    assert "day.csv, line 2" in shown
    assert "Looks like one that is here" in shown
    assert "Both are real, as two equal coffees are." in shown
    assert "Ours was sent in error" not in shown
    imported = text(
        support.get(reverse("admin:bankfeeds_statement_change", args=[doubt.statement_id]))
    )
    assert "1 row waits for a decision" in imported

    done = text(post(support, doubt, "new"))
    assert "The decision is recorded." in done
    assert "Rows to decide (" not in done
    assert "the client says so" in text(support.get(page))
    assert account.transactions.count() == 3
    late = text(post(support, doubt, "keep"))
    assert "decided on this row already" in late
    assert account.transactions.count() == 3


def test_what_is_refused_is_said_with_what_was_typed(
    support: Client, account: SourceAccount
) -> None:
    doubt = two_coffees(account)
    assert "Choose one of the answers." in text(post(support, doubt, ""))
    assert "Choose one of the answers." in text(post(support, doubt, "mistake"))
    assert "Give a reason" in text(post(support, doubt, "new", reason=""))
    stale = text(post(support, doubt, "new", seen="before"))
    assert "Meanwhile something happened" in stale
    assert 'value="the client says so"' in stale
    assert not Doubt.objects.exclude(answer="").exists()


def test_ours_was_sent_in_error(support: Client, account: SourceAccount) -> None:
    doubt = two_coffees(account)
    assert doubt.ours
    push = portal.make_push(account, [doubt.ours], status=PushStatus.SUCCEEDED)
    assert "Ours was sent in error" in text(support.get(reverse(PAGE, args=[doubt.pk])))
    post(support, doubt, "mistake")
    assert push.marks.get().words == "the client says so"
    assert account.transactions.count() == 3


def test_who_only_reads_sees_both_and_no_button(
    client: Client, people: dict[str, User], account: SourceAccount
) -> None:
    doubt = two_coffees(account)
    client.force_login(people["auditor"])
    page = text(client.get(reverse(PAGE, args=[doubt.pk])))
    assert "A manager or support decides." in page
    assert "Record the decision" not in page
    assert post(client, doubt, "new").status_code == 403
