"""Several files chosen at once for one account: each kept for its own preview, or told why not."""

from __future__ import annotations

from dataclasses import dataclass

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from bankfeeds import importing, words
from bankfeeds.admin.parts import PortalAdmin
from bankfeeds.admin.posted import actor
from bankfeeds.importing import FileKnown
from bankfeeds.intake.shape import UnreadableFile
from bankfeeds.models import ReceivedFile, SourceAccount, Statement

from . import uploads
from .form import too_large

MOST_FILES = 20


@dataclass(frozen=True)
class Result:
    """`upload`: kept to be looked at. `known`: the import that it is already. `words`: why not.

    `later`: a long file that the worker reads.

    `may_be_read`: by a column profile.
    """

    name: str
    upload: Statement | None = None
    later: ReceivedFile | None = None
    known: Statement | None = None
    words: str = ""
    may_be_read: bool = False


def chosen(request: HttpRequest) -> list[UploadedFile[bytes]]:
    """In name order, which is mostly that of their days."""
    return sorted(request.FILES.getlist("file"), key=lambda file: file.name or "")


def page(
    admin: PortalAdmin,
    request: HttpRequest,
    account: SourceAccount,
    files: list[UploadedFile[bytes]],
) -> HttpResponse:
    """What came of each. Nothing is saved: the preview of each file does that."""
    return admin.page(
        request,
        "several",
        title=_("Look before saving: several files"),
        account=account,
        account_word=words.account(account),
        results=[_result(request, account, file) for file in files[:MOST_FILES]],
        left=[file.name for file in files[MOST_FILES:]],
    )


def _result(request: HttpRequest, account: SourceAccount, file: UploadedFile[bytes]) -> Result:
    name = importing.profiles.plain_name(file.name or "")
    if wrong := too_large(file):
        return Result(name, words=wrong)
    content = file.read()
    try:
        if later := uploads.later(request, content, file_name=name, account=account):
            return Result(name, later=later)
        upload = importing.look(
            account, file_name=name, content=content, by=actor(request), now=timezone.now()
        )
        return Result(name, upload=upload)
    except UnreadableFile as error:
        words = uploads.refuse(request, error, content, file_name=name, account=account)
        return Result(name, words=words, may_be_read=error.code in importing.profiles.MENDED)
    except FileKnown as known:
        return Result(name, known=known.statement, words=str(known))
    except importing.SeveralProfiles as several:
        return Result(name, words=str(several), may_be_read=True)
    except importing.CannotImport as error:
        return Result(name, words=str(error))
