"""The pages of adopting: look, choose, press once, and what a press with odd fields does."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.utils import timezone

from bankfeeds.models import CallBudget, Company, Connection, FoundCompany, Look, SourceAccount
from tests import support
from tests.admin.pushes import hidden, signed_in, text

from .support import BY, add_account, at_codat, carry_out, company_only, let_time_pass, looked, row

pytestmark = pytest.mark.django_db(transaction=True)
ADOPT = "/admin/bankfeeds/company/adopt/"


@pytest.fixture
def browser(people: dict[str, Any]) -> Any:
    return signed_in(people["manager"])


def page_of(look: Look) -> str:
    return f"{ADOPT}{look.pk}/"


def test_from_the_list_to_an_adopted_company(
    browser: Any, sandbox: Any, people: dict[str, Any]
) -> None:
    at_codat("Acme", accounts=2)
    company_only("No feed")
    assert f'href="{ADOPT}"' in browser.get("/admin/bankfeeds/company/").content.decode()
    start = browser.get(ADOPT)
    given = {"form_key": hidden(start, "form_key")}
    first, again = browser.post(ADOPT, given), browser.post(ADOPT, given)
    assert first.status_code == 303 and first.url == again.url and Look.objects.count() == 1
    assert "Under way" in text(browser.get(first.url))
    carry_out()
    shown = browser.get(first.url)
    said = text(shown)
    assert "2 of 2 companies looked at" in said and "New here (1)" in said
    assert "••1111" in said and "12341111" not in said and "Adopt 1 company" in said
    assert "It has no QuickBooks Online connection" in said
    found = row(Look.objects.get(), "Acme")
    chosen = {"found": [found.pk], "country": "CA", "owner": people["manager"].pk}
    pressed, twice = browser.post(first.url, chosen), browser.post(first.url, chosen)
    assert pressed.status_code == twice.status_code == 303
    carry_out()
    company = Company.objects.get()
    assert (company.country, company.owner) == ("CA", people["manager"])
    assert company.accounts.count() == 2
    done = text(browser.get(first.url))
    assert "Adopted" in done and "2 accounts adopted." in done
    assert f"/company/{company.pk}/change/" in browser.get(first.url).content.decode()
    timeline = text(browser.get(f"/admin/bankfeeds/company/{company.pk}/change/"))
    assert "Company adopted from Codat" in timeline
    narrowed = text(browser.get(f"{first.url}?show=not_ours"))
    assert "No feed" in narrowed and "Acme" not in narrowed


def test_all_of_every_page_at_once(browser: Any, sandbox: Any) -> None:
    at_codat("Acme")
    look = looked()
    more = [
        FoundCompany(look=look, codat_id=uuid.uuid4(), name=f"C{n}", found_as="new")
        for n in range(110)
    ]
    FoundCompany.objects.bulk_create(more)
    page = browser.get(page_of(look))
    assert "Adopt all 111 companies" in text(page) and "Page 1 of 2" in text(page)
    assert browser.post(page_of(look), {"all": "yes", "country": "US"}).status_code == 303
    assert look.found.filter(outcome="waiting").count() == 111
    while look.found.filter(outcome="waiting").exists():
        CallBudget.objects.update(tokens=50)
        let_time_pass()
    # Those that Codat does not know fail, each by itself; the other is adopted.
    assert look.found.filter(outcome="failed").count() == 110
    assert Company.objects.get().name == "Acme"


@pytest.mark.parametrize(
    "given",
    [
        {"country": ""},
        {"country": "FR"},
        {"country": "US", "owner": "999999"},
        {"country": "US", "found": []},
        {"country": "US", "found": ["x", "9" * 30, "-1", "\x00"]},
    ],
)
def test_a_press_that_says_too_little_changes_nothing(
    browser: Any, sandbox: Any, given: dict[str, Any]
) -> None:
    at_codat("Acme")
    look = looked()
    answer = browser.post(page_of(look), {"found": [row(look, "Acme").pk], **given})
    assert answer.status_code == 200 and "errornote" in answer.content.decode()
    assert not Company.objects.exists() and not look.found.exclude(outcome="").exists()


def test_rows_of_another_look_and_what_is_not_to_be_taken_are_refused(
    browser: Any, sandbox: Any
) -> None:
    at_codat("Acme")
    company_only("No feed")
    first, second = looked(), looked()
    wrong = [row(first, "Acme").pk, row(second, "No feed").pk]
    answer = browser.post(page_of(second), {"found": wrong, "country": "US"})
    assert answer.status_code == 200
    assert not FoundCompany.objects.exclude(outcome="").exists()
    assert browser.get(f"{ADOPT}999/").status_code == 404


def test_names_from_codat_are_text_on_the_page(browser: Any, sandbox: Any) -> None:
    made, tie = at_codat("Acme")
    add_account(made.id, tie.id, "acc-5", account_name="<b>x</b>{{ 7 }}\u202e")
    page = browser.get(page_of(looked())).content.decode()
    assert "&lt;b&gt;x" in page and "<b>x" not in page and "\u202e" not in page


def test_a_look_that_stopped_can_go_on(browser: Any, sandbox: Any) -> None:
    at_codat("Acme")
    now = timezone.now()
    look = Look.objects.create(form_key="k", asked_at=now, asked_by="m", problem="Words.")
    page = browser.get(page_of(look))
    assert "Stopped before its end" in text(page)
    assert "Words. Press Go on once that is mended." in text(page)
    assert browser.post(page_of(look), {"go_on": "yes"}).status_code == 303
    carry_out()
    assert look.found.count() == 1


def test_while_it_tries_again_by_itself_nobody_is_told_to(browser: Any, sandbox: Any) -> None:
    support.order_fault("500-before", method="GET", path="/companies", times=4)
    shown = text(browser.get(page_of(looked())))
    assert "Codat has a fault (500). " in shown and "Try again in a minute" not in shown
    assert "It tries again by itself; if it stays so, tell the administrator." in shown


def test_while_it_is_under_way_nothing_can_be_ticked(browser: Any, sandbox: Any) -> None:
    at_codat("Acme")
    look = looked()
    Look.objects.update(next_turn_at=timezone.now())
    page = browser.get(page_of(look))
    assert 'name="found"' not in page.content.decode() and "once it is done" in text(page)


# --- The first push of what was adopted ----------------------------------------------------------


def confirm_page(browser: Any, account: SourceAccount) -> str:
    return text(browser.get(f"/admin/bankfeeds/push/confirm/?account={account.pk}"))


@pytest.mark.parametrize("written", [True, False])
def test_the_first_push_of_an_adopted_account_warns_and_goes(browser: Any, written: bool) -> None:
    now = timezone.now()
    account = support.make_account(adopted_at=now, written_at=now if written else None)
    support.make_transactions(account)
    said = confirm_page(browser, account)
    assert "Sent before by other means?" in said
    assert "Nothing older than the newest at Codat is accepted." in said
    assert ("Codat lists no write" in said) != written
    assert ("was written to" in said) == written
    own = text(browser.get(f"/admin/bankfeeds/sourceaccount/{account.pk}/change/"))
    assert "Sent before by other means? Nothing older than the newest at Codat" in own
    page = browser.get(f"/admin/bankfeeds/push/confirm/?account={account.pk}")
    given = {name: hidden(page, name) for name in ("form_key", "fingerprint")}
    tick = {f"signs-{account.pk}": "right"}
    sent = browser.post("/admin/bankfeeds/push/confirm/", {"account": account.pk, **given, **tick})
    assert sent.status_code == 303
    support.make_transactions(account)
    assert "Sent before by other means?" not in confirm_page(browser, account)


def test_an_account_of_ours_has_no_such_warning(browser: Any) -> None:
    account = support.make_account()
    support.make_transactions(account)
    assert "Sent before by other means?" not in confirm_page(browser, account)


def test_nothing_of_it_shows_a_link(browser: Any, sandbox: Any) -> None:
    at_codat("Acme")
    look = looked()
    for url in (ADOPT, page_of(look), f"{page_of(look)}status/"):
        assert "otp=" not in browser.get(url).content.decode()
    assert not Connection.objects.exists() and BY
