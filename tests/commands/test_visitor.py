"""The demo's reader of pages: what a browser without JavaScript would show and send."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from bankfeeds.management.demo.pages import Page
from bankfeeds.management.demo.visitor import NotThere, Visitor

HTML = """<!doctype html><html><head><title>Not read</title><style>p{}</style></head><body>
<h1>Add &amp; check</h1><script>ignored()</script>
<a href="/one">First  <b>link</b></a>
<form id="a" action="/a" method="post">
 <input type="hidden" name="token" value="t&amp;1">
 <label for="n">Name:</label> <input id="n" name="name" value="old">
 <label><input type="checkbox" name="tick" value="yes"> Right one</label>
 <label><input type="checkbox" name="tick" value="also" checked> Right two</label>
 <select name="kind" aria-label="Kind"><option value="c">Checking</option>
  <option value="s" selected>Savings</option></select>
 <textarea name="why" id="why">as it was</textarea>
 <input name="locked" value="x" disabled>
 <button disabled>Send nothing</button> <button name="go" value="1">Send it</button>
 <button type="button">Send by script</button>
 <button formaction="/b">Send elsewhere</button>
</form>
<button form="a">Send from afar</button>
<form action="/search"><label>Find <input name="q"></label>
 <input type="submit" value="Search"></form>
<table id="t"><tr><th>Push</th><th>Status</th></tr>
 <tr><td>#1</td><td>fine <i>now</i></td></tr></table>
</body></html>"""


class Sent(Visitor):
    """Remembers what would be sent instead of sending it."""

    def __init__(self) -> None:
        super().__init__()
        self.url, self.page = "http://127.0.0.1:1/form?x=1", Page(HTML)
        self.sent: list[Any] = []

    def _go(self, method: str, url: str, **content: Any) -> None:
        self.sent = [
            method,
            url,
            content.get("params") or content.get("data"),
            content.get("files"),
        ]


def test_a_page_is_read_as_it_is_shown() -> None:
    page = Page(HTML)
    assert page.text.startswith("Add & check First link Name:")
    assert "ignored" not in page.text
    assert page.links == [("First link", "/one")]
    assert page.tables == [[["Push", "Status"], ["#1", "fine now"]]]
    assert page.fields["why"].value == "as it was"


def test_a_form_sends_what_a_browser_would() -> None:
    with Sent() as visitor:
        visitor.press("Send it", {"Name": "new", "Right one": True, "Kind": "Checking"})
    method, url, data, files = visitor.sent
    assert (method, url, files) == ("POST", "http://127.0.0.1:1/a", {})
    assert data == [
        ("token", "t&1"),
        ("name", "new"),
        ("tick", "yes"),
        ("tick", "also"),
        ("kind", "c"),
        ("why", "as it was"),
        ("go", "1"),
    ]


def test_all_fields_that_say_so_are_ticked_or_not() -> None:
    with Sent() as visitor:
        visitor.press("Send it", {"Right": False})
    assert not [value for name, value in visitor.sent[2] if name == "tick"]


def test_buttons_may_overrule_the_form_or_stand_outside() -> None:
    with Sent() as visitor:
        visitor.press("Send elsewhere")
        assert visitor.sent[1] == "http://127.0.0.1:1/b"
        visitor.press("Send from afar")
        assert visitor.sent[1] == "http://127.0.0.1:1/a"
        visitor.press("Search", {"Find": "it"})
        assert visitor.sent[:3] == ["GET", "http://127.0.0.1:1/search", [("q", "it")]]


@pytest.mark.parametrize("text", ["Send nothing", "Send by script", "Nothing such"])
def test_what_a_person_could_not_press_is_not_pressed(text: str) -> None:
    with Sent() as visitor, pytest.raises(NotThere, match=f"no button “{text}” on /form"):
        visitor.press(text)


def test_a_field_that_is_not_there_is_said() -> None:
    with Sent() as visitor, pytest.raises(NotThere, match="no button “Send it” with Colour"):
        visitor.press("Send it", {"Colour": "red"})


def test_an_error_page_stops_it(sandbox: Any) -> None:
    with Visitor() as visitor, pytest.raises(NotThere, match="HTTP 404"):
        visitor.open(f"{sandbox.url}/quickbooks/nowhere")


def test_nobody_there_is_an_error_of_requests() -> None:
    with Visitor() as visitor, pytest.raises(requests.ConnectionError):
        visitor.open("http://127.0.0.1:9/")
