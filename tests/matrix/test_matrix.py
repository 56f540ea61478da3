"""Role by address by method by action: the table against the portal, both ways round."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from portal.probes import PROBES
from tests import support
from tests.admin.pushes import signed_in
from tests.matrix import table, things

LET_IN, REFUSED, NOTHING_THERE = {200, 302, 303}, {403, 405}, {403, 404, 405}


@pytest.fixture
def there(transactional_db: None, sandbox: Any) -> dict[str, int | str]:
    made = things.make()
    things.calm()
    return made


def person(role: str) -> User:
    if role == "superuser":
        return User.objects.create_superuser("root")
    return support.make_person(role)


# --- The table is whole ----------------------------------------------------------------------


def routes(found: list[Any], before: str = "") -> Iterator[str]:
    """Every address that the portal resolves, as its routes are written."""
    for each in found:
        route = before + str(each.pattern)
        if isinstance(each, URLResolver):
            yield from routes(each.url_patterns, route)
        elif isinstance(each, URLPattern):
            yield route


def test_every_address_has_a_line_and_every_line_an_address() -> None:
    resolved = {table.shape(route) for route in routes(get_resolver().url_patterns)}
    resolved |= {probe.lstrip("/") for probe in PROBES}
    lines = [table.shape(path) for path in table.paths()]
    assert len(lines) == len(set(lines)), "an address twice"
    assert resolved - set(lines) == set(), "addresses without a line"
    assert set(lines) - resolved == set(), "lines of what is not there"


def test_every_action_has_a_line_and_every_line_an_action(rf: Any) -> None:
    request = rf.get("/")
    request.user = User(is_superuser=True, is_active=True, is_staff=True)
    found = {
        (model._meta.model_name, name)
        for model, page in admin.site._registry.items()
        for name in page.get_actions(request)
    }
    assert found == {(line.model, line.name) for line in table.actions()}


# --- Who may what ----------------------------------------------------------------------------


@pytest.mark.parametrize("letter", table.ROLES)
def test_what_each_role_may_read_and_press(there: dict[str, int | str], letter: str) -> None:
    browser = signed_in(person(table.ROLES[letter]))
    wrong = []
    for line in table.addresses():
        path = "/" + line.path.format(**there)
        if line.path == "admin/logout/":
            continue  # the last of all
        read = browser.get(path)
        pressed = browser.post(path, {"form_key": str(uuid.uuid4())})
        wrong += [
            f"{line.path}: {method} {answer.status_code} {answer.get('Location', '')}"
            for method, answer, who in (("GET", read, line.see), ("POST", pressed, line.press))
            if not as_told(answer, letter, who)
        ]
    assert not wrong, "\n".join(wrong)
    assert browser.get("/admin/logout/").status_code == 405
    assert browser.post("/admin/logout/").status_code in LET_IN
    assert browser.get("/admin/")["Location"].startswith("/admin/login/")


def as_told(answer: Any, letter: str, who: str) -> bool:
    if letter not in who:
        for_nobody = not who.strip(".")
        return answer.status_code in (NOTHING_THERE if for_nobody else REFUSED)
    # The admin leads to its start, or to sign in, whom it does not let see what they asked for.
    place = answer.get("Location", "").partition("?")[0]
    return answer.status_code in LET_IN and not place.startswith("/admin/login/")


def test_a_stranger_gets_nothing_but_the_sign_in_page(there: dict[str, int | str]) -> None:
    browser = Client()
    for line in table.addresses():
        path = "/" + line.path.format(**there)
        for answer in (browser.get(path), browser.post(path, {"form_key": str(uuid.uuid4())})):
            # Signing out leads there by way of the portal's start.
            place = answer.get("Location", "").partition("?")[0]
            signing_out = line.path == "admin/logout/" and place == "/admin/"
            assert place == "/admin/login/" or signing_out, line.path


def test_the_doors_open_to_everybody_as_told(there: dict[str, int | str]) -> None:
    for door in table.doors():
        path = "/" + door.path.format(**there)
        read, pressed = Client().get(path), Client().post(path)
        assert (read.status_code, pressed.status_code) == (door.read, door.pressed), door.path


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"])
def test_no_other_method_is_answered_anywhere(there: dict[str, int | str], method: str) -> None:
    browser = signed_in(person("superuser"))
    for line in table.paths():
        path = "/" + line.format(**there)
        if path not in PROBES:
            assert browser.generic(method, path).status_code == 405, line


def test_a_press_from_elsewhere_is_refused(there: dict[str, int | str]) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(person("superuser"))
    for line in table.addresses():
        path = "/" + line.path.format(**there)
        assert browser.post(path).status_code == 403, line.path


# --- The choices above a list ------------------------------------------------------------------


@pytest.mark.parametrize("letter", table.ROLES)
def test_what_each_role_may_do_with_chosen_rows(there: dict[str, int | str], letter: str) -> None:
    browser = signed_in(person(table.ROLES[letter]))
    names = {"sourceaccount": "account", "webhookmessage": "message"}
    wrong = []
    for line in table.actions():
        path = f"/admin/bankfeeds/{line.model}/"
        chosen = there[names.get(line.model, line.model)]
        page = browser.get(path).content.decode()
        offered = f'value="{line.name}"' in page
        answer = browser.post(path, {"action": line.name, "_selected_action": [chosen]})
        # A list without any choice shows itself again, whatever is sent to it.
        nothing = 'name="action"' not in page and answer.status_code == 200
        refused = nothing or "No action selected." in said(answer.wsgi_request)
        if not offered == (not refused) == (letter in line.who):
            wrong.append(f"{line}: offered {offered}, refused {refused}, {answer.status_code}")
    assert not wrong, "\n".join(wrong)


def said(request: HttpRequest) -> list[str]:
    return [str(message) for message in messages.get_messages(request)]
