"""Buttons for those who may, and the pages of people and groups.

Who may what at which address stands in tests/matrix/table.py.
"""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Permission, User

from tests import support
from tests.admin.pushes import hidden, signed_in

MANAGER, SUPPORT, AUDITOR, ADMINISTRATOR = "manager", "support", "auditor", "administrator"


@pytest.mark.parametrize("role", [AUDITOR, ADMINISTRATOR])
def test_who_only_reads_has_no_button(people: dict[str, User], role: str) -> None:
    account = support.make_account()
    browser = signed_in(people[role])
    for path in (
        f"company/{account.company_id}/change/",
        f"connection/{account.connection_id}/change/",
        f"sourceaccount/{account.pk}/change/",
        "company/",
    ):
        content = browser.get(f"/admin/bankfeeds/{path}").content.decode()
        content = content.split('id="content"')[1].split("</main>")[0]
        # Sorting and searching remain, and taking out what may be seen.
        content = content.replace('<button type="submit" form="export-list"', "")
        for word in ('type="submit" class="button"', "formaction", "data-once", "<button type"):
            assert word not in content.replace('<button type="submit">Search', ""), (path, word)


# --- People and groups -----------------------------------------------------------------------


@pytest.fixture
def boss(people: dict[str, User]) -> Any:
    return signed_in(people[ADMINISTRATOR])


def person(user: User, page: str = "change") -> str:
    return f"/admin/auth/user/{user.pk}/{page}/"


def posted(by: Any, user: User, **changes: Any) -> dict[str, Any]:
    """The form as its page gave it to this browser, with these changes."""
    return {
        "seen": hidden(by.get(person(user)), "seen"),
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
    forged = posted(boss, user, is_superuser="on", user_permissions=[right.pk])
    forged.pop("is_active")
    assert boss.post(person(user), forged).status_code == 302
    user.refresh_from_db()
    assert not user.is_active
    assert not user.is_superuser
    assert not user.user_permissions.exists()


def test_an_administrator_cannot_touch_a_superuser(people: dict[str, User], boss: Any) -> None:
    root = User.objects.create_superuser("root", password="the pass phrase of root")
    assert boss.get(person(root)).status_code == 200
    assert boss.post(person(root), posted(boss, root)).status_code == 403
    new = {"password1": "another long phrase", "password2": "another long phrase"}
    assert boss.post(person(root, "password"), new).status_code == 403
    root.refresh_from_db()
    assert root.check_password("the pass phrase of root")


def test_a_superuser_hands_out_what_stands_above_the_groups(people: dict[str, User]) -> None:
    root = signed_in(User.objects.create_superuser("root"))
    root.post(person(people[SUPPORT]), posted(root, people[SUPPORT], is_superuser="on"))
    people[SUPPORT].refresh_from_db()
    assert people[SUPPORT].is_superuser


def test_groups_are_shown_and_never_changed(people: dict[str, User], boss: Any) -> None:
    group = people[MANAGER].groups.get()
    place = f"/admin/auth/group/{group.pk}/change/"
    assert boss.get(place).status_code == 200
    assert boss.post(place, {"name": "x"}).status_code == 403
    assert signed_in(User.objects.create_superuser("root")).post(place).status_code == 403
    assert boss.get("/admin/auth/group/add/").status_code == 403
