"""Uploads that are kept: refused ones for the record."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from bankfeeds.models import BankTransaction, Event, ReceivedFile, Statement
from tests import support as portal
from tests.admin.pushes import signed_in, text

from .support import row

pytestmark = pytest.mark.django_db
IMPORT, FILES = "/admin/bankfeeds/statement/import/", "/admin/bankfeeds/receivedfile/"
BROKEN = b'id,date,description,amount,balance\nA,2026-11-20,"000123456789,1,1\n'


def upload(client: Client, *contents: bytes, account: Any = None, name: str = "day.csv") -> Any:
    given = {"file": [SimpleUploadedFile(name, each) for each in contents]}
    chosen = {"account": account.pk} if account else {}
    return client.post(IMPORT, {**chosen, **given}, follow=True)


def test_a_refused_upload_is_kept_for_the_record(people: dict[str, Any]) -> None:
    account = portal.make_account()
    client = signed_in(people["support"])
    told = text(upload(client, BROKEN, account=account))
    assert "Nothing was saved." in told
    # Once more, among several, and without an account.
    upload(client, BROKEN, account=account)
    upload(client, BROKEN, BROKEN, account=account)
    assert ReceivedFile.objects.count() == 1
    kept = row()
    assert (kept.state, kept.size, kept.uploaded_by) == ("refused", len(BROKEN), "support")
    assert (kept.account, kept.batch_id) == (account, "day.csv")
    assert b"000123456789" not in bytes(kept.sealed_body or b"")
    upload(client, b"", name="empty.csv")
    assert row().account is None
    event = Event.objects.filter(action="received.refused").latest("id")
    assert (event.words, event.actor_name) == ("empty.csv", "support")
    assert not (Statement.objects.exists() or BankTransaction.objects.exists())
    # Who may see imports sees it and why; who may upload has it back as it came.
    page = f"{FILES}{kept.pk}/change/"
    auditor = signed_in(people["auditor"])
    assert kept.words in text(auditor.get(page)) and "day.csv" in text(auditor.get(FILES))
    assert "Download the file as it came" not in text(auditor.get(page))
    assert auditor.post(f"{FILES}{kept.pk}/file/").status_code == 403
    assert "Download the file as it came" in text(client.get(page))
    answer = client.post(f"{FILES}{kept.pk}/file/")
    assert answer.content == BROKEN
    assert "day.csv" in answer["Content-Disposition"]
    assert Event.objects.filter(action="received.handed_out", account=account).count() == 1
    # Nothing is to be decided.
    client.post(f"{FILES}{kept.pk}/read-again/")
    assert row().state == "refused" and ReceivedFile.objects.get(pk=kept.pk).state == "refused"
    ReceivedFile.objects.filter(pk=kept.pk).update(sealed_body=b"of another secret")
    told = text(client.post(f"{FILES}{kept.pk}/file/", follow=True))
    assert "SECRET_KEY that is not there any more" in told
    ReceivedFile.objects.filter(pk=kept.pk).update(state="read")
    told = text(client.post(f"{FILES}{kept.pk}/file/", follow=True))
    assert "Only a refused file is handed out." in told


def test_what_a_page_does_not_take_is_not_kept(people: dict[str, Any], settings: Any) -> None:
    settings.IMPORT_MAX_BYTES = len(BROKEN) - 1
    client = signed_in(people["support"])
    account = portal.make_account()
    assert "a page takes" in text(upload(client, BROKEN, account=account))
    upload(client, BROKEN, BROKEN, account=account)
    account.company.closed_at = account.requested_at
    account.company.save()
    assert "closed" in text(upload(client, b"x", account=account))
    assert not ReceivedFile.objects.exists()
