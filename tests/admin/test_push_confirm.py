from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.urls import reverse

from bankfeeds.models import Push, PushStatus, SourceAccount
from tests import support

from .pushes import hidden, refused, signed_in, text, waiting

pytestmark = pytest.mark.django_db
URL = "/admin/bankfeeds/push/confirm/"


@pytest.fixture
def manager(people: dict[str, Any]) -> Any:
    return signed_in(people["manager"])


def fields(page: Any, *accounts: SourceAccount, **changes: Any) -> dict[str, Any]:
    """What the browser would post from this page, with every tick set."""
    given: dict[str, Any] = {
        "form_key": hidden(page, "form_key"),
        "fingerprint": hidden(page, "fingerprint"),
        "account": [account.pk for account in accounts],
    }
    given |= {f"signs-{account.pk}": "right" for account in accounts}
    return given | changes


def test_the_page_says_where_it_goes_and_what(manager: Any) -> None:
    account = support.make_account()
    support.make_transactions(account, ("100.00", "-25.50"), opening="1000.00")
    page = text(manager.get(URL, {"account": account.pk}))
    assert reverse("admin:bankfeeds_push_confirm") == URL
    assert "Send to QuickBooks through Codat – SANDBOX" in page
    assert "What is accepted cannot be called back." in page
    assert "Money in 100.00 USD" in page
    assert "Money out −25.50 USD" in page
    assert "1,074.50 USD becomes the account's balance" in page
    assert "Line 3: 25.50 USD left the account to Line 3" in page
    assert "Line 2: 100.00 USD came in from Line 2" in page
    assert "Balance moves with the amounts: yes." in page
    assert "Send 2 transactions of 1 account" in page
    assert "transactions.csv, imported by manager" in page


def test_live_is_said_in_the_headline(manager: Any, settings: Any) -> None:
    settings.CODAT_BASE_URL = "https://api.codat.io"
    page = text(manager.get(URL, {"account": support.make_account().pk}))
    assert "Send to QuickBooks through Codat – LIVE" in page


def test_a_company_takes_every_account_and_names_the_ones_left_out_first(manager: Any) -> None:
    connection = support.make_connection()
    good = support.make_account(connection, name="Good")
    support.make_account(connection, name="Asleep", status="pending")
    support.make_account(connection, name="Idle")
    support.make_transactions(good)
    page = text(manager.get(URL, {"company": connection.company_id}))
    assert "2 accounts are left out" in page
    assert "Not connected yet" in page
    assert "Nothing new to send: every row was accepted or left out" in page
    assert page.index("Asleep") < page.index("Will go")
    assert "nothing was sent" not in page.lower()
    assert "Send 3 transactions of 1 account" in page


def test_one_press_makes_the_push_and_the_second_shows_it(manager: Any) -> None:
    account = support.make_account()
    support.make_transactions(account)
    page = manager.get(URL, {"account": account.pk})
    given = fields(page, account)
    first, second = manager.post(URL, given), manager.post(URL, given)
    push = Push.objects.get()
    assert push.status == PushStatus.READY
    assert push.requested_by == "manager"
    assert first.status_code == second.status_code == 303
    assert first.url == second.url == f"/admin/bankfeeds/push/{push.pk}/change/"
    assert text(manager.get(first.url)).count(f"Push #{push.pk} confirmed: ") == 2


def test_several_pushes_lead_to_the_history_of_exactly_these(manager: Any) -> None:
    waiting()
    connection = support.make_connection()
    accounts = [support.make_account(connection) for _ in range(2)]
    for account in accounts:
        support.make_transactions(account)
    page = manager.get(URL, {"company": connection.company_id})
    answer = manager.post(URL, fields(page, *accounts))
    listed = manager.get(answer.url)
    assert set(listed.context["cl"].queryset) == set(
        Push.objects.filter(company=connection.company)
    )
    assert "2 pushes" in text(listed)


def test_the_first_push_of_an_account_asks_for_the_signs(manager: Any) -> None:
    account = support.make_account()
    support.make_transactions(account)
    page = manager.get(URL, {"account": account.pk})
    assert "Money in and money out are right" in text(page)
    again = manager.post(URL, fields(page, account, **{f"signs-{account.pk}": ""}))
    assert again.status_code == 200
    assert "Nothing was sent." in text(again)
    assert 'aria-invalid="true"' in again.content.decode()
    assert not Push.objects.exists()


def test_a_later_push_does_not_ask(manager: Any) -> None:
    account = support.make_account()
    waiting(account)
    support.make_transactions(account, opening="1070.25")
    page = manager.get(URL, {"account": account.pk})
    assert "Money in and money out are right" not in text(page)
    answer = manager.post(URL, fields(page, account, **{f"signs-{account.pk}": ""}))
    assert answer.status_code == 303


def test_rows_that_changed_since_send_nothing_and_are_named(manager: Any) -> None:
    account = support.make_account(name="Main")
    support.make_transactions(account)
    page = manager.get(URL, {"account": account.pk})
    support.make_transactions(account, ("7.00",), opening="1070.25")
    given = fields(page, account, shown=hidden(page, "shown"))
    again = manager.post(URL, given)
    assert again.status_code == 200
    assert not Push.objects.exists()
    said = text(again)
    assert "The rows have changed since this page was shown. Nothing was sent." in said
    assert "rows shown: 3; rows that would go now: 4" in said
    assert manager.post(URL, fields(again, account)).status_code == 303


