"""Each person reads the portal in the language that they chose."""

from __future__ import annotations

import pytest

from bankfeeds import languages
from tests import support
from tests.admin.pushes import signed_in

pytestmark = pytest.mark.django_db
PLACE = "/admin/language/"
HISTORY = "/admin/bankfeeds/push/"


def test_a_person_reads_what_they_chose_and_only_they() -> None:
    person, other = support.make_person("auditor"), support.make_person("auditor", username="other")
    browser = signed_in(person)
    answer = browser.post(PLACE, {"language": "fr-ca", "next": HISTORY})
    assert answer["Location"] == HISTORY
    page = browser.get(HISTORY)
    assert page["Content-Language"] == "fr-ca"
    assert '<html lang="fr-ca"' in page.content.decode()
    assert '<html lang="en' in signed_in(other).get(HISTORY).content.decode()


def test_the_choice_can_be_changed_back() -> None:
    person = support.make_person("auditor")
    browser = signed_in(person)
    for language in ("fr-ca", "en"):
        browser.post(PLACE, {"language": language})
        assert languages.chosen(person) == language
    assert 'value="fr-ca"' in browser.get(HISTORY).content.decode()


def test_a_language_that_there_is_not_changes_nothing() -> None:
    person = support.make_person("auditor")
    signed_in(person).post(PLACE, {"language": "../x"})
    assert languages.chosen(person) is None


@pytest.mark.parametrize("place", ["https://elsewhere.example/", "//elsewhere.example", "x"])
def test_the_way_back_leads_nowhere_else(place: str) -> None:
    browser = signed_in(support.make_person("auditor"))
    assert browser.post(PLACE, {"language": "en", "next": place})["Location"] == "/admin/"
