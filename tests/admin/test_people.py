"""Somebody leaves; and the list of who may do what."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.contrib.sessions.models import Session
from django.utils import timezone

from bankfeeds.groups import GROUPS
from bankfeeds.models import Actor, Company, Event, Origin
from tests import support
from tests.admin.pushes import hidden, signed_in, text

pytestmark = pytest.mark.django_db
ACCESS = "/admin/auth/user/access/"


def leave(boss: Any, user: User) -> Any:
    url = f"/admin/auth/user/{user.pk}/change/"
    given = {"username": user.username, "is_staff": "on", "groups": [user.groups.get().pk]}
    return boss.post(url, {**given, "seen": hidden(boss.get(url), "seen")}, follow=True)


def test_who_leaves_is_signed_out_everywhere_and_the_companies_are_named(people: Any) -> None:
    manager, boss = people["manager"], signed_in(people["administrator"])
    theirs, other = signed_in(manager), signed_in(people["support"])
    company = support.make_company(name="Acme")
    Company.objects.update(owner=manager)
    page = leave(boss, manager).content.decode()
    assert f"/admin/bankfeeds/company/?owner={manager.pk}" in page
    assert theirs.get("/admin/bankfeeds/company/").status_code == 302
    assert other.get("/admin/bankfeeds/company/").status_code == 200
    assert Session.objects.count() == 2
    event = Event.objects.get(action="person.deactivated")
    assert (event.words, event.actor_name) == ("manager", "administrator")
    assert (event.before, event.after["is_active"]) == ({"is_active": True}, False)
    company.refresh_from_db()
    assert company.owner == manager


def test_companies_of_who_has_left_are_found_until_they_are_handed_over(people: Any) -> None:
    manager, boss = people["manager"], signed_in(people["administrator"])
    for name in ("Acme", "Bolt", "Zulu"):
        support.make_company(name=name)
    Company.objects.update(owner=manager)
    Company.objects.filter(name="Zulu").update(closed_at=timezone.now())
    lists = "/admin/auth/user/", f"/admin/auth/user/{manager.pk}/change/"
    link = f'<a href="/admin/bankfeeds/company/?owner={manager.pk}&amp;closed=no">'
    for path in lists:
        assert "2 companies" not in boss.get(path).content.decode()
    assert f"{link}" in leave(boss, manager).content.decode()
    for path in lists:
        assert f"{link}2 companies</a>" in boss.get(path).content.decode(), path
    colleague = User.objects.create(username="next", is_staff=True)
    colleague.groups.set(manager.groups.all())
    theirs = signed_in(colleague)
    company = Company.objects.get(name="Acme")
    assert (
        "has left" in theirs.get(f"/admin/bankfeeds/company/{company.pk}/change/").content.decode()
    )
    company.owner = colleague
    company.save()
    shown = theirs.get("/admin/bankfeeds/company/?left=yes").content.decode()
    assert "Bolt" in shown and "Acme" not in shown and "Zulu" not in shown
    assert f"{link}1 company</a>" in boss.get(lists[0]).content.decode()


def test_the_record_has_the_groups_before_and_after(people: Any) -> None:
    user, boss = people["support"], signed_in(people["administrator"])
    url = f"/admin/auth/user/{user.pk}/change/"
    before, after = user.groups.get(), Group.objects.get(user=people["auditor"])
    given = {"username": user.username, "is_staff": "on", "is_active": "on", "groups": [after.pk]}
    boss.post(url, {**given, "seen": hidden(boss.get(url), "seen")})
    event = Event.objects.get(action="person.changed")
    assert event.before == {"groups": before.name}
    assert event.after == {"changed": "groups", "groups": after.name}


def test_who_comes_back_has_to_sign_in_anew(people: Any) -> None:
    manager, boss = people["manager"], signed_in(people["administrator"])
    theirs = signed_in(manager)
    leave(boss, manager)
    User.objects.filter(pk=manager.pk).update(is_active=True)
    assert theirs.get("/admin/bankfeeds/company/").status_code == 302


def test_pages_of_people_stand_under_the_portals_own_name(people: Any) -> None:
    boss, somebody = signed_in(people["administrator"]), people["manager"].pk
    group = Group.objects.get(name="manager").pk
    for path in ("user/", f"user/{somebody}/change/", f"user/{somebody}/password/", "group/",
                 f"group/{group}/change/", ""):  # fmt: skip
        page = text(boss.get(f"/admin/auth/{path}"))
        assert "Home › People and groups" in page.replace("&rsaquo;", "›"), path
        assert "Authentication" not in page, path


NEW = {"password1": "another long phrase", "password2": "another long phrase"}


def test_a_new_person_is_whole_after_one_page(people: Any) -> None:
    boss, group = signed_in(people["administrator"]), Group.objects.get(name="support")
    url = "/admin/auth/user/add/"
    given = {"username": "zoe", "email": "zoe@example.com", "is_staff": "on", "groups": [group.pk]}
    assert re.search(r'name="is_staff"[^>]* checked', boss.get(url).content.decode())
    boss.post(url, {**given, **NEW})
    zoe = User.objects.get(username="zoe")
    assert (zoe.email, zoe.is_staff, zoe.groups.get(), zoe.is_superuser) == (
        "zoe@example.com", True, group, False,
    )  # fmt: skip
    assert zoe.check_password(NEW["password1"])
    after = Event.objects.get(action="person.added").after
    assert after["groups"] == "support" and "phrase" not in str(after)
    unseen = boss.post(url, {**given, **NEW, "username": "yan", "first_name": "Y\u202ean"})
    assert "cannot be printed" in unseen.content.decode()
    assert not User.objects.filter(username="yan").exists()


@pytest.mark.parametrize("page", ["add", "{pk}/change", "{pk}/password"])
@pytest.mark.parametrize("language", ["en", "fr-ca"])
def test_the_forms_of_a_person_speak_of_this_portal(people: Any, page: str, language: str) -> None:
    """The framework's own words are of other ways to sign in, and of how passwords are kept."""
    url = f"/admin/auth/user/{page.format(pk=people['manager'].pk)}/"
    answer = signed_in(people["administrator"]).get(url, headers={"Accept-Language": language})
    content = answer.content.decode()
    others = ("LDAP", "SSO", "sign-on", "pbkdf2", "usable", "salt:", "salage", "authentication:")
    assert [word for word in others if word in content] == []
    if "password" in page:
        wanted = {"en": "Set a new password for manager", "fr-ca": "mot de passe pour manager"}
        assert wanted[language] in content and "data-once" in content


