"""Two people on the same page, and pages that have grown old: refused clearly, nothing changed."""

from __future__ import annotations

import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.db import connection as database
from django.urls import reverse
from django.utils import timezone

from bankfeeds.codat.client import Client
from bankfeeds.models import Closure, Event, FoundCompany, Look, Note
from tests import support
from tests.admin.pushes import hidden, signed_in, text

pytestmark = pytest.mark.django_db
COMPANIES = "/admin/bankfeeds/company/"


@pytest.fixture
def one(people: dict[str, Any]) -> Any:
    return signed_in(people["manager"])


@pytest.fixture
def other(people: dict[str, Any]) -> Any:
    return signed_in(support.make_person("manager", username="jean"))


# --- Our details of a company, and whose it is -----------------------------------------------


def edited(company: Any, **changes: Any) -> dict[str, Any]:
    return {"name": company.name, "country": "US", "language": "en", **changes}


def test_details_that_another_changed_are_shown_and_not_saved_over(one: Any, other: Any) -> None:
    company = support.make_company("Acme")
    url = reverse("admin:bankfeeds_company_edit", args=[company.pk])
    mine, theirs = ({"seen": hidden(who.get(url), "seen")} for who in (one, other))
    assert other.post(url, {**theirs, **edited(company, contact_name="Zoé")}).status_code == 303
    answer = one.post(url, {**mine, **edited(company, contact_name="Max", reference="R-1")})
    assert "Nothing of yours was saved" in text(answer)
    assert "Changed by jean on" in text(answer)
    assert "Contact is now “Zoé”" in text(answer)
    assert "Contact: you had “Max”" in text(answer)
    assert "Internal reference: you had “R-1”" in text(answer)
    assert 'name="contact_name" value="Zoé"' in answer.content.decode()
    company.refresh_from_db()
    assert (company.contact_name, company.reference) == ("Zoé", "")
    assert Event.objects.filter(action="company.edited").count() == 1
    # Who has seen how it stands now may decide.
    again = {"seen": hidden(answer, "seen"), **edited(company, contact_name="Max")}
    assert one.post(url, again).status_code == 303
    company.refresh_from_db()
    assert company.contact_name == "Max"


def test_a_page_that_was_refused_is_as_old_as_before(one: Any, other: Any) -> None:
    company = support.make_company("Acme")
    url = reverse("admin:bankfeeds_company_edit", args=[company.pk])
    mine = {"seen": hidden(one.get(url), "seen")}
    theirs = {"seen": hidden(other.get(url), "seen")}
    other.post(url, {**theirs, **edited(company, reference="R-9")})
    refused = one.post(url, {**mine, **edited(company, name="")})
    assert "Enter the name" in text(refused)
    answer = one.post(url, {"seen": hidden(refused, "seen"), **edited(company, reference="R-1")})
    assert "Nothing of yours was saved" in text(answer)
    company.refresh_from_db()
    assert company.reference == "R-9"


@pytest.mark.parametrize("seen", [None, "", "name.0", "x" * 10_000, "\x00"])
def test_details_from_a_page_of_nobody_are_not_saved(one: Any, seen: str | None) -> None:
    company = support.make_company("Acme")
    url = reverse("admin:bankfeeds_company_edit", args=[company.pk])
    forged = {} if seen is None else {"seen": seen}
    answer = one.post(url, {**forged, **edited(company, reference="R-1")})
    assert "Nothing of yours was saved" in text(answer)
    company.refresh_from_db()
    assert company.reference == ""


def test_no_company_changes_hands_when_one_did_meanwhile(
    one: Any, other: Any, people: dict[str, Any]
) -> None:
    moved, still = support.make_company("Acme"), support.make_company("Beta")
    chosen = {"action": "change_owner", "_selected_action": [moved.pk, still.pk]}
    mine = {"seen": hidden(one.post(COMPANIES, chosen), "seen")}
    jean = User.objects.get(username="jean")
    alone = {"action": "change_owner", "_selected_action": [moved.pk]}
    theirs = {"seen": hidden(other.post(COMPANIES, alone), "seen")}
    other.post(COMPANIES, {**alone, **theirs, "owner": jean.pk})
    answer = one.post(COMPANIES, {**chosen, **mine, "owner": people["manager"].pk})
    assert "No company changed hands" in text(answer)
    assert "Acme: the owner is jean now. Changed by jean on" in text(answer)
    moved.refresh_from_db()
    still.refresh_from_db()
    assert (moved.owner, still.owner) == (jean, None)
    # A company that was never on the page is refused as one that changed.
    again = {"seen": hidden(answer, "seen"), "owner": people["manager"].pk}
    third = support.make_company("Gamma")
    forged = {**chosen, **again, "_selected_action": [still.pk, third.pk]}
    assert "No company changed hands" in text(one.post(COMPANIES, forged))
    one.post(COMPANIES, {**chosen, **again}, follow=True)
    moved.refresh_from_db()
    assert moved.owner == people["manager"]


