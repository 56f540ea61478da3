"""Profiles of columns: kept version by version, found for a file by what is in it, retired.

What was read by a version is read again by it, whatever was changed since.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import zlib
from collections.abc import Sequence

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from bankfeeds import sealing
from bankfeeds.intake import cells
from bankfeeds.intake.columns import fits
from bankfeeds.intake.delimited import Reading
from bankfeeds.intake.guess_layout import has_dates
from bankfeeds.intake.profile import Profile, profile_of
from bankfeeds.intake.recognise import Format, in_columns, recognise
from bankfeeds.intake.shape import UnreadableFile
from bankfeeds.models import Actor, ColumnProfile, Event, SampleFile, SourceAccount
from bankfeeds.models.record import demand_reason

from .matching import CannotImport

KEPT_SAMPLE = dt.timedelta(days=3)
# Why a file is not read that a profile may read.
MENDED = {
    "column-twice", "columns-missing", "encoding", "encoding-stated", "open-quote",
    "profile-header", "separator", "several-profiles", "stray-quote",
}  # fmt: skip


class SeveralProfiles(CannotImport):
    """More than one profile fits the file: a person has to say which it is."""

    code = "several-profiles"


class ProfileNameTaken(ValueError):
    """There is a profile of this name already; nothing was kept."""

    def __init__(self) -> None:
        super().__init__(
            _(
                "There is a profile of this name already. Nothing was kept. Choose another name, or"
                " make a new version on the page of that profile."
            )
        )


def of(row: ColumnProfile | None) -> Profile | None:
    return None if row is None else profile_of(row.setup)


def found_for(content: bytes) -> ColumnProfile | None:
    """The profile of a file, by what is in it; None for files that are read without one.

    One that knows a column of accounts comes first: read without it, the rows of several accounts
    would be taken for one's. Raises SeveralProfiles, UnreadableFile.
    """
    text = in_columns(content)
    found = fitting(text) if _is_text(text) else []
    if not _is_of_its_own_kind(text):
        found = [row for row in found if profile_of(row.setup).account is not None]
    if len(found) > 1:
        raise SeveralProfiles(
            _("More than one profile fits this file: %(names)s. Nothing was saved. Choose one.")
            % {"names": ", ".join(map(str, found))}
        )
    return found[0] if found else None


def fitting(content: bytes) -> list[ColumnProfile]:
    """Raises UnreadableFile."""
    text = in_columns(content)
    return [row for row in ColumnProfile.objects.in_use() if fits(profile_of(row.setup), text)]


def may_be_read(content: bytes) -> bool:
    """By a profile yet to be made."""
    try:
        return has_dates(in_columns(content))
    except UnreadableFile:
        return False


def _is_text(content: bytes) -> bool:
    """In columns, as far as can be told without a profile."""
    try:
        return recognise(content) is Format.CSV
    except UnreadableFile as error:
        return error.code in MENDED


def _is_of_its_own_kind(content: bytes) -> bool:
    """Text that is neither the portal's own CSV nor another format that is read as it is."""
    try:
        if recognise(content) is not Format.CSV:
            return False
        Reading(content)
    except UnreadableFile as error:
        return error.code in MENDED
    return False


def make(
    profile: Profile,
    *,
    institution: str,
    name: str,
    follows: ColumnProfile | None = None,
    by: Actor,
    now: dt.datetime,
) -> ColumnProfile:
    """Keep a profile, or the next version of one that it `follows`; the same once more is the same.

    Raises ProfileNameTaken.
    """
    if follows is not None:
        institution, name = follows.institution, follows.name
    try:
        with transaction.atomic():
            return _make(profile, institution, name, follows, by, now)
    except IntegrityError:
        # Somebody was faster.
        raise ProfileNameTaken from None


def _make(
    profile: Profile,
    institution: str,
    name: str,
    follows: ColumnProfile | None,
    by: Actor,
    now: dt.datetime,
) -> ColumnProfile:
    rows = ColumnProfile.objects.filter(institution=institution, name=name)
    newest = rows.order_by("-version").first()
    if newest is not None:
        if newest.retired_at is None and profile_of(newest.setup) == profile:
            return newest
        if follows is None:
            raise ProfileNameTaken
    row = ColumnProfile.objects.create(
        institution=institution,
        name=name,
        version=newest.version + 1 if newest else 1,
        setup=profile.plain(),
        made_at=now,
        made_by=by.name,
        user_id=by.user_id,
    )
    before = newest.setup if newest else {}
    Event.objects.record(
        "profile.made", by=by, at=now, words=str(row), before=before, after=row.setup
    )
    return row


def retire(row: ColumnProfile, *, reason: str, by: Actor, now: dt.datetime) -> bool:
    """No file is read by it from now on; what was read stays. False: it was retired already.

    Raises ValueError where nothing, or what cannot be kept, is said of why.
    """
    demand_reason(reason)
    with transaction.atomic():
        open_one = ColumnProfile.objects.filter(pk=row.pk, retired_at=None)
        if not open_one.update(retired_at=now):
            return False
        Event.objects.record("profile.retired", by=by, at=now, words=str(row), reason=reason)
    return True


def keep_sample(
    content: bytes,
    *,
    file_name: str,
    account: SourceAccount | None = None,
    follows: ColumnProfile | None = None,
    by: Actor,
    now: dt.datetime,
) -> SampleFile:
    """The file, so that a profile can be made from it; the same once more is the same sample."""
    let_go_of_samples(now=now)
    digest = hashlib.sha256(content).hexdigest()
    same = SampleFile.objects.filter(
        sha256=digest, account=account, follows=follows, uploaded_by=by.name
    )
    return same.first() or SampleFile.objects.create(
        account=account,
        follows=follows,
        file_name=plain_name(file_name),
        sha256=digest,
        content=sealing.seal(zlib.compress(content), now=now),
        uploaded_at=now,
        uploaded_by=by.name,
    )


def let_go_of_samples(*, now: dt.datetime) -> None:
    """Those of which nobody made a profile in time: they hold a client's transactions."""
    old = SampleFile.objects.filter(uploaded_at__lt=now - KEPT_SAMPLE)
    # Asked first: the sweep comes every few seconds, and a deletion takes the write lock.
    if old.exists():
        old.delete()


def content_of(sample: SampleFile) -> bytes:
    """Raises CannotImport for one that was sealed with another secret."""
    # Sealed for the account numbers in it, not for a time.
    content = sealing.unseal(sample.content, now=sample.uploaded_at)
    if content is None:
        raise CannotImport(_("This sample is no longer kept. Choose the file again."))
    return zlib.decompress(content)


def plain_name(name: str) -> str:
    """A file's name without a path or anything that could not be shown."""
    last = name.replace("\\", "/").rpartition("/")[2]
    # Of a name on disk that is no UTF-8.
    last = last.encode(errors="replace").decode()
    return cells.CONTROLS.sub("", last).strip()[-255:] or _("unnamed file")


def by_name(text: str) -> Sequence[ColumnProfile]:
    """Profiles in use of that name, or the one with that number."""
    rows = ColumnProfile.objects.in_use()
    if text.isascii() and text.isdigit() and len(text) < 10:
        return list(rows.filter(pk=int(text)))
    return list(rows.filter(name=text))