def test_nobody_is_left_without_a_password(people: Any) -> None:
    manager, boss = people["manager"], signed_in(people["administrator"])
    off = {"usable_password": "false", "unset-password": "x"}
    boss.post(f"/admin/auth/user/{manager.pk}/password/", off)
    manager.refresh_from_db()
    assert manager.has_usable_password()


def test_a_password_set_by_another_ends_the_sessions(people: Any) -> None:
    manager, boss = people["manager"], signed_in(people["administrator"])
    theirs = signed_in(manager)
    boss.post(f"/admin/auth/user/{manager.pk}/password/", NEW)
    assert Event.objects.filter(action="person.password_set", words="manager").exists()
    assert theirs.get("/admin/bankfeeds/company/").status_code == 302
    assert not Event.objects.filter(words__contains="phrase").exists()


@pytest.mark.parametrize("role", ["auditor", "administrator"])
def test_the_access_list_names_everybody_and_every_right(people: Any, role: str) -> None:
    page = signed_in(people[role]).get(ACCESS).content.decode()
    for right in (*GROUPS, "see_link", "push_sourceaccount"):
        assert right in page
    assert "<form" not in page.split('id="content"')[1].split("</main>")[0]


def test_nobody_reads_the_access_list_without_a_right(db: None, client: Any) -> None:
    assert client.get(ACCESS).status_code == 302
    outsider = User.objects.create(username="outsider", is_staff=True)
    assert signed_in(outsider).get(ACCESS).status_code == 403


