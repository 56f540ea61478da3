"""Mended rows come in again as what they are: lines of the file that they were left out of.

They are read in their places in that file, so that balances, order and repeated ids are judged as
of one file, and nothing of it comes in a second time.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from django.utils.translation import gettext as _

from bankfeeds.intake.mended import Mended, is_mended, read_mended
from bankfeeds.intake.shape import Rejected
from bankfeeds.intake.shape import Statement as Stated
from bankfeeds.models import Actor, BankTransaction, Event, SourceAccount, Statement

from . import kept, pieces, profiles
from .matching import CannotImport, places
from .preview import bad_rows, mended_in


def hand_out(
    statement: Statement, *, by: Actor, now: dt.datetime
) -> tuple[tuple[str, ...], Iterator[Rejected]]:
    """What `bad_rows` says; written down, since it has whole account numbers. Raises UploadGone."""
    found = bad_rows(statement)
    Event.objects.record(
        "statement.bad_rows_handed_out",
        by=by,
        at=now,
        words=statement.file_name,
        account=statement.account,
    )
    return found


def list_in(content: bytes) -> Mended | None:
    """The list of bad rows that a text in columns is. Raises UnreadableFile."""
    return read_mended(content) if is_mended(content) else None


def first_of(account: SourceAccount, mended: Mended) -> Statement:
    """The file whose bad rows these are. Raises CannotImport."""
    every = Statement.objects.filter(mends=None, sha256__startswith=mended.file)
    every = every.exclude(state=Statement.State.UNDONE).select_related("account", "profile")
    mine = every.filter(account=account).order_by("-state", "pk").first()
    if mine is not None:
        return mine
    other = every.exclude(account=account).first()
    if other is not None:
        raise CannotImport(
            _(
                "These are bad rows of %(file)s, which is of %(account)s. Nothing was saved."
                " Choose that account."
            )
            % {"file": other.file_name, "account": other.account}
        )
    raise CannotImport(gone())


def gone() -> str:
    return _(
        "The file whose bad rows these are is no longer here, or its import was taken back."
        " Nothing was saved. Upload the whole file first, then this list."
    )


def in_place(first: Statement, mended: Mended) -> dict[int, tuple[str, ...]]:
    """Cells by line, with what was mended and saved before as it was. Raises CannotImport."""
    bad = _bad_lines(first, mended.header)
    for line in sorted(mended.rows):
        if line not in bad:
            raise CannotImport(
                _(
                    "Line %(line)d of %(file)s is not one of its bad rows. What was understood"
                    " stays as it is. Nothing was saved."
                )
                % {"line": line, "file": first.file_name}
            )
    saved = came_in(first)
    if saved.keys() >= mended.rows.keys():
        raise CannotImport(
            _("Every row of this list was mended and imported before. Nothing was changed.")
        )
    return {**mended.rows, **saved}


def came_in(first: Statement) -> dict[int, tuple[str, ...]]:
    """Of its bad rows those that were mended and saved, as they were."""
    found: dict[int, tuple[str, ...]] = {}
    for each in first.mended_by.filter(state=Statement.State.SAVED).order_by("saved_at", "pk"):
        lines = set(each.transactions.values_list("line", flat=True))
        found |= {line: said for line, said in mended_in(each).items() if line in lines}
    return found


def mended_lines(first: Statement) -> set[int]:
    """The same by their lines alone."""
    rows = BankTransaction.objects.filter(statement__mends=first.pk)
    return set(rows.values_list("line", flat=True))


def refuse_stale(mine: Statement, stated: Stated) -> None:
    """Raise CannotImport when others have saved one of these rows, or taken back the first file.

    The account is locked.
    """
    first = mine.mends
    if first is None:
        return
    ids = {row.line: row.transaction_id for row in stated.rows}
    lines = mended_in(mine).keys()
    here = BankTransaction.objects.filter(statement__mends=first)
    meanwhile = any(
        line in lines and ids.get(line) != name
        for line, name in here.values_list("line", "transaction_id").iterator()
    )
    if meanwhile or first.state == Statement.State.UNDONE:
        raise CannotImport(
            _(
                "Meanwhile somebody changed what is here of %(file)s. Nothing was saved."
                " Upload this list again, to look at it once more."
            )
            % {"file": first.file_name}
        )


def _bad_lines(first: Statement, header: tuple[str, ...]) -> set[int]:
    found = kept.bad_rows(
        pieces.whole(first),
        places=places(first.account),
        profile=profiles.of(first.profile),
        mended={},
        opening=first.opening_balance,
    )
    if found is None:
        raise CannotImport(
            _(
                "%(file)s is no table, so its rows cannot be mended one by one. Nothing was saved."
                " Ask the institution for a better file and upload it whole."
            )
            % {"file": first.file_name}
        )
    names, rejected = found
    if _plain(header) != _plain(names):
        raise CannotImport(
            _(
                "The columns of this list are not those of %(file)s. Nothing was saved."
                " Leave the first line of the list as it was."
            )
            % {"file": first.file_name}
        )
    return {entry.line for entry in rejected}


def _plain(names: tuple[str, ...]) -> str:
    return "\n".join(names).casefold().rstrip()
