"""What may not have reached QuickBooks: a person chooses row by row what goes again.

Rows that Codat has accepted leave their push only here and only one by one. Codat takes nothing
older than the newest that it has, so most can only go as a file; the rules say so of each row.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bankfeeds import doorbell, marks, pushing, rules, words
from bankfeeds.models import (
    Actor,
    BankTransaction,
    Connection,
    Event,
    Push,
    PushItem,
    Resending,
    ResendingRow,
    SourceAccount,
)
from bankfeeds.models.record import WORKER, demand_reason
from bankfeeds.pushing.confirm import freeze_piece, lock, next_sequence
from bankfeeds.rules import Judged

# More than this is no work for a page; ten days of one account are far less.
MOST_PUSHES = 200
# Of one round of the sweep.
ARRIVED_A_ROUND = 50


class ChoiceChanged(Exception):
    """What was chosen is not there to be sent any more; nothing was sent."""


@dataclass(frozen=True)
class Chosen:
    """One row of a marked push with what the rules say of it today."""

    push: Push
    judged: Judged[BankTransaction]

    @property
    def row(self) -> BankTransaction:
        return self.judged.row

    @property
    def findings(self) -> tuple[rules.Rule, ...]:
        return self.judged.findings


@dataclass(frozen=True)
class Choice:
    """`why_not`: why nothing of the account can go now, "" when it can. Rows: oldest first.

    `in_error`: how many rows of these pushes are not among them, since they were sent in error.
    """

    account: SourceAccount
    pushes: list[Push]
    rows: list[Chosen]
    why_not: str
    # What went again: the marked push, and a push in which rows of it are now.
    again: list[tuple[Push, Push]] = field(default_factory=list)
    in_error: int = 0

    @cached_property
    def may_go(self) -> list[Chosen]:
        return [] if self.why_not else [one for one in self.rows if one.judged.goes]

    @cached_property
    def cannot_go(self) -> list[Chosen]:
        going = {one.row.pk for one in self.may_go}
        return [one for one in self.rows if one.row.pk not in going]


def choice(account: SourceAccount, *, now: dt.datetime) -> Choice:
    """The rows of the account's marked pushes that nobody has seen to, judged by today's rules."""
    pushes = list(marks.perhaps_missing(account)[:MOST_PUSHES])
    items = PushItem.objects.filter(push__in=pushes, released=False).select_related("transaction")
    wrong = BankTransaction.objects.filter(items__push__in=pushes).sent_in_error()
    wrong_ones = set(wrong.values_list("pk", flat=True))
    held = {item.transaction_id: item for item in items.order_by("push_id", "position")}
    held = {pk: item for pk, item in held.items() if pk not in wrong_ones}
    by_push = {push.pk: push for push in pushes}
    standing = pushing.standing(account, today=pushing.today(now))
    judged = rules.judge([item.transaction for item in held.values()], standing=standing)
    rows = [Chosen(by_push[held[one.row.pk].push_id], one) for one in judged]
    again = [(one, other) for one in _sent_again(pushes) for other in _now_in(one)]
    return Choice(account, pushes, rows, _why_not(account), again, len(wrong_ones))


def _sent_again(pushes: Sequence[Push]) -> list[Push]:
    found = Push.objects.filter(pk__in=[push.pk for push in pushes], marks__kind="sent_again")
    return list(found.distinct().order_by("sequence"))


def _now_in(push: Push) -> list[Push]:
    return list(marks.holding_again(push).select_related("account").defer("account__sealed_body"))


def send_chosen(
    account: SourceAccount,
    chosen: Collection[int],
    *,
    reason: str,
    form_key: str,
    by: Actor,
    now: dt.datetime,
) -> Resending:
    """Put the chosen transactions (primary keys) into new pushes; the order says into which.

    The same `form_key` again gives the first order. ValueError without a reason or a row;
    ChoiceChanged when one of them may not go any more.
    """
    demand_reason(reason)
    if not chosen:
        raise ValueError(_("Tick the rows that go again."))
    try:
        with transaction.atomic():
            lock(account.pk)
            first = Resending.objects.filter(form_key=form_key).first()
            return first or _send(account, set(chosen), reason, form_key, by=by, now=now)
    except IntegrityError as error:
        raise ChoiceChanged from error


def see_to(
    account: SourceAccount, pushes: Collection[int], *, reason: str, by: Actor, now: dt.datetime
) -> int:
    """Mark these pushes as seen to without sending anything; says how many were still open."""
    demand_reason(reason)
    with transaction.atomic():
        lock(account.pk)
        return marks.see_to(account, pushes, words=reason, by=by, now=now)


def see_to_arrived(*, now: dt.datetime) -> int:
    """Mark as seen to what went again and was accepted; says how many. For the sweep."""
    done = 0
    for push in marks.arrived(limit=ARRIVED_A_ROUND):
        numbers = list(marks.holding_again(push).values_list("pk", flat=True))
        text = words.accepted_again(numbers)
        with transaction.atomic():
            lock(push.account_id)
            done += marks.see_to(push.account, [push.pk], words=text, by=WORKER, now=now)
    return done


def has_ended(account: SourceAccount) -> bool:
    """Whether the client has another connection by now, and nothing goes over this account's."""
    return _is_cut(account) and Connection.objects.in_place_of(account.connection).exists()


