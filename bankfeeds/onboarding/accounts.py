"""Source accounts: their intent in our tables, their creation at Codat.

The whole account number exists here only inside the sealed body, until Codat has confirmed it.
"""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from bankfeeds import sealing, succession
from bankfeeds.codat import bodies, errors, shapes
from bankfeeds.codat.client import Client
from bankfeeds.models import Actor, Connection, Event, Intent, SourceAccount
from bankfeeds.sync import account_columns

from .creation import Blocked, Clock, Creation, NotAtCodat, Words, carry_out, in_progress
from .drafts import (
    AccountDraft,
    made_account_id,
    number_as_sent,
    number_problem,
    routing_as_sent,
    type_as_sent,
)

# Nothing of these rows can be at Codat: they may be filled in anew.
_SURELY_NOT_THERE = (Intent.PLANNED, Intent.NOT_SENT, Intent.REFUSED)


class AccountIdTaken(ValueError):
    """Another account of the connection has this id. Carries the words."""

    def __init__(self) -> None:
        super().__init__(same_id())


class NumberDiffers(ValueError):
    """The number entered again is not the one that may be at Codat already. Carries the words."""


def plan_account(
    connection: Connection, draft: AccountDraft, *, by: Actor, now: dt.datetime, form_key: str
) -> SourceAccount:
    """Commit what is to be created; check the draft first. "" as account id: one is made.

    The same `form_key` gives the row of the first press. A row with this id of which surely
    nothing is at Codat is filled in anew; any other raises AccountIdTaken.
    """
    if not connection.at_codat:
        raise NotAtCodat(_("The connection does not exist at Codat yet. Create it first."))
    earlier = SourceAccount.objects.filter(form_key=form_key).first() if form_key else None
    if earlier is not None:
        return earlier
    account_id = draft.account_id or made_account_id()
    values = _columns(connection, draft, account_id=account_id, now=now)
    values |= {"form_key": form_key or None, "requested_by_id": by.user_id, "requested_at": now}
    try:
        with transaction.atomic():
            row = SourceAccount.objects.create(
                connection=connection, company=connection.company, account_id=account_id, **values
            )
            told = {"account_id": account_id, "name": row.name, "last4": row.number_last4}
            Event.objects.record("account.requested", by=by, at=now, account=row, after=told)
    except IntegrityError:
        return _same_press(form_key) or _anew(connection, account_id, values, by=by, now=now)
    return row


def surely_not_there(account: SourceAccount) -> bool:
    """Whether nothing of it can be at Codat: it can be left, and nobody need look for it."""
    return account.intent in _SURELY_NOT_THERE


def create_account(account: SourceAccount, *, client: Client, by: Actor, clock: Clock) -> bool:
    """Create the planned account at Codat, or continue: see `creation.carry_out`.

    Where the sealed body is gone, `problem` says that the number must be entered again:
    `renew_account_number`, then once more.
    """
    return carry_out(AccountCreation(account, client, clock), by=by, clock=clock)


def needs_number(account: SourceAccount, *, now: dt.datetime) -> bool:
    """Whether *Continue* cannot go on before the account number is entered again."""
    return account.intent != Intent.DONE and sealing.unseal(account.sealed_body, now=now) is None


def renew_account_number(
    account: SourceAccount, number: str, *, by: Actor, now: dt.datetime
) -> None:
    """Seal the body again with the number that a person has entered once more.

    While something may be at Codat already, another number than the first raises NumberDiffers.
    ValueError, with words too: it is no account number, or the account is being added right now.
    """
    account.refresh_from_db()
    if problem := number_problem(number):
        raise ValueError(problem)
    if in_progress(account, now=now):
        raise ValueError(_("This account is being added right now. Look again in a minute."))
    differs = sealing.number_hash(number) != account.number_hash
    if differs and account.intent not in _SURELY_NOT_THERE:
        raise NumberDiffers(
            _(
                "This is not the number that was entered first. Nothing was sent: the first one"
                " may be at Codat already. Enter that one and press Continue."
            )
        )
    columns: dict[str, Any] = {
        "number_last4": sealing.last4(number),
        "number_hash": sealing.number_hash(number),
        "sealed_body": sealing.seal(_body(account, number=number), now=now),
    }
    # The bytes may differ from the first ones, so the key of those must not carry them: where
    # something is open, *Continue* looks first and then takes a new one.
    if account.intent not in _SURELY_NOT_THERE:
        columns["intent"] = Intent.SERVER_FAULT
    with transaction.atomic():
        rows = SourceAccount.objects.filter(pk=account.pk).exclude(intent=Intent.DONE)
        if rows.update(**columns):
            Event.objects.record("account.number_entered", by=by, at=now, account=account)
    account.refresh_from_db()


def forget_sealed_bodies(*, now: dt.datetime) -> int:
    """Wipe the sealed bodies whose 24 hours are over; says how many."""
    kept = SourceAccount.objects.exclude(sealed_body=None).only("pk", "sealed_body")
    old = [row.pk for row in kept if row.sealed_body and sealing.expired(row.sealed_body, now=now)]
    return SourceAccount.objects.filter(pk__in=old).update(sealed_body=None) if old else 0


