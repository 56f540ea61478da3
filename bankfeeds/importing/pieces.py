"""What is kept of an upload, in pieces, so that writing a long one never holds it whole."""

from __future__ import annotations

from functools import partial
from typing import IO

from django.utils.translation import gettext as _

from bankfeeds.models import KeptPiece, Statement

SIZE = 65_536


class UploadGone(Exception):
    """The upload was cancelled, or let go because nobody saved it."""

    def __init__(self) -> None:
        super().__init__(
            _("This upload is no longer kept. Nothing was saved. Choose the file again.")
        )


def write(upload: Statement, packed: IO[bytes]) -> None:
    """In place of what was kept of it before; in the transaction in which it is written itself."""
    KeptPiece.objects.filter(statement=upload).delete()
    packed.seek(0)
    for number, piece in enumerate(iter(partial(packed.read, SIZE), b"")):
        KeptPiece.objects.create(statement=upload, number=number, piece=piece)


def refuse_gone(upload: Statement) -> None:
    """Raise UploadGone where nothing is kept of it."""
    if not KeptPiece.objects.filter(statement=upload.pk).exists():
        raise UploadGone


def whole(upload: Statement) -> bytes:
    """Raises UploadGone."""
    rows = KeptPiece.objects.filter(statement=upload.pk).order_by("number")
    found = b"".join(rows.values_list("piece", flat=True).iterator())
    if not found:
        raise UploadGone
    return found
