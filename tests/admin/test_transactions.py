"""The list of transactions and the page of one: what each row says, and by what it is found."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.urls import reverse

from bankfeeds import words
from bankfeeds.models import BankTransaction, PushStatus, SourceAccount
from tests import support as portal

from .pushes import signed_in, text
from .test_intake import ROWS, put_into_push


@pytest.fixture
def account(db: None) -> SourceAccount:
    company = portal.make_company("Café Québec", folded_name="cafe quebec")
    return portal.make_account(portal.make_connection(company))


@pytest.fixture
def support(people: dict[str, Any]) -> Any:
    return signed_in(people["support"])


def test_the_filter_and_the_words_agree_on_what_waits_is_blocked_or_too_late(
    support: Any, account: SourceAccount
) -> None:
    today, day = portal.today(), dt.timedelta(days=1)
    heir = portal.make_account(account.connection, follows=account)
    started = portal.make_account(account.connection, feed_start_date=today - day)
    put_into_push(account, portal.make_transactions(account, ["2.00"], date=today - 3 * day))
    put_into_push(started, portal.make_transactions(started, ["2.00"], date=today))
    for each in (account, heir, started):
        for age in (-1, 0, 1, 2, 3, 4, 7, 8):
            portal.make_transactions(each, ["1.00"], date=today - age * day)
    said = {"waiting": "Waiting", "blocked": "Blocked –", "late": "Too late for the feed"}
    met = 0
    for state, label in said.items():
        rows = support.get(reverse(ROWS), {"state": state}).context["cl"].result_list
        met += len(rows)
        assert rows and all(row.state_word.label.startswith(label) for row in rows), state
    assert met == 24


def test_a_row_says_what_its_amount_does_its_type_and_how_its_push_stands(
    support: Any, account: SourceAccount
) -> None:
    rows = portal.make_transactions(account)
    BankTransaction.objects.update(transaction_type="Debit", description="Farm & Feed")
    put_into_push(account, rows, status=PushStatus.FAILED)
    listed = text(support.get(reverse(ROWS), {"q": "cafe québec"}))
    assert "−25.50 USD Money out Debit" in listed and "100.00 USD Money in" in listed
    assert "Refused by Codat" in listed
    page = support.get(reverse("admin:bankfeeds_banktransaction_change", args=[rows[1].pk]))
    assert f"Farm & Feed · {words.day(rows[1].date)} · −25.50 USD" in text(page)
    assert rows[1].transaction_id not in page.content.decode().split("<h1>")[1][:300]
    of_another = portal.make_transactions(portal.make_account())
    assert of_another
    company = account.connection.company_id
    for query in ({"company": company}, {"q": "Café"}, {"company": company, "state": "push"}):
        assert support.get(reverse(ROWS), query).context["cl"].result_count == 3, query
    assert not support.get(reverse(ROWS), {"company": "x"}).context["cl"].result_count
