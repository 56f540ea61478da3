"""Several planned accounts of one connection in one call: Codat's batch, or the guide's array.

Each row is held, marked and settled by itself, as if it went alone. What a call of which nothing
is known leaves behind is looked for first: an id is there once at most, so nothing comes twice.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Any

from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from bankfeeds.codat import bodies, errors
from bankfeeds.codat.batch import AccountResult
from bankfeeds.codat.client import Client
from bankfeeds.models import Actor, Intent, SourceAccount

from .accounts import AccountCreation, create_account, same_id
from .creation import Blocked, Clock, Overtaken, Press

_OPEN = (Intent.UNKNOWN, Intent.SERVER_FAULT)


class Way(StrEnum):
    """How accounts are added at Codat. PUT is the guide's and has been withdrawn since."""

    POST = "post"
    BATCH = "batch"
    PUT = "put"


def create_accounts(
    accounts: Sequence[SourceAccount], *, way: Way, client: Client, by: Actor, clock: Clock
) -> None:
    """Create planned accounts of one connection, or continue; each row says what became of it.

    As `create_account` for each; with BATCH and PUT those that nobody else holds go in one call.
    """
    # What was sent by itself and never answered is repeated by itself, under its own key.
    alone = [row for row in accounts if way is Way.POST or row.intent == Intent.UNKNOWN]
    for row in alone:
        create_account(row, client=client, by=by, clock=clock)
    rows = [row for row in accounts if row not in alone]
    presses = [_Press(row, client=client, by=by, clock=clock) for row in rows]
    held = [press for press in presses if press.take()]
    try:
        _go_on(held, way=way, client=client)
    finally:
        for press in held:
            press.let_go()
        for row in rows:
            row.refresh_from_db()


class _Press(Press[Any]):
    creation: AccountCreation

    def __init__(self, row: SourceAccount, *, client: Client, by: Actor, clock: Clock) -> None:
        super().__init__(AccountCreation(row, client, clock), by=by, clock=clock)
        # The key of a call for several repeats nothing for one of them.
        self.doubt = Intent.SERVER_FAULT
        # An earlier call may have made it, or may still.
        self.had_question = False

    @property
    def account_id(self) -> str:
        return self.creation.row.account_id

    def still_held(self, **columns: Any) -> bool:
        try:
            self.hold(**columns)
        except Overtaken:
            return False
        return True


def _go_on(held: list[_Press], *, way: Way, client: Client) -> None:
    left = _not_found(held, way=way, client=client)
    ready = [press for press in left if _is_ready(press)]
    now = Coalesce("first_sent_at", ready[0].clock()) if ready else None
    sent = [each for each in ready if each.still_held(intent=each.doubt, first_sent_at=now)]
    if not sent:
        return
    for press in sent:
        press.sending = True
    try:
        results = {each.id: each for each in _send(sent, way=way, client=client)}
    except errors.CodatError as error:
        for press in sent:
            press.keep_error(error)
        return
    for press in sent:
        _settle(press, results.get(press.account_id))


def _not_found(held: list[_Press], *, way: Way, client: Client) -> list[_Press]:
    """Those that are not at Codat yet. The array would overwrite what it finds: so look first."""
    for press in held:
        press.had_question = press.row.intent in _OPEN
        press.creation.known = {}
    if not held or (way is Way.BATCH and not any(press.had_question for press in held)):
        return held
    held = [press for press in held if press.still_held()]
    try:
        listed = client.list_source_accounts(*held[0].creation.place) if held else []
    except errors.CodatError as error:
        for press in held:
            press.keep_error(error)
        return []
    for press in held:
        press.creation.known = {each.id: each for each in listed}
    return [press for press in held if not _is_there(press)]


def _is_there(press: _Press) -> bool:
    try:
        found = press.creation.look_up()
    except Blocked as blocked:
        press.keep_failure(str(blocked), intent=blocked.intent)
        return True
    if found is None:
        return False
    if press.had_question:
        press.keep(found)
    else:
        press.keep_failure(same_id(), intent=Intent.REFUSED)
    return True


def _is_ready(press: _Press) -> bool:
    """Its body can be read, and its key has carried nothing yet that Codat would replay."""
    try:
        if press.row.intent in (*_OPEN, Intent.REFUSED):
            press.take_new_key()
        press.creation.prepare()
    except Overtaken:
        return False
    except Blocked as blocked:
        press.keep_failure(str(blocked), intent=blocked.intent)
        return False
    return True


def _send(sent: list[_Press], *, way: Way, client: Client) -> Iterable[AccountResult]:
    body = bodies.source_accounts_body(press.creation.body or b"" for press in sent)
    place = sent[0].creation.place
    if way is Way.PUT:
        put = client.put_source_accounts(*place, body)
        return [AccountResult(id=each.id, status=200, account=each) for each in put]
    # The same rows after a refusal for the rate are the same bytes under the same key.
    keys = " ".join(str(press.row.idempotency_key) for press in sent)
    key = uuid.uuid5(sent[0].row.idempotency_key, keys)
    return client.create_source_accounts(*place, body, key=key)


def _settle(press: _Press, result: AccountResult | None) -> None:
    if result is None or (result.account is None and result.status < 400):
        words = press.creation.words
        nothing = _("Codat did not say what became of this account.")
        press.keep_failure(f"{nothing} {words.unknown} {words.again}", intent=press.doubt)
    elif result.account is not None:
        press.keep(result.account)
    elif result.status >= 500:
        press.keep_error(errors.ServerFault(result.words, status=result.status))
    elif result.status == 409 and not press.had_question:
        press.keep_failure(same_id(), intent=Intent.REFUSED)
    elif result.status == 409:
        # Perhaps the earlier call has arrived after all: Continue looks.
        press.keep_error(errors.Uncertain(result.words, status=result.status))
    else:
        press.keep_error(errors.Refused(result.words, status=result.status))