def _is_cut(account: SourceAccount) -> bool:
    """Codat's word for an account is only as new as its last reading."""
    tie = account.connection
    return bool(tie.gone_at) or tie.status == "Unlinked"


def may_send(account: SourceAccount) -> bool:
    """Whether rows of it could go again now, as far as the account goes."""
    return not _why_not(account)


def _why_not(account: SourceAccount) -> str:
    if account.gone_at or account.connection.gone_at or account.company.gone_at:
        return _("It was removed at Codat. Only a file for the client helps.")
    if account.company.closed_at or account.not_wanted_at:
        return _("The company is closed, or the account is not wanted. Nothing of it is sent.")
    if has_ended(account):
        return _(
            "The client has another connection by now, and nothing is sent for this account any"
            " more. Only a file for the client helps."
        )
    if not account.is_connected or _is_cut(account):
        return _("The account is not connected. Choose when the client has connected again.")
    return ""


def _send(
    account: SourceAccount,
    chosen: set[int],
    reason: str,
    form_key: str,
    *,
    by: Actor,
    now: dt.datetime,
) -> Resending:
    account = SourceAccount.objects.select_related("connection", "company").get(pk=account.pk)
    going = [one for one in choice(account, now=now).may_go if one.row.pk in chosen]
    if len(going) < len(chosen):
        raise ChoiceChanged
    _let_go(going)
    made = _freeze(account, going, by=by, now=now)
    ordered = _write_down(account, going, made, reason, form_key, by=by, now=now)
    text = words.sent_again(len(going), [push.pk for push in made])
    again = {one.push.pk for one in going}
    marks.sent_again(again, words=f"{text}. {reason}", by=by, now=now)
    doorbell.ring(doorbell.DELIVER)
    return ordered


def _let_go(going: Sequence[Chosen]) -> None:
    items = PushItem.objects.filter(push__in={one.push.pk for one in going}, released=False)
    items.filter(transaction__in=[one.row.pk for one in going]).update(released=True)


def _freeze(
    account: SourceAccount, going: Sequence[Chosen], *, by: Actor, now: dt.datetime
) -> list[Push]:
    sequence, key = next_sequence(account), str(uuid.uuid4())
    return [
        freeze_piece(
            account,
            [(one.row, one.findings) for one in piece],
            sequence=sequence + number,
            form_key=key,
            by=by,
            now=now,
        )
        for number, piece in enumerate(rules.split(going))
    ]


def _write_down(
    account: SourceAccount,
    going: Sequence[Chosen],
    made: Sequence[Push],
    reason: str,
    form_key: str,
    *,
    by: Actor,
    now: dt.datetime,
) -> Resending:
    """An order that has ended already: one row for each push from which something goes again."""
    text = ngettext(
        "%(rows)d row of %(account)s, chosen one by one",
        "%(rows)d rows of %(account)s, chosen one by one",
        len(going),
    )
    text %= {"rows": len(going), "account": account}
    old = sorted({one.push.pk for one in going})
    ordered = Resending.objects.create(
        form_key=form_key, asked_at=now, asked_by=by.name, user_id=by.user_id, reason=reason,
        choice=text[:500], total=len(old), ended_at=now,
    )  # fmt: skip
    replaced = {
        one.push.pk: push for push, piece in _pieces(made, going) for one in reversed(piece)
    }
    ResendingRow.objects.bulk_create(
        ResendingRow(
            resending=ordered,
            push_id=pk,
            outcome=ResendingRow.Outcome.SENT,
            words=words.sent_again(sum(one.push.pk == pk for one in going), [replaced[pk].pk]),
            replacement=replaced[pk],
            done_at=now,
        )
        for pk in old
    )
    Event.objects.record(
        "resending.chosen", by=by, at=now, account=account, words=f"{ordered}: {text}",
        reason=reason,
    )  # fmt: skip
    return ordered


def _pieces(made: Sequence[Push], going: Sequence[Chosen]) -> list[tuple[Push, Sequence[Chosen]]]:
    return list(zip(made, rules.split(going), strict=True))
