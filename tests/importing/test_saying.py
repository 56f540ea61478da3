"""Why rows were left out, in the language of whoever reads it, whoever saved them in whichever."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import translation

from bankfeeds import importing
from bankfeeds.models import SourceAccount, Statement
from tests import support as portal
from tests.intake.support import file_of
from tests.senders.support import file, numbered, part, post, row, sender, status

from .support import look, save

pytestmark = pytest.mark.django_db
ON = portal.today()


@pytest.fixture
def account(db: None) -> SourceAccount:
    return portal.make_account()


def left_out(account: SourceAccount) -> Statement:
    """One bad row, one that came with other content, one that may be here already."""
    save(look(account, file_of(f"A,{ON},Rent,-50.00,100.00", f"B,{ON},Sale,1234.50,1334.50")))
    content = file_of(
        f"X,{ON},Tea,NaN,1.00", f"A,{ON},Rent,-51.00,99.00", f"C,{ON},Sale,1234.50,1333.50"
    )
    return save(look(account, content), leave_out_bad=True)


def said(kept: Statement, language: str) -> list[str]:
    with translation.override(language):
        return [plain(importing.words_of_row(entry)) for entry in kept.rejected]


def plain(text: str) -> str:
    """With single spaces that may break."""
    return " ".join(text.split())


def test_they_are_drawn_when_they_are_shown(
    account: SourceAccount, client: Client, people: dict[str, User]
) -> None:
    with translation.override("fr-ca"):
        saved = left_out(account)
    bad, changed, alike = said(saved, "en")
    assert bad == "Its amount “NaN” is not a number such as -1234.56."
    assert changed.startswith("It is here already with another amount, balance (")
    assert "−50.00, “Rent”)" in changed
    assert alike.startswith("A row of the same day, amount and words is here")
    french = said(saved, "fr-ca")
    assert french[0].startswith("Son montant « NaN »")
    assert "montant, solde" in french[1]
    assert "−50,00, « Rent »" in french[1]
    client.force_login(people["support"])
    page = reverse("admin:bankfeeds_statement_change", args=[saved.pk])
    for language, each in (("en", (bad, changed, alike)), ("fr-ca", french)):
        client.post("/admin/language/", {"language": language})
        shown = plain(client.get(page).content.decode())
        assert all(words.replace("'", "&#x27;") in shown for words in each)


def test_imports_of_old_keep_their_words(account: SourceAccount) -> None:
    old: list[dict[str, Any]] = [
        {"line": 2, "code": "pending", "reason": "It is pending, said the clerk."},
        {"line": 3, "code": "not-a-number", "reason": "Its amount “x” is not a number such as"
         " -1234.56."},
    ]  # fmt: skip
    kept = portal.make_statement(account, rejected=old)
    assert said(kept, "fr-ca")[0] == "It is pending, said the clerk."
    assert said(kept, "fr-ca")[1] != old[1]["reason"]
    assert said(kept, "en") == [each["reason"] for each in old]


def test_of_a_file_that_a_core_system_sent(client: Client, people: dict[str, User]) -> None:
    numbered()
    _row, token = sender()
    address = post(token, file(part(bad=True))).json()["statusAddress"]
    portal.run_jobs()
    [account] = status(token, address).json()["accounts"]
    assert set(account["rows"][0]) == {"line", "reason"}
    assert account["rows"][0]["reason"] == "Its date “never” is not written as YYYY-MM-DD."
    client.force_login(people["support"])
    client.post("/admin/language/", {"language": "fr-ca"})
    page = client.get(reverse("admin:bankfeeds_receivedfile_change", args=[row().pk]))
    assert "« never »" in plain(page.content.decode())
    french = Client(headers={"Accept-Language": "fr-ca"})
    told = french.get(address, headers={"Authorization": f"Bearer {token}"}).json()
    assert told["accounts"] == [account]
