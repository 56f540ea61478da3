"""The preview of a long upload is kept as it was worked out, and read by the page's piece.

It hangs on what stands on the account. All of that is in a stamp, and with another stamp it says
nothing any more; whether what is saved is what was shown, `save` sees for itself.
"""

from __future__ import annotations

import datetime as dt
import json
import zlib
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any, overload

from django.db import transaction
from django.utils.translation import gettext as _

from bankfeeds import sealing
from bankfeeds.intake import pace
from bankfeeds.models import (
    KeptPreview,
    PreviewPiece,
    Statement,
)

from . import stamps
from .entries import VIEWS, Entry
from .plain import entries_of_plain, figures_of_plain, plain_entry, plain_figures
from .preview import Preview

# Entries of a piece, as many as a page shows.
AT_ONCE = 500
WRITTEN_AT_ONCE = 20
# Of zlib, which says 9 at most.
QUICKEST = 1


class Outdated(Exception):
    """What would come in is no longer what was shown: nothing was saved."""

    def __init__(self) -> None:
        super().__init__(
            _(
                "Nothing was saved: while the page was open, rows of this account came in or were"
                " taken back. What would be saved now stands below; look again."
            )
        )


def kept_preview(statement: Statement, stamp: str) -> Preview | None:
    """Of what is kept only what is asked for is read, in the language of whoever asks.

    None: there is none of this stamp. What was kept anew meanwhile raises Outdated when its
    entries are asked for.
    """
    kept = KeptPreview.objects.filter(statement=statement.pk, stamp=stamp).first()
    if kept is None or (figures := _unsealed(kept.sealed_figures, kept.made_at)) is None:
        return None
    return _opened(statement, kept, figures)


def forget(statement: Statement) -> None:
    """It is saved, or what was shown is so no more."""
    KeptPreview.objects.filter(statement=statement.pk).delete()


def changed_since(statement: Statement, stamp: str) -> list[str]:
    """What is another than when it was worked out, by the names of `stamps.HANGS_ON`.

    Empty where it was not worked out yet.
    """
    kept = KeptPreview.objects.filter(statement=statement.pk).values_list("stamp", flat=True)
    before = (kept.first() or stamp).split(":")
    both = zip(stamps.HANGS_ON, before, stamp.split(":"), strict=False)
    return [name for name, old, new in both if old != new]


def keep_preview(found: Preview, stamp: str, *, now: dt.datetime) -> None:
    """In place of what was kept before, unless the upload is gone."""
    lengths = {view: len(entries) for view, entries in found.views.items()}
    figures = _sealed({**plain_figures(found), "entries": lengths}, now)
    # Sealed before, since others wait while it is written.
    pieces = list(_pieces(found, now))
    upload = Statement.objects.filter(pk=found.statement.pk, state=Statement.State.PREVIEWED)
    with transaction.atomic():
        if not upload.select_for_update(of=("self",)).only("pk"):
            return
        forget(found.statement)
        kept = KeptPreview.objects.create(
            statement=found.statement, stamp=stamp, sealed_figures=figures, made_at=now
        )
        for piece in pieces:
            piece.preview = kept
        PreviewPiece.objects.bulk_create(pieces, batch_size=WRITTEN_AT_ONCE)


def _pieces(found: Preview, now: dt.datetime) -> Iterator[PreviewPiece]:
    for view, entries in found.views.items():
        for number, some in enumerate(_batches(entries)):
            sealed = _sealed([plain_entry(entry) for entry in some], now)
            yield PreviewPiece(view=view, number=number, sealed_entries=sealed)
            if view == "all":
                pace.at(number * AT_ONCE, len(entries))


def _batches(entries: Sequence[Entry]) -> Iterator[Sequence[Entry]]:
    for start in range(0, len(entries), AT_ONCE):
        yield entries[start : start + AT_ONCE]


def _opened(statement: Statement, kept: KeptPreview, plain: dict[str, Any]) -> Preview:
    counts = plain.pop("entries")
    figures = figures_of_plain(plain)
    views = {view: _Kept(kept, view, counts[view]) for view in VIEWS}
    return Preview(**vars(figures), statement=statement, views=views)


class _Kept(Sequence[Entry]):
    """Entries that are read when they are asked for, a piece at a time."""

    def __init__(self, kept: KeptPreview, view: str, count: int) -> None:
        self._kept, self._view, self._count = kept, view, count

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, which: int) -> Entry: ...
    @overload
    def __getitem__(self, which: slice) -> Sequence[Entry]: ...
    def __getitem__(self, which: int | slice) -> Entry | Sequence[Entry]:
        wanted = range(self._count)[which]
        if isinstance(wanted, int):
            return self._piece(wanted // AT_ONCE)[wanted % AT_ONCE]
        pieces = {place // AT_ONCE: () for place in wanted}
        read = {number: self._piece(number) for number in pieces}
        return [read[place // AT_ONCE][place % AT_ONCE] for place in wanted]

    def __iter__(self) -> Iterator[Entry]:
        numbers = range(-(-self._count // AT_ONCE))
        return chain.from_iterable(map(self._piece, numbers))

    def _piece(self, number: int) -> list[Entry]:
        rows = PreviewPiece.objects.filter(preview=self._kept, view=self._view, number=number)
        sealed = rows.values_list("sealed_entries", flat=True).first()
        plain = _unsealed(sealed, self._kept.made_at)
        if plain is None:
            KeptPreview.objects.filter(pk=self._kept.pk).delete()
            raise Outdated
        return entries_of_plain(plain)


def _sealed(plain: Any, now: dt.datetime) -> bytes:
    text = json.dumps(plain, default=str, ensure_ascii=False)
    return sealing.seal(zlib.compress(text.encode(), QUICKEST), now=now)


def _unsealed(sealed: bytes | memoryview | None, made_at: dt.datetime) -> Any:
    """None for what was sealed with another secret."""
    # Sealed for the numbers in it, not for a time.
    packed = sealing.unseal(sealed, now=made_at)
    return None if packed is None else json.loads(zlib.decompress(packed))
