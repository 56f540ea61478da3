"""Uploads that are kept: refused ones for the record, long ones until the worker has read them."""

from __future__ import annotations

import datetime as dt
import zlib
from io import BytesIO
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone, translation

from bankfeeds import doorbell, senders
from bankfeeds.importing import pieces
from bankfeeds.models import (
    BankTransaction,
    Event,
    KeptPiece,
    KeptPreview,
    ReceivedFile,
    Statement,
)  # fmt: skip
from bankfeeds.senders import looking, uploads
from bankfeeds.words import senders as senders_words
from tests import support as portal
from tests.admin.pushes import signed_in, text
from tests.importing.support import csv_of

from .support import file, numbered, part, row

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
    assert kept.words in text(auditor.get(page)) and kept.words in text(auditor.get(FILES))
    with translation.override("fr-ca"):
        assert senders_words.why(kept, ()) != kept.words
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


# --- Long ones ---------------------------------------------------------------------------------


@pytest.fixture
def short(settings: Any) -> None:
    """Files of three lines are long."""
    settings.IMPORT_AT_ONCE_ROWS = 2


@pytest.mark.usefixtures("short")
def test_a_long_upload_is_read_by_the_worker(people: dict[str, Any]) -> None:
    account = portal.make_account()
    client = signed_in(people["support"])
    content = csv_of(["1.00", "2.00", "3.00"])
    answer = upload(client, content, account=account)
    page = f"{FILES}{row().pk}/change/"
    assert answer.redirect_chain[-1][0] == page
    told = text(answer)
    assert "Received" in told and "0 bytes of" in told.replace("\xa0", " ")
    assert '<noscript><meta http-equiv="refresh"' in answer.content.decode()
    assert "goes on by itself, also when you leave" in told and "not running" not in told
    portal.no_worker_runs()
    told = text(client.get(f"{FILES}{row().pk}/status/"))
    assert "The worker is not running, so nothing moves here." in told
    ReceivedFile.objects.update(claimed_at=timezone.now())
    assert "goes on by itself" in text(client.get(f"{FILES}{row().pk}/status/"))
    ReceivedFile.objects.update(claimed_at=None)
    portal.worker_runs()
    # Chosen once more, alone and with another: it is read once.
    upload(client, content, account=account)
    told = text(upload(client, content, csv_of(["5.00"], prefix="S"), account=account))
    assert "Long: it is read in the background." in told and "Can be read" in told
    assert ReceivedFile.objects.count() == 1 and Statement.objects.count() == 1
    assert content not in bytes(row().sealed_body or b"")
    assert [name for name, _given in portal.queued()] == [doorbell.UPLOADED]
    portal.run_jobs()
    kept = row()
    assert (kept.state, kept.done, kept.sealed_body) == ("read", len(content), None)
    statement = Statement.objects.get(rows_saved=0, sha256=kept.sha256)
    assert (statement.state, statement.imported_by) == ("previewed", "support")
    assert not BankTransaction.objects.exists()
    # It leads to the preview, also from the list of received files; others are told.
    assert client.get(page)["Location"].endswith(f"/statement/{statement.pk}/preview/")
    assert "data-leads" in client.get(f"{FILES}{kept.pk}/status/").content.decode()
    told = text(signed_in(people["auditor"]).get(page))
    assert "Preview ready" in told and "is saved from its preview." in told
    # Its preview is worked out by a job of its own: nothing of the file is read for its page.
    assert portal.run_jobs() == 1
    assert KeptPreview.objects.get().statement == statement
    KeptPiece.objects.update(piece=b"")
    assert "Save 3 rows" in text(client.get(client.get(page)["Location"]))
    pieces.write(statement, BytesIO(zlib.compress(content)))
    client.post(f"/admin/bankfeeds/statement/{statement.pk}/save/")
    portal.run_jobs()
    assert BankTransaction.objects.count() == 3 and not KeptPreview.objects.exists()
    told = text(client.get(page))
    assert "Open the import" in told and "Preview ready" not in told
    Statement.objects.filter(pk=statement.pk).update(state="undone")
    assert "Taken back" in text(client.get(page))
    Statement.objects.filter(pk=statement.pk).update(state="saved")
    # What is here, or is not taken, is said at once.
    assert "This file was imported on" in text(upload(client, content, account=account))
    account.company.closed_at = account.requested_at
    account.company.save()
    assert "closed" in text(upload(client, csv_of(["1.00"] * 4, prefix="R"), account=account))
    assert ReceivedFile.objects.count() == 1


