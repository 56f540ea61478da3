"""Notes: kept once, with who and when, on the company and on the push they are about."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from bankfeeds.models import Note
from tests import support
from tests.admin.pushes import signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def push() -> Any:
    return support.make_push()


def place(push: Any) -> str:
    return f"/admin/bankfeeds/company/{push.company_id}/note/"


def page(push: Any, kind: str) -> str:
    pk = push.pk if kind == "push" else push.company_id
    return f"/admin/bankfeeds/{kind}/{pk}/change/"


@pytest.mark.parametrize("role", ["manager", "support"])
def test_a_note_of_a_push_stands_on_both_pages(people: Any, push: Any, role: str) -> None:
    browser = signed_in(people[role])
    given = {"text": "wants <b>two</b> accounts", "push": push.pk, "form_key": str(uuid.uuid4())}
    for _press in range(2):
        browser.post(place(push), given)
    note = Note.objects.get()
    assert (note.made_by, note.push) == (role, push)
    for kind in ("push", "company"):
        text = browser.get(page(push, kind)).content.decode()
        assert "wants &lt;b&gt;two&lt;/b&gt; accounts" in text


def test_a_note_of_the_company_is_none_of_its_pushes(people: Any, push: Any) -> None:
    browser = signed_in(people["manager"])
    browser.post(place(push), {"text": "call on Monday"})
    assert "call on Monday" in browser.get(page(push, "company")).content.decode()
    assert "call on Monday" not in browser.get(page(push, "push")).content.decode()


@pytest.mark.parametrize("text", ["", "  \n", "\x00", "x" * 4001])
def test_nothing_and_too_much_are_refused_in_words(people: Any, push: Any, text: str) -> None:
    browser = signed_in(people["manager"])
    answer = browser.post(place(push), {"text": text}, follow=True)
    assert "Nothing was kept." in answer.content.decode()
    assert not Note.objects.exists()


def test_a_note_about_another_clients_push_is_refused(people: Any, push: Any) -> None:
    other = support.make_push()
    signed_in(people["manager"]).post(place(push), {"text": "x", "push": other.pk})
    assert not Note.objects.exists()


@pytest.mark.parametrize("role", ["auditor", "administrator"])
def test_who_only_reads_reads_notes_and_adds_none(people: Any, push: Any, role: str) -> None:
    signed_in(people["manager"]).post(place(push), {"text": "call on Monday"})
    browser = signed_in(people[role])
    text = browser.get(page(push, "company")).content.decode()
    assert "call on Monday" in text
    assert "Add note" not in text
    assert browser.post(place(push), {"text": "x"}).status_code == 403
