"""No GET page holds a client's link, and none asks Codat for a new one, whoever opens it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from django.test import Client

from tests import support
from tests.e2e import crawl, day
from tests.e2e.codat import asked

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from bankfeeds.models import Actor
    from bankfeeds.sandbox.server import Sandbox


@pytest.mark.parametrize("who", ["manager", "support", "auditor"])
def test_no_page_shows_or_mints_a_link(
    portal: str, sandbox: Sandbox, people: dict[str, User], actor: Actor, who: str
) -> None:
    # Else each of the pages reckons what is being lost, for a band that holds no link.
    support.worker_runs()
    connection = day.lived(actor).connection
    connection.refresh_from_db()
    (otp,) = parse_qs(urlsplit(connection.link_url).query)["otp"]
    before = asked()
    with _signed_in(people[who]) as session:
        shown = _read_all(session, portal)
    assert len(shown) > 10, list(shown)
    for path, text in shown.items():
        assert not re.search(rf"(?<!\w){otp}(?!\w)", text), path
        assert connection.link_url not in text, path
    assert asked()[len(before) :] == []


def _read_all(session: requests.Session, portal: str) -> dict[str, str]:
    shown: dict[str, str] = {}

    def read(path: str) -> tuple[str, str]:
        answer = session.get(f"{portal}{path}", timeout=20)
        assert answer.status_code < 500, f"{answer.status_code} {path}"
        # A download, an error page: what is in it counts as well.
        shown[path] = answer.text
        return crawl.local(answer.url), answer.text

    list(crawl.walk(read, forms=True))
    return shown


def _signed_in(user: User) -> requests.Session:
    client = Client()
    client.force_login(user)
    session = requests.Session()
    session.cookies.set("sessionid", client.cookies["sessionid"].value)
    return session