@pytest.mark.usefixtures("short")
def test_a_long_upload_of_many_accounts(people: dict[str, Any]) -> None:
    numbered()
    client = signed_in(people["support"])
    upload(client, file(part(), part("555566667777")))
    portal.run_jobs()
    told = text(client.get(f"{FILES}{row().pk}/change/"))
    assert "Preview ready" in told and "••7777" in told
    assert "No account here has this number." in told
    upload(client, csv_of(["1.00"] * 4))
    portal.run_jobs()
    assert "does not say whose it is" in row().words


@pytest.mark.usefixtures("short")
def test_more_rows_than_a_page_takes(people: dict[str, Any], settings: Any) -> None:
    settings.IMPORT_MAX_ROWS = 1
    account = numbered()
    client = signed_in(people["support"])
    for number, content in enumerate((csv_of(["1.00"] * 3), file(part()))):
        upload(client, content, account=account)
        portal.run_jobs()
        kept = row()
        assert kept.state == "refused" and ReceivedFile.objects.count() == number + 1
        assert kept.words.startswith(f"This file has {3 - number} rows; a page takes 1. Nothing")
        assert "import_transactions" in text(client.get(f"{FILES}{kept.pk}/change/"))
    upload(client, file(part()))
    portal.run_jobs()
    assert "a page takes 1." in row().accounts[0]["reason"]
    assert not Statement.objects.exists()


@pytest.mark.usefixtures("short")
def test_a_long_upload_that_cannot_be_read(people: dict[str, Any]) -> None:
    account = portal.make_account()
    client = signed_in(people["manager"])
    upload(client, csv_of(["1.00"] * 3) + b"\xff,x\n", account=account)
    portal.run_jobs()
    kept = row()
    assert kept.state == "refused" and "Line 5" in kept.words and kept.sealed_body
    assert Event.objects.filter(action="received.refused", words="day.csv").count() == 1
    told = text(client.get(f"{FILES}{kept.pk}/change/"))
    assert "Line 5 has a letter that is not UTF-8" in told
    assert "Make a profile from this file" in told
    # Taken over from a worker that was ended, but not without end.
    ReceivedFile.objects.update(state="reading", claimed_at=kept.received_at, tries=5)
    senders.ring_waiting(now=kept.received_at)
    assert not portal.queued()
    senders.read_upload(kept.pk, clock=lambda: kept.received_at)
    assert row().state == "reading"
    senders.ring_waiting(now=kept.received_at + dt.timedelta(hours=1))
    senders.ring_waiting(now=kept.received_at + dt.timedelta(hours=1))
    jobs = portal.queued()
    assert jobs == [(doorbell.UPLOADED, (kept.pk,))] * 2
    senders.read_upload(kept.pk, clock=lambda: kept.received_at + dt.timedelta(hours=1))
    assert "broken off several times" in row().words
    portal.run_jobs()
    assert row().tries == 6


def test_progress_is_written_down_and_never_goes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = ReceivedFile.objects.create(
        batch_id="a", size=200, received_at=timezone.now(), uploaded_by="support"
    )
    progress = looking.progress(kept)
    progress(0.5)
    assert row().done == 0
    monkeypatch.setattr("bankfeeds.importing.progress.TOLD_EVERY", 0)
    progress(0.5)
    progress(0.2)
    assert row().done == 100


def test_what_is_long(settings: Any) -> None:
    settings.IMPORT_AT_ONCE_BYTES = 1_000
    is_long = uploads.is_long
    assert is_long(b"x" * 1_001) and not is_long(b"x" * 1_000)
    assert is_long(b"PK" + b"x" * 50) and not is_long(b"PK" + b"x" * 40)
