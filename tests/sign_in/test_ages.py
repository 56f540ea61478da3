"""Sessions end by themselves, and with the password that opened them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from bankfeeds.models import Company
from tests import support
from tests.admin.pushes import signed_in, text

COMPANIES = "/admin/bankfeeds/company/"
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def clock() -> Iterator[Any]:
    with time_machine.travel(timezone.now(), tick=False) as moved:
        yield moved


@pytest.fixture
def browser(people: dict[str, User], clock: Any) -> Any:
    return signed_in(people["manager"])


def is_in(browser: Any, **headers: str) -> bool:
    return bool(browser.get(COMPANIES, headers=headers).status_code == 200)


def test_half_an_hour_without_anybody_ends_it(browser: Any, clock: Any) -> None:
    clock.shift(29 * MINUTE)
    assert is_in(browser)
    clock.shift(29 * MINUTE)
    assert is_in(browser)
    clock.shift(30 * MINUTE)
    kept = browser.cookies["sessionid"].value
    assert not is_in(browser)
    assert not Session.objects.filter(pk=kept).exists()


def test_whoever_was_signed_out_alone_is_told_why_once(browser: Any, clock: Any) -> None:
    told = "You were signed out after 30 minutes without activity."
    assert told not in browser.get("/admin/login/?next=/admin/", follow=True).content.decode()
    clock.shift(31 * MINUTE)
    page = browser.get(COMPANIES, follow=True)
    assert page.redirect_chain[-1][0] == f"/admin/login/?next={COMPANIES}"
    assert told in page.content.decode()
    assert told not in browser.get("/admin/login/").content.decode()
    assert told not in Client().get(COMPANIES, follow=True).content.decode()


def test_whoever_is_signed_out_of_age_is_told_so_and_that_the_press_did_nothing(
    browser: Any, clock: Any
) -> None:
    for _half_hour in range(24):
        clock.shift(29 * MINUTE)
        assert is_in(browser)
    clock.shift(25 * MINUTE)
    told = "You were signed out: 12 hours after signing in everybody signs in anew."
    pressed = browser.post("/admin/bankfeeds/company/add/", {"name": "Acme"})
    assert pressed.status_code == 302 and not Company.objects.exists()
    # The status of a page that is still open is asked for first, by a script: nobody reads that.
    by_script = browser.get("/admin/login/", headers={"sec-fetch-mode": "cors"})
    assert told not in text(by_script)
    shown = text(browser.get("/admin/login/"))
    assert f"{told} What you pressed last was not done: press it again." in shown


def test_twelve_hours_end_it_whatever_happens(browser: Any, clock: Any) -> None:
    for _ in range(35):
        clock.shift(20 * MINUTE)
        assert is_in(browser)
    clock.shift(20 * MINUTE)
    assert not is_in(browser)


def test_a_page_that_asks_by_itself_keeps_nobody_in(browser: Any, clock: Any) -> None:
    by_script = {"Sec-Fetch-Mode": "cors"}
    clock.shift(20 * MINUTE)
    assert is_in(browser, **by_script)
    clock.shift(11 * MINUTE)
    assert not is_in(browser, **by_script)


def test_an_old_cookie_opens_nothing(browser: Any, clock: Any) -> None:
    kept = browser.cookies["sessionid"].value
    browser.post("/admin/logout/")
    again = Client()
    again.cookies["sessionid"] = kept
    assert not is_in(again)


def test_a_session_that_does_not_say_its_age_is_over(browser: Any) -> None:
    session = browser.session
    del session["signed_in_at"]
    session.save()
    assert not is_in(browser)


def test_few_writes(browser: Any, clock: Any, django_assert_max_num_queries: Any) -> None:
    is_in(browser)
    stamp = browser.session["seen_at"]
    clock.shift(dt.timedelta(seconds=30))
    is_in(browser)
    assert browser.session["seen_at"] == stamp


def test_a_new_password_ends_the_other_sessions(people: dict[str, User], clock: Any) -> None:
    here, there = signed_in(people["manager"]), signed_in(people["manager"])
    new = "another long pass phrase"
    page, given = "/admin/password_change/", {"new_password1": new, "new_password2": new}
    asked = text(here.get(page))
    assert "Change your password" in asked and "It ends all other sessions" in asked
    assert "Help" in asked and "Second step of signing in" in asked
    answer = here.post(page, {**given, "old_password": "not this one"})
    assert "Error:" in text(answer) and "entered incorrectly" in text(answer)
    answer = here.post(page, {**given, "old_password": support.PASSWORD}, follow=True)
    assert "Your password was changed" in text(answer) and "This one goes on." in text(answer)
    assert is_in(here)
    assert not is_in(there)


def test_signing_in_makes_another_session(people: dict[str, User]) -> None:
    client = Client()
    client.cookies["sessionid"] = "a" * 32
    client.post("/admin/login/", {"username": "manager", "password": support.PASSWORD})
    assert client.cookies["sessionid"].value != "a" * 32
    cookie = client.cookies["sessionid"]
    assert cookie["httponly"] and cookie["samesite"] == "Lax" and cookie["path"] == "/"


def test_cookies_of_production() -> None:
    from tests.test_settings import loaded

    said = loaded({})
    for line in (
        "SESSION_COOKIE_NAME '__Host-sessionid'",
        "CSRF_COOKIE_NAME '__Host-csrftoken'",
        "LANGUAGE_COOKIE_NAME '__Host-language'",
        "SESSION_COOKIE_SECURE True",
        "CSRF_COOKIE_SECURE True",
        "CSRF_COOKIE_SAMESITE 'Strict'",
    ):
        assert f"{line}\n" in said
    assert "__Host-" not in loaded({"HTTPS_ONLY": "off"})
