"""Take a file in to be looked at: kept as it came, with its hash; nothing of it saved yet."""

from __future__ import annotations

import datetime as dt
import hashlib
import sys
from io import BytesIO
from typing import IO

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from bankfeeds import words
from bankfeeds.intake.recognise import in_columns
from bankfeeds.intake.shape import Statement as Stated
from bankfeeds.models import Actor, ColumnProfile, SourceAccount, Statement

from . import kept, mending, pieces, profiles
from .matching import CannotImport, Mine, mine
from .sorting import line_of

# Uploads that nobody saved are let go, a few with each new one.
KEPT_UNSAVED = dt.timedelta(days=7)
LET_GO_AT_ONCE = 50
# So far back a file is looked for on other accounts.
ELSEWHERE = dt.timedelta(days=60)


class FileKnown(Exception):
    """The same file was saved on this account before: `statement` is that import."""

    def __init__(self, statement: Statement) -> None:
        super().__init__(
            _(
                "This file was imported on %(when)s by %(who)s. Nothing was changed."
                " Open that import."
            )
            % {"when": words.moment(statement.saved_at), "who": statement.imported_by}
        )
        self.statement = statement


class TooManyRows(CannotImport):
    """More than a person looks at on a page."""

    def __init__(self, part: Mine, most: int) -> None:
        super().__init__(
            _(
                "This file has %(count)s rows; a page takes %(most)s. Nothing was saved. Split it,"
                " or use the command import_transactions, which has no limit."
            )
            % {"count": words.count(len(part.statement.rows)), "most": words.count(most)}
        )


class OfAnother(CannotImport):
    """The same file, which names no account, was saved on another one: `statement` is that."""

    def __init__(self, statement: Statement) -> None:
        super().__init__(
            _(
                "This very file was imported for %(account)s of %(company)s on %(when)s by %(who)s,"
                " and it does not say whose it is. Nothing was saved. Look on a page whether it is"
                " this account's."
            )
            % {
                "account": statement.account,
                "company": statement.company,
                "when": words.moment(statement.saved_at),
                "who": statement.imported_by,
            }
        )
        self.statement = statement


def look(
    account: SourceAccount,
    *,
    file_name: str,
    content: bytes,
    profile: ColumnProfile | None = None,
    part: Mine | None = None,
    most_rows: int = sys.maxsize,
    by: Actor,
    now: dt.datetime,
) -> Statement:
    """Keep the file for a preview; the same file looked at again is the same upload.

    `profile`: by which to read it, where a person has said so. `part`: the account's part of the
    content, where it was read already.
    `most_rows`: that are taken.
    Raises UnreadableFile, FileKnown, CannotImport.
    """
    digest = hashlib.sha256(content).hexdigest()
    refuse_in_vain(account, digest)
    # A workbook is taken apart once: what asks for its columns gets the text.
    text = in_columns(content) if part is None else b""
    if part is None and (list_of_bad_rows := mending.list_in(text)):
        first = mending.first_of(account, list_of_bad_rows)
        return keep(
            account,
            file_name=file_name,
            digest=digest,
            size=len(content),
            packed=BytesIO(kept.packed_mended(mending.in_place(first, list_of_bad_rows))),
            rows_read=first.rows_read,
            profile=first.profile,
            mends=first,
            by=by,
            now=now,
        )
    if part is None:
        profile = profile or profiles.found_for(text)
        part = mine(account, text if profile else content, profiles.of(profile))
    if len(part.statement.rows) > most_rows:
        raise TooManyRows(part, most_rows)
    return keep(
        account,
        file_name=file_name,
        digest=digest,
        size=len(content),
        packed=BytesIO(kept.packed(part, content)),
        rows_read=_lines_of(part.statement),
        profile=profile,
        states_no_balance=part.statement.from_zero,
        by=by,
        now=now,
    )


