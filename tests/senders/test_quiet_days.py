"""A statement without transactions: its day's file has come, and nothing waits for a person."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from bankfeeds.models import BankTransaction, SourceAccount, Statement
from tests import support as portal
from tests.admin.pushes import text
from tests.importing.support import csv_of, look, save
from tests.intake.json_writer import Account, json_batch
from tests.support import run_jobs

from .support import numbered, part, post, row, sender

pytestmark = pytest.mark.django_db
CARD = "555566667777"


def quiet(number: str = CARD, *, opening: str | None = "5.00", closing: str | None = "5.00") -> Any:
    return Account([], number=number, opening=opening, closing=closing)


def pending(account: SourceAccount) -> bytes:
    """Of an account of whose transactions none has cleared yet."""
    entry = {"id": "P", "date": str(portal.today()), "amount": "1.00", "description": "Soon"}
    return json_batch(Account([{**entry, "status": "pending"}], opening="5.00", closing="5.00"))


def test_a_quiet_account_holds_no_file_in_quarantine() -> None:
    _row, token = sender()
    busy, card = numbered(), numbered(CARD)
    post(token, json_batch(part(), quiet()))
    run_jobs()
    assert (row().state, row().words) == ("saved", "")
    assert [each["status"] for each in row().accounts] == ["saved", "saved"]
    assert BankTransaction.objects.filter(account=busy).count() == 2
    # What a feed asks for that waits for the day's file.
    assert card.statements.filter(state=Statement.State.SAVED).count() == 1
    assert not card.transactions.exists()
    # It needs no balance either.
    post(token, json_batch(quiet(opening=None, closing=None)), "day-2")
    run_jobs()
    assert row().state == "saved"
    # Balances that nothing moved from one to the other are those of a file that lost its rows.
    post(token, json_batch(quiet(closing="6.00")), "day-3")
    run_jobs()
    assert row().state == "quarantined"
    assert card.statements.filter(state=Statement.State.SAVED).count() == 2


def test_one_without_cleared_rows_is_saved_from_its_preview(people: dict[str, Any]) -> None:
    account = numbered()
    client = Client()
    client.force_login(people["support"])
    upload = look(account, pending(account))
    answer = client.get(reverse("admin:bankfeeds_statement_preview", args=[upload.pk]))
    page = text(answer)
    assert "it states no transaction that has cleared" in page
    assert "1 held out" in page
    assert "Save it as a day without transactions" in page
    assert "disabled" not in answer.content.decode()
    saved = client.post(
        reverse("admin:bankfeeds_statement_save", args=[upload.pk]),
        {"shown": answer.context["found"].digest},
        follow=True,
    )
    assert "0 rows of this file were saved" in text(saved)
    upload.refresh_from_db()
    assert (upload.state, upload.rows_rejected) == ("saved", 1)
    # What is wrong is not quiet.
    bad = look(account, json_batch(Account([{"id": "x"}], opening="5.00", closing="5.00")))
    answer = client.get(reverse("admin:bankfeeds_statement_preview", args=[bad.pk]))
    assert "Not one row could be understood" in text(answer)


def test_its_opening_balance_is_held_against_our_last(people: dict[str, Any]) -> None:
    account = numbered()
    client = Client()
    client.force_login(people["support"])

    def preview() -> str:
        upload = look(account, pending(account))
        return text(client.get(reverse("admin:bankfeeds_statement_preview", args=[upload.pk])))

    assert "Opening 5.00 USD, closing 5.00 USD" in (page := preview())
    assert "No earlier row of this account is here to compare with." in page
    assert "Worked out" not in page
    save(look(account, csv_of(["7.00"])))
    assert "Opening agrees with our last (1,007.00 USD): no, differs by −1,002.00 USD" in preview()
