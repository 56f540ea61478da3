"""Every page that a person can reach by following links, one of each kind.

Two addresses are of one kind when they differ in numbers, ids and values of the query only; a list
is visited twice, as it is and with one of its filters.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from html.parser import HTMLParser
from urllib.parse import parse_qsl, urljoin, urlsplit

START = "/admin/"
MOST = 160
# Signing out would end the walk; the JavaScript catalogue is no page.
LEFT_ALONE = re.compile(r"/logout/|/jsi18n/|/password_change/done/")
_LIST = re.compile(r"/admin/\w+/\w+/$")
_IDS = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|\d+")


class _Addresses(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.actions: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "a" and given.get("href"):
            self.links.append(str(given["href"]))
        for name in ("action", "formaction"):
            if given.get(name):
                self.actions.append(str(given[name]))


def kind(path: str) -> str:
    parts = urlsplit(path)
    if _LIST.match(parts.path):
        return f"{parts.path}?{'any' if parts.query else ''}"
    given = {name for name, _ in parse_qsl(parts.query, keep_blank_values=True)}
    names = sorted(name for name in given if not name.startswith("_"))
    return f"{_IDS.sub('#', parts.path)}?{'&'.join(names)}"


def walk(read: Callable[[str], tuple[str, str]], *, forms: bool = False) -> Iterator[str]:
    """Paths in the order in which they were found. `read`: path -> where it led to, and its HTML.

    forms: visit their addresses too; what a person reloads may be a page that was posted to.
    """
    waiting, seen = [START], {kind(START)}
    for _ in range(MOST):
        if not waiting:
            return
        here = waiting.pop(0)
        there, html = read(here)
        yield here
        seen.add(kind(there))
        for path in _found(html, there, forms=forms):
            if kind(path) not in seen:
                seen.add(kind(path))
                waiting.append(path)
    raise AssertionError(f"more than {MOST} kinds of pages; next would be {waiting[:5]}")


def local(url: str) -> str:
    """Path and query of an address."""
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def _found(html: str, here: str, *, forms: bool) -> Iterable[str]:
    addresses = _Addresses()
    addresses.feed(html)
    for address in (*addresses.links, *(addresses.actions if forms else ())):
        parts = urlsplit(urljoin(f"http://portal{here}", address))
        path = local(parts.geturl())
        ours = parts.netloc == "portal" and parts.path.startswith(START)
        if ours and not LEFT_ALONE.search(path):
            yield path
