"""Whose clients, who waits, who has a link: the work lists of companies."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.utils import timezone

from bankfeeds.models import Company, Connection, Event, SourceAccount
from tests import support
from tests.admin.pushes import hidden, signed_in, text, waiting

pytestmark = pytest.mark.django_db
LIST = "/admin/bankfeeds/company/"


@pytest.fixture
def manager(people: dict[str, Any]) -> Any:
    return signed_in(people["manager"])


def shown(browser: Any, query: str) -> list[str]:
    rows = browser.get(LIST + query).context["cl"].result_list
    return [row.name for row in rows]


def named(name: str, **columns: Any) -> Company:
    company = support.make_company(name=name)
    Company.objects.filter(pk=company.pk).update(**columns)
    return company


def test_mine_and_nobodys(manager: Any, people: dict[str, Any]) -> None:
    named("Mine", owner=people["manager"])
    named("Theirs", owner=support.make_person("manager", username="other"))
    named("Nobody's")
    assert shown(manager, "?owner=me") == ["Mine"]
    assert shown(manager, "?owner=nobody") == ["Nobody's"]
    assert len(shown(manager, "?owner=garbage")) == 3


def test_managers_start_with_their_own_and_support_with_all(people: dict[str, Any]) -> None:
    named("Theirs")
    manager, support_agent = signed_in(people["manager"]), signed_in(people["support"])
    page = manager.get("/admin/", follow=True)
    assert page.redirect_chain[-1][0] == f"{LIST}?owner=me"
    assert "No company is yours yet" in text(page)
    assert support_agent.get("/admin/")["Location"] == LIST


def test_the_filter_of_decisions_is_the_rule_of_the_column(manager: Any) -> None:
    """A push of an account that is gone at Codat can only be stopped, which a person does."""
    push = waiting()
    SourceAccount.objects.filter(pk=push.account_id).update(gone_at=timezone.now())
    named("Other")
    [row] = manager.get(f"{LIST}?decision=yes").context["cl"].result_list
    assert row.undecided == push.pk
    assert f"Decide push #{push.pk}" in text(manager.get(f"{LIST}?decision=yes"))


def test_closed_ones_are_filtered_and_say_so(manager: Any) -> None:
    named("Open")
    named("Shut", reference="R-9", closed_at=timezone.now())
    assert shown(manager, "?closed=yes") == ["Shut"]
    assert shown(manager, "?closed=no") == ["Open"]
    assert len(shown(manager, "?closed=x")) == 2
    assert "R-9 · Closed" in text(manager.get(LIST))


def test_who_has_waited_longest_comes_first(manager: Any) -> None:
    now = timezone.now()
    for name, days in (("Short", 1), ("Long", 9), ("Middle", 4)):
        row = support.make_connection(company=named(name))
        Connection.objects.filter(pk=row.pk).update(requested_at=now - dt.timedelta(days=days))
    shut = support.make_connection(company=named("Shut", closed_at=now)).company
    unlinked = support.make_connection(company=named("Unlinked"), status="Unlinked").company
    for company in Company.objects.exclude(pk__in=(shut.pk, unlinked.pk)):
        support.make_account(company.connections.get(), status="pending")
    assert shown(manager, "?status=waiting") == ["Long", "Middle", "Short"]


def test_by_the_state_of_the_link(manager: Any) -> None:
    for name, minutes in (("Valid", 5), ("Soon", 51), ("Expired", 61), ("None", None)):
        row = support.make_connection(company=named(name))
        at = None if minutes is None else timezone.now() - dt.timedelta(minutes=minutes)
        Connection.objects.filter(pk=row.pk).update(link_issued_at=at)
    assert shown(manager, "?link=valid") == ["Valid"]
    assert shown(manager, "?link=soon") == ["Soon"]
    assert shown(manager, "?link=expired") == ["Expired"]
    assert shown(manager, "?link=none") == ["None"]
    withdrawn = Connection.objects.filter(company__name="Valid").withdraw_links(now=timezone.now())
    assert (withdrawn, shown(manager, "?link=withdrawn")) == (1, ["Valid"])
    assert shown(manager, "?link=valid") == []


def test_changing_the_owner_asks_first_and_is_written_down(
    manager: Any, people: dict[str, Any]
) -> None:
    company = named("Acme")
    chosen = {"action": "change_owner", "_selected_action": [company.pk]}
    page = manager.post(LIST, chosen)
    assert page.status_code == 200
    assert Company.objects.get().owner is None
    given = {"owner": people["manager"].pk, "seen": hidden(page, "seen")}
    manager.post(LIST, {**chosen, **given})
    assert Company.objects.get().owner == people["manager"]
    event = Event.objects.get(action="company.edited")
    assert event.after == {"owner": "manager"}
    page = manager.post(LIST, chosen)
    again = {"owner": people["manager"].pk, "seen": hidden(page, "seen")}
    page = manager.post(LIST, {**chosen, **again}, follow=True)
    assert "1 company belongs to manager now." in page.content.decode()
    assert Event.objects.filter(action="company.edited").count() == 1


@pytest.mark.parametrize("owner", ["", "0", "x"])
def test_an_owner_who_is_none_changes_nothing(manager: Any, owner: str) -> None:
    company = named("Acme")
    chosen = {"action": "change_owner", "_selected_action": [company.pk], "owner": owner}
    manager.post(LIST, chosen)
    assert Company.objects.get().owner is None


def test_support_changes_no_owner(people: dict[str, Any]) -> None:
    company = named("Acme")
    chosen = {"action": "change_owner", "_selected_action": [company.pk]}
    signed_in(people["support"]).post(LIST, {**chosen, "owner": people["manager"].pk})
    assert Company.objects.get().owner is None
