"""Lock-out after wrong passwords: of a name from an address, and of nobody else."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine
from axes.models import AccessAttempt
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from bankfeeds.models import Event
from bankfeeds.sign_in import address
from tests import support
from tests.admin.pushes import signed_in

WRONG = "not the one"
HERE, THERE = "203.0.113.7", "203.0.113.8"
pytestmark = pytest.mark.usefixtures("people")


def attempt(name: str, password: str = WRONG, *, ip: str = HERE, **headers: str) -> Any:
    client = Client(REMOTE_ADDR=ip, headers=headers)
    answer = client.post("/admin/login/?next=/admin/", {"username": name, "password": password})
    answer.is_in = "sessionid" in client.cookies  # type: ignore[attr-defined]
    return answer


def lock_out(name: str = "manager", *, ip: str = HERE, **headers: str) -> Any:
    return [attempt(name, ip=ip, **headers) for _ in range(10)][-1]


def test_after_ten_wrong_ones_the_right_one_is_refused() -> None:
    assert [attempt("manager").status_code for _ in range(9)] == [200] * 9
    assert attempt("manager").status_code == 429
    refused = attempt("manager", support.PASSWORD)
    assert (refused.status_code, refused.is_in) == (429, False)
    assert "60 minutes" in refused.content.decode()


def test_others_and_the_same_one_elsewhere_stay_in() -> None:
    lock_out()
    assert attempt("support", support.PASSWORD).is_in
    assert attempt("manager", support.PASSWORD, ip=THERE).is_in


def test_nine_wrong_ones_and_a_right_one_begin_anew() -> None:
    for _ in range(2):
        for _ in range(9):
            attempt("manager")
        assert attempt("manager", support.PASSWORD).is_in


def test_another_browser_is_no_other_place() -> None:
    for number in range(10):
        attempt("manager", **{"User-Agent": f"browser {number}"})
    assert not attempt("manager", support.PASSWORD).is_in


def test_a_name_that_nobody_has_is_treated_alike() -> None:
    known, unknown = lock_out("manager"), lock_out("nobody-has-this")
    first, second = attempt("manager"), attempt("nobody-has-this")
    assert known.status_code == unknown.status_code == 429
    assert without_id(first) == without_id(second)


def without_id(answer: Any) -> str:
    return str(answer.content.decode()).replace(answer["X-Request-ID"], "")


def test_a_name_that_is_too_long_to_be_one_is_refused_and_not_kept() -> None:
    answer = attempt("x" * 10_000)
    assert (answer.status_code, answer.is_in) == (200, False)
    assert "errorlist" in answer.content.decode()
    assert not AccessAttempt.objects.exists()


def test_it_is_over_after_an_hour_even_for_who_goes_on_trying() -> None:
    start = timezone.now()
    with time_machine.travel(start, tick=False) as clock:
        lock_out()
        clock.shift(dt.timedelta(minutes=50))
        assert attempt("manager").status_code == 429
        clock.shift(dt.timedelta(minutes=11))
        assert attempt("manager", support.PASSWORD).is_in


def test_the_administrator_unlocks(people: dict[str, User]) -> None:
    lock_out()
    boss = signed_in(people["administrator"])
    page = f"/admin/auth/user/{people['manager'].pk}/sign-in/"
    assert "Locked out from one address" in boss.get(page).content.decode()
    assert boss.post(page, {"unlock": "yes"}).status_code == 303
    assert "Not locked out" in boss.get(page).content.decode()
    assert attempt("manager", support.PASSWORD).is_in
    event = Event.objects.get(action="sign_in.unlocked")
    assert (event.actor_name, event.words) == ("administrator", "manager")


@pytest.mark.parametrize("role", ["manager", "support", "auditor"])
def test_nobody_else_unlocks(people: dict[str, User], role: str) -> None:
    page = f"/admin/auth/user/{people['support'].pk}/sign-in/"
    browser = signed_in(people[role])
    assert browser.get(page).status_code == 403
    assert browser.post(page, {"unlock": "yes", "reset": "yes"}).status_code == 403


def test_an_administrator_does_nothing_to_a_superuser(people: dict[str, User]) -> None:
    root = User.objects.create_superuser("root")
    page = f"/admin/auth/user/{root.pk}/sign-in/"
    boss = signed_in(people["administrator"])
    assert (
        "<form" not in boss.get(page).content.decode().split('id="content"')[1].split("<footer")[0]
    )
    assert boss.post(page, {"reset": "yes"}).status_code == 403


# --- Behind proxies -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("proxies", "forwarded", "expected"),
    [
        (0, "198.51.100.1", "10.0.0.1"),
        (1, "198.51.100.1", "198.51.100.1"),
        (1, "6.6.6.6, 198.51.100.1", "198.51.100.1"),
        (2, "6.6.6.6, 198.51.100.1, 10.0.0.2", "198.51.100.1"),
        (2, "198.51.100.1", "10.0.0.1"),
        (1, "", "10.0.0.1"),
        (1, "nonsense'; --", "10.0.0.1"),
        (1, "::ffff:198.51.100.1", "198.51.100.1"),
        (1, "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
    ],
)
def test_the_address_behind_proxies(
    rf: Any, settings: Any, proxies: int, forwarded: str, expected: str
) -> None:
    settings.PROXIES = proxies
    request = rf.get("/", REMOTE_ADDR="10.0.0.1", headers={"X-Forwarded-For": forwarded})
    assert address.client(request) == expected


def test_no_address_at_all(rf: Any) -> None:
    assert address.client(rf.get("/", REMOTE_ADDR="")) is None


def test_behind_a_proxy_the_client_is_locked_out_and_not_the_proxy(settings: Any) -> None:
    settings.PROXIES = 1
    for number in range(10):
        forged = f"6.6.6.{number}, {HERE}"
        attempt("manager", ip="10.0.0.1", **{"X-Forwarded-For": forged})
    same, other = ({"X-Forwarded-For": ip} for ip in (HERE, THERE))
    assert not attempt("manager", support.PASSWORD, ip="10.0.0.1", **same).is_in
    assert attempt("manager", support.PASSWORD, ip="10.0.0.1", **other).is_in


def test_nothing_that_was_typed_is_kept_but_the_name(caplog: Any) -> None:
    from axes.models import AccessAttempt

    attempt("manager", "a-secret-typed-wrongly")
    (kept,) = AccessAttempt.objects.values()
    assert "a-secret-typed-wrongly" not in str(kept)
    assert "a-secret-typed-wrongly" not in caplog.text
