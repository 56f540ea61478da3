"""A file that names its accounts, kept for a preview of its own on each that is known here."""

from __future__ import annotations

import datetime as dt
import sys
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from bankfeeds.intake.shape import UnreadableFile
from bankfeeds.models import Actor, SourceAccount, Statement

from .look import FileKnown, look
from .matching import CannotImport
from .owners import Named, NamesNoAccount, Whole
from .saying import words_of

# More than a person looks at one by one.
MOST_ACCOUNTS = 200


@dataclass(frozen=True)
class Looked:
    """`account`: None for one that is not known here. `upload`: kept to be looked at, with how many
    rows and bad ones. `known`: the import that it is already. `words`: why neither."""

    last4: str
    account: SourceAccount | None
    upload: Statement | None = None
    known: Statement | None = None
    rows: int = 0
    bad: int = 0
    words: str = ""


def look_on_each(
    content: bytes, *, file_name: str, most_rows: int = sys.maxsize, by: Actor, now: dt.datetime
) -> list[Looked]:
    """In the file's order. `most_rows`: that are taken of one account.

    Raises UnreadableFile, and CannotImport for a file that names none.
    """
    try:
        whole = Whole(content)
    except NamesNoAccount:
        raise CannotImport(
            _(
                "This file does not say whose it is. Nothing was saved. Find its account below, and"
                " choose the file there."
            )
        ) from None
    if len(whole.named) > MOST_ACCOUNTS:
        raise CannotImport(
            _(
                "This file names %(count)d accounts; a page takes %(most)d. Nothing was saved."
                " Use the command import_transactions with a folder, which has no limit."
            )
            % {"count": len(whole.named), "most": MOST_ACCOUNTS}
        )
    given: dict[str, Any] = {"content": content, "file_name": file_name, "most_rows": most_rows}
    return [_on(each, whole, by=by, now=now, **given) for each in whole.named]


def _on(named: Named, whole: Whole, **given: Any) -> Looked:
    account = named.account
    if account is None:
        return Looked(named.last4, None, words=named.words)
    try:
        part = whole.part(account, named)
        upload = look(account, profile=whole.profile, part=part, **given)
    except UnreadableFile as error:
        return Looked(named.last4, account, words=words_of(error.reason))
    except FileKnown as known:
        return Looked(named.last4, account, known=known.statement, words=str(known))
    except CannotImport as error:
        return Looked(named.last4, account, words=str(error))
    found = part.statement
    return Looked(named.last4, account, upload, rows=len(found.rows), bad=found.rejected_count)
