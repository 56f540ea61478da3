"""The pages of stops: who may, what stands before the button, pressed twice."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from bankfeeds import holding, words
from bankfeeds.groups import GROUPS
from bankfeeds.models import Event, Incident, SendingStop, SourceAccount
from tests import support
from tests.admin import pushes
from tests.admin.pushes import signed_in, text
from tests.holding.support import INCIDENTS, STOPS, refuse, stop

STAFF = {"manager", "support"}
DAY = dt.timedelta(days=1)


def scope_of(name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The same for a form and for the verb."""
    account = support.make_account()
    thing = {"account": account, "company": account.company}
    if name == "everything":
        return {"everything": "yes"}, {}
    return {name: thing[name].pk}, {name: thing[name]}


each_scope = pytest.mark.parametrize("name", ["account", "company", "everything"])


# --- Who may ---------------------------------------------------------------------------------


@pytest.mark.parametrize("role", GROUPS)
def test_each_role_at_each_place(people: dict[str, Any], role: str) -> None:
    browser = signed_in(people[role])
    account = support.make_account()
    made, incident = stop(company=account.company), refuse()
    for path in (
        STOPS,
        f"{STOPS}{made.pk}/change/",
        INCIDENTS,
        f"{INCIDENTS}{incident.pk}/change/",
    ):
        assert browser.get(path).status_code == 200, path
    shown = text(browser.get(f"{INCIDENTS}{incident.pk}/change/"))
    ends = role != "auditor"
    assert ("let sending go on." in shown) == ends
    assert ("ask a manager, support or the administrator to let it go on." in shown) != ends
    ask = f"{STOPS}stop/?account={account.pk}"
    assert browser.get(ask).status_code == (200 if role in STAFF else 403)
    given = {"account": account.pk, "reason": "x"}
    assert browser.post(f"{STOPS}stop/", given).status_code == (303 if role in STAFF else 403)
    allowed = browser.post(f"{STOPS}{made.pk}/allow/", {"reason": "x"})
    assert allowed.status_code == (303 if role in STAFF else 403)
    assert browser.post(f"{INCIDENTS}{incident.pk}/go-on/").status_code == (303 if ends else 403)
    assert SendingStop.objects.filter(account=account).exists() == (role in STAFF)
    assert SendingStop.objects.filter(allowed_at=None, company__isnull=False).exists() == (
        role not in STAFF
    )
    assert Incident.objects.open().exists() != ends
    for path in ("add/", f"{made.pk}/delete/"):
        assert browser.get(STOPS + path).status_code == 403
        assert browser.post(STOPS + path).status_code == 403
    assert browser.post(f"{STOPS}{made.pk}/change/").status_code == 405


def test_an_auditor_sees_everything_and_no_button(people: dict[str, Any]) -> None:
    browser, account = signed_in(people["auditor"]), support.make_account()
    pushes.waiting(account)
    made, incident = stop(account=account), refuse()
    for path, word in (
        (STOPS, "wrong file"),
        (f"{STOPS}{made.pk}/change/", "3 rows become too late on"),
        (f"{INCIDENTS}{incident.pk}/change/", "Codat does not accept our key."),
        (f"/admin/bankfeeds/sourceaccount/{account.pk}/change/", "Sending stopped"),
        (f"/admin/bankfeeds/company/{account.company_id}/change/", "Sending stopped"),
    ):
        answer = browser.get(path)
        content = answer.content.decode().split('id="content"')[1].split("</main>")[0]
        assert word in text(answer), path
        # Every list has a button that takes it out as a file.
        changing = ("stop/?", "/allow/", "/go-on/")
        none = (
            changing
            if path == STOPS
            else ("<form method", 'class="button"', 'class="button ', *changing)
        )
        for button in none:
            assert button not in content, (path, button)


@pytest.mark.parametrize("path", [STOPS, f"{STOPS}stop/?everything=yes", INCIDENTS])
def test_nobody_gets_in_without_signing_in(db: None, path: str) -> None:
    assert Client().get(path)["Location"].startswith("/admin/login/")


@pytest.mark.parametrize("path", [f"{STOPS}stop/", f"{STOPS}1/allow/", f"{INCIDENTS}1/go-on/"])
def test_a_press_from_elsewhere_is_refused(people: dict[str, Any], path: str) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(people["manager"])
    assert browser.post(path, {"everything": "yes", "reason": "x"}).status_code == 403
    assert not SendingStop.objects.exists()


