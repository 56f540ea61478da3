"""A file without balances in the browser's words: state the one before its first row, then save."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from bankfeeds.models import Event, SourceAccount, Statement
from tests import support as portal
from tests.importing.test_opening import day
from tests.intake.support import file_of
from tests.senders.support import file, numbered, part, post, row, sender

from .test_intake import PAGE, PREVIEW, SAVE, account, support, text, upload

__all__ = ["account", "support"]
OPENING = "admin:bankfeeds_statement_opening"


def press(client: Client, name: str, statement: Statement, **given: str) -> Any:
    return client.post(reverse(name, args=[statement.pk]), given, follow=True)


def test_from_a_file_without_balances_to_saved_rows(
    support: Client, account: SourceAccount, people: dict[str, User]
) -> None:
    page = text(upload(support, account, day("A,Sale,250.00", "B,Rent,-40.25")))
    statement = Statement.objects.get()
    assert "The file states none." in page
    assert "No row of this account is here yet." in page
    assert "State the opening balance first." in page
    assert "disabled>Save 2 rows" in page
    assert "The file states no balance, and Codat wants one" in text(
        press(support, SAVE, statement)
    )
    assert not account.transactions.exists()

    page = text(press(support, OPENING, statement, opening_balance='1,000.00"><b>'))
    assert "“1,000.00&quot;&gt;&lt;b&gt;” is no opening balance" in page
    assert 'aria-invalid="true"' in page
    statement.refresh_from_db()
    assert statement.opening_balance is None

    page = text(press(support, OPENING, statement, opening_balance=" 1000.00 "))
    assert "Opening 1,000.00 USD, closing 1,209.75 USD" in page
    assert "opening balance of 1,000.00 USD, stated by support on" in page
    assert "Work out the balances again" in page
    assert "disabled>Save 2 rows" not in page
    saved = press(support, SAVE, statement)
    assert "stated by support on" in text(saved)
    assert [each.balance for each in account.transactions.in_feed_order()] == [
        Decimal("1250.00"), Decimal("1209.75"),
    ]  # fmt: skip

    # Saved, its balances stay; the next file is offered the last of them.
    assert "saved already" in text(press(support, OPENING, statement, opening_balance="1.00"))
    page = text(upload(support, account, day("C,Fee,-1.00"), name="next.csv"))
    assert 'value="1209.75"' in page
    assert "The balance after the last row that is here, “Rent” of" in page
    support.force_login(people["auditor"])
    assert "stated by support on" in text(support.get(reverse(PAGE, args=[statement.pk])))
    assert press(support, OPENING, statement, opening_balance="1.00").status_code == 403


def test_a_balance_that_is_worked_out_from_others_is_marked(
    support: Client, account: SourceAccount
) -> None:
    today = portal.today()
    content = file_of(
        f"A,{today},x,10.00,110.00", f"B,{today},x,-4.00,", f"C,{today},x,1.00,107.00"
    )
    page = text(upload(support, account, content))
    assert "1 row states no balance: it is worked out from those that others state" in page
    assert 'data-label="Balance">106.00<br><span class="small">worked out</span></td>' in page
    assert page.count(">worked out<") == 1
    assert "Balance moves with the amounts: yes" in page


def test_bad_rows_come_first(support: Client, account: SourceAccount) -> None:
    page = text(upload(support, account, day("A,Sale,250.00", "B,Rent,x")))
    assert "1 row is bad. What it did to the balance is not known" in page
    assert "Bad rows first" in page
    assert "leave_out_bad" not in page


def test_only_for_a_file_that_states_none(support: Client, account: SourceAccount) -> None:
    page = text(upload(support, account, file_of(f"A,{portal.today()},Sale,1.00,5.00")))
    statement = Statement.objects.get()
    assert "Opening balance</h2>" not in page
    page = text(press(support, OPENING, statement, opening_balance="1.00"))
    assert "states its balances itself" in page
    assert support.get(reverse(OPENING, args=[statement.pk])).status_code == 302
    gone = support.post(reverse(OPENING, args=[9]), {"opening_balance": "1.00"}, follow=True)
    assert "no longer kept" in text(gone)
    assert not Event.objects.filter(action="statement.opening_stated").exists()


def test_a_file_that_a_core_system_sent(support: Client) -> None:
    numbered()
    _row, token = sender()
    assert post(token, file(part(closing=None))).status_code == 202
    portal.run_jobs()
    [told] = row().accounts
    assert (row().state, "states no balance" in told["reason"]) == ("quarantined", True)
    statement = Statement.objects.get(pk=told["statement"])
    assert "Work out the balances" in text(support.get(reverse(PREVIEW, args=[statement.pk])))
    press(support, OPENING, statement, opening_balance="5.00")
    page = reverse("admin:bankfeeds_receivedfile_read_again", args=[row().pk])
    support.post(page)
    portal.run_jobs()
    assert (row().state, row().accounts[0]["saved"]) == ("saved", 2)
    statement.refresh_from_db()
    assert (statement.state, statement.opening_stated_by) == ("saved", "support")