def test_the_groups_are_ticked_one_by_one(people: Any) -> None:
    boss, user = signed_in(people["administrator"]), people["manager"]
    page = boss.get(f"/admin/auth/user/{user.pk}/change/").content.decode()
    ticks = re.findall(r'<input type="checkbox" name="groups"[^>]*>', page)
    assert len(ticks) == len(GROUPS)
    assert sum("checked" in tick for tick in ticks) == 1


def _save(boss: Any, person: User, **changes: Any) -> Any:
    url = f"/admin/auth/user/{person.pk}/change/"
    groups = [group.pk for group in person.groups.all()]
    given = {"username": person.username, "is_active": "on", "is_staff": "on", "groups": groups}
    given |= {"seen": hidden(boss.get(url), "seen"), **changes}
    return boss.post(url, {name: value for name, value in given.items() if value}, follow=True)


@pytest.mark.parametrize("change", ["is_active", "is_staff"])
def test_the_last_who_may_manage_people_stays(people: Any, change: str) -> None:
    me = people["administrator"]
    User.objects.filter(is_superuser=True).delete()
    boss = signed_in(me)
    assert (
        "Nobody would be left who may manage people."
        in _save(boss, me, **{change: ""}).content.decode()
    )
    me.refresh_from_db()
    assert me.is_active and me.is_staff
    other = User.objects.create(username="second", is_staff=True)
    other.groups.set(me.groups.all())
    _save(boss, me, **{change: ""})
    me.refresh_from_db()
    assert not getattr(me, change)


def test_nobody_changes_their_own_groups(people: Any) -> None:
    me, boss = people["administrator"], signed_in(people["administrator"])
    both = list(
        Group.objects.filter(name__in=("administrator", "manager")).values_list("pk", flat=True)
    )
    page = _save(boss, me, groups=both).content.decode()
    assert "Your own groups are for another administrator to change." in page
    assert [group.name for group in me.groups.all()] == ["administrator"]


@pytest.mark.parametrize(
    ("path", "said", "not_said"),
    [
        (
            "auth/user/",
            ["<h1>Utilisateurs</h1>", "Ajouter un utilisateur", "gestionnaire"],
            ["Sélectionnez", "auditor</td>"],
        ),
        ("auth/user/?group=auditor", ["auditeur"], ["p.m."]),
        ("auth/user/add/", ["<h1>Ajouter un utilisateur</h1>"], ["Ajout de"]),
        ("auth/user/{manager}/change/", ["<h1>manager</h1>", "HE</div>"], ["Modification de"]),
        ("auth/user/access/", ["gestionnaire", "auditeur"], ['<th scope="col">manager']),
        ("auth/group/", ["<h1>Groupes</h1>", "administrateur"], ["Sélectionnez"]),
        ("auth/group/{group}/change/", ["<h1>gestionnaire</h1>"], ["Affichage de"]),
        ("bankfeeds/company/", ["Ajouter une entreprise"], ["Ajouter entreprise"]),
        ("bankfeeds/closure/", ["Ajouter un jour de fermeture"], ["Ajouter jour"]),
        ("bankfeeds/closure/add/", ["<h1>Ajouter un jour de fermeture</h1>"], ["Ajout de"]),
        ("bankfeeds/event/{event}/change/", ["<h1>Personne modifiée"], ["Affichage de"]),
        ("bankfeeds/", ["<h1>Flux bancaires</h1>"], ["Administration de"]),
    ],
)
def test_titles_groups_and_times_are_french_words(
    people: Any, path: str, said: list[str], not_said: list[str]
) -> None:
    boss = people["administrator"]
    boss.user_permissions.set(Permission.objects.all())
    User.objects.update(last_login=timezone.now())
    by = Actor("administrator", Origin.PERSON)
    event = Event.objects.record("person.changed", by=by, at=timezone.now())
    group = Group.objects.get(name="manager")
    where = path.format(manager=people["manager"].pk, group=group.pk, event=event.pk)
    page = signed_in(boss).get(f"/admin/{where}", headers={"Accept-Language": "fr-ca"})
    content = " ".join(page.content.decode().split())
    assert page.status_code == 200
    assert [one for one in said if one not in content] == []
    assert [one for one in not_said if one in content] == []