def test_rows_are_grouped_by_finding_with_remedy(manager: Any) -> None:
    account = support.make_account()
    support.make_transactions(
        account, ("1.00", "2.00"), date=support.today() - dt.timedelta(days=9)
    )
    last_day = support.today() - dt.timedelta(days=7)
    support.make_transactions(account, ("3.00",), date=last_day, opening="1003.00")
    support.make_transactions(account, ("0.00",), opening="1006.00")
    page = text(manager.get(URL, {"account": account.pk}))
    assert "2 × It is more than seven days old" in page
    assert "What to do: Give the client a file" in page
    assert "1 × Its amount is zero: there is nothing to book." in page
    assert "1 × It is seven days old today" in page
    assert "Send 1 transaction of 1 account" in page


def test_nothing_to_send_has_no_button(manager: Any) -> None:
    push = waiting()
    page = manager.get(URL, {"account": push.account_id})
    assert f"every row was accepted, left out, or is in push #{push.pk}" in text(page)
    assert 'class="primary"' not in page.content.decode()
    assert manager.post(URL, fields(page, push.account)).status_code == 200
    assert Push.objects.count() == 1


def test_blocked_rows_are_shown_though_nothing_goes(manager: Any) -> None:
    account = support.make_account()
    support.make_transactions(account, ("1.00",), date=support.today() - dt.timedelta(days=9))
    page = text(manager.get(URL, {"account": account.pk}))
    assert "1 × It is more than seven days old" in page
    assert "Nothing can be sent now." in page


def test_only_a_thousand_rows_are_shown_and_the_rest_is_said(manager: Any) -> None:
    account = support.make_account()
    support.make_transactions(account, ["1.00"] * 1003)
    page = manager.get(URL, {"account": account.pk})
    assert "All rows (1003)" in text(page)
    assert "3 more rows are not shown here" in text(page)
    assert "Send 1,003 transactions of 1 account" in text(page)
    assert "Writes 2 1,000 rows each, in order" in text(page)


@pytest.mark.parametrize("role", ["auditor", "administrator"])
def test_who_may_not_push_gets_403(people: dict[str, Any], role: str) -> None:
    account = support.make_account()
    support.make_transactions(account)
    client = signed_in(people[role])
    assert client.get(URL, {"account": account.pk}).status_code == 403
    assert client.post(URL, {"account": account.pk}).status_code == 403
    assert not Push.objects.exists()


GARBAGE = ["", "x", "-1", "0", "99999999999999999999999", "1 OR 1=1", "\x00", "٣", "1.0", "é" * 500]


@pytest.mark.parametrize("value", GARBAGE)
def test_garbage_in_the_address_is_no_fault(manager: Any, value: str) -> None:
    for name in ("account", "company"):
        assert manager.get(URL, {name: value}).status_code == 303
        assert manager.post(URL, {name: value}).status_code == 303


@pytest.mark.parametrize("value", [*GARBAGE, "1|2|3|4", "|||", "٣|1|1|1"])
def test_garbage_in_the_form_sends_nothing(manager: Any, value: str) -> None:
    account = support.make_account()
    support.make_transactions(account)
    given = dict.fromkeys(("form_key", "fingerprint", "shown", f"signs-{account.pk}"), value)
    assert manager.post(URL, {"account": account.pk, **given}).status_code == 200
    assert not Push.objects.exists()


def test_an_unlinked_connection_is_not_taken_by_its_company(manager: Any) -> None:
    connection = support.make_connection(status="Unlinked")
    support.make_transactions(support.make_account(connection))
    assert manager.get(URL, {"company": connection.company_id}).status_code == 303


def test_an_undecided_push_does_not_stop_the_next_from_being_confirmed(manager: Any) -> None:
    push = refused()
    support.make_transactions(push.account, ("5.00",), opening="1070.25")
    page = manager.get(URL, {"account": push.account_id})
    answer = manager.post(URL, fields(page, push.account))
    assert "Waiting behind push" in text(manager.get(answer.url))


def test_several_pushes_are_announced_and_their_list_moves_by_itself(manager: Any) -> None:
    account = support.make_account()
    support.make_transactions(account, ["1.00"] * 1001)
    given = fields(manager.get(URL, {"account": account.pk}), account)
    answer = manager.post(URL, given, follow=True)
    assert "2 pushes confirmed: 1,001 transactions" in text(answer)
    assert answer["Refresh"] == "3"
    Push.objects.update(status=PushStatus.CANCELLED)
    still = manager.get(reverse("admin:bankfeeds_push_changelist"), {"batch": given["form_key"]})
    assert "Refresh" not in still


@pytest.mark.parametrize("part", ["0", "2", "-1", "x", "9" * 30, "\x00"])
def test_a_part_of_the_dry_run_that_is_not_there_is_said(manager: Any, part: str) -> None:
    account = support.make_account()
    support.make_transactions(account)
    assert "dry-run/?account=" in manager.get(URL, {"account": account.pk}).content.decode()
    path = f"/admin/bankfeeds/push/dry-run/{account.pk}/"
    answer = manager.get(path, {"part": part}, follow=True)
    assert "There is no such body any more" in text(answer)
    assert "Download all bodies" not in text(answer)
    assert manager.get("/admin/bankfeeds/push/dry-run/999999/").status_code == 404


def test_the_dry_run_asks_for_accounts_and_names_those_left_out(manager: Any) -> None:
    asked = manager.get("/admin/bankfeeds/push/dry-run/", {"account": "none"}, follow=True)
    assert "Choose the accounts first." in text(asked)
    account = support.make_account(name="Asleep", status="pending")
    page = text(manager.get("/admin/bankfeeds/push/dry-run/", {"account": account.pk}))
    assert "1 account is left out Asleep" in page
