"""Headers that every answer has, whatever kind of answer it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tests.admin.pushes import signed_in

POLICY = {
    "default-src 'self'",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
}
# 200, 302, 403, 404 and 500.
KINDS = {
    "/admin/bankfeeds/company/": 200,
    "/admin/": 302,
    "/admin/auth/user/": 403,
    "/nothing": 404,
    "/breaks": 500,
    "/healthz": 200,
}


def has_all(answer: Any) -> None:
    assert set(answer["Content-Security-Policy"].split("; ")) == POLICY
    assert answer["X-Frame-Options"] == "DENY"
    assert "camera=()" in answer["Permissions-Policy"]
    assert answer["X-Robots-Tag"] == "noindex, nofollow"
    assert answer["X-Request-ID"]


@pytest.mark.parametrize("path", KINDS)
def test_every_kind_of_answer(people: dict[str, User], settings: Any, path: str) -> None:
    settings.ROOT_URLCONF = "tests.production.test_error_pages"
    browser = signed_in(people["manager"])
    browser.raise_request_exception = False
    answer = browser.get(path)
    assert answer.status_code == KINDS[path]
    has_all(answer)
    if path != "/healthz":
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Cross-Origin-Opener-Policy"] == "same-origin"
        assert answer["Referrer-Policy"] == "same-origin"


def test_static_files(client: Client, settings: Any) -> None:
    file = Path(settings.STATIC_ROOT) / "probe.css"
    file.write_text("p{}")
    try:
        # Whitenoise lists what is there when it starts.
        answer = Client().get("/static/probe.css")
        assert (answer.status_code, answer.getvalue()) == (200, b"p{}")
        has_all(answer)
        assert answer["X-Content-Type-Options"] == "nosniff"
    finally:
        file.unlink()


def test_the_redirect_to_https(client: Client, settings: Any) -> None:
    settings.SECURE_SSL_REDIRECT = True
    answer = client.get("/admin/")
    assert answer.status_code == 301
    has_all(answer)


def test_nothing_that_a_page_asks_for_may_be_framed_or_inlined(settings: Any) -> None:
    allowed = settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]
    assert not [d for d, sources in allowed.items() if set(sources) - {"'self'", "'none'"}]
