"""The second step: nobody gets anywhere with a password alone."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.test import Client
from django.urls import get_resolver
from django.utils import timezone

from bankfeeds.models import Event
from bankfeeds.sign_in import second
from tests import support
from tests.admin.pushes import signed_in
from tests.sign_in.app import App

COMPANIES = "/admin/bankfeeds/company/"
SET_UP, CODE, RECOVERY = "/sign-in/set-up/", "/sign-in/code/", "/sign-in/recovery-codes/"


@pytest.fixture(autouse=True)
def clock(settings: Any, people: dict[str, User]) -> Iterator[Any]:
    settings.SECOND_FACTOR = True
    with time_machine.travel(timezone.now(), tick=False) as moved:
        yield moved


def with_password(name: str = "manager") -> Client:
    client = Client()
    client.post("/admin/login/", {"username": name, "password": support.PASSWORD})
    assert "sessionid" in client.cookies
    return client


def enrolled(name: str = "manager") -> tuple[Client, App, list[str]]:
    client = with_password(name)
    app = App.scanned(client.get(SET_UP).content.decode())
    answer = client.post(SET_UP, {"code": app.code(), "next": COMPANIES})
    return client, app, codes_on(answer)


def codes_on(answer: Any) -> list[str]:
    codes = re.findall(r"<li>([a-z2-9]{10})</li>", answer.content.decode())
    assert len(set(codes)) == 10
    assert answer["Cache-Control"] == "no-store"
    return codes


def is_in(client: Client) -> bool:
    return client.get(COMPANIES).status_code == 200


def admin_paths() -> list[str]:
    """Each address under /admin/ with 1 for what it asks for."""
    found: list[str] = []

    def collect(patterns: Any, before: str) -> None:
        for each in patterns:
            route = before + str(each.pattern)
            if hasattr(each, "url_patterns"):
                collect(each.url_patterns, route)
            elif route.startswith("admin/") and not route.startswith(("admin/login", "admin/(")):
                found.append("/" + re.sub(r"<[^>]+>", "1", route).rstrip("$"))

    collect(get_resolver().url_patterns, "")
    assert len(found) > 60
    return found


@pytest.mark.parametrize("has_device", [False, True])
def test_no_page_of_the_admin_without_it(has_device: bool) -> None:
    User.objects.filter(username="manager").update(is_superuser=True)
    if has_device:
        enrolled()
    client = with_password()
    open_ones = []
    for path in admin_paths():
        for answer in (client.get(path), client.post(path)):
            leads_away = answer.status_code == 302 and answer["Location"].startswith(
                "/admin/login/"
            )
            if not leads_away and path != "/admin/logout/":
                open_ones.append((path, answer.status_code))
    assert open_ones == []


def test_the_first_sign_in_sets_it_up_and_goes_where_it_wanted() -> None:
    client = Client()
    answer = client.post(
        f"/admin/login/?next={COMPANIES}",
        {"username": "manager", "password": support.PASSWORD},
        follow=True,
    )
    assert answer.redirect_chain[-1][0] == f"{SET_UP}?next=%2Fadmin%2Fbankfeeds%2Fcompany%2F"
    page = answer.content.decode()
    picture = client.get("/sign-in/set-up/picture.svg")
    assert picture["Content-Type"] == "image/svg+xml" and b"<svg" in picture.content
    app = App.scanned(page)
    answer = client.post(SET_UP, {"code": f" {app.code()[:3]} {app.code()[3:]}", "next": COMPANIES})
    codes_on(answer)
    assert f'href="{COMPANIES}"' in answer.content.decode()
    assert is_in(client)
    assert Event.objects.filter(action="sign_in.device_added", actor_name="manager").exists()


def test_a_wrong_code_sets_nothing_up(people: dict[str, User]) -> None:
    client = with_password()
    client.get(SET_UP)
    for wrong in ("000000", "", "abcdef", "１２３４５６", "1" * 5000, "-12345"):
        answer = client.post(SET_UP, {"code": wrong})
        assert "not the code that the app shows" in answer.content.decode()
    assert not second.has_device(people["manager"])
    assert not is_in(client)


def test_afterwards_each_sign_in_asks_for_a_code(clock: Any) -> None:
    _, app, _ = enrolled()
    clock.shift(60)
    client = with_password()
    assert not is_in(client)
    before = client.cookies["sessionid"].value
    assert client.post(CODE, {"code": app.code(), "next": COMPANIES})["Location"] == COMPANIES
    assert is_in(client)
    assert client.cookies["sessionid"].value != before


def test_a_code_works_once(clock: Any) -> None:
    _, app, _ = enrolled()
    seen = app.code()
    assert "not right" in with_password().post(CODE, {"code": seen}).content.decode()
    clock.shift(60)
    seen = app.code()
    with_password().post(CODE, {"code": seen})
    again = with_password()
    again.post(CODE, {"code": seen})
    assert not is_in(again)


def test_wrong_codes_cost_longer_and_longer(clock: Any) -> None:
    _, app, _ = enrolled()
    client = with_password()
    for pause in (1, 2, 4, 8):
        clock.shift(60)
        client.post(CODE, {"code": "000000"})
        clock.shift(pause - 0.5)
        assert "there is a pause" in client.post(CODE, {"code": app.code()}).content.decode()
        assert not is_in(client)
    clock.shift(60)
    client.post(CODE, {"code": app.code()})
    assert is_in(client)


def test_who_knows_only_the_password_sets_up_no_other_app(clock: Any) -> None:
    _, app, codes = enrolled()
    thief = with_password()
    assert thief.get(SET_UP)["Location"].startswith(CODE)
    assert thief.post(SET_UP, {"code": "000000"})["Location"].startswith(CODE)
    assert thief.get("/sign-in/set-up/picture.svg").status_code == 404
    assert thief.get(RECOVERY).status_code == 302
    assert thief.post(RECOVERY).status_code == 302
    clock.shift(60)
    owner = with_password()
    owner.post(CODE, {"code": app.code()})
    assert is_in(owner)


def test_a_recovery_code_lets_in_once_and_leads_to_another_app() -> None:
    _, _, codes = enrolled()
    client = with_password()
    answer = client.post(CODE, {"code": f"{codes[0][:5]} {codes[0][5:]}".upper()}, follow=True)
    assert answer.request["PATH_INFO"] == RECOVERY
    assert "9 recovery codes are left" in answer.content.decode()
    again = with_password()
    again.post(CODE, {"code": codes[0]})
    assert not is_in(again)
    app = App.scanned(client.get(SET_UP).content.decode())
    fresh = codes_on(client.post(SET_UP, {"code": app.code()}))
    assert not set(fresh) & set(codes)
    assert Event.objects.filter(action="sign_in.code_used").count() == 1


def test_new_recovery_codes_end_the_former() -> None:
    client, _, codes = enrolled()
    assert is_in(client)
    fresh = codes_on(client.post(RECOVERY))
    other = with_password()
    other.post(CODE, {"code": codes[1]})
    assert not is_in(other)
    assert fresh != codes


def test_the_administrator_resets_it_and_it_ends_the_sessions(people: dict[str, User]) -> None:
    client, _, _ = enrolled()
    boss, _, _ = enrolled("administrator")
    page = f"/admin/auth/user/{people['manager'].pk}/sign-in/"
    assert "An authenticator app is set up since" in html.unescape(boss.get(page).content.decode())
    assert boss.post(page, {"reset": "yes"}).status_code == 303
    assert not second.has_device(people["manager"])
    assert client.get(COMPANIES)["Location"].startswith("/admin/login/")
    assert with_password().get("/admin/login/")["Location"].startswith(CODE)
    event = Event.objects.get(action="sign_in.device_reset")
    assert (event.actor_name, event.words) == ("administrator", "manager")
    enrolled()


def test_nobody_uses_the_app_of_another(clock: Any) -> None:
    _, app, codes = enrolled("support")
    enrolled("manager")
    clock.shift(60)
    client = with_password("manager")
    for code in (app.code(), codes[0]):
        clock.shift(60)
        client.post(CODE, {"code": code})
    assert not is_in(client)


def test_it_leads_nowhere_else(clock: Any) -> None:
    _, app, _ = enrolled()
    for elsewhere in ("https://evil.example/", "//evil.example", "javascript:alert(1)"):
        clock.shift(60)
        answer = with_password().post(CODE, {"code": app.code(), "next": elsewhere})
        assert answer["Location"] == "/admin/"


def test_it_asks_only_who_has_signed_in() -> None:
    for path in (CODE, SET_UP, RECOVERY):
        assert Client().get(path)["Location"] == "/admin/login/"
        assert Client().post(path)["Location"] == "/admin/login/"


def test_leaving_between_the_steps() -> None:
    client = with_password()
    client.post("/sign-in/leave/")
    assert "_auth_user_id" not in client.session


def test_its_secrets_have_no_pages() -> None:
    root = User.objects.create_superuser("root", password=support.PASSWORD)
    client, _, _ = enrolled("root")
    assert root.is_superuser
    for place in ("otp_totp/totpdevice", "otp_static/staticdevice", "axes/accessattempt"):
        assert client.get(f"/admin/{place}/").status_code == 404


def test_where_it_is_off_nothing_is_asked(settings: Any, people: dict[str, User]) -> None:
    settings.SECOND_FACTOR = False
    assert is_in(with_password())
    person = f"/admin/auth/user/{people['manager'].pk}/sign-in/"
    shown = signed_in(people["administrator"]).get(person).content.decode()
    assert "switched off in this portal: name and password are enough" in shown
    assert signed_in(people["manager"]).get(CODE)["Location"] == "/admin/"


def test_it_is_on_unless_debug_or_demo() -> None:
    from tests.test_settings import loaded

    assert "SECOND_FACTOR True" in loaded({})
    assert "SECOND_FACTOR False" in loaded({"DEBUG": "on"})
    assert "SECOND_FACTOR False" in loaded({"PORTAL_DEMO": "on"})