def _columns(
    connection: Connection, draft: AccountDraft, *, account_id: str, now: dt.datetime
) -> dict[str, Any]:
    shown = {
        "name": draft.name.strip(),
        "account_type": type_as_sent(draft.account_type),
        "sort_code": routing_as_sent(draft.sort_code, country=connection.company.country),
        "currency": draft.currency,
        "balance": draft.balance,
    }
    row = SourceAccount(account_id=account_id, **shown)
    number = number_as_sent(draft.account_number)
    return {
        **shown,
        "number_last4": sealing.last4(number),
        "number_hash": sealing.number_hash(number),
        "sealed_body": sealing.seal(_body(row, number=number), now=now),
    }


def _body(row: SourceAccount, *, number: str) -> bytes:
    return bodies.source_account_body(
        id=row.account_id,
        account_name=row.name,
        account_type=row.account_type,
        account_number=number_as_sent(number),
        sort_code=row.sort_code,
        currency=row.currency,
        balance=row.balance,
    )


def _same_press(form_key: str) -> SourceAccount | None:
    return SourceAccount.objects.filter(form_key=form_key).first() if form_key else None


def _anew(
    connection: Connection, account_id: str, values: dict[str, Any], *, by: Actor, now: dt.datetime
) -> SourceAccount:
    fresh = {"idempotency_key": uuid.uuid4(), "first_sent_at": None, "problem": ""}
    rows = SourceAccount.objects.filter(connection=connection, account_id=account_id)
    free = rows.filter(intent__in=_SURELY_NOT_THERE).exclude(claimed_until__gt=now)
    with transaction.atomic():
        if not free.update(intent=Intent.PLANNED, **fresh, **values):
            raise AccountIdTaken
        row = rows.get()
        Event.objects.record("account.requested", by=by, at=now, account=row)
    return row


def same_id() -> str:
    return _(
        "An account with this id is already on this connection. Nothing was added."
        " Open it, or use another id."
    )


class AccountCreation(Creation[shapes.SourceAccount]):
    noun = "account"
    # Its id is ours, and Codat takes an id of a connection once.
    may_double = False

    def __init__(self, account: SourceAccount, client: Client, clock: Clock) -> None:
        self.row: SourceAccount = account
        self.client = client
        self.clock = clock
        self.body: bytes | None = None
        # Codat's accounts of the connection by id, where they have been read already.
        self.known: dict[str, shapes.SourceAccount] | None = None

    @property
    def words(self) -> Words:
        return Words(
            not_done=_("The account was not added."),
            unknown=_("We do not know yet whether the account was added."),
            again=_("Press Continue: it will not be added twice."),
            refused=_("Correct it and add it again, or send it once more as it is."),
        )

    def prepare(self) -> None:
        self.body = sealing.unseal(self.row.sealed_body, now=self.clock())
        if self.body is None:
            raise Blocked(
                _(
                    "The account number is kept for 24 hours only, and they are over."
                    " The account was not added. Enter the number again, then press Continue."
                )
            )

    def send(self) -> shapes.SourceAccount:
        return self.client.create_source_account(
            *self.place, self.body or b"", key=self.row.idempotency_key
        )

    def look_up(self) -> shapes.SourceAccount | None:
        found = self._listed()
        if found is not None and not self._is_ours(found):
            raise Blocked(same_id(), intent=Intent.REFUSED)
        return found

    def reword(self, error: errors.Refused) -> str | None:
        """Codat has no words of its own for an id that exists: so look whether it does."""
        if error.status == 405:
            return _(
                "Codat no longer takes accounts in the way that is set here. The account was not"
                " added. Ask the administrator to set CODAT_ADD_ACCOUNTS to post, then send it once"
                " more."
            )
        if error.status != 400:
            return None
        try:
            return same_id() if self._listed() else None
        except errors.CodatError:
            return None

    def columns(self, answer: shapes.SourceAccount, *, now: dt.datetime) -> dict[str, Any]:
        return {**account_columns(answer, now=now), "sealed_body": None}

    def afterwards(self, answer: shapes.SourceAccount, *, by: Actor, now: dt.datetime) -> None:
        succession.take_over(self.row, by=by, now=now)

    def _listed(self) -> shapes.SourceAccount | None:
        known = self.known
        if known is None:
            known = {each.id: each for each in self.client.list_source_accounts(*self.place)}
        return known.get(self.row.account_id)

    def _is_ours(self, found: shapes.SourceAccount) -> bool:
        """By the last four, which is all that an answer with a masked number would show."""
        shown = sealing.last4(found.account_number)
        return not shown or shown == self.row.number_last4

    @property
    def place(self) -> tuple[str, str]:
        return str(self.row.company.codat_id), str(self.row.connection.codat_id)
