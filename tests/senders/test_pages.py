"""Pages: a sender is made and revoked, its files are decided on."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from bankfeeds.models import BankTransaction, Event, ReceivedFile, Sender
from tests.admin.pushes import text
from tests.support import run_jobs

from .support import file, numbered, part, post, status, strange_entry

pytestmark = pytest.mark.django_db
SENDERS, FILES = "/admin/bankfeeds/sender/", "/admin/bankfeeds/receivedfile/"


def browser(people: dict[str, Any], role: str) -> Client:
    client = Client()
    client.force_login(people[role])
    return client


def test_from_the_token_to_the_decision(people: dict[str, Any]) -> None:
    boss, support = browser(people, "administrator"), browser(people, "support")
    assert "There is no sender yet" in boss.get(SENDERS).content.decode()
    assert (
        "Give the sender a name"
        in boss.post(SENDERS + "add/", {"name": " ", "way": "post"}).content.decode()
    )
    made = boss.post(SENDERS + "add/", {"name": "Core <1>", "way": "post"}).content.decode()
    found = re.search(r"bfp_[0-9a-f]{16}_[\w-]{43}", made)
    assert found
    token = found[0]
    again = boss.post(SENDERS + "add/", {"name": "Core <1>", "way": "post"}).content.decode()
    assert "of this name already" in again
    sender = Sender.objects.get()
    page = boss.get(f"{SENDERS}{sender.pk}/change/").content.decode()
    assert token not in page + boss.get(SENDERS).content.decode()
    assert "Core &lt;1&gt;" in page
    # A file with bad rows.
    numbered()
    address = post(token, file(part(bad=True))).json()["statusAddress"]
    assert "has not read it yet" in support.get(_page()).content.decode()
    run_jobs()
    told = text(support.get(FILES))
    assert "In quarantine" in told and f"••6789: {_account()['reason']}" in told
    mine = _account()
    strange = [strange_entry(number=f"••{n}") for n in (1111, 2222)]
    saved = {**mine, "status": "saved", "reason": ""}
    ReceivedFile.objects.update(accounts=[mine, *strange, saved])
    told = text(support.get(FILES))
    assert "2 of 4 accounts (••1111, ••2222): Not here. 1 more account is not saved." in told
    ReceivedFile.objects.update(accounts=[mine])
    assert "Core" not in support.get(FILES + "?state=saved").content.decode().split("results")[-1]
    page = support.get(_page()).content.decode()
    assert "Save without the bad rows" in page
    assert "000123456789" not in page
    answer = support.post(_page("reject/"), {"reason": ""}, follow=True)
    assert "Nothing was changed" in answer.content.decode()
    support.post(_page("reject/"), {"reason": "wrong day"})
    assert status(token, address).json()["reason"] == "wrong day"
    page = support.get(_page()).content.decode()
    assert "Should that have been wrong, have it read again." in page
    assert "Reject the rest" not in page and 'class="primary">Read again' not in page
    support.post(_page("leave-out/"))
    run_jobs()
    assert BankTransaction.objects.count() == 2
    assert "Everything in it is saved" in support.get(_page()).content.decode()
    answer = support.post(_page("read-again/"), follow=True)
    assert "not in quarantine any more" in answer.content.decode()
    # Revoked.
    assert support.post(f"{SENDERS}{sender.pk}/revoke/", {"reason": "x"}).status_code == 403
    boss.post(f"{SENDERS}{sender.pk}/revoke/", {"reason": "replaced"})
    assert "Revoked on" in boss.get(f"{SENDERS}{sender.pk}/change/").content.decode()
    assert post(token, b"x", "later").status_code == 401
    actions = list(Event.objects.filter(user__isnull=False).values_list("action", flat=True))
    assert set(actions) == {
        "sender.created", "received.rejected", "statement.discarded", "received.left_out",
        "statement.saved", "sender.revoked",
    }  # fmt: skip


def _account() -> dict[str, Any]:
    found: dict[str, Any] = ReceivedFile.objects.get().accounts[0]
    return found


def _page(what: str = "change/") -> str:
    return f"{FILES}{ReceivedFile.objects.get().pk}/{what}"
