"""A person decides on a row that may be here already: ours alone, or this one as well.

What is here is never overwritten. A decision is made once, by one person, on what they saw.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.db import transaction
from django.utils.translation import gettext as _

from bankfeeds import words
from bankfeeds.intake.shape import Line
from bankfeeds.models import Actor, BankTransaction, Doubt, Event, PushItem, Statement
from bankfeeds.models.record import demand_reason

from .look import lock, refuse_unfit
from .matching import CannotImport
from .preview import read
from .save import bring_in

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
        mine = Doubt.objects.select_related("account", "statement", "ours").get(pk=doubt.pk)
        _refuse_answered(mine)
        if answer not in answers_of(mine):
            raise ValueError(_("Choose one of the answers."))
        if seen_of(mine) != seen:
            raise ValueError(
                _("Meanwhile something happened to the row that is here. Look at it once more.")
            )
        if answer != Answer.KEEP:
            mine.taken = _take_in(mine)
        mine.answer, mine.reason = answer, reason.strip()
        mine.answered_at, mine.answered_by, mine.user_id = now, by.name, by.user_id
        mine.save()
        _record(mine, by, now)
    return mine


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


def _take_in(doubt: Doubt) -> BankTransaction:
    refuse_unfit(doubt.account)
    parsed = read(doubt.statement).statement
    row = next((row for row in parsed.rows if row.line == doubt.line), None)
    if row is None or row.transaction_id != doubt.transaction_id:
        raise CannotImport(_("The file can no longer be read as it was. Nothing was changed."))
    row = row._replace(transaction_id=_free_id(doubt), balance=doubt.balance)
    every: Sequence[Line] = [row if each.line == row.line else each for each in parsed.rows]
    bring_in(doubt.statement, every, row)
    taken = BankTransaction.objects.get(account=doubt.account_id, transaction_id=row.transaction_id)
    statement = Statement.objects.defer("rejected").get(pk=doubt.statement_id)
    statement.rows_saved += 1
    statement.rows_rejected -= 1
    statement.save(update_fields=["rows_saved", "rows_rejected"])
    return taken


def _free_id(doubt: Doubt) -> str:
    """Its own, or where that is taken the same with a number: Codat knows a row by its id."""
    taken = BankTransaction.objects.filter(account=doubt.account_id)
    name, number = doubt.transaction_id, 1
    while taken.filter(transaction_id=name).exists():
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
