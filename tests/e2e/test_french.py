"""Whoever chose French finds no English sentence on any page that can be reached."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest
from django.test import Client

from bankfeeds.models import Language, Preference, Push
from tests.e2e import crawl, day

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from bankfeeds.models import Actor
    from bankfeeds.sandbox.server import Sandbox

# Words that no French sentence has. What people and Codat wrote themselves is left alone.
ENGLISH = re.compile(
    r"\b(the|of|and|is|not|was|are|this|that|with|from|by|for|yes|save|add|select|search|show"
    r"|your|you|has|have|been|no longer|nothing|will|be|it)\b",
    re.IGNORECASE,
)
SPOKEN = {"title", "placeholder", "aria-label", "alt", "data-failed", "data-words"}
# English on purpose, Codat's own words, and what Django itself has not translated.
ALLOWED = re.compile(
    r"^English$|\.csv|id,date|^\{|push\.\w"
    r"|Correlation ID|The sandbox was told|problem with our server"
    r"|^Search$|password for this user will be lost|authenticate using a password"
)


class _Texts(HTMLParser):
    """What a person reads or hears of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._silent = 0
        self._foreign: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in {"script", "style", "blockquote", "code", "textarea"}:
            self._silent += 1
        self.found += [value for name, value in attrs if name in SPOKEN and value]

    def handle_endtag(self, tag: str) -> None:
        if tag in {"script", "style", "blockquote", "code", "textarea"}:
            self._silent -= 1

    def handle_data(self, data: str) -> None:
        if not self._silent and data.strip():
            self.found.append(" ".join(data.split()))


def english(html: str) -> list[str]:
    texts = _Texts()
    texts.feed(html)
    return [t for t in texts.found if ENGLISH.search(t) and not ALLOWED.search(t)]


@pytest.mark.parametrize("who", ["manager", "administrator"])
@pytest.mark.django_db(transaction=True)
def test_no_page_has_an_english_sentence(
    sandbox: Sandbox, people: dict[str, User], actor: Actor, who: str
) -> None:
    day.lived(actor)
    Preference.objects.create(user=people[who], language=Language.FRENCH)
    client = Client()
    client.force_login(people[who])
    found: dict[str, str] = {}

    def read(path: str) -> tuple[str, str]:
        answer = client.get(path, follow=True)
        there = answer.redirect_chain[-1][0] if answer.redirect_chain else path
        is_page = answer.headers.get("Content-Type", "").startswith("text/html")
        html = answer.content.decode() if is_page and not answer.streaming else ""
        for text in english(html):
            found.setdefault(text, path)
        return there, html

    list(crawl.walk(read))
    for push in Push.objects.all():
        read(f"/admin/bankfeeds/push/{push.pk}/change/")
    assert found == {}


def test_an_english_sentence_is_found() -> None:
    assert english('<p title="Nothing was sent">Rien</p><p>It is <b>the</b> end</p>') != []
    assert english("<p>Rien n'a été envoyé.</p><blockquote>the words</blockquote>") == []
