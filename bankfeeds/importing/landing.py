"""A file that comes in with nobody looking at it: saved account by account, or told why not."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from django.utils.translation import gettext as _

from bankfeeds.intake.shape import Rejected, UnreadableFile
from bankfeeds.models import Actor, ColumnProfile, SourceAccount, Statement

from .look import FileKnown, look
from .matching import CannotImport, Mine
from .opening import OpeningNeeded, state_opening
from .owners import Named, NamesNoAccount, Whole
from .pieces import UploadGone
from .save import BadRowsRemain, NothingToSave, save
from .saying import words_of


@dataclass(frozen=True)
class Landed:
    """What came of one account's part. `statement`: the import, or the upload that was not saved.

    `is_known`: the very file was saved before. `words`: why it was not saved. `bad`: those rows.
    `stranger`: the keyed hash of a number that no account here has; `rows`: how many it has.
    """

    last4: str
    account: SourceAccount | None
    statement: Statement | None = None
    is_saved: bool = False
    is_known: bool = False
    words: str = ""
    bad: tuple[Rejected, ...] = ()
    rows: int = 0
    stranger: str = ""


@dataclass(frozen=True)
class Arrival:
    """A file and whose doing it is. `profile`: by which to read it, where that was said.

    `openings`: by account id what was stated as the balance before the first row of a file that
    states none; under "" that of the only account.
    """

    file_name: str
    content: bytes
    by: Actor
    now: dt.datetime
    leave_out_bad: bool = False
    profile: ColumnProfile | None = None
    openings: Mapping[str, str] = field(default_factory=dict)


def land(arrival: Arrival, *, otherwise: SourceAccount | None = None) -> list[Landed]:
    """On every account that the file names; on `otherwise` where it names none.

    Raises UnreadableFile, CannotImport.
    """
    try:
        whole = Whole(arrival.content, arrival.profile)
    except NamesNoAccount:
        if otherwise is None:
            raise
        return [land_on(otherwise, arrival)]
    _refuse_openings_of_none(arrival, whole)
    arrival = replace(arrival, profile=whole.profile)
    return [_of(arrival, whole, named) for named in whole.named]


def _refuse_openings_of_none(arrival: Arrival, whole: Whole) -> None:
    names = {named.account.account_id for named in whole.named if named.account}
    wanted = arrival.openings.keys()
    if wanted - {""} <= names and ("" not in wanted or len(whole.named) == 1):
        return
    raise CannotImport(
        _(
            "The opening balances cannot be told apart: the file is of several accounts, or names"
            " none of this id. Nothing was saved. Give the account's id with each."
        )
    )


def land_on(account: SourceAccount, arrival: Arrival) -> Landed:
    """On this account alone."""
    return _land(arrival, account, account.number_last4, lambda: None)


def _of(arrival: Arrival, whole: Whole, named: Named) -> Landed:
    account = named.account
    if account is None:
        return Landed(
            named.last4,
            None,
            words=named.words,
            bad=named.bad,
            rows=named.rows,
            stranger=named.stranger,
        )
    return _land(arrival, account, named.last4, lambda: whole.part(account, named))


def _land(
    arrival: Arrival, account: SourceAccount, last4: str, part: Callable[[], Mine | None]
) -> Landed:
    upload = None
    try:
        upload = look(
            account,
            file_name=arrival.file_name,
            content=arrival.content,
            profile=arrival.profile,
            part=part(),
            by=arrival.by,
            now=arrival.now,
        )
        opening = arrival.openings.get(account.account_id, arrival.openings.get(""))
        if opening is not None:
            state_opening(upload, opening, by=arrival.by, now=arrival.now)
        saved = save(
            upload,
            leave_out_bad=arrival.leave_out_bad,
            is_of_account=False,
            by=arrival.by,
            now=arrival.now,
        )
        return Landed(last4, account, saved, is_saved=True)
    except FileKnown as known:
        return Landed(
            last4, account, known.statement, is_saved=True, is_known=True, words=str(known)
        )
    except UnreadableFile as error:
        return Landed(last4, account, words=words_of(error.reason))
    except (BadRowsRemain, NothingToSave) as error:
        bad = tuple(error.parsed.rejected)
        return Landed(last4, account, upload, words=str(error), bad=bad)
    except OpeningNeeded as error:
        return Landed(last4, account, upload, words=str(error))
    except (CannotImport, UploadGone) as error:
        return Landed(last4, account, words=str(error))
