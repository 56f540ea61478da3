"""The catalogue of rules, and the rules that each push keeps."""

from __future__ import annotations

from typing import Any

import pytest

from bankfeeds import guards, rules
from bankfeeds.models import Push
from tests import support
from tests.admin.pushes import signed_in, text, waiting

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("language", ["en", "fr-ca"])
def test_every_rule_stands_in_the_catalogue_under_its_code(
    people: dict[str, Any], language: str
) -> None:
    browser = signed_in(people["auditor"])
    browser.cookies["django_language"] = language
    page = browser.get("/admin/rules/", headers={"accept-language": language})
    content = page.content.decode()
    for rule in rules.RULES:
        assert f'id="{rule.code}"' in content
        assert rule.source in content
    assert "/admin/rules/" in browser.get("/admin/help/").content.decode()
    severities = text(page).count("Stops this row"), text(page).count("Worth a look")
    assert language != "en" or severities == (8, 4)


def test_a_push_keeps_the_rules_of_the_day_on_which_it_was_confirmed(
    people: dict[str, Any], settings: Any
) -> None:
    settings.LATE_AFTER_DAYS = 4
    push = waiting()
    settings.LATE_AFTER_DAYS = 2
    assert Push.objects.get().rules_in_force["limits"]["late_after_days"] == 4
    browser = signed_in(people["auditor"])
    page = browser.get(f"/admin/bankfeeds/push/{push.pk}/change/")
    assert "Days after which a row that goes is marked as late 4" in text(page)
    assert "12 rules were in force" in text(page)
    assert "marked as late 2" in text(browser.get("/admin/rules/"))


def test_a_push_from_before_says_that_no_rules_were_kept(people: dict[str, Any]) -> None:
    with guards.lifted():
        push = waiting()
        Push.objects.update(rules_in_force={})
    page = signed_in(people["auditor"]).get(f"/admin/bankfeeds/push/{push.pk}/change/")
    assert "They were not kept when this push was confirmed." in text(page)


def test_a_finding_leads_into_the_catalogue(people: dict[str, Any]) -> None:
    account = support.make_account()
    support.make_transactions(account, ("0.00",))
    page = signed_in(people["manager"]).get(f"/admin/bankfeeds/push/confirm/?account={account.pk}")
    assert page.content.decode().count('href="/admin/rules/#zero-amount"') == 3
