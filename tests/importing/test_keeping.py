"""The preview of a long upload is kept, says the same, and holds as long as nothing changes."""

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
    KeptPreview,
    Preparing,
    PreviewPiece,
    PushStatus,
    SourceAccount,
    Statement,
)  # fmt: skip
from tests import support as portal
from tests.intake.support import file_of, written

from .support import BY, csv_of, look, preview, rows_of, save, worked_out

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


def kept(upload: Statement) -> Preview | None:
    """What is shown at once, if anything is."""
    found = importing.shown(upload, today=portal.today(), now=timezone.now())
    return found if isinstance(found, Preview) else None


def why(upload: Statement) -> list[str]:
    stamp = importing.stamp_of(upload, today=portal.today())
    return importing.changed_since(upload, stamp)


def test_it_says_what_was_worked_out(account: SourceAccount) -> None:
    upload = look(account, written(ODD))
    once = preview(upload)
    found = worked_out(upload)
    own = {"views", "statement"}
    assert {name: value for name, value in vars(found).items() if name not in own} == {
        name: value for name, value in vars(once).items() if name not in own
    }
    assert (found.found, found.changed, found.alike, found.bad) == (once.found, 1, 1, 1)
    assert found.problems == once.problems == 4
    for view, entries in once.views.items():
        assert list(found.views[view]) == entries
        assert [found.views[view][place] for place in range(len(entries))] == entries
        assert found.views[view][1:3] == entries[1:3]
    with translation.override("fr-ca"):
        french = [entry.words for entry in found.entries]
        assert french == [entry.words for entry in preview(upload).entries]
        assert french != [entry.words for entry in once.entries]
    pieces = PreviewPiece.objects.values_list("sealed_entries", flat=True)
    assert not any(b"000123456789" in bytes(piece) for piece in pieces)


def test_mended_rows_and_formats_with_held_out_entries(account: SourceAccount) -> None:
    first = look(account, written(ODD))
    header, [bad] = importing.bad_rows(first)
    mended = look(account, _mended(first, header, bad))
    assert kept(mended) is None
    found, once = worked_out(mended), preview(mended)
    assert (found.mended, found.in_list, found.still_wrong) == (once.mended, 1, 0)
    assert list(found.views["mended"]) == once.views["mended"] != []


def _mended(first: Statement, header: Any, bad: Any) -> bytes:
    from bankfeeds.intake.mended import COLUMNS, file_mark

    cells = ["T5", str(portal.today()), "Bad", "1.00", "1033.00"]
    row = [str(bad.line), bad.code, "why", file_mark(first.sha256), *cells]
    return "\n".join(",".join(line) for line in ([*COLUMNS, *header], row)).encode()


def test_a_short_file_is_read_each_time(account: SourceAccount) -> None:
    upload = look(account, csv_of(["1.00"], prefix="S"))
    assert [each.new for each in (kept(upload), kept(upload)) if each] == [1, 1]
    assert not (KeptPreview.objects.exists() or Preparing.objects.exists())


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
    changes: list[tuple[str, Callable[[], object]]] = [
        ("rows", lambda: save(other)),
        ("rows", decide),
        ("rows", lambda: importing.undo(other, reason="why", by=BY, now=timezone.now())),
        ("sent", push),
        ("account", begin),
        ("settings", choose),
        ("file", lambda: look(account, written([*ODD, *rows_of(["3.00"], prefix="N")]))),
    ]
    for what, change in changes:
        worked_out(upload)
        assert kept(upload) and not why(upload)
        change()
        assert not kept(upload) and what in why(upload), change
        found = worked_out(upload)
        assert list(found.entries) == preview(upload).entries
        assert found.digest == preview(upload).digest
    # Another day, and another secret.
    tomorrow = portal.today() + dt.timedelta(days=1)
    later = importing.shown(upload, today=tomorrow, now=timezone.now())
    assert isinstance(later, Preparing)
    stamp = importing.stamp_of(upload, today=tomorrow)
    assert importing.changed_since(upload, stamp) == ["day"]
    KeptPreview.objects.update(sealed_figures=b"of another secret")
    assert not kept(upload)


def test_it_goes_with_the_upload(account: SourceAccount) -> None:
    upload = look(account, file_of(*(f"S{n},2026-11-20,x,1.00,{n}.00" for n in range(5))))
    digest = worked_out(upload).digest
    assert PreviewPiece.objects.exists()
    with pytest.raises(importing.Outdated):
        importing.save(
            upload, leave_out_bad=True, shown="of another day", by=BY, now=timezone.now()
        )
    # What was agreed to is not what would come in: it is looked at once more.
    assert not PreviewPiece.objects.exists()
    opened = worked_out(upload)
    assert opened.digest == digest
    PreviewPiece.objects.filter(number=1).delete()
    assert opened.entries[:2]
    with pytest.raises(importing.Outdated):
        opened.entries[2:4]
    assert not KeptPreview.objects.exists()
    worked_out(upload)
    save(upload)
    assert not (KeptPreview.objects.exists() or PreviewPiece.objects.exists())
    other = look(account, csv_of(["1.00"] * 3, prefix="O"))
    worked_out(other)
    assert PreviewPiece.objects.exists()
    importing.discard(other, by=BY, now=timezone.now())
    assert not (KeptPreview.objects.exists() or PreviewPiece.objects.exists())
