"""The sandbox's own controls under `/_sandbox/`: JSON, without a key, on loopback only."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from . import accounts, callout, chance, connections, faults, webhooks
from .answers import Answer, Refused, said
from .api import Api
from .endpoints import parse
from .rules import is_number, local_date
from .world import Record, stamp

FARTHEST = 10 * 366 * 86400


def answer(api: Api, *, method: str, name: str, body: bytes) -> Answer:
    """Answers one control. Bad input is 400 with `{"error": ...}`, an unknown thing 404."""
    found = CONTROLS.get(name)
    if found is None:
        return _wrong(404, f"No such control: {name}.")
    if method not in found:
        return _wrong(405, f"{name} takes {' and '.join(found)}.")
    with api.world.lock:
        api.world.settle()
        try:
            value = parse(body) if method == "POST" else None
            result = found[method](api, value)
        except Refused as refused:
            result = refused.answer
        except _Bad as bad:
            result = _wrong(bad.status, str(bad))
        api.world.journal.commit()
    return result


class _Bad(Exception):
    def __init__(self, text: str, *, status: int = 400) -> None:
        super().__init__(text)
        self.status = status


def _wrong(status: int, text: str) -> Answer:
    return said({"error": text}, status=status)


def _connect(api: Api, body: Any) -> Answer:
    """`feedStartDate` left out is seven days back."""
    connection, chosen = _chosen(api, body)
    given = body.get("feedStartDate")
    start = api.world.today() - dt.timedelta(days=7)
    if given is not None:
        found = local_date(given) if isinstance(given, str) else None
        if found is None:
            raise _Bad("feedStartDate must be a date, YYYY-MM-DD.")
        start = found
    for account in chosen:
        accounts.connect(api.world, account, feed_start=start)
    return _state(api, connection)


def _disconnect(api: Api, body: Any) -> Answer:
    """At once, unlike the button on the page, which Codat notices after ten days."""
    connection, chosen = _chosen(api, body)
    for account in chosen:
        accounts.disconnect(api.world, account)
    return _state(api, connection)


def _status(api: Api, body: Any) -> Answer:
    """Sets one of the five statuses, also those that no step of a client leads to."""
    connection, chosen = _chosen(api, body)
    if body.get("status") not in accounts.STATUSES:
        raise _Bad(f"status must be one of {', '.join(accounts.STATUSES)}.")
    for account in chosen:
        account["status"] = body["status"]
        accounts.save(api.world, account)
    return _state(api, connection)


def _cancel(api: Api, body: Any) -> Answer:
    """As the button on the page: the client breaks off while linking."""
    connection = _connection(api, body)
    connections.cancel(api.world, connection)
    return _state(api, connection)


def _connection(api: Api, body: Any) -> Record:
    if not isinstance(body, dict) or not isinstance(body.get("connectionId"), str):
        raise _Bad("connectionId is required.")
    found: Record | None = api.world.table("connections").get(body["connectionId"])
    if found is None:
        raise _Bad(f"No connection {body['connectionId']}.", status=404)
    return found


def _chosen(api: Api, body: Any) -> tuple[Record, list[Record]]:
    connection = _connection(api, body)
    ids = body.get("accountIds")
    if not isinstance(ids, list) or not ids or not all(isinstance(each, str) for each in ids):
        raise _Bad("accountIds must be an array with at least one id.")
    known = {each["id"]: each for each in accounts.every(api.world, connection["id"])}
    for each in ids:
        if each not in known:
            raise _Bad(f"No source account {each} in this connection.", status=404)
    return connection, [known[each] for each in ids]


def _state(api: Api, connection: Record) -> Answer:
    found = accounts.every(api.world, connection["id"])
    states = [{"id": each["id"], "status": each["status"]} for each in found]
    return said(
        {"connectionId": connection["id"], "status": connection["status"], "accounts": states}
    )


def _clock(api: Api, _body: Any) -> Answer:
    return said({"now": stamp(api.world.now())})


def _advance(api: Api, body: Any) -> Answer:
    seconds = body.get("advanceSeconds") if isinstance(body, dict) else None
    if not is_number(seconds) or not 0 <= seconds <= FARTHEST:
        raise _Bad(
            "advanceSeconds must be a number of seconds, not negative; time never goes back."
        )
    api.world.advance(float(seconds))
    api.world.settle()
    return _clock(api, None)


def _quota(api: Api, body: Any) -> Answer:
    """Lets so many calls be `left` of today."""
    left = body.get("left") if isinstance(body, dict) else None
    if type(left) is not int or left < 0:
        raise _Bad("left must be a whole number of calls, not negative.")
    api.quota.leave(left)
    return said({"left": left})


def _ledger(api: Api, _body: Any) -> Answer:
    return said(api.book.ledger())


def _requests(api: Api, _body: Any) -> Answer:
    return said(list(api.world.table("requests").values()))


def _faults(api: Api, _body: Any) -> Answer:
    return said(list(api.world.table("faults").values()))


def _order(api: Api, body: Any) -> Answer:
    if wrong := faults.order(api.world, body):
        raise _Bad(wrong)
    return _faults(api, None)


def _clear(api: Api, _body: Any) -> Answer:
    """Takes back every order, and lets every `-once` marker hit again."""
    for table in ("faults", "fired"):
        for key in list(api.world.table(table)):
            api.world.drop(table, key)
    return Answer(204)


def _chances(api: Api, _body: Any) -> Answer:
    return said(chance.state(api.world))


def _chance(api: Api, body: Any) -> Answer:
    """A seeded plan of faults by chance, as `chance` describes it."""
    names = [name for kind in chance.KINDS for name in _names_in(body, kind)]
    known = {name: faults.parse(name) for name in names}
    if wrong := chance.plan(api.world, body, known=known):
        raise _Bad(wrong)
    return _chances(api, None)


def _names_in(body: Any, kind: str) -> list[str]:
    shares = body.get(kind) if isinstance(body, dict) else None
    return [str(name) for name in shares] if isinstance(shares, dict) else []


def _no_chance(api: Api, _body: Any) -> Answer:
    chance.stop(api.world)
    return Answer(204)


def _posts(api: Api, _body: Any) -> Answer:
    """Every push that came in, whatever became of it."""
    return said(list(api.world.table("posts").values()))


def _messages(api: Api, _body: Any) -> Answer:
    return said(webhooks.state(api.world))


def _webhooks(api: Api, body: Any) -> Answer:
    """Any of `secret`; `next`, a trick for the next `times` messages; `send`, a body of yours."""
    given = body if isinstance(body, dict) else {}
    if "secret" in given:
        if not webhooks.is_secret(given["secret"]):
            raise _Bad("secret must be whsec_ and base64 of 16 bytes or more.")
        api.world.put("meta", "webhookSecret", given["secret"])
    if "next" in given:
        times, seconds = given.get("times", 1), given.get("seconds", 0)
        if given["next"] not in webhooks.TRICKS or not is_number(times) or not is_number(seconds):
            raise _Bad(f"next must be one of {', '.join(webhooks.TRICKS)}; times, seconds numbers.")
        webhooks.order(api.world, given["next"], times=int(times), seconds=float(seconds))
    if "send" in given:
        text = webhooks.text_of(given["send"])
        for consumer in list(api.world.table("consumers").values()):
            webhooks.send(api.world, consumer["url"], "ordered", text)
    return _messages(api, None)


def _no_tricks(api: Api, _body: Any) -> Answer:
    api.world.put("meta", "tricks", {})
    return Answer(204)


def _callout(api: Api, _body: Any) -> Answer:
    return said(callout.of(api.world))


def _show_callout(api: Api, body: Any) -> Answer:
    """The text on the link page: `callout` says of what form."""
    if wrong := callout.problem(body):
        raise _Bad(wrong)
    callout.keep(api.world, body)
    return _callout(api, None)


def _no_callout(api: Api, _body: Any) -> Answer:
    callout.keep(api.world, {})
    return Answer(204)


def _put(api: Api, body: Any) -> Answer:
    """Whether the retired PUT of accounts is still taken; else it is answered 405."""
    if not isinstance(body, dict) or not isinstance(body.get("accounts"), bool):
        raise _Bad("accounts must be true or false.")
    api.world.put("meta", "putAccounts", body["accounts"])
    return said(body)


def _integration(api: Api, body: Any) -> Answer:
    """Whether QuickBooks Online Bank Feeds are switched on in Codat's portal."""
    if not isinstance(body, dict) or not isinstance(body.get("enabled"), bool):
        raise _Bad("enabled must be true or false.")
    api.world.put("meta", "integrationEnabled", body["enabled"])
    return said(body)


Control = Callable[[Api, Any], Answer]
CONTROLS: dict[str, dict[str, Control]] = {
    "connect": {"POST": _connect},
    "disconnect": {"POST": _disconnect},
    "status": {"POST": _status},
    "cancel": {"POST": _cancel},
    "quota": {"POST": _quota},
    "clock": {"GET": _clock, "POST": _advance},
    "ledger": {"GET": _ledger},
    "requests": {"GET": _requests},
    "webhooks": {"GET": _messages, "POST": _webhooks, "DELETE": _no_tricks},
    "integration": {"POST": _integration},
    "put": {"POST": _put},
    "callout": {"GET": _callout, "POST": _show_callout, "DELETE": _no_callout},
    "posts": {"GET": _posts},
    "chance": {"GET": _chances, "POST": _chance, "DELETE": _no_chance},
    "faults": {"GET": _faults, "POST": _order, "DELETE": _clear},
}
