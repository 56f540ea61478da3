"""An account that is not ours is left out of a sender's files from then on, until that is ended."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from bankfeeds.models import BankTransaction, Event, ForeignAccount, ReceivedFile
from tests.admin.pushes import text
from tests.support import run_jobs

from .support import file, numbered, part, post, row, sender, status

pytestmark = pytest.mark.django_db
OTHER, THIRD = "000987777777", "000987778888"
FILES = "/admin/bankfeeds/receivedfile/"


def sent(token: str, batch: str, *numbers: str) -> dict[str, Any]:
    """What became of a file with rows of our account and of those."""
    others = [part(number, prefix=f"{number}{batch}") for number in numbers]
    body = file(part(prefix=batch, words=batch), *others)
    address = post(token, body, batch).json()["statusAddress"]
    run_jobs()
    found: dict[str, Any] = status(token, address).json()
    return found


def statuses(found: dict[str, Any]) -> list[str]:
    return [each["status"] for each in found["accounts"]]


def test_an_account_that_is_not_ours_holds_no_file_up(people: dict[str, Any]) -> None:
    support = Client()
    support.force_login(people["support"])
    numbered()
    core, token = sender()
    assert sent(token, "A", OTHER)["status"] == "quarantined"
    page = f"{FILES}{row().pk}/"
    assert "Not ours: leave it out" in text(support.get(f"{page}change/"))
    assert support.get(f"{page}not-ours/0/").status_code == 404  # It is ours.
    ask = f"{page}not-ours/1/"
    assert "Leave ••7777 out of the files of Core?" in text(support.get(ask))
    assert "Nothing was changed." in text(support.post(ask, {"reason": " "}))
    assert not ForeignAccount.objects.exists()
    told = text(support.post(ask, {"reason": "Branch of another bank"}, follow=True))
    assert "••7777 is left out of the files of Core from now on." in told
    run_jobs()
    # The file in which it was found, and the next ones.
    assert (row().state, row().sealed_body) == (ReceivedFile.State.SAVED, None)
    found = sent(token, "B", OTHER)
    assert (found["status"], statuses(found)) == ("saved", ["saved", "not_ours"])
    assert [each["leftOut"] for each in found["accounts"]] == [0, 2]
    assert OTHER not in str(row().accounts)
    # One of which nobody has said so waits still, and so does the same one of another sender.
    assert statuses(sent(token, "C", OTHER, THIRD)) == ["saved", "not_ours", "unknown"]
    _other, second = sender("Other")
    assert statuses(sent(second, "D", OTHER)) == ["saved", "unknown"]
    assert BankTransaction.objects.count() == 8
    # Taken back on the sender's page.
    about = f"/admin/bankfeeds/sender/{core.pk}/change/"
    told = text(support.get(about))
    assert "••7777" in told and "Branch of another bank" in told
    end = f"/admin/bankfeeds/sender/not-ours/{ForeignAccount.objects.get().pk}/end/"
    assert "wait for a person again" in text(support.post(end, {"reason": "Ours"}, follow=True))
    assert "Accounts that are left out" not in text(support.get(about))
    assert "is not left out" in text(support.get(end))
    assert statuses(sent(token, "E", OTHER)) == ["saved", "unknown"]
    kinds = Event.objects.filter(action__startswith="sender.account", user=people["support"])
    assert list(kinds.order_by("pk").values_list("action", "words", "reason")) == [
        ("sender.account_left_out", "Core: ••7777", "Branch of another bank"),
        ("sender.account_waits_again", "Core: ••7777", "Ours"),
    ]


def test_an_account_that_came_here_is_left_out_no_more(people: dict[str, Any]) -> None:
    manager = Client()
    manager.force_login(people["manager"])
    numbered()
    _core, token = sender()
    sent(token, "A", OTHER)
    ask = f"{FILES}{row().pk}/not-ours/1/"
    manager.post(ask, {"reason": "x"})
    run_jobs()
    assert statuses(sent(token, "B", OTHER)) == ["saved", "not_ours"]
    numbered(OTHER)
    assert statuses(sent(token, "C", OTHER)) == ["saved", "saved"]
    assert manager.post(ask, {"reason": "x"}).status_code == 404
