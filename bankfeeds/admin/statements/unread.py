"""A file that no profile reads by itself: kept for a while, so that nobody has to choose it twice.

It is read by a profile that a person chooses, or a profile is made from it.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from django.core.files.uploadedfile import SimpleUploadedFile, UploadedFile
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.datastructures import MultiValueDict

from bankfeeds.admin.posted import actor, number
from bankfeeds.importing import CannotImport, profiles
from bankfeeds.models import ColumnProfile, ReceivedFile, SampleFile, SourceAccount


class Unread(NamedTuple):
    """What the page offers: profiles that fit or, when none does, all of them."""

    sample: SampleFile
    choices: list[ColumnProfile]
    make_url: str


class Again(NamedTuple):
    """`files`: as if the kept file had been chosen once more."""

    files: MultiValueDict[str, UploadedFile[Any]]
    profile: ColumnProfile


def given_again(request: HttpRequest, account: SourceAccount) -> Again | None:
    """The kept file and the profile that was chosen for it; None when either is gone."""
    sample = SampleFile.objects.filter(
        pk=number(request.POST.get("sample", "")) or 0, account=account
    ).first()
    profile = (
        ColumnProfile.objects.in_use()
        .filter(pk=number(request.POST.get("profile", "")) or 0)
        .first()
    )
    if sample is None or profile is None:
        return None
    try:
        file = SimpleUploadedFile(sample.file_name, profiles.content_of(sample))
    except CannotImport:
        return None
    return Again(MultiValueDict({"file": [file]}), profile)


def keep(
    request: HttpRequest, account: SourceAccount, file_name: str, content: bytes, *, code: str
) -> Unread | None:
    """None when no profile could read it."""
    if code not in profiles.MENDED or not profiles.may_be_read(content):
        return None
    sample = profiles.keep_sample(
        content,
        file_name=file_name,
        account=account,
        by=actor(request),
        now=timezone.now(),
    )
    choices = profiles.fitting(content) or list(ColumnProfile.objects.in_use())
    return Unread(sample, choices, _make_url(request, sample))


def kept_of(request: HttpRequest, row: ReceivedFile) -> Unread | None:
    """Of an upload that was refused, while the sample that was kept of it is here."""
    may_import: Any = request.user.has_perm("bankfeeds.add_statement")
    if row.state != ReceivedFile.State.REFUSED or row.account is None or not may_import:
        return None
    kept = SampleFile.objects.filter(
        sha256=row.sha256, account=row.account, uploaded_by=row.uploaded_by
    )
    sample = kept.defer("content").first()
    if sample is None:
        return None
    return Unread(sample, list(ColumnProfile.objects.in_use()), _make_url(request, sample))


def _make_url(request: HttpRequest, sample: SampleFile) -> str:
    may_make: Any = request.user.has_perm("bankfeeds.add_columnprofile")
    return reverse("admin:bankfeeds_columnprofile_sample", args=[sample.pk]) if may_make else ""
