"""What a page does with an upload that is not read at once, or cannot be read at all."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils import timezone

from bankfeeds import importing, senders
from bankfeeds.admin.posted import actor
from bankfeeds.intake.shape import UnreadableFile
from bankfeeds.models import ColumnProfile, ReceivedFile, SourceAccount


def later(
    request: HttpRequest,
    content: bytes,
    *,
    file_name: str,
    account: SourceAccount | None = None,
    profile: ColumnProfile | None = None,
) -> ReceivedFile | None:
    """A long file, kept for the worker; None for one that is read at once.

    Raises FileKnown, CannotImport.
    """
    return senders.keep_long(
        content,
        file_name=file_name,
        account=account,
        profile=profile,
        by=actor(request),
        now=timezone.now(),
    )


def refuse(
    request: HttpRequest,
    error: UnreadableFile,
    content: bytes,
    *,
    file_name: str,
    account: SourceAccount | None = None,
) -> str:
    """Keep it for the record. Why it was refused, in words."""
    words = importing.words_of(error.reason)
    senders.keep_refused(
        content,
        file_name=file_name,
        account=account,
        words=words,
        by=actor(request),
        now=timezone.now(),
    )
    return words