@pytest.mark.django_db(transaction=True)
def test_of_two_saves_at_once_only_one_passes() -> None:
    company = support.make_company("Acme")
    url = reverse("admin:bankfeeds_company_edit", args=[company.pk])
    browsers = [signed_in(support.make_person("manager", username=n)) for n in ("ann", "jean")]
    posts = [
        {"seen": hidden(browser.get(url), "seen"), **edited(company, reference=f"R-{n}")}
        for n, browser in enumerate(browsers)
    ]
    start = threading.Barrier(2)

    def save(browser: Any, posted: dict[str, Any]) -> int:
        start.wait()
        try:
            status: int = browser.post(url, posted).status_code
            return status
        finally:
            database.close()

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(save, browsers, posts)) == [200, 303]
    event = Event.objects.get(action="company.edited")
    company.refresh_from_db()
    assert event.after == {"reference": company.reference}


# --- The name of an account ------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_a_name_that_another_gave_is_shown_and_not_replaced(
    one: Any, other: Any, sandbox: Any
) -> None:
    account = support.onboard(connected=False).accounts[0]
    page = reverse("admin:bankfeeds_sourceaccount_change", args=[account.pk])
    url = reverse("admin:bankfeeds_sourceaccount_rename", args=[account.pk])
    mine, theirs = ({"seen": hidden(who.get(page), "seen")} for who in (one, other))
    other.post(url, {**theirs, "name": "Payroll"})
    answer = one.post(url, {**mine, "name": "Main"})
    assert "it is called Payroll now. Changed by jean on" in text(answer)
    assert 'name="name" value="Main"' in answer.content.decode()
    account.refresh_from_db()
    assert account.name == "Payroll"
    again = one.post(url, {"seen": hidden(answer, "seen"), "name": "Main"}, follow=True)
    assert "is now called Main" in text(again)


@pytest.mark.django_db(transaction=True)
def test_of_two_renames_at_once_the_one_that_stands_at_codat_is_shown(
    one: Any, sandbox: Any
) -> None:
    """The other was saved while Codat was asked for this one."""
    account = support.onboard(connected=False).accounts[0]
    page = reverse("admin:bankfeeds_sourceaccount_change", args=[account.pk])
    url = reverse("admin:bankfeeds_sourceaccount_rename", args=[account.pk])
    mine = {"seen": hidden(one.get(page), "seen"), "name": "Main"}

    class Meanwhile(Client):
        def update_source_account(self, *args: Any, **given: Any) -> Any:
            type(account).objects.filter(pk=account.pk).update(name="Payroll")
            return super().update_source_account(*args, **given)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("bankfeeds.conf.Client", Meanwhile)
        answer = one.post(url, mine)
    assert "it is called Main now" in text(answer)
    account.refresh_from_db()
    assert account.name == "Main"


# --- People, closing days --------------------------------------------------------------------


def test_a_person_whom_another_administrator_changed(people: dict[str, Any]) -> None:
    one = signed_in(people["administrator"])
    other = signed_in(support.make_person("administrator", username="jean"))
    who, groups = people["support"], dict(Group.objects.values_list("name", "pk"))
    url = f"/admin/auth/user/{who.pk}/change/"
    mine, theirs = ({"seen": hidden(each.get(url), "seen")} for each in (one, other))
    same = {"username": "support", "is_staff": "on", "is_active": "on"}
    assert other.post(url, {**theirs, **same, "groups": [groups["auditor"]]}).status_code == 302
    answer = one.post(url, {**mine, **same, "groups": [groups["manager"]]}, follow=True)
    said = "Somebody changed this since your page was shown: groups. Nothing of yours was saved"
    assert said in text(answer)
    assert "Changed by jean on" in text(answer)
    assert [group.name for group in who.groups.all()] == ["auditor"]
    # The page that led back is as it stands now.
    again = {"seen": hidden(answer, "seen"), **same, "groups": [groups["manager"]]}
    one.post(url, again)
    assert [group.name for group in who.groups.all()] == ["manager"]
    changed = Event.objects.filter(action="person.changed").values_list("after", flat=True)
    assert [(after["changed"], after["groups"]) for after in changed] == [
        ("groups", "manager"),
        ("groups", "auditor"),
    ]


