"""Companies: adding one, its list, its page, its buttons."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from bankfeeds import holding
from bankfeeds.models import Company, Connection, Event, Intent, SourceAccount
from tests import support
from tests.admin import pushes
from tests.admin.pushes import hidden, signed_in, text

ADD = "/admin/bankfeeds/company/add/"
LIST = "/admin/bankfeeds/company/"
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def manager(people: dict[str, Any], sandbox: Any) -> Any:
    return signed_in(people["manager"])


def given(browser: Any, **changes: str) -> dict[str, str]:
    key = hidden(browser.get(ADD), "form_key")
    return {"form_key": key, "name": "Acme", "reference": "R-1", "country": "US", **changes}


def page(company: Company) -> str:
    return reverse("admin:bankfeeds_company_change", args=[company.pk])


# --- Adding ----------------------------------------------------------------------------------


def test_one_submit_makes_company_and_connection_and_leads_to_accounts(manager: Any) -> None:
    answer = manager.post(ADD, given(manager, connect="yes"))
    company, connection = Company.objects.get(), Connection.objects.get()
    assert (company.name, company.intent, connection.intent) == ("Acme", "done", "done")
    assert answer.status_code == 303
    assert answer["Location"] == f"/admin/bankfeeds/connection/{connection.pk}/accounts/"


def test_without_the_tick_no_connection_is_made(manager: Any) -> None:
    answer = manager.post(ADD, given(manager))
    assert answer["Location"] == page(Company.objects.get())
    assert not Connection.objects.exists()


def test_pressing_twice_makes_one_company(manager: Any) -> None:
    posted = given(manager, connect="yes")
    first, second = (manager.post(ADD, posted) for _ in range(2))
    assert first["Location"] == second["Location"]
    assert Company.objects.count() == Connection.objects.count() == 1


def test_a_name_that_codat_changes_is_shown_before_it_is_sent(manager: Any) -> None:
    posted = given(manager, name="Café Québec")
    answer = manager.post(ADD, posted)
    assert "Codat will store this name as Cafe Quebec" in text(answer)
    assert "é becomes e" in text(answer)
    assert not Company.objects.exists()
    manager.post(ADD, {**posted, "seen": hidden(answer, "seen")})
    assert Company.objects.get().name == "Café Québec"
    assert Company.objects.get().codat_name == "Cafe Quebec"


def test_the_preview_tells_the_name_and_each_change(manager: Any) -> None:
    url = "/admin/bankfeeds/company/name-at-codat/"
    found = manager.get(url, {"name": "Café"}).json()
    assert found == {"name": "Cafe", "changes": ["é becomes e"], "problem": ""}
    assert manager.get(url, {"name": "日本"}).json()["problem"]
    assert not Company.objects.exists()


@pytest.mark.parametrize("name", ["", "   ", "日本語", "\u200b", "x" * 201])
def test_an_unusable_name_is_refused_at_its_field(manager: Any, name: str) -> None:
    answer = manager.post(ADD, given(manager, name=name))
    assert answer.status_code == 200
    assert "errornote-inline" in answer.content.decode()
    assert not Company.objects.exists()


@pytest.mark.parametrize(
    ("name", "reference"), [("Acme Inc.", "other"), ("ACMÉ", ""), ("Another", "r 1")]
)
def test_a_likely_duplicate_is_shown_first(manager: Any, name: str, reference: str) -> None:
    there = support.make_company("Acme", folded_name="acme", reference="R-1")
    posted = given(manager, name=name, reference=reference, seen="ACME")
    answer = manager.post(ADD, posted)
    assert "Open that one" in text(answer) and page(there) in answer.content.decode()
    assert Company.objects.count() == 1
    manager.post(ADD, {**posted, "anyway": str(there.pk)})
    assert Company.objects.count() == 2


def test_a_failure_half_way_says_what_is_done_and_continues(manager: Any, settings: Any) -> None:
    support.order_fault("500-before", path="connections")
    answer = manager.post(ADD, given(manager, connect="yes"), follow=True)
    company, connection = Company.objects.get(), Connection.objects.get()
    assert connection.intent == Intent.SERVER_FAULT
    assert "no second company will be made" in text(answer)
    assert "Continue" in text(answer)
    url = reverse("admin:bankfeeds_company_continue", args=[company.pk])
    # Too soon: what the fault hid may still come.
    answer = manager.post(url, follow=True)
    assert "Codat does not show it yet, but may still be making it." in text(answer)
    settings.PUSH_SETTLE = 0
    manager.post(url)
    connection.refresh_from_db()
    assert connection.intent == Intent.DONE
    assert Company.objects.count() == Connection.objects.count() == 1


@pytest.mark.parametrize("fault", ["500-after", "empty-200", "reset-after", "429-2", "html"])
def test_an_error_of_codat_is_a_message_and_loses_nothing(
    manager: Any, settings: Any, fault: str
) -> None:
    settings.PUSH_SETTLE = 0
    support.order_fault(fault, path="companies")
    answer = manager.post(ADD, given(manager, connect="yes"), follow=True)
    assert answer.status_code == 200
    company = Company.objects.get()
    manager.post(reverse("admin:bankfeeds_company_continue", args=[company.pk]))
    company.refresh_from_db()
    assert company.intent == Intent.DONE


def test_no_network_is_a_message(manager: Any, settings: Any) -> None:
    settings.CODAT_BASE_URL = "http://127.0.0.1:9"
    answer = manager.post(ADD, given(manager, connect="yes"), follow=True)
    assert "could not be reached" in text(answer)
    assert Company.objects.get().intent == Intent.NOT_SENT


def test_a_wrong_key_is_a_message(manager: Any, settings: Any) -> None:
    settings.CODAT_API_KEY = "another-key"
    answer = manager.post(ADD, given(manager), follow=True)
    assert "Codat does not accept our key" in text(answer)
    assert Company.objects.get().intent == Intent.REFUSED


# --- The list --------------------------------------------------------------------------------


@pytest.mark.parametrize("typed", ["café", "CAFE", "R-7", "r 7", "4321", "codat"])
def test_search(manager: Any, typed: str) -> None:
    wanted = support.make_company("Café Nord", folded_name="cafe nord", reference="R-7")
    support.make_account(support.make_connection(wanted), number_last4="4321")
    support.make_company("Other", folded_name="other")
    answer = manager.get(LIST, {"q": str(wanted.codat_id) if typed == "codat" else typed})
    assert "Café Nord" in text(answer) and "Other" not in text(answer)


@pytest.mark.parametrize("typed", ["\x00", "'; --", "x" * 5000, "%", "9" * 40])
def test_odd_searches_are_no_error(manager: Any, typed: str) -> None:
    assert manager.get(LIST, {"q": typed}).status_code == 200


def test_the_list_says_what_waits_and_by_when(manager: Any) -> None:
    account = support.make_account()
    day = support.today() - dt.timedelta(days=2)
    support.make_transactions(account, date=day)
    support.make_transactions(account, ["1.00"], date=support.today() - dt.timedelta(days=8))
    # Of an account that is not connected: no push takes them, and they age all the same.
    earlier = day - dt.timedelta(days=1)
    pending = support.make_account(account.connection, status="pending")
    support.make_transactions(pending, date=earlier)
    shown = text(manager.get(LIST))
    assert f"Push 3 rows by {_send_by(day)}" in shown
    assert f" 6 Send by {_send_by(earlier)}" in shown
    assert "Partly connected (1 of 2)" in shown


def _send_by(day: dt.date) -> str:
    last = day + dt.timedelta(days=6)
    return f"{last:%b} {last.day}, {last.year}"


@pytest.mark.parametrize("status", ["pending", "disconnected"])
def test_rows_of_a_client_who_is_not_connected_age_too(manager: Any, status: str) -> None:
    account = support.make_account(status=status)
    support.make_transactions(account)
    by = _send_by(support.today())
    listed = text(manager.get(LIST))
    assert f"Renew link when client calls. 3 rows wait, the first until {by}" in listed
    assert f" 3 Send by {by}" in listed


def test_rows_of_whom_nobody_waits_for_are_not_counted(manager: Any) -> None:
    shut = support.make_account()
    Company.objects.filter(pk=shut.company_id).update(closed_at=timezone.now())
    unwanted = support.make_account()
    type(unwanted).objects.filter(pk=unwanted.pk).update(not_wanted_at=timezone.now())
    for account in (shut, unwanted):
        support.make_transactions(account)
    assert "Send by" not in text(manager.get(LIST))


def test_the_rest_of_a_connected_client_is_asked_about_by_name(manager: Any) -> None:
    savings = support.make_account(support.make_account().connection, status="pending")
    wanted = f"Ask the client about {savings}: connect it by a new link, or mark it not wanted"
    assert wanted in text(manager.get(LIST))
    lost = support.make_account(savings.connection, status="disconnected")
    assert f"Ask the client about {lost}: QuickBooks no longer asks for it" in text(
        manager.get(LIST)
    )
    support.make_account(savings.connection, status="disconnected")
    assert f"Ask the client about {lost} and 1 more" in text(manager.get(LIST))


def test_an_account_half_connected_is_asked_about(manager: Any) -> None:
    """A link would not help a client who has used it and stopped half way."""
    begun = support.make_account(status="connecting")
    wanted = f"Ask the client about {begun}: connecting it was begun in QuickBooks and not ended"
    assert wanted in text(manager.get(LIST))
    support.make_account(begun.connection)
    support.make_account(begun.connection, status="pending")
    assert wanted in text(manager.get(LIST))


def test_a_client_whose_access_was_withdrawn_needs_a_link_whatever_its_accounts_were(
    manager: Any,
) -> None:
    now = timezone.now()
    tie = support.make_connection(status="Deauthorized", status_as_of=now)
    account = support.make_account(tie, status_as_of=now - dt.timedelta(minutes=1))
    support.make_transactions(account)
    confirm = reverse("admin:bankfeeds_push_confirm") + f"?account={account.pk}"
    shown = text(manager.get(page(tie.company)))
    assert "Access withdrawn Permission was withdrawn." in shown
    assert "Renew link when client calls. 3 rows wait" in shown
    assert "Access withdrawn Nothing can be sent until the client agrees again" in shown
    assert "No account is connected yet." in shown
    refused = text(manager.get(confirm))
    assert "until the client agrees again. Send the client a new link." in refused
    # What was heard of the account since is the newer word.
    type(account).objects.filter(pk=account.pk).update(status_as_of=now + dt.timedelta(minutes=1))
    shown = text(manager.get(page(tie.company)))
    assert "Connected (1 of 1)" in shown and "Access withdrawn" not in shown
    assert "Send 3 transactions" in text(manager.get(confirm))


def test_an_unlinked_client_with_a_new_link_gets_it(manager: Any) -> None:
    """By it the client connects again; without one there is nothing but a new connection."""
    now = timezone.now()
    company = support.make_company()
    connection = support.make_connection(
        company, status="Unlinked", status_as_of=now, link_issued_at=now, link_url="https://x.test"
    )
    support.make_account(connection, status="disconnected")
    assert "Give the link to the client" in text(manager.get(page(company)))
    earlier = now - dt.timedelta(minutes=1)
    Connection.objects.filter(pk=connection.pk).update(link_issued_at=earlier)
    assert "Give the link to the client" not in text(manager.get(page(company)))
    Connection.objects.filter(pk=connection.pk).update(status_as_of=earlier)
    assert "Give the link to the client" in text(manager.get(page(company)))


def test_an_undecided_push_is_the_next_step(manager: Any) -> None:
    push = pushes.refused()
    assert f"Decide push #{push.pk}" in text(manager.get(LIST))
    shown = manager.get(page(push.company))
    assert f"Decide push #{push.pk}" in text(shown)


# --- The page --------------------------------------------------------------------------------


def test_what_is_confirmed_and_waits_is_not_nothing(manager: Any) -> None:
    push = pushes.waiting()
    said = "3 rows are confirmed and have not left: see their pushes"
    assert said in text(manager.get(page(push.company)))
    assert said in text(manager.get(LIST))


def test_the_page_of_no_company_leads_back(manager: Any) -> None:
    for pk in ("0", "99999", "abc", "9" * 30):
        assert manager.get(f"/admin/bankfeeds/company/{pk}/change/").status_code == 302


def test_posting_to_the_page_changes_nothing(manager: Any) -> None:
    company = support.make_company()
    assert manager.post(page(company), {"name": "x"}).status_code == 405


def test_refresh_tells_how_the_client_stands(manager: Any) -> None:
    client = support.onboard(accounts=2, connected=False)
    support.connect(client.connection, client.accounts[:1])
    client.connection.accounts.update(status="pending")
    url = reverse("admin:bankfeeds_company_refresh", args=[client.company.pk])
    assert "Partly connected (1 of 2)" in text(manager.post(url, follow=True))


def test_refresh_on_several(manager: Any) -> None:
    clients = [support.onboard(connected=False) for _ in range(2)]
    posted = {
        "action": "refresh_statuses",
        "_selected_action": [client.company.pk for client in clients],
    }
    shown = text(manager.post(LIST, posted, follow=True))
    assert shown.count("refreshed from Codat") == 2


def test_push_on_several_leads_to_the_confirmation(manager: Any) -> None:
    accounts = [support.make_account() for _ in range(2)]
    posted = {
        "action": "push_connected",
        "_selected_action": [account.company_id for account in accounts],
    }
    answer = manager.post(LIST, posted)
    assert answer["Location"].startswith("/admin/bankfeeds/push/confirm/?account=")
    assert all(f"account={account.pk}" in answer["Location"] for account in accounts)


def test_connections_for_several_name_whoever_gets_none(manager: Any) -> None:
    client = support.onboard(connected=False)
    Connection.objects.filter(pk=client.connection.pk).update(status="Unlinked")
    there = support.make_connection(support.make_company("Has one")).company
    closed = support.make_company("Shut", closed_at=timezone.now())
    posted = {
        "action": "create_connections",
        "_selected_action": [client.company.pk, there.pk, closed.pk],
    }
    shown = text(manager.post(LIST, posted, follow=True))
    assert "1 QuickBooks connection created at Codat. Add its accounts next." in shown
    assert "Has one: This company has a QuickBooks connection already" in shown
    assert "Shut: The company is closed" in shown
    assert Connection.objects.live().get(company=client.company).intent == Intent.DONE
    assert Connection.objects.live().count() == 2


def test_the_buttons_stand_in_the_order_of_the_work(manager: Any) -> None:
    account = support.make_account()
    support.make_transactions(account)
    Connection.objects.update(link_issued_at=timezone.now())
    shown = text(manager.get(page(account.company))).split("QuickBooks connection", 2)[-1]
    buttons = (
        *("Copy link", "Push connected accounts", "Add accounts", "Refresh statuses"),
        *("Add note", "Edit our details", "Stop sending", "Close company"),
    )
    places = [shown.index(label) for label in buttons]
    assert places == sorted(places)


def test_no_file_is_asked_for_where_none_is_taken(manager: Any) -> None:
    account = support.make_account()
    Company.objects.update(closed_at=timezone.now())
    where = f"/admin/bankfeeds/statement/import/?account={account.pk}"
    for address in (page(account.company), f"/admin/bankfeeds/sourceaccount/{account.pk}/change/"):
        shown = manager.get(address)
        assert where not in shown.content.decode()
        assert re.search(r"disabled[^>]*>Import file</button>", shown.content.decode())
        assert "The company is closed." in text(shown)
    shown = manager.get(where)
    assert "This company is closed, so no file is taken in." in text(shown)
    assert 'class="primary" disabled' in shown.content.decode()


def test_edit_changes_ours_and_nothing_at_codat(manager: Any) -> None:
    company = support.make_company("Acme")
    url = reverse("admin:bankfeeds_company_edit", args=[company.pk])
    seen = hidden(manager.get(url), "seen")
    posted = {"seen": seen, "name": "Acmé", "reference": "R-2", "country": "CA"}
    for _ in range(2):
        assert manager.post(url, posted)["Location"] == page(company)
    assert "Our details are so already. Nothing was changed." in text(manager.get(page(company)))
    company.refresh_from_db()
    assert (company.name, company.codat_name, company.folded_name) == ("Acmé", "Acme", "acme")
    assert Event.objects.filter(action="company.edited").count() == 1


def test_a_new_name_or_reference_of_another_is_asked_about_before_it_is_kept(manager: Any) -> None:
    there = support.make_company("Acme", folded_name="acme", reference="R-1")
    other = support.make_company("Other", folded_name="other", reference="R-2")
    url = reverse("admin:bankfeeds_company_edit", args=[other.pk])
    posted = {"seen": hidden(manager.get(url), "seen"), "country": "US", "reference": "r 1"}
    answer = manager.post(url, {**posted, "name": "Other"})
    assert "This client may be here already. Nothing was saved yet." in text(answer)
    assert page(there) in answer.content.decode() and hidden(answer, "seen") == posted["seen"]
    # What was seen is one other client: a third that it is like as well is asked about again.
    third = support.make_company("Third", folded_name="third")
    anyway = hidden(answer, "anyway")
    assert "Open that one" in text(manager.post(url, {**posted, "name": "3rd", "anyway": "7"}))
    answer = manager.post(url, {**posted, "name": "Third", "anyway": anyway})
    assert page(third) in answer.content.decode() and not Event.objects.exists()
    done = manager.post(url, {**posted, "name": "Third", "anyway": hidden(answer, "anyway")})
    other.refresh_from_db()
    assert done["Location"] == page(other) and (other.name, other.reference) == ("Third", "r 1")
    # Neither is new now: a telephone number is kept without a question.
    posted |= {"seen": hidden(manager.get(url), "seen"), "name": "Third", "contact_details": "555"}
    assert manager.post(url, posted)["Location"] == page(other)


def test_a_second_connection_is_refused_with_words(manager: Any) -> None:
    client = support.onboard(connected=False)
    url = reverse("admin:bankfeeds_company_connect", args=[client.company.pk])
    answer = manager.post(url, {"form_key": str(uuid.uuid4())}, follow=True)
    assert "has a QuickBooks connection already" in text(answer)
    assert Connection.objects.count() == 1


def test_create_connection_twice_from_one_page_makes_one(manager: Any) -> None:
    client = support.onboard(connected=False)
    Connection.objects.filter(pk=client.connection.pk).update(status="Unlinked")
    posted = {"form_key": hidden(manager.get(page(client.company)), "form_key")}
    url = reverse("admin:bankfeeds_company_connect", args=[client.company.pk])
    assert manager.post(url, posted)["Location"] == manager.post(url, posted)["Location"]
    assert Connection.objects.count() == 2


def test_buttons_that_cannot_work_say_why(manager: Any) -> None:
    company = support.make_company(intent=Intent.NOT_SENT, codat_id=None, problem="No net.")
    answer = manager.get(page(company))
    assert "No net." in text(answer)
    assert "No account is connected yet." in text(answer)
    assert "Create the QuickBooks connection first." in text(answer)


# --- What a trial by people found ----------------------------------------------------------------


def test_details_of_a_company_with_an_owner_can_be_edited(
    manager: Any, people: dict[str, Any]
) -> None:
    company = support.make_company("Acme")
    for owner in (people["manager"], people["auditor"]):
        Company.objects.filter(pk=company.pk).update(owner=owner)
        answer = manager.get(f"/admin/bankfeeds/company/{company.pk}/edit/")
        assert answer.status_code == 200
        assert f'value="{owner.pk}" selected' in answer.content.decode()


def test_a_stop_of_one_account_shows_in_the_list_and_says_why_nothing_can_be_pushed(
    manager: Any,
) -> None:
    stopped = support.make_account()
    support.make_account(stopped.connection)
    support.make_transactions(stopped)
    holding.stop_sending(account=stopped, reason="audit", by=pushes.BY, now=timezone.now())
    assert "Sending stopped" in text(manager.get(LIST))
    for path in (
        page(stopped.company),
        f"/admin/bankfeeds/connection/{stopped.connection_id}/change/",
    ):
        assert "Sending stopped" in text(manager.get(path)), path
    shown = text(manager.get(page(stopped.company)))
    assert f"Sending is stopped for {stopped} by" in shown
    assert "Nothing new to send: no rows wait" not in shown


def test_closing_says_that_a_link_is_out_and_a_connect_afterwards_is_the_next_step(
    manager: Any,
) -> None:
    now = timezone.now()
    tie = support.make_connection(status="PendingAuth", link_issued_at=now)
    account = support.make_account(tie, status="pending")
    url = f"/admin/bankfeeds/company/{tie.company_id}/close/"
    assert "is out: whoever has it can still connect" in text(manager.get(url))
    Company.objects.filter(pk=tie.company_id).update(closed_at=now)
    assert "Nothing to do: the company is closed." in text(manager.get(page(tie.company)))
    SourceAccount.objects.filter(pk=account.pk).update(status="connected")
    assert "Unlink the connection: the client is connected" in text(manager.get(page(tie.company)))


def test_the_company_that_replaces_another_is_met_in_any_case_or_offered(manager: Any) -> None:
    right = support.make_company("Café Nord", folded_name="cafe nord", reference="QC-0042")
    wrong = support.make_company("Cafe Nord 2", folded_name="cafe nord 2")
    url = f"/admin/bankfeeds/company/{wrong.pk}/close/"
    asked = text(manager.post(url, {"reason": "twice", "replaced_by": "café"}))
    assert f"It may be one of these, by its number: {right.pk} · Café Nord · QC-0042" in asked
    manager.post(url, {"reason": "twice", "replaced_by": "qc 0042"})
    wrong.refresh_from_db()
    assert wrong.replaced_by == right
    shown = text(manager.get(page(wrong)))
    assert "It goes on as Café Nord." in shown and "Create QuickBooks connection" not in shown
