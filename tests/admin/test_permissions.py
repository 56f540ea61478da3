"""Who may what: each role at each address about clients, and the pages of people and groups."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.utils import timezone

from bankfeeds.groups import GROUPS
from bankfeeds.models import Company, Connection, Look, SourceAccount
from tests import support
from tests.admin.pushes import signed_in

MANAGER, SUPPORT, AUDITOR, ADMINISTRATOR = "manager", "support", "auditor", "administrator"
ALL = frozenset(GROUPS)
STAFF = frozenset({MANAGER, SUPPORT})
BOSS = frozenset({MANAGER})


@dataclass(frozen=True)
class Place:
    """`see`: who gets the page by GET. `press`: who gets past the door by POST; None: nobody."""

    path: str
    see: frozenset[str] | None
    press: frozenset[str] | None


# A GET of an address that is for pressing leads whoever may see the row to its page.
PLACES = {
    "company list": Place("company/", ALL, ALL),
    "company export": Place("company/export/", ALL, ALL),
    "company page": Place("company/{c}/change/", ALL, None),
    "company add": Place("company/add/", BOSS, BOSS),
    "name preview": Place("company/name-at-codat/", BOSS, BOSS),
    "adopt": Place("company/adopt/", BOSS, BOSS),
    "adopt: a look": Place("company/adopt/{look}/", BOSS, BOSS),
    "adopt: how far": Place("company/adopt/{look}/status/", BOSS, None),
    "company edit": Place("company/{c}/edit/", BOSS, BOSS),
    "company connect": Place("company/{c}/connect/", ALL, BOSS),
    "company continue": Place("company/{open}/continue/", ALL, BOSS),
    "company note": Place("company/{c}/note/", ALL, STAFF),
    "company close": Place("company/{c}/close/", BOSS, BOSS),
    "company reopen": Place("company/{c}/reopen/", BOSS, BOSS),
    "company books": Place("company/{c}/books/", BOSS, BOSS),
    "company refresh": Place("company/{c}/refresh/", ALL, STAFF),
    "company delete": Place("company/{c}/delete/", None, None),
    "company history": Place("company/{c}/history/", ALL, ALL),
    "connection list": Place("connection/", ALL, ALL),
    "connection export": Place("connection/export/", ALL, ALL),
    "connection page": Place("connection/{t}/change/", ALL, None),
    "connection add": Place("connection/add/", None, None),
    "connection delete": Place("connection/{t}/delete/", None, None),
    "copy link": Place("connection/{t}/copy-link/", ALL, STAFF),
    "renew link": Place("connection/{t}/renew-link/", ALL, STAFF),
    "connection refresh": Place("connection/{t}/refresh/", ALL, STAFF),
    "wrong person": Place("connection/{t}/wrong-person/", STAFF, STAFF),
    "unlink": Place("connection/{t}/unlink/", BOSS, BOSS),
    "connection remove": Place("connection/{t}/remove/", BOSS, BOSS),
    "revoke": Place("connection/{t}/revoke/", BOSS, BOSS),
    "go on ending": Place("connection/{t}/go-on/", ALL, BOSS),
    "leave it": Place("connection/{t}/leave-it/", ALL, BOSS),
    "add accounts": Place("connection/{t}/accounts/", BOSS, BOSS),
    "routing preview": Place("connection/routing/", BOSS, BOSS),
    "account list": Place("sourceaccount/", ALL, ALL),
    "account export": Place("sourceaccount/export/", ALL, ALL),
    "account page": Place("sourceaccount/{a}/change/", ALL, None),
    "account add": Place("sourceaccount/add/", None, None),
    "account delete": Place("sourceaccount/{a}/delete/", None, None),
    "rename": Place("sourceaccount/{a}/rename/", ALL, BOSS),
    "account continue": Place("sourceaccount/{a}/continue/", ALL, BOSS),
    "account remove": Place("sourceaccount/{a}/remove/", BOSS, BOSS),
    "not wanted": Place("sourceaccount/{a}/not-wanted/", BOSS, BOSS),
    "wanted": Place("sourceaccount/{a}/wanted/", BOSS, BOSS),
    "goes on from": Place("sourceaccount/{a}/goes-on-from/", BOSS, BOSS),
    "account refresh": Place("sourceaccount/{a}/refresh/", ALL, STAFF),
}


@pytest.fixture
def rows(transactional_db: None, sandbox: Any) -> dict[str, int]:
    client = support.onboard(accounts=1)
    unfinished = support.make_company(intent="not_sent", codat_id=None)
    Connection.objects.update(link_issued_at=timezone.now(), link_url="https://a.example/?otp=1")
    return {
        "c": client.company.pk,
        "t": client.connection.pk,
        "a": client.accounts[0].pk,
        "open": unfinished.pk,
        "look": Look.objects.create(form_key="k", asked_at=timezone.now(), asked_by="a").pk,
    }


@pytest.mark.parametrize("role", GROUPS)
def test_each_role_at_each_place(rows: dict[str, int], role: str) -> None:
    browser = signed_in(support.make_person(role))
    wrong = []
    for name, place in PLACES.items():
        path = "/admin/bankfeeds/" + place.path.format(**rows)
        # What is pressed by someone who may leads on or shows a page; 403 for all others.
        seen = browser.get(path).status_code
        pressed = browser.post(path, {"form_key": str(uuid.uuid4())}).status_code
        if (role in (place.see or ())) != (seen in {200, 302}) or seen not in {200, 302, 403}:
            wrong.append(f"GET {name}: {seen}")
        if (role in (place.press or ())) != (pressed in {200, 302, 303}):
            wrong.append(f"POST {name}: {pressed}")
        if pressed not in {200, 302, 303, 403, 405}:
            wrong.append(f"POST {name}: {pressed}")
    assert wrong == []


def test_every_address_of_these_pages_is_in_the_table() -> None:
    from django.contrib import admin

    known = {re.sub("{(open|look)}", "{c}", place.path) for place in PLACES.values()}
    for model in (Company, Connection, SourceAccount):
        for pattern in admin.site._registry[model].urls:
            route = str(pattern.pattern)
            if route == "<path:object_id>/":
                continue  # the admin's old address of a change page
            for kind in ("<path:object_id>", "<int:pk>"):
                key = {"company": "c", "connection": "t", "sourceaccount": "a"}
                route = route.replace(kind, "{" + key[model._meta.model_name or ""] + "}")
            standard = route.endswith("/history/") and model is not Company
            assert standard or f"{model._meta.model_name}/{route}" in known, route


@pytest.mark.parametrize("role", [AUDITOR, ADMINISTRATOR])
def test_who_only_reads_has_no_button(rows: dict[str, int], role: str) -> None:
    browser = signed_in(support.make_person(role))
    for name in ("company page", "connection page", "account page", "company list"):
        path = "/admin/bankfeeds/" + PLACES[name].path.format(**rows)
        content = browser.get(path).content.decode().split('id="content"')[1].split("</main>")[0]
        # Sorting and searching remain, and taking out what may be seen.
        content = content.replace('<button type="submit" form="export-list"', "")
        for word in ('type="submit" class="button"', "formaction", "data-once", "<button type"):
            assert word not in content.replace('<button type="submit">Search', ""), (name, word)


@pytest.mark.parametrize("path", ["company/", "connection/", "sourceaccount/"])
def test_nobody_gets_in_without_signing_in(db: None, client: Any, path: str) -> None:
    answer = client.get(f"/admin/bankfeeds/{path}")
    assert answer["Location"].startswith("/admin/login/")


def test_a_press_from_elsewhere_is_refused(rows: dict[str, int]) -> None:
    from django.test import Client

    browser = Client(enforce_csrf_checks=True)
    browser.force_login(support.make_person(MANAGER))
    for name, place in PLACES.items():
        if place.press:
            path = "/admin/bankfeeds/" + place.path.format(**rows)
            assert browser.post(path).status_code == 403, name


# --- People and groups -----------------------------------------------------------------------


@pytest.fixture
def boss(people: dict[str, User]) -> Any:
    return signed_in(people[ADMINISTRATOR])


def person(user: User, page: str = "change") -> str:
    return f"/admin/auth/user/{user.pk}/{page}/"


def posted(user: User, **changes: Any) -> dict[str, Any]:
    return {
        "username": user.username,
        "is_active": "on",
        "is_staff": "on",
        "groups": [group.pk for group in user.groups.all()],
        **changes,
    }


@pytest.mark.parametrize("role", [MANAGER, SUPPORT, AUDITOR])
def test_only_the_administrator_sees_people(people: dict[str, User], role: str) -> None:
    browser = signed_in(people[role])
    assert browser.get("/admin/auth/user/").status_code == 403
    assert browser.get(person(people[MANAGER])).status_code == 403
    assert browser.get("/admin/auth/group/").status_code == 403


def test_nobody_deletes_a_person(people: dict[str, User], boss: Any) -> None:
    assert boss.post(person(people[MANAGER], "delete"), {"post": "yes"}).status_code == 403
    root = User.objects.create_superuser("root")
    assert signed_in(root).post(person(people[MANAGER], "delete")).status_code == 403
    chosen = {"action": "delete_selected", "_selected_action": [people[MANAGER].pk]}
    signed_in(root).post("/admin/auth/user/", chosen)
    assert User.objects.filter(pk=people[MANAGER].pk).exists()


def test_an_administrator_deactivates_and_makes_nobody_a_superuser(
    people: dict[str, User], boss: Any
) -> None:
    user = people[SUPPORT]
    right = Permission.objects.get(codename="add_company")
    forged = posted(user, is_superuser="on", user_permissions=[right.pk])
    forged.pop("is_active")
    assert boss.post(person(user), forged).status_code == 302
    user.refresh_from_db()
    assert not user.is_active
    assert not user.is_superuser
    assert not user.user_permissions.exists()


def test_an_administrator_cannot_touch_a_superuser(people: dict[str, User], boss: Any) -> None:
    root = User.objects.create_superuser("root", password="the pass phrase of root")
    assert boss.get(person(root)).status_code == 200
    assert boss.post(person(root), posted(root)).status_code == 403
    new = {"password1": "another long phrase", "password2": "another long phrase"}
    assert boss.post(person(root, "password"), new).status_code == 403
    root.refresh_from_db()
    assert root.check_password("the pass phrase of root")


def test_a_superuser_hands_out_what_stands_above_the_groups(people: dict[str, User]) -> None:
    root = signed_in(User.objects.create_superuser("root"))
    root.post(person(people[SUPPORT]), posted(people[SUPPORT], is_superuser="on"))
    people[SUPPORT].refresh_from_db()
    assert people[SUPPORT].is_superuser


def test_groups_are_shown_and_never_changed(people: dict[str, User], boss: Any) -> None:
    group = people[MANAGER].groups.get()
    place = f"/admin/auth/group/{group.pk}/change/"
    assert boss.get(place).status_code == 200
    assert boss.post(place, {"name": "x"}).status_code == 403
    assert signed_in(User.objects.create_superuser("root")).post(place).status_code == 403
    assert boss.get("/admin/auth/group/add/").status_code == 403