# --- Stop ------------------------------------------------------------------------------------


@each_scope
def test_the_consequence_stands_before_the_button(people: dict[str, Any], name: str) -> None:
    given, scope = scope_of(name)
    account = SourceAccount.objects.get()
    for age, amounts in ((7, ["5.00", "-1.50"]), (6, ["3.00"])):
        support.make_transactions(account, amounts, date=support.today() - age * DAY)
    pushes.waiting(support.make_account(company=account.company, connection=account.connection))
    shown = text(signed_in(people["support"]).get(f"{STOPS}stop/", given))
    first, second = (words.day(support.today() + days * DAY) for days in (1, 2))
    sentence = f"2 rows become too late on {first}; 1 on {second}"
    assert f"If nothing is sent meanwhile: {sentence}" in shown
    assert "In 5.00 USD Out 1.50 USD" in shown
    held = "No confirmed push waits now" if name == "account" else "1 confirmed push waits now"
    assert held in shown
    label = "everything" if name == "everything" else f"this {name}"
    assert shown.index(sentence) < shown.index(f"Stop sending for {label} Cancel")
    assert not SendingStop.objects.exists() and scope is not None


@each_scope
def test_pressed_twice_it_is_stopped_once_and_says_so(people: dict[str, Any], name: str) -> None:
    given, scope = scope_of(name)
    browser = signed_in(people["support"])
    first = browser.post(f"{STOPS}stop/", {**given, "reason": "wrong file"}, follow=True)
    again = browser.post(f"{STOPS}stop/", {**given, "reason": "other"}, follow=True)
    made = SendingStop.objects.get()
    assert (made.stopped_by, made.reason) == ("support", "wrong file")
    assert "Nothing of it leaves until someone allows it." in text(first)
    assert "Sending was stopped already" in text(again) and "Nothing was changed now." in text(
        again
    )
    page = f"{STOPS}{made.pk}/change/"
    assert first.redirect_chain == again.redirect_chain == [(page, 303)]
    assert browser.get(f"{STOPS}stop/", given)["Location"] == page
    assert holding.open_stop(**scope) == made


def test_a_stop_needs_a_reason(people: dict[str, Any]) -> None:
    browser = signed_in(people["support"])
    answer = browser.post(f"{STOPS}stop/", {"everything": "yes", "reason": " "})
    assert "Give a reason; it is kept. Nothing was changed." in text(answer)
    made = stop()
    answer = browser.post(f"{STOPS}{made.pk}/allow/", {"reason": ""})
    assert "Give a reason; it is kept. Nothing was changed." in text(answer)
    assert SendingStop.objects.filter(allowed_at=None).count() == 1


@pytest.mark.parametrize(
    "given", [{}, {"everything": ""}, {"account": "1", "everything": "yes"}], ids=str
)
def test_nothing_named_stops_nothing(people: dict[str, Any], given: dict[str, str]) -> None:
    browser = signed_in(people["manager"])
    answer = browser.post(f"{STOPS}stop/", {**given, "reason": "x"}, follow=True)
    assert "Choose what to stop. Nothing was changed." in text(answer)
    assert not SendingStop.objects.exists()


@pytest.mark.parametrize("number", ["0", "99999999", "x", "-1", "9" * 30, "1\x00"])
def test_a_number_that_does_not_exist(people: dict[str, Any], number: str) -> None:
    browser = signed_in(people["manager"])
    for name in ("account", "company"):
        assert browser.get(f"{STOPS}stop/", {name: number}).status_code == 404
        answer = browser.post(f"{STOPS}stop/", {name: number, "reason": "x"})
        assert answer.status_code == 404
    assert browser.post(f"{STOPS}99999/allow/", {"reason": "x"}).status_code == 404
    assert browser.post(f"{INCIDENTS}99999/go-on/").status_code == 404
    assert not SendingStop.objects.exists()


