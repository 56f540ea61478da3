"""The preview of a long upload is kept, says the same, and is worked out anew when it must be."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone, translation

from bankfeeds import importing
from bankfeeds.importing import Preview
from bankfeeds.models import (
    Doubt,
    KeptPiece,
    KeptPreview,
    PreviewPiece,
    PushStatus,
    SourceAccount,
    Statement,
)  # fmt: skip
from tests import support as portal
from tests.intake.support import file_of, written

from .support import BY, csv_of, look, preview, rows_of, save

pytestmark = pytest.mark.django_db
ODD: list[list[object]] = [
    ["T1", portal.today(), "Row T1", "11.00", "1011.00"],  # changed
    ["X2", portal.today(), "Row T2", "20.00", "1031.00"],  # may be T2
    ["T4", portal.today() - dt.timedelta(days=30), "000123456789", "1.00", "1032.00"],
    ["T5", "2026-02-30", "Bad", "1.00", "1033.00"],
]


@pytest.fixture(autouse=True)
def short(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files of three lines are long, and two lines a piece."""
    settings.IMPORT_AT_ONCE_ROWS = 2
    monkeypatch.setattr("bankfeeds.importing.keeping.AT_ONCE", 2)


@pytest.fixture
def account(db: None) -> SourceAccount:
    account = portal.make_account()
    save(look(account, csv_of(["10.00", "20.00"])), leave_out_bad=True)
    return account


def shown(upload: Statement, *, today: dt.date | None = None) -> Preview:
    return importing.shown(upload, today=today or portal.today(), now=timezone.now())


def is_kept(upload: Statement) -> bool:
    """What is shown comes of what was kept: of the file itself nothing can be read."""
    pieces = list(KeptPiece.objects.filter(statement=upload))
    KeptPiece.objects.filter(statement=upload).delete()
    try:
        list(shown(upload).entries)
    except importing.UploadGone:
        return False
    finally:
        KeptPiece.objects.bulk_create(pieces)
    return True


def test_it_says_what_was_worked_out(account: SourceAccount) -> None:
    upload = look(account, written(ODD))
    once = preview(upload)
    assert shown(upload) == once and is_kept(upload)
    kept = shown(upload)
    own = {"views", "statement"}
    assert {name: value for name, value in vars(kept).items() if name not in own} == {
        name: value for name, value in vars(once).items() if name not in own
    }
    assert (kept.found, kept.changed, kept.alike, kept.bad) == (once.found, 1, 1, 1)
    assert kept.problems == once.problems == 4
    for view, entries in once.views.items():
        assert list(kept.views[view]) == entries
        assert [kept.views[view][place] for place in range(len(entries))] == entries
        assert kept.views[view][1:3] == entries[1:3]
    with translation.override("fr-ca"):
        french = [entry.words for entry in kept.entries]
        assert french == [entry.words for entry in preview(upload).entries]
        assert french != [entry.words for entry in once.entries]
    pieces = PreviewPiece.objects.values_list("sealed_entries", flat=True)
    assert not any(b"000123456789" in bytes(piece) for piece in pieces)


def test_mended_rows_and_formats_with_held_out_entries(account: SourceAccount) -> None:
    first = look(account, written(ODD))
    header, [bad] = importing.bad_rows(first)
    mended = look(account, _mended(first, header, bad))
    assert shown(mended) == preview(mended)
    assert is_kept(mended)
    kept, once = shown(mended), preview(mended)
    assert (kept.mended, kept.in_list, kept.still_wrong) == (once.mended, 1, 0)
    assert list(kept.views["mended"]) == once.views["mended"] != []


def _mended(first: Statement, header: Any, bad: Any) -> bytes:
    from bankfeeds.intake.mended import COLUMNS, file_mark

    cells = ["T5", str(portal.today()), "Bad", "1.00", "1033.00"]
    row = [str(bad.line), bad.code, "why", file_mark(first.sha256), *cells]
    return "\n".join(",".join(line) for line in ([*COLUMNS, *header], row)).encode()


def test_a_short_file_is_read_each_time(account: SourceAccount) -> None:
    upload = look(account, csv_of(["1.00"], prefix="S"))
    assert shown(upload).new == 1
    assert not (KeptPreview.objects.exists() or is_kept(upload))


def test_each_change_of_what_it_hangs_on_is_seen(account: SourceAccount, settings: Any) -> None:
    upload = look(account, written([*ODD, *rows_of(["3.00"], prefix="N")]))

    def push() -> None:
        rows = portal.make_transactions(account, ["1.00"], date=portal.today())
        portal.make_push(account, rows, status=PushStatus.SUCCEEDED)

    def decide() -> None:
        doubt = Doubt.objects.latest("pk")
        seen = importing.seen_of(doubt)
        importing.decide(doubt, "keep", seen=seen, reason="why", by=BY, now=timezone.now())

    def begin() -> None:
        SourceAccount.objects.filter(pk=account.pk).update(feed_start_date=portal.today())

    def choose() -> None:
        settings.LATE_AFTER_DAYS = 4

    other = look(account, written([["T1", portal.today(), "x", "1.00", "1.00"]]))
    changes: list[Callable[[], object]] = [
        lambda: save(other),
        decide,
        lambda: importing.undo(other, reason="why", by=BY, now=timezone.now()),
        push,
        begin,
        choose,
        lambda: look(account, written([*ODD, *rows_of(["3.00"], prefix="N")])),
    ]
    for change in changes:
        shown(upload)
        assert is_kept(upload)
        change()
        assert not is_kept(upload), change
        assert shown(upload) == preview(upload)
    # Another day, and another secret.
    tomorrow = portal.today() + dt.timedelta(days=1)
    assert shown(upload, today=tomorrow) == importing.preview(upload, today=tomorrow)
    KeptPreview.objects.update(sealed_figures=b"of another secret")
    assert not is_kept(upload)


def test_it_goes_with_the_upload(account: SourceAccount) -> None:
    upload = look(account, file_of(*(f"S{n},2026-11-20,x,1.00,{n}.00" for n in range(5))))
    digest = shown(upload).digest
    assert PreviewPiece.objects.exists()
    with pytest.raises(importing.Outdated):
        importing.save(
            upload, leave_out_bad=True, shown="of another day", by=BY, now=timezone.now()
        )
    # What was agreed to is not what would come in: it is looked at once more.
    assert not PreviewPiece.objects.exists()
    assert shown(upload).digest == digest
    opened = shown(upload)
    PreviewPiece.objects.filter(number=1).delete()
    assert opened.entries[:2]
    with pytest.raises(importing.Outdated):
        opened.entries[2:4]
    assert not KeptPreview.objects.exists()
    shown(upload)
    save(upload)
    assert not (KeptPreview.objects.exists() or PreviewPiece.objects.exists())
    other = look(account, csv_of(["1.00"] * 3, prefix="O"))
    shown(other)
    assert PreviewPiece.objects.exists()
    importing.discard(other, by=BY, now=timezone.now())
    assert not (KeptPreview.objects.exists() or PreviewPiece.objects.exists())
