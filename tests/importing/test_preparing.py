"""The preview of a long upload is worked out by the worker: once, whoever asks and is ended."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import DatabaseError
from django.utils import timezone

from bankfeeds import doorbell, importing
from bankfeeds.importing import Preview, jobs
from bankfeeds.models import KeptPiece, KeptPreview, Preparing, SourceAccount, Statement
from tests import support as portal

from .support import BY, csv_of, look, preview, save, worked_out

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def short(settings: Any) -> None:
    settings.IMPORT_AT_ONCE_ROWS = 2


@pytest.fixture
def account(db: None) -> SourceAccount:
    return portal.make_account()


@pytest.fixture
def upload(account: SourceAccount) -> Statement:
    return look(account, csv_of(["1.00", "2.00", "3.00"]))


def shown(upload: Statement) -> Preview | Preparing:
    return importing.shown(upload, today=portal.today(), now=timezone.now())


def prepare(upload: Statement, *, later: dt.timedelta = dt.timedelta()) -> None:
    importing.prepare(upload.pk, clock=lambda: timezone.now() + later)


def test_however_many_ask_it_is_one_job(upload: Statement) -> None:
    importing.prepare_later(upload, now=timezone.now())
    for _each in range(2):
        assert isinstance(shown(upload), Preparing)
    assert portal.queued() == [(doorbell.PREPARE, (upload.pk,))]
    # The ring is lost: the sweep rings again, as often as it likes.
    portal.empty_queue()
    for _each in range(2):
        importing.ring_waiting(now=timezone.now())
    assert portal.run_jobs() == 2
    assert not Preparing.objects.exists()
    found = shown(upload)
    assert isinstance(found, Preview) and list(found.entries) == preview(upload).entries
    importing.ring_waiting(now=timezone.now() + dt.timedelta(hours=1))
    importing.prepare_later(upload, now=timezone.now())
    assert not portal.queued()


def test_what_is_outdated_before_it_is_done_is_not_shown(
    upload: Statement, account: SourceAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown(upload)
    real = importing.preview

    def meanwhile(*given: Any, **more: Any) -> Preview:
        found = real(*given, **more)
        save(look(account, csv_of(["1.00"])))
        return found

    monkeypatch.setattr("bankfeeds.importing.preparing.preview", meanwhile)
    prepare(upload)
    monkeypatch.undo()
    # What was worked out has three new rows; one of them is here now.
    assert KeptPreview.objects.exists() and not Preparing.objects.exists()
    assert isinstance(shown(upload), Preparing)
    stamp = importing.stamp_of(upload, today=portal.today())
    assert importing.changed_since(upload, stamp) == ["rows"]
    assert worked_out(upload).new == 2


def test_a_worker_is_ended_in_the_midst(upload: Statement, monkeypatch: pytest.MonkeyPatch) -> None:
    shown(upload)

    def ended(*given: Any, **more: Any) -> Preview:
        raise SystemExit

    def fails(*given: Any, **more: Any) -> Preview:
        raise DatabaseError

    with monkeypatch.context() as patched:
        patched.setattr("bankfeeds.importing.preparing.preview", ended)
        with pytest.raises(SystemExit):
            prepare(upload)
        patched.setattr("bankfeeds.importing.preparing.preview", fails)
        # As long as it may still be at it nobody else is.
        prepare(upload)
        assert Preparing.objects.get().tries == 1
        prepare(upload, later=2 * doorbell.lease())
        assert Preparing.objects.get().tries == 2
    prepare(upload, later=4 * doorbell.lease())
    assert isinstance(shown(upload), Preview)


def test_one_that_ends_every_worker_is_a_persons(upload: Statement) -> None:
    shown(upload)
    Preparing.objects.update(tries=jobs.MOST_TRIES)
    prepare(upload)
    row = Preparing.objects.get()
    assert "broken off several times" in row.words and row.ended_at
    # Said as long as nothing changes and nobody has it tried again.
    portal.empty_queue()
    assert shown(upload) == row and not portal.queued()
    importing.prepare_again(upload)
    again = shown(upload)
    assert isinstance(again, Preparing) and not again.words and portal.queued()
    Preparing.objects.update(ended_at=timezone.now(), stamp="of before")
    again = shown(upload)
    assert isinstance(again, Preparing) and again.ended_at is None


def test_it_is_gone(upload: Statement) -> None:
    shown(upload)
    importing.discard(upload, by=BY, now=timezone.now())
    assert not Preparing.objects.exists()
    assert portal.run_jobs() == 1
    with pytest.raises(importing.UploadGone):
        shown(upload)
    assert not KeptPreview.objects.exists()


def test_it_goes_while_it_is_worked_out(upload: Statement, monkeypatch: pytest.MonkeyPatch) -> None:
    shown(upload)
    KeptPiece.objects.all().delete()
    prepare(upload)
    assert not (Preparing.objects.exists() or KeptPreview.objects.exists())
    Statement.objects.update(state=Statement.State.SAVED)
    with pytest.raises(importing.UploadGone):
        shown(upload)
