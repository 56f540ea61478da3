"""The client's pages, driven as a browser without JavaScript would: forms, in their order."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin

import pytest
import requests

from .conftest import Start
from .talk import Talk, account, row, today


class Page(HTMLParser):
    """A page's forms by the words of their button, and its text."""

    def __init__(self, answer: requests.Response, session: requests.Session) -> None:
        super().__init__()
        self.answer, self.session = answer, session
        self.forms: dict[str, dict[str, Any]] = {}
        self.text = ""
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self._form: dict[str, Any] = {}
        self._select = ""
        self._in_button = False
        self.feed(answer.text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags.append((tag, given))
        if tag == "form":
            self._form = {**given, "fields": {}, "options": {}, "boxes": []}
        elif tag == "input" and given.get("type") == "checkbox":
            self._form["boxes"].append(given["value"])
        elif tag == "input":
            self._form["fields"][given["name"]] = given.get("value") or ""
        elif tag == "select":
            self._select = str(given["name"])
        elif tag == "option":
            self._chosen = "selected" in given
        self._in_button = tag == "button" or (self._in_button and tag != "form")
        self._last = tag

    def handle_endtag(self, tag: str) -> None:
        if tag == "button":
            self._in_button = False
        self._last = ""

    def handle_data(self, data: str) -> None:
        self.text += data
        if self._in_button:
            self.forms[data] = self._form
        elif self._last == "option":
            self._form["options"].setdefault(self._select, []).append(data)
            if self._chosen:
                self._form["fields"][self._select] = data

    def press(self, button: str, ticks: list[str] | None = None, **fields: str) -> Page:
        form = self.forms[button]
        given = [
            *{**form["fields"], **fields}.items(),
            *(("account", each) for each in ticks or []),
        ]
        url = urljoin(self.answer.url, str(form["action"]))
        if form["method"] == "get":
            return Page(self.session.get(url, params=given, timeout=5), self.session)
        return Page(self.session.post(url, data=given, timeout=5), self.session)


@pytest.fixture
def browser() -> Iterator[requests.Session]:
    with requests.Session() as session:
        yield session


def open_page(browser: requests.Session, url: str) -> Page:
    return Page(browser.get(url, timeout=5), browser)


def credentials_of(page: Page) -> tuple[str, str]:
    found = re.search(r"Username(\S{14})Password(\S{16})", page.text)
    assert found
    return found[1], found[2]


def test_the_story_from_link_to_connected(start: Start, browser: requests.Session) -> None:
    talk = start(institution="Maple & Sons")
    client = talk.client(account("a", accountName="<Every>day"), account("b"), connect=False)
    first = open_page(browser, client.link)
    assert "Connect to QuickBooks Online Bank Feeds" in first.text
    second = first.press("Next")
    assert "Set up QuickBooks" in second.text and "Revoke credentials" not in second.forms
    third = second.press("Get credentials")
    username, password = credentials_of(third)
    assert "Revoke credentials" in third.forms and "Maple & Sons" in third.text
    sign_in = third.press("Continue to QuickBooks")
    assert sign_in.forms["Sign in"]["fields"] == {"username": username, "password": password}
    wrong = sign_in.press("Sign in", password="wrong")
    assert "not right" in wrong.text
    assert talk.get(client.base)["status"] == "PendingAuth"
    choose = wrong.press("Sign in", username=username, password=password)
    form = choose.forms["Connect"]
    assert form["boxes"] == ["a", "b"]
    assert form["fields"]["feedStartDate"] == (today() - dt.timedelta(days=7)).isoformat()
    assert form["fields"]["target:a"] != form["fields"]["target:b"]
    done = choose.press(
        "Connect", ["a"], feedStartDate=(today() - dt.timedelta(days=2)).isoformat()
    )
    assert "<Every>day" in done.text and "connected from" in done.text
    assert talk.get(client.base)["status"] == "Linked"
    assert client.account("a")["status"] == "connected"
    assert client.account("a")["feedStartDate"] == (today() - dt.timedelta(days=2)).isoformat()
    assert client.account("b")["status"] == "pending"
    assert client.ended(client.push(row("t"), account_id="a"))["status"] == "Success"


def test_more_accounts_later_by_a_fresh_link(talk: Talk, browser: requests.Session) -> None:
    client = talk.client(account("a"))
    talk.post(client.accounts, account("b"))
    link = talk.get(client.base)["linkUrl"]
    page = open_page(browser, link).press("Next").press("Get credentials")
    choose = page.press("Continue to QuickBooks").press("Sign in")
    assert choose.forms["Connect"]["boxes"] == ["b"]
    choose.press("Connect", ["b"])
    assert client.account("b")["status"] == "connected"


@pytest.mark.parametrize(
    ("ticks", "fields"),
    [
        ([], {}),
        (["a", "b"], {"target:a": "Visa (2100)", "target:b": "Visa (2100)"}),
        (["a"], {"target:a": "no such account"}),
        (["a"], {"feedStartDate": ""}),
        (["a"], {"feedStartDate": "9999-01-01"}),
    ],
)
def test_a_wrong_choice_is_asked_again(
    talk: Talk, browser: requests.Session, ticks: list[str], fields: dict[str, str]
) -> None:
    client = talk.client(account("a"), account("b"), connect=False)
    page = open_page(browser, client.link).press("Next").press("Get credentials")
    choose = page.press("Continue to QuickBooks").press("Sign in")
    again = choose.press("Connect", ticks, **fields)
    assert "Connect" in again.forms and 'role="alert"' in again.answer.text
    assert talk.get(client.base)["status"] == "PendingAuth"
    again.press("Connect", ["a", "b"])
    assert talk.get(client.base)["status"] == "Linked"


def test_revoked_credentials_do_not_open(talk: Talk, browser: requests.Session) -> None:
    client = talk.client(connect=False)
    page = open_page(browser, client.link).press("Next").press("Get credentials")
    sign_in = page.press("Continue to QuickBooks")
    assert "revoked" in page.press("Revoke credentials").text
    assert "not right" in sign_in.press("Sign in").text


def test_without_accounts_quickbooks_asks_again(talk: Talk, browser: requests.Session) -> None:
    link = talk.connection(talk.company())["linkUrl"]
    page = open_page(browser, link).press("Next").press("Get credentials")
    again = page.press("Continue to QuickBooks").press("Sign in")
    assert "No accounts were found" in again.text and "Sign in" in again.forms


def test_credentials_of_the_api_open_too(talk: Talk, browser: requests.Session) -> None:
    client = talk.client(connect=False)
    made = talk.post(client.accounts + "/credentials", {})
    page = open_page(browser, f"{talk.url}/quickbooks/link-account")
    assert page.press("Sign in", **made).forms["Connect"]["boxes"] == ["ac-001"]


def test_a_client_who_cancels_is_not_connected(talk: Talk, browser: requests.Session) -> None:
    client = talk.client(connect=False)
    ready = open_page(browser, client.link).press("Next").press("Get credentials")
    sign_in = ready.press("Continue to QuickBooks")
    given = sign_in.forms["Sign in"]["fields"]
    done = sign_in.press("Sign in").press("Cancel")
    assert "You cancelled" in done.text
    answer = talk.get(client.base)
    assert answer["status"] == "PendingAuth"
    assert answer["dataConnectionErrors"][0]["errorMessage"] == "User cancelled"
    # The session is over, the credentials still open.
    connected = done.press("Sign in", **given).press("Connect", ["ac-001"])
    assert "Connected." in connected.text
    assert talk.get(client.base)["status"] == "Linked"


def test_an_expired_link_is_a_401_page_at_every_step(talk: Talk, browser: requests.Session) -> None:
    client = talk.client()
    second = open_page(browser, client.link).press("Next")
    talk.control("clock", {"advanceSeconds": 3601})
    for page in (open_page(browser, client.link), second.press("Get credentials")):
        assert page.answer.status_code == 401
        assert "expired" in page.text
        assert page.answer.headers["Content-Type"].startswith("text/html")
    assert open_page(browser, client.link.replace("otp=", "x=")).answer.status_code == 401


def test_a_disconnect_in_quickbooks_is_noticed_after_ten_days(
    talk: Talk, browser: requests.Session
) -> None:
    client = talk.client()
    page = open_page(browser, f"{talk.url}/quickbooks/connections/{client.connection_id}")
    after = page.press("Disconnect")
    assert "ten days" in after.text and "Disconnect" not in after.forms
    assert client.account()["status"] == "connected"
    assert client.ended(client.push(row("a")))["status"] == "Success"
    talk.control("clock", {"advanceSeconds": 10 * 86400 + 1})
    assert client.account()["status"] == "disconnected"
    assert talk.get(client.base)["status"] == "Unlinked"


def test_connecting_again_in_time_keeps_the_account(talk: Talk, browser: requests.Session) -> None:
    client = talk.client()
    page = open_page(browser, f"{talk.url}/quickbooks/connections/{client.connection_id}")
    page.press("Disconnect")
    made = talk.post(client.accounts + "/credentials", {})
    sign_in = open_page(browser, f"{talk.url}/quickbooks/link-account")
    sign_in.press("Sign in", **made).press("Connect", ["ac-001"])
    talk.control("clock", {"advanceSeconds": 10 * 86400 + 1})
    assert client.account()["status"] == "connected"


def test_the_index_shows_companies_faults_and_the_clock(
    talk: Talk, browser: requests.Session
) -> None:
    client = talk.client(name="Smith & Sons")
    index = open_page(browser, talk.url)
    assert "Smith & Sons" in index.text and "fault-500-after" in index.text
    hrefs = [given.get("href") for tag, given in index.tags if tag == "a"]
    assert client.link.removeprefix(talk.url) in hrefs
    index.press("Advance the clock", hours="2")
    assert client.link.removeprefix(talk.url) not in open_page(browser, talk.url).answer.text
    assert index.press("Advance the clock", hours="-1").answer.status_code == 400
    assert index.press("Advance the clock", hours="nan").answer.status_code == 400


def test_pages_need_no_script_and_allow_none(talk: Talk, browser: requests.Session) -> None:
    client = talk.client()
    for url in (talk.url, client.link, f"{talk.url}/quickbooks", f"{talk.url}/company/x"):
        page = open_page(browser, url)
        assert page.answer.status_code == 200
        assert "default-src 'none'" in page.answer.headers["Content-Security-Policy"]
        assert page.answer.headers["Cache-Control"] == "no-store"
        assert not {tag for tag, _ in page.tags} & {"script", "style"}
        assert not [given for _, given in page.tags if "style" in given or "onclick" in given]
    assert browser.get(f"{talk.url}/sandbox.css", timeout=5).headers["Content-Type"] == (
        "text/css; charset=utf-8"
    )
    assert open_page(browser, f"{talk.url}/quickbooks/nothing").answer.status_code == 404
    assert open_page(browser, f"{talk.url}/quickbooks/choose?session=x").forms["Sign in"]