def keep(
    account: SourceAccount,
    *,
    file_name: str,
    digest: str,
    size: int,
    packed: IO[bytes],
    rows_read: int,
    profile: ColumnProfile | None = None,
    states_no_balance: bool = False,
    mends: Statement | None = None,
    by: Actor,
    now: dt.datetime,
) -> Statement:
    """The upload of a file that can be read, and `packed`, what is kept of it.

    Raises FileKnown, CannotImport.
    """
    with transaction.atomic():
        lock(account)
        refuse_known(account, digest)
        _let_go_of_old_ones(now)
        seen = _uploads(account, digest).filter(state=Statement.State.PREVIEWED).first()
        upload = seen or Statement(
            account=account,
            connection_id=account.connection_id,
            company_id=account.company_id,
            sha256=digest,
            size=size,
        )
        if mends is not None and not Statement.objects.filter(pk=mends.pk).exists():
            raise CannotImport(mending.gone())
        upload.profile, upload.mends, upload.rows_read = profile, mends, rows_read
        upload.states_no_balance = states_no_balance
        upload.file_name, upload.uploaded_at = profiles.plain_name(file_name), now
        upload.imported_by, upload.user_id = by.name, by.user_id
        upload.save()
        pieces.write(upload, packed)
        return upload


def _lines_of(stated: Stated) -> int:
    return len(stated.rows) + stated.rejected_count + len(stated.held_out)


def refuse_unfit(account: SourceAccount) -> None:
    """Raise CannotImport when nothing can ever be sent for it; one that only waits is fine."""
    if account.company.closed_at:
        raise CannotImport(
            _(
                "This company is closed, so no file is taken in."
                " Reopen the company first, or choose an account of another one."
            )
        )
    if account.not_wanted_at:
        raise CannotImport(
            _(
                "The client does not want this account in QuickBooks, so no file is taken in."
                " Mark the account as wanted first."
            )
        )
    unlinked = account.connection.status == "Unlinked"
    if unlinked and account.company.connections.live().exists():
        raise CannotImport(
            _(
                "The client has a newer QuickBooks connection, so no file is taken in."
                " Choose the account on that one."
            )
        )
    heir = account.followed_by.order_by("pk").first()
    if heir is not None:
        raise CannotImport(
            _("%(account)s goes on from this account, so no file is taken in. Import it there.")
            % {"account": heir}
        )
    if account.gone_at or account.connection.gone_at or account.company.gone_at:
        raise CannotImport(
            _(
                "This account was removed at Codat, so no file is taken in."
                " Choose an account that is on the feed."
            )
        )
    if not account.at_codat:
        raise CannotImport(
            _(
                "This account is not yet at Codat, so no file is taken in."
                " Press Continue on the account first."
            )
        )


def refuse_in_vain(account: SourceAccount, digest: str) -> None:
    """Raise CannotImport or FileKnown for a file that need not be read first."""
    refuse_unfit(account)
    refuse_known(account, digest)


def refuse_known(account: SourceAccount, digest: str) -> None:
    known = _uploads(account, digest).filter(state=Statement.State.SAVED).first()
    if known is not None:
        raise FileKnown(known)


def elsewhere(account: SourceAccount, digest: str, *, now: dt.datetime) -> Statement | None:
    """The newest import of the same bytes on an account that this one does not go on from."""
    rows = Statement.objects.filter(
        sha256=digest, state=Statement.State.SAVED, uploaded_at__gt=now - ELSEWHERE
    ).exclude(account__in=line_of(account))
    rows = rows.select_related("account", "company").defer("rejected")
    return rows.order_by("-uploaded_at", "-pk").first()


def refuse_of_another(account: SourceAccount, digest: str, *, now: dt.datetime) -> None:
    """For a file that names no account."""
    other = elsewhere(account, digest, now=now)
    if other is not None:
        raise OfAnother(other)


def lock(account: SourceAccount) -> None:
    """One import of an account at a time; on SQLite the transaction itself is the lock."""
    SourceAccount.objects.select_for_update(no_key=True).only("pk").get(pk=account.pk)


def let_go(rows: list[int]) -> None:
    """Delete uploads that were never saved, and before them those that only mend them."""
    previewed = Statement.objects.filter(state=Statement.State.PREVIEWED)
    for unsaved in (previewed.filter(mends__in=rows), previewed.filter(pk__in=rows)):
        unsaved.filter(mended_by=None).defer("rejected").delete()


def _uploads(account: SourceAccount, digest: str) -> QuerySet[Statement]:
    rows = Statement.objects.filter(account=account, sha256=digest)
    return rows.defer("rejected").order_by("pk")


def _let_go_of_old_ones(now: dt.datetime) -> None:
    old = Statement.objects.filter(
        state=Statement.State.PREVIEWED, uploaded_at__lt=now - KEPT_UNSAVED, mended_by=None
    )
    let_go(list(old.order_by("uploaded_at").values_list("pk", flat=True)[:LET_GO_AT_ONCE]))
