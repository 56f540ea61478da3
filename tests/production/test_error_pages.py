"""Refused and broken requests: a page in the portal's look, with what to tell support."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import SuspiciousOperation
from django.db import OperationalError, connection
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path

from portal import urls
from tests.admin.pushes import signed_in

ID = "the-id-of-the-request"
NAMED = {"X-Request-ID": ID}
SECRET = "value-of-a-local-variable"


def breaks(request: HttpRequest) -> HttpResponse:
    hidden = SECRET
    raise RuntimeError(f"broken {hidden}")


def odd(request: HttpRequest) -> HttpResponse:
    raise SuspiciousOperation("odd")


urlpatterns = [path("breaks", breaks), path("odd", odd), *urls.urlpatterns]
handler400, handler500 = urls.handler400, urls.handler500


def page(answer: Any, status: int, title: str) -> str:
    assert answer.status_code == status
    text = str(answer.content.decode())
    assert f"<title>{title} | Bank Feeds Portal</title>" in text
    assert 'href="/admin/"' in text
    assert ID in text
    assert "portal.css" in text
    return text


@pytest.fixture
def stranger(settings: Any) -> Client:
    settings.ROOT_URLCONF = __name__
    return Client(raise_request_exception=False, headers=NAMED)


def test_500_needs_no_database_and_gives_nothing_away(stranger: Client) -> None:
    # No database is allowed in this test.
    text = page(stranger.get("/breaks"), 500, "Server error")
    assert SECRET not in text and "RuntimeError" not in text


def test_500_when_the_database_is_what_broke(stranger: Client, people: dict[str, User]) -> None:
    def refused(*args: Any) -> Any:
        raise OperationalError("gone")

    stranger.force_login(people["manager"])
    with connection.execute_wrapper(refused):
        page(stranger.get("/admin/bankfeeds/company/"), 500, "Server error")


def test_500_even_when_its_own_page_is_broken(
    stranger: Client, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [], "APP_DIRS": False}]
    answer = stranger.get("/breaks")
    assert answer.status_code == 500
    assert ID in answer.content.decode()


def test_400(stranger: Client) -> None:
    page(stranger.get("/odd"), 400, "Not understood")
    page(stranger.get("/admin/", headers={"Host": "elsewhere.example"}), 400, "Not understood")


def test_404(stranger: Client, db: None) -> None:
    page(stranger.get("/nothing-here"), 404, "Not found")


def test_404_inside_the_admin(people: dict[str, User]) -> None:
    browser = signed_in(people["manager"])
    page(browser.get("/admin/nothing-here/", headers=NAMED), 404, "Not found")
    page(browser.get("/admin/bankfeeds/push/99/stop/", headers=NAMED), 404, "Not found")


def test_403(people: dict[str, User]) -> None:
    browser = signed_in(people["auditor"])
    page(browser.get("/admin/auth/user/", headers=NAMED), 403, "Not allowed")


def test_403_of_a_form_from_elsewhere(people: dict[str, User]) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(people["manager"])
    answer = browser.post("/admin/bankfeeds/company/add/", headers=NAMED)
    page(answer, 403, "Not accepted")