def test_a_wild_reason_is_kept_and_shown_as_it_is(people: dict[str, Any]) -> None:
    browser, wild = signed_in(people["manager"]), "<script>é " + "x" * 1990
    for refused in (wild + "\x00", wild + "\u202e", wild + "x"):
        form = {"everything": "yes", "reason": refused}
        shown = browser.post(f"{STOPS}stop/", form).content.decode()
        assert 'role="alert"' in shown and 'value="&lt;script&gt;é x' in shown
    assert not SendingStop.objects.exists()
    answer = browser.post(f"{STOPS}stop/", {"everything": "yes", "reason": wild}, follow=True)
    assert SendingStop.objects.get().reason == wild
    assert "&lt;script&gt;é" in answer.content.decode()
    assert "<script>é" not in answer.content.decode()


@each_scope
def test_of_two_people_on_the_page_the_second_changes_nothing(
    people: dict[str, Any], name: str
) -> None:
    given, _scope = scope_of(name)
    one: Any = signed_in(people["manager"])
    other: Any = signed_in(people["support"])
    for browser in (one, other):
        assert browser.get(f"{STOPS}stop/", given).status_code == 200
    first = one.post(f"{STOPS}stop/", {**given, "reason": "mine"})
    second = other.post(f"{STOPS}stop/", {**given, "reason": "theirs"})
    stop = SendingStop.objects.get()
    assert first.url == second.url and stop.reason == "mine"
    shown = text(other.get(second.url))
    assert "Sending was stopped already" in shown and "Nothing was changed now." in shown
    one.get(first.url)
    one.post(f"{STOPS}{stop.pk}/allow/", {"reason": "mended"})
    told = other.post(f"{STOPS}{stop.pk}/allow/", {"reason": "too late"}, follow=True)
    assert "Sending was allowed again already" in text(told)
    stop.refresh_from_db()
    assert stop.allowed_by == people["manager"].username
    actions = Event.objects.filter(action__startswith="sending.").values_list("reason", flat=True)
    assert sorted(actions) == ["mended", "mine"]


# --- What the pages of a client say meanwhile ------------------------------------------------


@each_scope
def test_no_page_offers_a_push_that_is_stopped(people: dict[str, Any], name: str) -> None:
    _given, scope = scope_of(name)
    account, browser = SourceAccount.objects.get(), signed_in(people["support"])
    support.make_transactions(account)
    root = "/admin/bankfeeds"
    pages = [
        f"{root}/company/{account.company_id}/change/",
        f"{root}/sourceaccount/{account.pk}/change/",
        f"{root}/connection/{account.connection_id}/change/",
    ]
    before = [browser.get(page).content.decode() for page in pages]
    assert all("push/confirm/?" in content for content in before)
    made = stop(**scope)
    label = str(account) if name == "account" else words.scope(made)
    said = f"Sending is stopped for {label} by manager: wrong file."
    for page in pages:
        answer = browser.get(page)
        assert "push/confirm/?" not in answer.content.decode(), page
        assert "by manager: wrong file." in text(answer)
        assert "disabled" in answer.content.decode(), page
    step = text(browser.get(pages[0])).split("Next step")[1]
    assert step.startswith(f" {said}") and "Open the stop" in step
    assert said in text(browser.get(f"{root}/company/"))
    holding.allow_sending(made, reason="mended", by=pushes.BY, now=timezone.now())
    assert "Push 3 rows by" in text(browser.get(pages[0]))


def test_one_stopped_account_keeps_no_other_from_its_push(people: dict[str, Any]) -> None:
    account, browser = support.make_account(), signed_in(people["support"])
    support.make_transactions(account)
    support.make_transactions(support.make_account(account.connection), ["1.00"])
    stop(account=account)
    answer = browser.get(f"/admin/bankfeeds/company/{account.company_id}/change/")
    assert "Push 1 row by" in text(answer)
    assert f"push/confirm/?company={account.company_id}" in answer.content.decode()


@pytest.mark.parametrize("kind", ["refused", "outage"])
def test_what_keeps_everything_from_leaving_stands_beside_push(
    people: dict[str, Any], kind: str
) -> None:
    account, browser = support.make_account(), signed_in(people["support"])
    support.make_transactions(account)
    refuse(kind=kind)
    said = {
        "refused": "Codat refuses our key or account: what is confirmed waits until somebody",
        "outage": "Codat cannot be reached: what is confirmed waits until it answers again.",
    }[kind]
    company = f"/admin/bankfeeds/company/{account.company_id}/change/"
    assert said in text(browser.get(company)).split("Next step")[1].split("Details")[0]
    assert said in text(browser.get(f"/admin/bankfeeds/sourceaccount/{account.pk}/change/"))


