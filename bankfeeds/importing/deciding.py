"""A person decides on rows that may be here already: ours alone, or these as well.

What is here is never overwritten. A decision is made once, by one person, on what they saw; on
several rows together by the same checks as on one.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from bankfeeds import words
from bankfeeds.intake.shape import Line
from bankfeeds.models import (
    Actor,
    BankTransaction,
    Doubt,
    Event,
    PushItem,
    SourceAccount,
    Statement,
)
from bankfeeds.models.record import demand_reason

from .look import lock, refuse_unfit
from .matching import CannotImport
from .preview import read
from .save import bring_in
from .sorting import line_of

LONGEST_ID = 100
Answer = Doubt.Answer


class AlreadyDecided(Exception):
    """Somebody was faster, or the row is no longer a question; nothing was changed."""


def seen_of(doubt: Doubt) -> str:
    """What a decision hangs on besides the two rows: whether and how far ours has gone."""
    ours = doubt.ours
    if ours is None:
        return "gone"
    last = PushItem.objects.filter(transaction=ours).order_by("-pk").first()
    return f"{ours.pk}-{last.pk}-{last.push.status}-{last.released}" if last else f"{ours.pk}"


def answers_of(doubt: Doubt) -> list[Answer]:
    """Those that make sense now."""
    return [Answer.KEEP, Answer.NEW, *([Answer.MISTAKE] if sent_in(doubt) else [])]


def sent_in(doubt: Doubt) -> PushItem | None:
    """Where Codat has accepted ours, unless it is marked *Sent in error* already."""
    items = PushItem.objects.filter(transaction=doubt.ours_id, push__status="succeeded")
    return items.exclude(marks__mark__kind="sent_in_error").order_by("-pk").first()


def decide(
    doubt: Doubt, answer: str, *, seen: str, reason: str, by: Actor, now: dt.datetime
) -> Doubt:
    """`seen`: as the person saw it, from `seen_of`. To be called with MISTAKE in one transaction
    with that record.

    Raises AlreadyDecided, CannotImport, and ValueError with the words for a wrong order.
    """
    demand_reason(reason)
    with transaction.atomic():
        lock(doubt.account)
        [mine] = _rows([doubt.pk])
        _refuse(mine, answer, seen)
        _answer([mine], answer, reason=reason, by=by, now=now)
    return mine


@dataclass(frozen=True)
class Decided:
    """What became of one of several. `words`: why nothing was decided; "" where it was."""

    doubt: Doubt
    words: str = ""


def decide_together(
    doubts: Sequence[Doubt],
    answer: str,
    *,
    seen: Mapping[int, str],
    reason: str,
    by: Actor,
    now: dt.datetime,
) -> list[Decided]:
    """Rows of one account, each by the checks of `decide`; of those that fail the words are told.

    `seen`: of each by primary key. With MISTAKE as `decide`.
    Raises CannotImport, with nothing decided, and ValueError without a reason.
    """
    demand_reason(reason)
    with transaction.atomic():
        lock(doubts[0].account)
        found: list[Decided] = []
        marked: set[int | None] = set()
        for mine in _rows([doubt.pk for doubt in doubts]):
            try:
                _refuse(mine, answer, seen.get(mine.pk, ""))
                _refuse_second(mine, [each.doubt for each in found if not each.words], marked)
            except (AlreadyDecided, ValueError) as refused:
                found.append(Decided(mine, str(refused)))
                continue
            found.append(Decided(mine))
            marked |= {mine.ours_id} if answer == Answer.MISTAKE else set()
        chosen = [each.doubt for each in found if not each.words]
        _answer(chosen, answer, reason=reason, by=by, now=now)
    return found


def _rows(doubts: Sequence[int]) -> list[Doubt]:
    rows = Doubt.objects.select_related("account", "statement", "ours").filter(pk__in=doubts)
    return list(rows.order_by("statement_id", "line"))


def _refuse(doubt: Doubt, answer: str, seen: str) -> None:
    _refuse_answered(doubt)
    if answer not in answers_of(doubt):
        raise ValueError(_("Choose one of the answers."))
    if seen_of(doubt) != seen:
        raise ValueError(
            _("Meanwhile something happened to the row that is here. Look at it once more.")
        )
    if answer != Answer.KEEP:
        _refuse_taken(doubt)
        _refuse_come_since(doubt)


def _refuse_taken(doubt: Doubt) -> None:
    """Two files may have asked about the very same row before either was answered."""
    same = Doubt.objects.filter(**_content(doubt)).exclude(taken=None).exclude(pk=doubt.pk)
    if before := same.select_related("statement").defer("statement__rejected").first():
        raise ValueError(
            _(
                "The very same row of %(file)s was taken in, as decided by %(who)s on %(when)s."
                " Taken in once more it would be sent twice."
            )
            % {
                "file": before.statement,
                "who": before.answered_by,
                "when": words.moment(before.answered_at),
            }
        )


def _refuse_come_since(doubt: Doubt) -> None:
    """A later file that has ours too, as one of the whole week does, asks about neither row."""
    equal = BankTransaction.objects.filter(
        account__in=line_of(doubt.account),
        date=doubt.date,
        amount=doubt.amount,
        description=doubt.description,
        statement__saved_at__gt=doubt.asked_at,
    )
    same = equal.filter(Q(transaction_id=doubt.transaction_id) | Q(balance=doubt.balance))
    if row := same.exclude(pk=doubt.ours_id or 0).select_related("statement").first():
        raise ValueError(
            _(
                "The very same row came in with %(file)s on %(when)s. Taken in once more it would"
                " be sent twice. Keep ours."
            )
            % {"file": row.statement, "when": words.moment(row.statement.saved_at)}
        )


def _refuse_second(doubt: Doubt, chosen: Sequence[Doubt], marked: Collection[int | None]) -> None:
    """What a decision on one of the others has changed, as if they were made one by one."""
    if any(_content(doubt) == _content(other) for other in chosen):
        raise ValueError(
            _("The very same row of another file is decided on with it. Decide on this one alone.")
        )
    if doubt.ours_id in marked:
        raise ValueError(
            _("Ours is marked Sent in error with another of these rows. Decide on this one alone.")
        )


def _content(doubt: Doubt) -> dict[str, Any]:
    names = ("account_id", "transaction_id", "date", "description", "amount", "balance")
    return {name: getattr(doubt, name) for name in names}


def _answer(
    doubts: Sequence[Doubt], answer: str, *, reason: str, by: Actor, now: dt.datetime
) -> None:
    if answer != Answer.KEEP:
        _take_in(doubts)
    for doubt in doubts:
        doubt.answer, doubt.reason = answer, reason.strip()
        doubt.answered_at, doubt.answered_by, doubt.user_id = now, by.name, by.user_id
        doubt.save()
        _record(doubt, by, now)


def _refuse_answered(doubt: Doubt) -> None:
    if doubt.answer:
        raise AlreadyDecided(
            _("%(who)s decided on this row already, on %(when)s. Nothing was changed.")
            % {"who": doubt.answered_by, "when": words.moment(doubt.answered_at)}
        )
    if doubt.statement.state != Statement.State.SAVED:
        raise AlreadyDecided(
            _("The import of this row was taken back. There is nothing to decide any more.")
        )


def _take_in(doubts: Sequence[Doubt]) -> None:
    """Each file is read once, and its rows come in together; ids are told apart as they are."""
    for _statement, group in groupby(doubts, key=lambda doubt: doubt.statement_id):
        _take_in_of(list(group))


def _take_in_of(doubts: Sequence[Doubt]) -> None:
    statement, account = doubts[0].statement, doubts[0].account
    refuse_unfit(account)
    parsed = read(statement).statement
    rows = {row.line: row for row in parsed.rows}
    chosen: dict[int, Line] = {}
    for doubt in doubts:
        row = rows.get(doubt.line)
        if row is None or row.transaction_id != doubt.transaction_id:
            raise CannotImport(_("The file can no longer be read as it was. Nothing was changed."))
        free = _free_id(doubt, {each.transaction_id for each in chosen.values()})
        chosen[doubt.line] = row._replace(transaction_id=free, balance=doubt.balance)
    bring_in(statement, [chosen.get(row.line, row) for row in parsed.rows], chosen.values())
    taken = _taken(account, chosen.values())
    for doubt in doubts:
        doubt.taken = taken[chosen[doubt.line].transaction_id]
    counted = Statement.objects.defer("rejected").get(pk=statement.pk)
    counted.rows_saved += len(doubts)
    counted.rows_rejected -= len(doubts)
    counted.save(update_fields=["rows_saved", "rows_rejected"])


def _taken(account: SourceAccount, rows: Iterable[Line]) -> dict[str, BankTransaction]:
    ids = [row.transaction_id for row in rows]
    here = BankTransaction.objects.filter(account=account, transaction_id__in=ids)
    return {row.transaction_id: row for row in here}


def _free_id(doubt: Doubt, others: Collection[str]) -> str:
    """Its own, or where that is taken the same with a number: Codat knows a row by its id.

    `others`: that come in with it.
    """
    taken = BankTransaction.objects.filter(account=doubt.account_id)
    name, number = doubt.transaction_id, 1
    while name in others or taken.filter(transaction_id=name).exists():
        number += 1
        end = f"~{number}"
        name = doubt.transaction_id[: LONGEST_ID - len(end)] + end
    return name


def _record(doubt: Doubt, by: Actor, now: dt.datetime) -> None:
    ours = doubt.ours
    Event.objects.record(
        "doubt.decided",
        by=by,
        at=now,
        words=_("Line %(line)d of %(file)s: %(answer)s.")
        % {
            "line": doubt.line,
            "file": doubt.statement.file_name,
            "answer": doubt.get_answer_display(),
        },
        reason=doubt.reason,
        before={} if ours is None else _said(ours),
        after={**_said(doubt), "answer": doubt.answer, "as": _name(doubt)},
        statement=doubt.statement,
    )


def _said(row: Doubt | BankTransaction) -> dict[str, str]:
    return {
        "id": row.transaction_id,
        "date": row.date.isoformat(),
        "description": row.description,
        "amount": str(row.amount),
        "balance": str(row.balance),
    }


def _name(doubt: Doubt) -> str:
    return doubt.taken.transaction_id if doubt.taken else ""
