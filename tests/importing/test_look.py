"""A file that is looked at is kept as it came, and nothing of it is saved."""

from __future__ import annotations

import datetime as dt
import hashlib
import zlib

import pytest
from django.utils import timezone

from bankfeeds.importing import CannotImport, FileKnown, pieces
from bankfeeds.intake.shape import UnreadableFile
from bankfeeds.models import BankTransaction, Event, Intent, SourceAccount, Statement
from tests import support as portal

from .support import csv_of, look, save

pytestmark = pytest.mark.django_db


@pytest.fixture
def account(db: None) -> SourceAccount:
    return portal.make_account()


def test_the_upload_is_kept_with_its_hash(account: SourceAccount) -> None:
    content = csv_of(["10.00"])
    upload = look(account, content, name="C:\\files\\../day\n.csv")
    upload.refresh_from_db()
    assert zlib.decompress(pieces.whole(upload)) == content
    assert upload.sha256 == hashlib.sha256(content).hexdigest()
    assert (upload.size, upload.file_name) == (len(content), "day.csv")
    assert upload.state == Statement.State.PREVIEWED
    assert (upload.company, upload.connection) == (account.company, account.connection)
    assert not BankTransaction.objects.exists()


def test_looking_again_is_the_same_upload(account: SourceAccount) -> None:
    content = csv_of(["10.00"])
    assert look(account, content) == look(account, content, name="again.csv")
    assert Statement.objects.get().file_name == "again.csv"


def test_a_file_that_was_saved_is_refused_with_who_and_when(account: SourceAccount) -> None:
    content = csv_of(["10.00"])
    saved = save(look(account, content))
    with pytest.raises(FileKnown, match="was imported on .* by tests") as known:
        look(account, content, name="other name.csv")
    assert known.value.statement == saved
    assert Statement.objects.count() == 1


def test_the_same_file_for_another_account_is_another_import(account: SourceAccount) -> None:
    content = csv_of(["10.00"])
    save(look(account, content))
    other = portal.make_account(account.connection)
    assert save(look(other, content)).rows_saved == 1


@pytest.mark.parametrize("content", [b"", b"\x00\x01\x02" * 99, "id\n".encode("utf-16")])
def test_a_file_that_is_none_is_not_kept(account: SourceAccount, content: bytes) -> None:
    with pytest.raises(UnreadableFile):
        look(account, content)
    assert not Statement.objects.exists()


def test_an_account_that_is_gone_takes_nothing(account: SourceAccount) -> None:
    account.gone_at = timezone.now()
    with pytest.raises(CannotImport, match="removed at Codat"):
        look(account, csv_of(["1.00"]))


def test_an_account_that_is_not_at_codat_takes_nothing() -> None:
    with pytest.raises(CannotImport, match="not yet at Codat"):
        look(portal.make_account(intent=Intent.UNKNOWN), csv_of(["1.00"]))


def test_an_account_that_waits_for_the_client_takes_a_file() -> None:
    waiting = portal.make_account(status="pending", feed_start_date=None)
    assert save(look(waiting, csv_of(["1.00"]))).rows_saved == 1


def test_old_uploads_are_let_go_and_saved_files_never(account: SourceAccount) -> None:
    long_ago = timezone.now() - dt.timedelta(days=30)
    kept = portal.make_statement(account, uploaded_at=long_ago)
    gone = portal.make_statement(account, uploaded_at=long_ago, state="previewed")
    young = portal.make_statement(account, state="previewed")
    look(account, csv_of(["1.00"]))
    left = set(Statement.objects.values_list("pk", flat=True))
    assert {kept.pk, young.pk} < left
    assert gone.pk not in left


def test_looking_leaves_no_line_in_the_record(account: SourceAccount) -> None:
    look(account, csv_of(["1.00"]))
    assert not Event.objects.exists()
