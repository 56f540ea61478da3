"""The record answers who was in: each way in and out, whence, and never what was typed."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from bankfeeds.models import Event
from tests import support
from tests.admin.pushes import signed_in, text

from .test_lock import HERE, attempt
from .test_second import CODE, enrolled, with_password

pytestmark = pytest.mark.usefixtures("people")


def written() -> list[tuple[str, str]]:
    rows = Event.objects.filter(action__startswith="sign_in.").order_by("pk")
    return list(rows.values_list("action", "actor_name"))


def test_in_out_and_wrong_with_the_address_and_no_secret() -> None:
    attempt("manager", "a-wrong-secret")
    attempt("hunter2-typed-as-name", "x")
    attempt("manager", support.PASSWORD)
    browser = Client(REMOTE_ADDR=HERE)
    browser.post("/admin/login/", {"username": "support", "password": support.PASSWORD})
    browser.post("/admin/logout/")
    assert written() == [
        ("sign_in.wrong", "manager"),
        ("sign_in.wrong", ""),
        ("sign_in.in", "manager"),
        ("sign_in.in", "support"),
        ("sign_in.out", "support"),
    ]
    kept = str(list(Event.objects.values()))
    assert "hunter2" not in kept and "secret" not in kept and support.PASSWORD not in kept
    assert kept.count("From the address 203.0.113.7.") == 5


def test_a_new_password_of_ones_own(people: dict[str, User]) -> None:
    new = "another long pass phrase"
    given = {"new_password1": new, "new_password2": new}
    browser = signed_in(people["manager"])
    for old in ("not this one", support.PASSWORD):
        browser.post("/admin/password_change/", {**given, "old_password": old})
    assert written() == [("sign_in.password_changed", "manager")]
    assert new not in str(list(Event.objects.values()))


def test_a_lock_out_once_and_nobody_fills_the_record() -> None:
    for _ in range(13):
        attempt("manager")
    assert written() == [("sign_in.wrong", "manager")] * 10 + [("sign_in.locked", "manager")]
    for number in range(12):
        attempt(f"nobody-{number}")
    unknown = Event.objects.filter(actor_name="").order_by("pk")
    assert unknown.count() == 10
    assert "Further ones from there are not written down" in unknown.last().words  # type: ignore[union-attr]


def test_the_second_step_counts_as_in(settings: Any) -> None:
    settings.SECOND_FACTOR = True
    with time_machine.travel(timezone.now(), tick=False) as clock:
        _browser, app, _codes = enrolled()
        clock.shift(dt.timedelta(minutes=2))
        again = with_password()
        again.post(CODE, {"code": "000000"})
        clock.shift(dt.timedelta(minutes=2))
        again.post(CODE, {"code": app.code()})
    names = [action for action, _who in written()]
    first = ["sign_in.password", "sign_in.codes_made", "sign_in.device_added", "sign_in.in"]
    assert names == [*first, "sign_in.password", "sign_in.code_wrong", "sign_in.in"]


def test_a_session_that_ends_by_the_time(people: dict[str, User]) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        browser = signed_in(people["manager"])
        clock.shift(dt.timedelta(minutes=31))
        browser.get("/admin/bankfeeds/company/")
    assert written() == [("sign_in.over", "manager")]


def test_the_auditor_asks_who_was_in(people: dict[str, User]) -> None:
    attempt("manager")
    attempt("support", support.PASSWORD)
    page = signed_in(people["auditor"]).get("/admin/bankfeeds/event/?kind=sign-ins")
    said = text(page)
    assert "Signed in sign_in.in" in said and "From the address 203.0.113.7." in said
    assert len(page.context["cl"].result_list) == 2