# --- Allow -----------------------------------------------------------------------------------


@each_scope
def test_allowed_twice_it_is_lifted_once_and_says_so(people: dict[str, Any], name: str) -> None:
    _given, scope = scope_of(name)
    made, browser = stop(**scope), signed_in(people["manager"])
    place = f"{STOPS}{made.pk}/allow/"
    first = browser.post(place, {"reason": "mended"}, follow=True)
    again = browser.post(place, {"reason": "again"}, follow=True)
    assert "Sending is allowed again for" in text(first)
    assert "Sending was allowed again already" in text(again)
    made.refresh_from_db()
    assert (made.allowed_by, made.allowed_reason) == ("manager", "mended")
    assert Event.objects.filter(action="sending.allowed").count() == 1
    assert "mended" in text(browser.get(STOPS))


@each_scope
def test_pages_lead_to_the_stop_and_back(people: dict[str, Any], name: str) -> None:
    given, scope = scope_of(name)
    account, browser = SourceAccount.objects.get(), signed_in(people["support"])
    place = {
        "account": f"/admin/bankfeeds/sourceaccount/{account.pk}/change/",
        "company": f"/admin/bankfeeds/company/{account.company_id}/change/",
        "everything": STOPS,
    }[name]
    query = "&".join(f"{key}={value}" for key, value in given.items())
    assert f"{STOPS}stop/?{query}" in browser.get(place).content.decode()
    made = stop(**scope)
    answer = browser.get(place)
    assert f"{STOPS}stop/?{query}" not in answer.content.decode()
    assert f"{STOPS}{made.pk}/change/" in answer.content.decode()
    assert "Allow sending" in text(answer)
    if name != "everything":
        assert "Sending stopped" in text(answer) and "manager stopped it on" in text(answer)
        assert place in browser.get(f"{STOPS}{made.pk}/change/").content.decode()


def test_a_company_shows_the_stops_of_its_accounts_and_no_other(people: dict[str, Any]) -> None:
    account, other = support.make_account(), support.make_account()
    stop(account=account)
    browser, place = signed_in(people["auditor"]), "/admin/bankfeeds/company/{}/change/"
    assert f"For {account}: manager stopped it" in text(
        browser.get(place.format(account.company_id))
    )
    assert "stopped it" not in text(browser.get(place.format(other.company_id)))


def test_an_account_shows_the_stop_of_its_company(people: dict[str, Any]) -> None:
    account = support.make_account()
    stop(company=account.company)
    place = f"/admin/bankfeeds/sourceaccount/{account.pk}/change/"
    answer = signed_in(people["support"]).get(place)
    assert "For this company: manager stopped it" in text(answer)
    assert f"stop/?account={account.pk}" in answer.content.decode()


def test_the_timeline_tells_of_it(people: dict[str, Any]) -> None:
    account = support.make_account()
    made = stop(account=account)
    holding.allow_sending(made, reason="mended", by=pushes.BY, now=timezone.now())
    place = f"/admin/bankfeeds/sourceaccount/{account.pk}/change/"
    shown = text(signed_in(people["auditor"]).get(place))
    assert "Sending allowed again" in shown and "Sending stopped" in shown and "mended" in shown


def test_open_stops_stand_first(people: dict[str, Any]) -> None:
    first, second = stop(account=support.make_account()), stop(company=support.make_company("Zed"))
    holding.allow_sending(second, reason="mended", by=pushes.BY, now=timezone.now())
    content = signed_in(people["auditor"]).get(STOPS).content.decode()
    assert content.index(f"{first.pk}/change/") < content.index(f"{second.pk}/change/")


@pytest.mark.parametrize("place", [STOPS, INCIDENTS])
def test_a_list_asks_as_often_for_many_rows(people: dict[str, Any], place: str) -> None:
    browser = signed_in(people["auditor"])

    def asked() -> int:
        with CaptureQueriesContext(database) as queries:
            assert browser.get(place).status_code == 200
        return len(queries)

    for _ in range(2):
        stop(account=support.make_account())
        refuse(ended_at=timezone.now())
    asked()
    few = asked()
    for _ in range(20):
        stop(account=support.make_account())
        stop(company=support.make_company())
        refuse(ended_at=timezone.now())
    assert asked() == few <= 14
