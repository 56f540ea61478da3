"""Source accounts: adding several on one page, renaming, continuing, the page and the list."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone, translation

from bankfeeds.admin.clients import accounts_form
from bankfeeds.models import Connection, Intent, SourceAccount
from tests import support
from tests.admin import pushes
from tests.admin.pushes import hidden, signed_in, text

pytestmark = pytest.mark.django_db(transaction=True)
GOOD = {
    "name": "Operating",
    "account_type": "checking",
    "account_number": "4400118231",
    "sort_code": "021000021",
    "currency": "USD",
    "balance": "1,000.50",
}


@pytest.fixture
def manager(people: dict[str, Any], sandbox: Any) -> Any:
    return signed_in(people["manager"])


@pytest.fixture
def connection(manager: Any) -> Connection:
    client = support.onboard(accounts=0, connected=False)
    client.connection.link_issued_at = timezone.now()
    client.connection.save()
    return client.connection


def add(connection: Connection) -> str:
    return reverse("admin:bankfeeds_connection_add_accounts", args=[connection.pk])


def page(account: SourceAccount, name: str = "change") -> str:
    return reverse(f"admin:bankfeeds_sourceaccount_{name}", args=[account.pk])


def filled(browser: Any, connection: Connection, *rows: dict[str, str]) -> dict[str, str]:
    """A POST of the page as it was shown, with these rows filled in."""
    shown = browser.get(add(connection))
    posted = {"form_key": hidden(shown, "form_key"), "rows": hidden(shown, "rows")}
    for index, row in enumerate(shown.context["rows"]):
        posted |= {f"{name}-{index}": value for name, value in row.values.items()}
    for index, changes in enumerate(rows):
        posted |= {f"{name}-{index}": value for name, value in {**GOOD, **changes}.items()}
    return posted


SECOND = {"name": "Reserve", "account_type": "savings", "account_number": "4400118249"}
THIRD = {"name": "Card", "account_type": "creditCard", "account_number": "5500772210"}


# --- Adding ----------------------------------------------------------------------------------


def test_three_are_added_on_one_page(manager: Any, connection: Connection) -> None:
    posted = filled(manager, connection, {}, SECOND, {**THIRD, "balance": "−250"})
    answer = manager.post(add(connection), posted, follow=True)
    assert "3 accounts added: Operating ••8231, Reserve ••8249, Card ••2210." in text(answer)
    assert "Copy link" in text(answer)
    rows = {row.name: row for row in connection.accounts.all()}
    assert {row.intent for row in rows.values()} == {Intent.DONE}
    assert (str(rows["Operating"].balance), str(rows["Card"].balance)) == ("1000.5000", "-250.0000")
    assert "4400118231" not in answer.content.decode()


def test_three_empty_rows_at_first_and_three_more(manager: Any, connection: Connection) -> None:
    posted = filled(manager, connection, {})
    assert posted["rows"] == "3"
    answer = manager.post(add(connection), {**posted, "more": "yes"})
    assert hidden(answer, "rows") == "6"
    assert [row.values["name"] for row in answer.context["rows"]] == ["Operating"] + [""] * 5
    assert answer.context["rows"][0].values["account_id"] == posted["account_id-0"]
    assert not connection.accounts.exists()


def test_pressing_twice_adds_nothing_twice(manager: Any, connection: Connection) -> None:
    posted = filled(manager, connection, {}, SECOND)
    first, second = (manager.post(add(connection), posted) for _ in range(2))
    assert first["Location"] == second["Location"]
    assert connection.accounts.count() == 2


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": ""}, "Give the account a name"),
        ({"account_number": ""}, "Enter the account number"),
        ({"account_number": "1"}, "4 to 34 digits"),
        ({"sort_code": "021000022"}, "check digit"),
        ({"sort_code": "12"}, "9 digits"),
        ({"balance": "1.000,50"}, "must be a number"),
        ({"balance": "NaN"}, "must be a number"),
        ({"account_type": "shoebox"}, "not a type"),
        ({"currency": "EUR"}, "USD or CAD"),
        ({"account_id": "x-4400118231"}, "contains the account number"),
        ({"account_id": "two words"}, "letter or digit"),
    ],
)
def test_one_bad_field_sends_nothing(
    manager: Any, connection: Connection, changes: dict[str, str], words: str
) -> None:
    answer = manager.post(add(connection), filled(manager, connection, changes, SECOND))
    assert words in text(answer)
    assert "Nothing was added" in text(answer)
    assert "no-store" in answer["Cache-Control"]
    assert not SourceAccount.objects.exists()


def test_two_rows_with_one_id(manager: Any, connection: Connection) -> None:
    same = {"account_id": "acc-same"}
    answer = manager.post(add(connection), filled(manager, connection, same, {**SECOND, **same}))
    assert "Two rows have this account id" in text(answer)
    assert not SourceAccount.objects.exists()


def test_no_row_filled_in(manager: Any, connection: Connection) -> None:
    answer = manager.post(add(connection), filled(manager, connection))
    assert "Fill in at least one row" in text(answer)


def test_an_empty_routing_number_is_that_of_the_row_above(
    manager: Any, connection: Connection
) -> None:
    manager.post(add(connection), filled(manager, connection, {}, {**SECOND, "sort_code": ""}))
    assert {row.sort_code for row in connection.accounts.all()} == {"021000021"}


def test_the_exact_routing_value_is_shown_before_it_is_sent(
    manager: Any, connection: Connection
) -> None:
    connection.company.country = "CA"
    connection.company.save()
    changes = {"sort_code": "067812345", "currency": "CAD"}
    posted = filled(manager, connection, changes)
    answer = manager.post(add(connection), posted)
    assert "Will be sent as 12345-678." in text(answer)
    assert not SourceAccount.objects.exists()
    manager.post(add(connection), {**posted, "seen-0": hidden(answer, "seen-0")})
    assert SourceAccount.objects.get().sort_code == "12345-678"
    preview = manager.get(
        "/admin/bankfeeds/connection/routing/", {"value": "067812345", "country": "CA"}
    )
    assert preview.json() == {"sent": "12345-678", "problem": ""}
    preview = manager.get("/admin/bankfeeds/connection/routing/", {"value": "1-2", "country": "CA"})
    assert preview.json()["sent"] == "" and "5 + 3 digits" in preview.json()["problem"]


def test_a_row_that_fails_stays_filled_in_and_the_others_are_added(
    manager: Any, connection: Connection
) -> None:
    support.order_fault("429-2", path="bankFeedAccounts")
    rows: tuple[dict[str, str], ...] = {}, {**SECOND, "sort_code": ""}
    answer = manager.post(add(connection), filled(manager, connection, *rows))
    shown = text(answer)
    assert "1 account was not added; its row is still filled in." in shown
    assert "Added Reserve" in shown and "Copy link" in shown
    (left,) = answer.context["rows"]
    assert left.values["account_number"] == GOOD["account_number"]
    again = {f"{name}-0": value for name, value in left.values.items()}
    again |= {"form_key": hidden(answer, "form_key"), "rows": "1", "name-0": "Operating two"}
    manager.post(add(connection), again)
    assert set(connection.accounts.values_list("name", "intent")) == {
        ("Operating two", "done"),
        ("Reserve", "done"),
    }


def test_a_row_that_is_left_keeps_the_routing_number_of_the_row_above(
    manager: Any, connection: Connection
) -> None:
    refused = {**SECOND, "name": "Reserve fault-400-once", "sort_code": ""}
    answer = manager.post(add(connection), filled(manager, connection, {}, refused))
    (left,) = answer.context["rows"]
    assert left.values["sort_code"] == GOOD["sort_code"]
    # There is no Continue beside a row that is filled in: it is added again, mended or as it is.
    assert "Correct it and add it again, or send it once more as it is." in text(answer)
    assert "Continue" not in text(answer)


def test_an_answer_that_is_lost_is_continued_and_not_typed_again(
    manager: Any, connection: Connection
) -> None:
    support.order_fault("500-after", path="bankFeedAccounts")
    answer = manager.post(add(connection), filled(manager, connection, {}))
    assert "Not added yet" in text(answer)
    assert answer.context["rows"] == []
    account = SourceAccount.objects.get()
    # What the words name stands beside them.
    assert page(account, "continue") in answer.content.decode()
    assert GOOD["account_number"] not in manager.get(page(account)).content.decode()
    assert "Account added" in text(manager.post(page(account, "continue"), follow=True))
    account.refresh_from_db()
    assert account.intent == Intent.DONE


def test_the_same_id_and_number_is_already_there(manager: Any, connection: Connection) -> None:
    manager.post(add(connection), filled(manager, connection, {"account_id": "acc-one"}))
    answer = manager.post(add(connection), filled(manager, connection, {"account_id": "acc-one"}))
    assert "Already there" in text(answer)
    other = {"account_id": "acc-one", "account_number": "99887766"}
    answer = manager.post(add(connection), filled(manager, connection, other))
    assert "An account with this id is already on this connection" in text(answer)
    assert answer.context["rows"][0].values["account_number"] == "99887766"
    assert SourceAccount.objects.count() == 1


def test_no_network_loses_no_row(manager: Any, connection: Connection, settings: Any) -> None:
    posted = filled(manager, connection, {}, SECOND)
    settings.CODAT_BASE_URL = "http://127.0.0.1:9"
    answer = manager.post(add(connection), posted)
    assert text(answer).count("could not be reached") == 2
    assert len(answer.context["rows"]) == 2


def test_a_connection_that_is_not_at_codat_takes_no_account(manager: Any) -> None:
    row = support.make_connection(intent=Intent.NOT_SENT, codat_id=None)
    for answer in (manager.get(add(row), follow=True), manager.post(add(row), GOOD, follow=True)):
        assert "No account was added" in text(answer)


@pytest.mark.parametrize("rows", ["", "-1", "9999999", "x", "0"])
def test_a_forged_number_of_rows_is_no_error(
    manager: Any, connection: Connection, rows: str
) -> None:
    assert manager.post(add(connection), {"rows": rows}).status_code == 200


# --- The page --------------------------------------------------------------------------------


def test_the_page_shows_where_the_feed_stands(manager: Any) -> None:
    account = support.make_account(account_id="acc-x", sort_code="021000021")
    push = pushes.succeeded(account)
    support.make_transactions(account, ["10.00", "-4.00"])
    support.make_transactions(account, ["1.00"], date=support.today() - dt.timedelta(days=9))
    shown = text(manager.get(page(account)))
    assert f"push #{push.pk}" in shown
    assert "2 · In 10.00 USD · Out 4.00 USD" in shown
    assert "Too late for the feed 1" in shown
    assert "Codat allows only the name to change" in shown
    assert f"••{account.number_last4}" in shown


def test_a_push_that_cannot_be_says_why_beside_its_button(manager: Any) -> None:
    account = support.make_account()
    pages = (page(account), reverse("admin:bankfeeds_company_change", args=[account.company_id]))
    for path in pages:
        shown = text(manager.get(path))
        assert "No rows wait." in shown
    support.make_transactions(account)
    for path in pages:
        assert "No rows wait." not in text(manager.get(path))
    SourceAccount.objects.filter(pk=account.pk).update(gone_at=timezone.now())
    for path in pages:
        shown = text(manager.get(path))
        assert "It no longer exists at Codat." in shown and "Not connected" not in shown


def test_rename(manager: Any) -> None:
    account = support.onboard(connected=False).accounts[0]
    shown = manager.get(page(account))
    posted = {name: hidden(shown, name) for name in ("form_key", "seen")} | {"name": "Payroll"}
    assert "is now called Payroll" in text(
        manager.post(page(account, "rename"), posted, follow=True)
    )
    assert "is called Payroll" in text(manager.post(page(account, "rename"), posted, follow=True))
    account.refresh_from_db()
    assert account.name == "Payroll"


def test_a_rename_of_unknown_fate_is_shown_by_a_refresh(manager: Any) -> None:
    account = support.onboard(connected=False).accounts[0]
    posted = {"seen": hidden(manager.get(page(account)), "seen"), "name": "Payroll"}
    support.order_fault("500-after", method="PATCH")
    shown = text(manager.post(page(account, "rename"), posted, follow=True))
    assert "Press Refresh when Codat answers again" in shown and "are checking" not in shown
    manager.post(page(account, "refresh"))
    account.refresh_from_db()
    assert account.name == "Payroll"


def test_an_unusable_name_stays_in_its_field(manager: Any) -> None:
    account = support.onboard(connected=False).accounts[0]
    answer = manager.post(page(account, "rename"), {"name": "x" * 300})
    assert answer.status_code == 200
    assert "up to 200 characters" in text(answer)
    assert "x" * 300 in answer.content.decode()


def test_a_rename_that_codat_does_not_take_changes_nothing(manager: Any, settings: Any) -> None:
    account = support.onboard(connected=False).accounts[0]
    posted = {"seen": hidden(manager.get(page(account)), "seen"), "name": "Payroll"}
    settings.CODAT_BASE_URL = "http://127.0.0.1:9"
    answer = manager.post(page(account, "rename"), posted, follow=True)
    assert "could not be reached" in text(answer)
    account.refresh_from_db()
    assert account.name != "Payroll"


def test_continue_asks_for_the_number_when_it_is_no_longer_kept(
    manager: Any, connection: Connection, settings: Any
) -> None:
    here = settings.CODAT_BASE_URL
    settings.CODAT_BASE_URL = "http://127.0.0.1:9"
    manager.post(add(connection), filled(manager, connection, {}))
    settings.CODAT_BASE_URL = here
    SourceAccount.objects.update(sealed_body=None)
    account = SourceAccount.objects.get()
    assert "Enter it again; it ends in 8231" in text(manager.get(page(account)))
    answer = manager.post(page(account, "continue"), {"number": "1"}, follow=True)
    assert "4 to 34 digits" in text(answer)
    manager.post(page(account, "continue"), {"number": GOOD["account_number"]})
    account.refresh_from_db()
    assert account.intent == Intent.DONE


def test_refresh(manager: Any) -> None:
    account = support.onboard().accounts[0]
    SourceAccount.objects.update(status="pending")
    assert "Connected (1 of 1)" in text(manager.post(page(account, "refresh"), follow=True))


def test_two_with_the_same_last_four_show_their_ids(manager: Any) -> None:
    tie = support.make_connection()
    rows = [support.make_account(tie, number_last4="1111", account_id=f"acc-{n}") for n in (1, 2)]
    assert "acc-1" in text(manager.get(page(rows[0]))).split("Where the feed stands")[0]


def test_the_list_is_searched_and_filtered(manager: Any) -> None:
    wanted = support.make_account(name="Payroll", number_last4="9876", account_id="acc-w")
    support.make_account(name="Other", number_last4="0001", status="pending")
    place = "/admin/bankfeeds/sourceaccount/"
    for typed in ("payroll", "9876", "acc-w", wanted.company.name):
        found = manager.get(place, {"q": typed}).context["cl"].result_list
        assert wanted in found and len(found) <= 2, typed
    (found,) = manager.get(place, {"status": "pending"}).context["cl"].result_list
    assert found.name == "Other"


def test_push_on_chosen_leads_to_the_confirmation(manager: Any) -> None:
    account = support.make_account()
    posted = {"action": "push_chosen", "_selected_action": [account.pk]}
    answer = manager.post("/admin/bankfeeds/sourceaccount/", posted)
    assert answer["Location"] == f"/admin/bankfeeds/push/confirm/?account={account.pk}"


# --- What is pointed out once before it goes --------------------------------------------------


def pressed_again(browser: Any, connection: Connection, answer: Any) -> Any:
    """The page as it came back, sent once more with nothing changed."""
    posted = {name: hidden(answer, name) for name in ("form_key", "rows")}
    for index, row in enumerate(answer.context["rows"]):
        posted |= {f"{name}-{index}": value for name, value in row.values.items()}
    return browser.post(add(connection), posted, follow=True)


@pytest.mark.parametrize(("country", "other"), [("US", "CAD"), ("CA", "USD")])
def test_the_other_countrys_currency_is_asked_about_once(
    manager: Any, connection: Connection, country: str, other: str
) -> None:
    connection.company.country = country
    connection.company.save(update_fields=["country"])
    routing = "12345-678" if country == "CA" else "021000021"
    posted = filled(manager, connection, {"sort_code": routing, "currency": other})
    answer = manager.post(add(connection), posted)
    assert f"An account in {other}: the client's books must allow several" in text(answer)
    assert "Nothing was added yet." in text(answer) and not connection.accounts.exists()
    assert "1 account added" in text(pressed_again(manager, connection, answer))
    assert connection.accounts.get().currency == other


def test_the_own_currency_is_not_asked_about(manager: Any, connection: Connection) -> None:
    answer = manager.post(add(connection), filled(manager, connection, {}), follow=True)
    assert "1 account added" in text(answer)


def test_a_number_that_the_client_has_already_is_asked_about_once(
    manager: Any, connection: Connection
) -> None:
    manager.post(add(connection), filled(manager, connection, {}))
    twin = {"name": "Again", "account_number": "4400-118231"}
    answer = manager.post(add(connection), filled(manager, connection, twin))
    assert "Operating · Checking · ••8231 · USD has the same number." in text(answer)
    assert connection.accounts.count() == 1
    told = hidden(answer, "told-0")
    assert told.startswith("account_number=") and "118231" not in told
    assert "1 account added" in text(pressed_again(manager, connection, answer))
    assert connection.accounts.count() == 2


def test_what_was_said_of_one_number_is_not_said_of_another(
    manager: Any, connection: Connection
) -> None:
    manager.post(add(connection), filled(manager, connection, {}, SECOND))
    answer = manager.post(add(connection), filled(manager, connection, {"name": "Again"}))
    answer.context["rows"][0].values["account_number"] = SECOND["account_number"]
    again = pressed_again(manager, connection, answer)
    assert "Reserve · Savings · ••8249 · USD has the same number." in text(again)
    assert connection.accounts.count() == 2


def test_two_rows_with_one_number_are_asked_about(manager: Any, connection: Connection) -> None:
    posted = filled(manager, connection, {}, {"name": "Twin"})
    answer = manager.post(add(connection), posted)
    assert "The row of Operating above has the same number." in text(answer)
    assert not connection.accounts.exists()
    assert "2 accounts added" in text(pressed_again(manager, connection, answer))


def test_the_second_press_of_a_form_shows_the_first_and_asks_nothing(
    manager: Any, connection: Connection
) -> None:
    posted = filled(manager, connection, {})
    first = manager.post(add(connection), posted, follow=True)
    second = manager.post(add(connection), posted, follow=True)
    assert "1 account added" in text(first) and "1 account added" in text(second)
    assert connection.accounts.count() == 1


@pytest.mark.parametrize("kind", ["gone", "unlinked", "of another client"])
def test_a_number_of_what_has_ended_is_not_asked_about(
    manager: Any, connection: Connection, kind: str
) -> None:
    manager.post(add(connection), filled(manager, connection, {}))
    old = connection.accounts.get()
    if kind == "gone":
        SourceAccount.objects.filter(pk=old.pk).update(gone_at=timezone.now())
    elif kind == "unlinked":
        ended = support.make_connection(connection.company, status="Unlinked")
        SourceAccount.objects.filter(pk=old.pk).update(connection=ended)
    else:
        other = support.make_connection()
        SourceAccount.objects.filter(pk=old.pk).update(connection=other, company=other.company)
    twin = filled(manager, connection, {"name": "Again"})
    assert "1 account added" in text(manager.post(add(connection), twin, follow=True))


@pytest.mark.parametrize(
    ("kind", "says"),
    [("creditCard", True), ("loan", True), ("Credit", True), ("checking", False)],
)
def test_signs_of_cards_and_loans_are_explained_where_they_are_shown(
    people: dict[str, Any], kind: str, says: bool
) -> None:
    account = support.make_account(account_type=kind)
    support.make_transactions(account)
    browser = signed_in(people["manager"])
    words = "Card or loan: purchases are Out, payments to it are In."
    confirm = f"/admin/bankfeeds/push/confirm/?account={account.pk}"
    assert (words in text(browser.get(page(account)))) == says
    assert ("What is owed is negative." in text(browser.get(page(account)))) == says
    assert (words in text(browser.get(confirm))) == says


@pytest.mark.parametrize(
    ("language", "typed", "meant"),
    [
        ("fr-ca", "1 310,25", "1310.25"),
        ("fr-ca", "1\u00a0310,25", "1310.25"),
        ("fr-ca", "310,2", "310.2"),
        ("fr-ca", "1 310", "1310"),
        ("fr-ca", "−12,00", "-12.00"),
        ("fr-ca", "1310.25", "1310.25"),
        ("fr-ca", "1,520.10", "1520.10"),
        ("fr-ca", "1,52,0", "NaN"),
        ("en", "310,25", "NaN"),
        ("en", "1,520.10", "1520.10"),
    ],
)
def test_a_balance_is_typed_as_its_language_writes_it(
    language: str, typed: str, meant: str
) -> None:
    with translation.override(language):
        assert str(accounts_form._balance(typed)) == meant