@pytest.mark.parametrize("pk", ["9" * 30, "-1", "x", "\x00", "9" * 10_000])
def test_a_group_that_is_none_is_refused(people: dict[str, Any], pk: str) -> None:
    boss, who = signed_in(people["administrator"]), people["support"]
    url = f"/admin/auth/user/{who.pk}/change/"
    posted = {"seen": hidden(boss.get(url), "seen"), "username": "support", "is_staff": "on"}
    answer = boss.post(url, {**posted, "is_active": "on", "groups": [pk]})
    assert answer.status_code == 200
    assert answer.context["errors"]
    assert [group.name for group in who.groups.all()] == ["support"]


def test_a_closing_day_that_another_changed(one: Any, other: Any) -> None:
    row = Closure.objects.create(day=support.today(), name="Move")
    url = f"/admin/bankfeeds/closure/{row.pk}/change/"
    mine, theirs = ({"seen": hidden(who.get(url), "seen")} for who in (one, other))
    day = {"day": support.today().isoformat(), "country": ""}
    other.post(url, {**theirs, **day, "name": "Feast"})
    answer = one.post(url, {**mine, **day, "name": "Move", "country": "CA"}, follow=True)
    assert "since your page was shown: name. Nothing of yours was saved" in text(answer)
    assert "Changed by jean on" in text(answer)
    row.refresh_from_db()
    assert (row.name, row.country) == ("Feast", "")


# --- Numbers that no page showed -------------------------------------------------------------


@pytest.mark.parametrize("pk", ["9" * 30, "-1", "x", "\x00", "<script>"])
def test_a_chosen_row_that_is_none_is_refused(one: Any, pk: str) -> None:
    for name in ("refresh_statuses", "push_connected", "change_owner"):
        posted = {"action": name, "_selected_action": [pk]}
        assert "A chosen row does not exist" in text(one.post(COMPANIES, posted, follow=True))


def test_a_note_on_the_push_of_another_client_is_not_kept(one: Any) -> None:
    company, push = support.make_company(), support.make_push()
    url = reverse("admin:bankfeeds_company_note", args=[company.pk])
    for forged in (str(push.pk), "9" * 30, "x"):
        answer = one.post(url, {"text": "Called", "push": forged}, follow=True)
        assert "This company has no such push" in text(answer)
    assert not Note.objects.exists()


@pytest.mark.parametrize("earlier", ["", "x", "9" * 30, "0"])
def test_an_account_goes_on_from_none_that_was_not_offered(one: Any, earlier: str) -> None:
    ended = support.make_account(support.make_connection(status="Unlinked"))
    heir = support.make_account(support.make_connection(ended.company))
    url = reverse("admin:bankfeeds_sourceaccount_goes_on", args=[heir.pk])
    assert "no such account to go on from" in text(one.post(url, {"earlier": earlier}))
    heir.refresh_from_db()
    assert heir.follows is None


@pytest.mark.parametrize("owner", ["x", "9" * 30, "-1"])
def test_a_company_is_adopted_for_no_owner_that_is_none(one: Any, owner: str) -> None:
    look = Look.objects.create(
        form_key="look", asked_at=timezone.now(), asked_by="manager", next_page=0
    )
    found = FoundCompany.objects.create(
        look=look, codat_id=uuid.uuid4(), name="Found", found_as="new"
    )
    url = reverse("admin:bankfeeds_company_adopt_look", args=[look.pk])
    answer = one.post(url, {"country": "US", "owner": owner, "found": [found.pk]})
    assert "Choose another owner" in text(answer)
    found.refresh_from_db()
    assert found.outcome == ""
