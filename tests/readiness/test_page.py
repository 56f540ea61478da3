"""The page of readiness: who sees it, who may press, that opening it asks nobody."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from bankfeeds import health
from bankfeeds.groups import GROUPS
from bankfeeds.models import ReadinessCheck
from tests import support
from tests.admin.pushes import signed_in, text
from tests.onboarding.orders import seen

pytestmark = pytest.mark.django_db(transaction=True)
PAGE = "/admin/bankfeeds/readinesscheck/"
CHECK = PAGE + "check/"
MAY = {"manager", "support", "administrator"}


@pytest.mark.parametrize("role", GROUPS)
def test_each_role(people: dict[str, Any], sandbox: Any, role: str) -> None:
    browser, may = signed_in(people[role]), role in MAY
    assert browser.get(PAGE).status_code == (200 if may else 403)
    assert browser.post(PAGE).status_code == (405 if may else 403)
    assert browser.get(CHECK).status_code == 302
    assert browser.post(CHECK).status_code == (303 if may else 403)
    assert ReadinessCheck.objects.count() == may
    for name in ("add/", "1/delete/", "1/change/"):
        assert browser.post(PAGE + name).status_code in {403, 405}
    # In the menu of every page, and on the first page of an administrator.
    menu = browser.get("/admin/bankfeeds/company/").content.decode()
    assert (PAGE in menu) is may


def test_nobody_from_outside(db: None, client: Any) -> None:
    for path in (PAGE, CHECK):
        assert client.get(path)["Location"].startswith("/admin/login/")


def test_a_press_from_elsewhere_is_refused(people: dict[str, Any], sandbox: Any) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(people["manager"])
    assert browser.post(CHECK).status_code == 403
    assert seen() == []


def test_opening_asks_nobody_and_shows_what_was_found(people: dict[str, Any], sandbox: Any) -> None:
    browser = signed_in(people["support"])
    support.no_worker_runs()
    assert "Nobody has checked yet" in text(browser.get(PAGE))
    assert seen() == []
    shown = text(browser.post(CHECK, follow=True))
    assert "Checked. Something is not in order" in shown
    assert "by support." in shown and "✕ Not in order" in shown
    assert "Start it: manage.py worker, or its service." in shown
    asked = len(seen())
    assert text(browser.get(PAGE)).count("Our key at Codat") == 1
    browser.get(PAGE)
    assert len(seen()) == asked == 1


def test_when_all_is_in_order(people: dict[str, Any], sandbox: Any) -> None:
    health.beat(now=timezone.now())
    browser = signed_in(people["administrator"])
    shown = text(browser.post(CHECK, follow=True))
    assert "Everything that is needed is in order." in shown and "Not in order" not in shown


def test_two_presses_ask_once(people: dict[str, Any], sandbox: Any) -> None:
    browser = signed_in(people["manager"])
    for _ in range(2):
        assert browser.post(CHECK)["Location"] == PAGE
    assert len(seen()) == 1 and ReadinessCheck.objects.count() == 1


def test_in_french(people: dict[str, Any], sandbox: Any) -> None:
    browser = signed_in(people["manager"])
    browser.post(CHECK)
    browser.post("/admin/language/", {"language": "fr-ca", "next": PAGE})
    shown = text(browser.get(PAGE))
    assert "Notre clé chez Codat" in shown and "Vérifier maintenant" in shown
    assert "Our key" not in shown
