"""The link pages in English and French, and the institution's callout on them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin

import pytest
import requests

from bankfeeds.sandbox.link_words import ENGLISH, FRENCH

from .conftest import Start
from .talk import Client, Talk
from .test_pages import Page, open_page

CALLOUT = {
    "en": {"title": "Have your QuickBooks open", "body": "Call <us> & we stay on the line."},
    "fr": {"title": "Ouvrez d'abord QuickBooks", "body": "Appelez-nous : nous restons en ligne."},
}


@pytest.fixture
def browser() -> Iterator[requests.Session]:
    with requests.Session() as session:
        yield session


@pytest.fixture
def client(talk: Talk) -> Client:
    return talk.client(connect=False)


def switched(page: Page) -> Page:
    """The page behind the link to the other language."""
    (href,) = [given["href"] for tag, given in page.tags if tag == "a" and given.get("hreflang")]
    return open_page(page.session, urljoin(page.answer.url, str(href)))


def language(page: Page) -> str | None:
    return next(given.get("lang") for tag, given in page.tags if tag == "html")


def test_every_text_is_in_both_languages() -> None:
    assert ENGLISH._fields == FRENCH._fields
    for name, english, french in zip(ENGLISH._fields, ENGLISH, FRENCH, strict=True):
        assert english != french, name
        assert not isinstance(english, tuple) or len(english) == len(french), name
    assert sum("{institution}" in each for each in FRENCH.steps) == 1


def test_the_whole_way_in_french(start: Start, browser: requests.Session) -> None:
    talk = start(institution="Érable & Fils")
    client = talk.client(connect=False)
    english = open_page(browser, client.link)
    assert language(english) == "en" and "Français" in english.text
    first = switched(english)
    assert language(first) == "fr" and "vous acceptez de" in first.text
    assert language(switched(first)) == "en"
    second = first.press("Suivant")
    assert language(second) == "fr" and "Configurer QuickBooks" in second.text
    third = second.press("Obtenir les identifiants")
    assert "Cherchez Érable & Fils" in third.text
    # The pair is shown once; the other language shows the same one.
    again = third.press("English")
    assert language(again) == "en" and "Search for Érable & Fils" in again.text
    fields = again.forms["Continue to QuickBooks"]["fields"]
    assert fields == third.forms["Continuer vers QuickBooks"]["fields"]
    assert (
        again.press("Français").press("Continuer vers QuickBooks").press("Sign in").forms["Connect"]
    )
    revoked = third.press("Révoquer les identifiants")
    assert language(revoked) == "fr" and "Les identifiants ont été révoqués." in revoked.text


def test_a_pair_of_another_client_is_not_shown_again(
    talk: Talk, client: Client, browser: requests.Session
) -> None:
    other = talk.client(name="Other", connect=False)
    theirs = talk.post(other.accounts + "/credentials", {})
    page = open_page(browser, client.link).press("Next").press("Get credentials")
    shown = page.press("Français", **theirs)
    assert theirs["username"] not in shown.text


def test_an_expired_link_says_so_in_french(
    talk: Talk, client: Client, browser: requests.Session
) -> None:
    talk.control("clock", {"advanceSeconds": 3601})
    page = open_page(browser, client.link + "&lang=fr")
    assert page.answer.status_code == 401
    assert language(page) == "fr" and "Ce lien est expiré" in page.text


def test_a_language_that_is_none_is_english(client: Client, browser: requests.Session) -> None:
    assert language(open_page(browser, client.link + "&lang=%3Cb%3E")) == "en"


def test_the_callout_stands_above_the_button(
    talk: Talk, client: Client, browser: requests.Session
) -> None:
    assert talk.control("callout", CALLOUT) == CALLOUT
    start = open_page(browser, client.link)
    assert "Have your QuickBooks open" not in start.text
    page = start.press("Next")
    markup = page.answer.text
    assert "Call <us> & we stay on the line." in page.text  # as text, never as markup
    assert "<us>" not in markup
    assert markup.index("Have your QuickBooks open") < markup.index("Get credentials")
    french = switched(page)
    assert "Ouvrez d'abord QuickBooks" in french.text and "Call" not in french.text
    talk.control("callout", {"en": CALLOUT["en"]})
    assert "Have your QuickBooks open" in switched(page).text
    assert requests.delete(f"{talk.url}/_sandbox/callout", timeout=5).status_code == 204
    assert "callout" not in switched(page).answer.text


def test_the_longest_callout_is_taken_and_one_more_letter_is_not(talk: Talk) -> None:
    for title, body, status in (
        ("t" * 50, "b" * 150, 200), ("t" * 51, "b", 400), ("t", "b" * 151, 400), ("", "b", 400),
        ("t", " ", 400), ("t\nt", "b", 400), ("t", "b\u202e", 400), (7, "b", 400),
    ):  # fmt: skip
        wanted = {"en": {"title": title, "body": body}}
        answer = requests.post(f"{talk.url}/_sandbox/callout", json=wanted, timeout=5)
        assert answer.status_code == status, (title, body)
    odds: list[Any] = [[], {}, {"fr": CALLOUT["fr"]}, {**CALLOUT, "de": CALLOUT["en"]}, {"en": "x"}]
    for odd in odds:
        answer = requests.post(f"{talk.url}/_sandbox/callout", json=odd, timeout=5)
        assert answer.status_code == 400, odd


def test_a_callout_given_at_the_start(start: Start, browser: requests.Session) -> None:
    client = start(link_callout=CALLOUT).client(connect=False)
    assert "Have your QuickBooks open" in open_page(browser, client.link).press("Next").text
    with pytest.raises(ValueError, match="51 characters; at most 50"):
        start(link_callout={"en": {"title": "t" * 51, "body": "b"}})
