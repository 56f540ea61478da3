"""What stands above every page, and where each role starts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.utils import label_for_field
from django.contrib.staticfiles import finders
from django.test import Client
from django.utils import timezone
from django.utils.translation import override

# The site knows no pages before.
import bankfeeds.admin  # noqa: F401
from bankfeeds import health
from bankfeeds.models import Closure, ReadinessCheck
from tests import support
from tests.admin import pushes
from tests.admin.pushes import signed_in, text

HOME = "/admin/"


@pytest.mark.parametrize(
    ("role", "place"),
    [
        ("manager", "/admin/bankfeeds/company/?owner=me"),
        ("support", "/admin/bankfeeds/company/"),
        ("auditor", "/admin/bankfeeds/push/"),
    ],
)
def test_where_each_role_starts(people: dict[str, Any], role: str, place: str) -> None:
    assert signed_in(people[role]).get(HOME)["Location"] == place


def test_the_administrator_starts_at_home(people: dict[str, Any]) -> None:
    shown = text(signed_in(people["administrator"]).get(HOME))
    assert "Users" in shown and "Companies" in shown


@pytest.mark.parametrize(
    ("url", "word"), [("http://127.0.0.1:9", "SANDBOX"), ("https://api.codat.io", "LIVE")]
)
def test_the_header_says_which_world_it_is(
    people: dict[str, Any], settings: Any, url: str, word: str
) -> None:
    settings.CODAT_BASE_URL = url
    shown = signed_in(people["manager"]).get("/admin/bankfeeds/company/").content.decode()
    assert f"world-{word.lower()}" in shown and f">{word}<" in shown
    assert f">{word}<" in Client().get("/admin/login/").content.decode()


def test_a_worker_that_does_not_run_is_said_on_every_page(people: dict[str, Any]) -> None:
    browser, words = signed_in(people["support"]), "Sending has stopped: the worker is not running"
    support.no_worker_runs()
    assert words in text(browser.get("/admin/bankfeeds/company/"))
    health.beat(now=timezone.now())
    assert words not in text(browser.get("/admin/bankfeeds/company/"))


def test_undecided_pushes_are_counted_in_the_header(people: dict[str, Any]) -> None:
    browser = signed_in(people["auditor"])
    assert "Needs a decision (" not in text(browser.get("/admin/bankfeeds/company/"))
    pushes.refused()
    assert "Needs a decision (1)" in text(browser.get("/admin/bankfeeds/company/"))


def test_the_queue_has_no_pages(db: None) -> None:
    labels = {model._meta.app_label for model in admin.site._registry}
    assert labels == {"bankfeeds", "auth"}


def test_nothing_but_a_closing_day_can_be_deleted_by_anybody(
    people: dict[str, Any], rf: Any
) -> None:
    from django.contrib.auth.models import User

    request = rf.get("/")
    request.user = User.objects.create_superuser("root")
    for model, page in admin.site._registry.items():
        assert page.has_delete_permission(request) is (model is Closure), model
        assert "delete_selected" not in page.get_actions(request), model


def test_an_empty_list_says_so_and_how_another_is_met(admin_client: Client) -> None:
    for model, its in admin.site._registry.items():
        address = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
        if model is not ReadinessCheck and not model._default_manager.exists():
            assert 'class="note note-' in admin_client.get(address).content.decode(), address
        if its.search_fields:
            page = admin_client.get(address, {"q": "nowhere"}).content.decode()
            assert 'class="note note-' in page, address
            assert 'id="result_list"' not in page, address
    for name in ("connection", "sourceaccount"):
        page = text(admin_client.get(f"/admin/bankfeeds/{name}/", {"q": "nowhere"}))
        assert "Nothing fits. Take away a filter" in page


def test_columns_have_names_in_french() -> None:
    """A column that is a relation has the name of the attribute unless somebody gave it one."""
    same = {"date", "description", "type", "institution", "version"}
    names = {}
    for language in ("en", "fr-ca"):
        with override(language):
            names[language] = [
                str(label_for_field(column, model, page))
                for model, page in admin.site._registry.items()
                for column in page.list_display
            ]
    alike = {one for one, two in zip(*names.values(), strict=True) if one == two}
    assert len(names["en"]) > 50 and alike <= same


def test_pages_load_nothing_from_elsewhere_and_run_nothing_inline(people: dict[str, Any]) -> None:
    account = support.make_account()
    browser = signed_in(people["manager"])
    for path in (
        "company/",
        "company/add/",
        f"company/{account.company_id}/change/",
        f"connection/{account.connection_id}/change/",
        f"connection/{account.connection_id}/accounts/",
        f"sourceaccount/{account.pk}/change/",
    ):
        content = browser.get(f"/admin/bankfeeds/{path}").content.decode()
        assert "<style" not in content and " style=" not in content and " onclick=" not in content
        assert "<script>" not in content
        for source in ('src="http', 'href="http', 'src="//'):
            assert source not in content


def test_no_style_hides_the_errors_of_a_form() -> None:
    """Errors of a file were in the page, and no one could see them."""
    styles = Path(finders.find("bankfeeds/portal.css") or "").parent
    for sheet in styles.glob("*.css"):
        for rule in sheet.read_text().split("}"):
            assert not ("errorlist" in rule and "none" in rule), f"{sheet.name}: {rule}"
