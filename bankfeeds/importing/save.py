"""Save what a person has looked at, once and whole, or let the upload go."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bankfeeds.intake import cells, pace
from bankfeeds.intake.shape import KEPT_REJECTED, HeldOut, Line, Parsed, Reason, Rejected
from bankfeeds.intake.shape import Statement as Stated
from bankfeeds.models import Actor, Event, Statement

from .doubts import ask
from .insert import insert
from .keeping import Outdated, forget
from .look import let_go, lock, refuse_known, refuse_of_another, refuse_unfit
from .mending import refuse_stale
from .opening import opening_of, refuse_without_balances, told
from .pieces import UploadGone
from .placing import as_it_was, taken_out
from .planning import Plan, holding, planned, set_out_ahead
from .preview import read
from .saying import left_out_row
from .setting_out import move_in
from .sorting import Sorting, sort_out


class BadRowsRemain(Exception):
    """Bad rows, and nobody said to leave them out: nothing was saved. `parsed` names them."""

    def __init__(self, parsed: Parsed) -> None:
        super().__init__(
            ngettext(
                "Nothing was saved: %(bad)d row is bad. Correct the file, or say that it shall"
                " be left out.",
                "Nothing was saved: %(bad)d rows are bad. Correct the file, or say that they"
                " shall be left out.",
                parsed.rejected_count,
            )
            % {"bad": parsed.rejected_count}
        )
        self.parsed = parsed


class NothingToSave(Exception):
    """Not one row was understood."""

    def __init__(self, parsed: Parsed) -> None:
        super().__init__(_("Nothing was saved: not one row of this file could be understood."))
        self.parsed = parsed


def save(
    statement: Statement,
    *,
    leave_out_bad: bool,
    is_of_account: bool = True,
    shown: str | None = None,
    by: Actor,
    now: dt.datetime,
) -> Statement:
    """Insert the good new rows; an upload that is saved already comes back as it is.

    `is_of_account`: somebody knows it; else a table that was saved on another one is refused.
    `shown`: the digest of the preview that was agreed to.
    Raises BadRowsRemain, NothingToSave, FileKnown, CannotImport, UploadGone, Outdated.
    """
    if statement.state != Statement.State.PREVIEWED:
        return statement
    account = statement.account
    refuse_unfit(account)
    with pace.part(0, 4):
        found = read(statement)
    parsed = found.statement
    if not (is_of_account or found.names_account):
        refuse_of_another(account, statement.sha256, now=now)
    # A statement of a day without transactions has come all the same.
    if not (parsed.rows or parsed.is_quiet):
        raise NothingToSave(parsed)
    refuse_without_balances(found)
    if parsed.rejected_count and not leave_out_bad:
        raise BadRowsRemain(parsed)
    try:
        with set_out_ahead(statement, parsed) as plan, transaction.atomic():
            mine = locked(statement)
            if mine.state != Statement.State.PREVIEWED:
                return mine
            if opening_of(mine) != opening_of(statement):
                raise Outdated
            return _save(mine, parsed, holding(plan, mine, parsed), shown, by, now)
    except Outdated:
        forget(statement)
        raise


def locked(statement: Statement) -> Statement:
    """The upload as it stands, its account locked. Raises UploadGone, FileKnown."""
    lock(statement.account)
    mine = Statement.objects.filter(pk=statement.pk).first()
    if mine is None:
        raise UploadGone
    if mine.state == Statement.State.PREVIEWED:
        refuse_known(statement.account, mine.sha256)
    return mine


def discard(statement: Statement, *, by: Actor, now: dt.datetime) -> bool:
    """Let an upload go that was never saved; False when it was saved or is gone already."""
    with transaction.atomic():
        lock(statement.account)
        rows = Statement.objects.filter(pk=statement.pk, state=Statement.State.PREVIEWED)
        if not rows.exists():
            return False
        let_go([statement.pk])
        Event.objects.record(
            "statement.discarded",
            by=by,
            at=now,
            words=_("%(file)s was looked at and not saved.") % {"file": statement.file_name},
            account=statement.account,
        )
    return True


def _save(
    statement: Statement,
    parsed: Stated,
    plan: Plan,
    shown: str | None,
    by: Actor,
    now: dt.datetime,
) -> Statement:
    sorting = plan.sorting
    if shown not in (None, sorting.digest):
        raise Outdated
    first = statement.mends
    if first is not None:
        return _save_mended(statement, first, parsed, plan, by, now)
    # First, since a row beside which another stands in question keeps its place and its key.
    ask(statement, parsed.rows, sorting, now=now)
    statement.rows_saved = _insert(statement, plan)
    _count(statement, parsed, sorting)
    return record(statement, by=by, now=now)


def _count(statement: Statement, parsed: Stated, sorting: Sorting) -> None:
    statement.rows_known = len(sorting.known)
    statement.rows_rejected = parsed.rejected_count + len(sorting.doubtful) + len(parsed.held_out)
    statement.rejected = _left_out(parsed, sorting)


def _save_mended(
    statement: Statement,
    first: Statement,
    parsed: Stated,
    plan: Plan,
    by: Actor,
    now: dt.datetime,
) -> Statement:
    """Each row under the file that it came in with; the first one is saved too where it was not.

    All at once, since a day's rows have to be in their order whichever file they are of.
    """
    refuse_stale(statement, parsed)
    sorting = plan.sorting
    if first.state == Statement.State.PREVIEWED:
        alone = read(first).statement
        by_itself = sort_out(first.account, alone)
        first.rows_saved = len(by_itself.new)
        _count(first, alone, by_itself)
        ask(first, alone.rows, by_itself, now=now)
        record(first, by=by, now=now)
    mine = [row for row in parsed.rows if row.line in plan.mended]
    ask(statement, mine, sorting, now=now)
    _insert(statement, plan)
    for each in (first, statement):
        each.rows_saved = each.transactions.count()
        each.save(update_fields=["rows_saved"])
    doubtful = [row for row in mine if row.transaction_id in sorting.doubtful]
    statement.rows_known = sum(row.transaction_id in sorting.known for row in mine)
    statement.rows_rejected = parsed.rejected_count + len(doubtful)
    statement.rejected = left_out(parsed.rejected, _said(doubtful, sorting))
    return record(statement, by=by, now=now)


def record(statement: Statement, *, by: Actor, now: dt.datetime) -> Statement:
    """It is saved, and what came of its rows stands on it already."""
    forget(statement)
    statement.state, statement.saved_at = Statement.State.SAVED, now
    statement.imported_by, statement.user_id = by.name, by.user_id
    statement.save(
        update_fields=[
            "rows_saved", "rows_known", "rows_rejected", "rejected", "state", "saved_at",
            "imported_by", "user",
        ]
    )  # fmt: skip
    after: dict[str, Any] = {
        "saved": statement.rows_saved,
        "known": statement.rows_known,
        "left_out": statement.rows_rejected,
    }
    words = _told(statement)
    if opening := told(statement.mends or statement):
        words = f"{words} {opening.words}"
        after |= {"opening_balance": cells.figure(opening.balance), "opening_stated_by": opening.by}
    Event.objects.record(
        "statement.saved", by=by, at=now, words=words, after=after, statement=statement
    )
    return statement


def _told(statement: Statement) -> str:
    return ngettext(
        "%(file)s: %(saved)d row saved, %(known)d already here, %(left)d left out.",
        "%(file)s: %(saved)d rows saved, %(known)d already here, %(left)d left out.",
        statement.rows_saved,
    ) % {
        "file": statement.file_name,
        "saved": statement.rows_saved,
        "known": statement.rows_known,
        "left": statement.rows_rejected,
    }


def _insert(statement: Statement, plan: Plan) -> int:
    """The new rows in the order in which they happened: ids then follow it within a day.

    How many of the file came in.
    """
    moved = taken_out(statement.account, plan.behind)
    if plan.is_set_out and not moved:
        return move_in(statement.account_id)
    placed: list[tuple[int, Line]] = []
    for row in plan.rows:
        if stored := moved.get(row.line):
            placed.append((stored.statement_id, as_it_was(stored)))
        elif row.line in plan.fresh:
            placed.append((plan.owner(row, statement), row))
    return insert(statement.account_id, placed) - len(moved)


def _left_out(parsed: Stated, sorting: Sorting) -> list[dict[str, Any]]:
    without: list[Rejected | HeldOut] = [*parsed.rejected, *parsed.held_out]
    return left_out(without, _said(parsed.rows, sorting))


def bring_in(statement: Statement, rows: Sequence[Line], some: Collection[Line]) -> None:
    """Some rows of a file that is saved, in their places among `rows`, all of that file.

    The account is locked.
    """
    others = {each.transaction_id for each in rows} - {each.transaction_id for each in some}
    mended = {each.line for each in some} if statement.mends_id else ()
    sorting = Sorting(list(some), others, {}, {}, None)
    _insert(statement, planned(rows, sorting, mended=mended))


def _said(rows: Iterable[Line], sorting: Sorting) -> Iterator[tuple[int, Reason]]:
    """Of the doubtful ones among these: line and why."""
    for row in rows:
        if doubtful := sorting.doubtful.get(row.transaction_id):
            yield row.line, doubtful.reason


def left_out(
    without: Iterable[Rejected | HeldOut], doubtful: Iterable[tuple[int, Reason]]
) -> list[dict[str, Any]]:
    """The first of the lines that did not come in; `doubtful`: line and why."""
    found = [left_out_row(bad.line, bad.reason) for bad in without]
    found += [left_out_row(line, why) for line, why in doubtful]
    return sorted(found, key=lambda entry: entry["line"])[:KEPT_REJECTED]
