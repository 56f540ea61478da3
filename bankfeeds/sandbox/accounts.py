"""Source accounts of the sandbox: their two schemas, their five statuses, what a client does.

Version 1 types (`Credit`, `Debit`) and version 2 types (`checking` ...) are told apart by the type.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from typing import Any

from . import connections
from .answers import Answer, dumps, invalid, invalid_field, item, refuse
from .rules import Item, is_number, local_date
from .world import Record, World, public, zoneless

V1_TYPES = ("credit", "debit", "unknown")
V2_TYPES = ("checking", "savings", "loan", "creditCard", "prepaidCard")
V2_REQUIRED = ("id", "accountName", "accountType", "accountNumber", "currency", "balance")
TEXTS = ("id", "accountName", "accountType", "accountNumber", "sortCode", "currency")
STATUSES = ("pending", "connected", "connecting", "disconnected", "unknown")
KEPT = (*TEXTS, "balance", "routingInfo", "accountInfo")
DISCONNECT_SECONDS = 10 * 86400  # QuickBooks tells nobody; Codat notices after ten days
EXISTS = "A bank account already exists with the same Id"


def key_of(connection_id: str, account_id: str) -> str:
    return f"{connection_id}/{account_id}"


def find(world: World, connection_id: str, account_id: str) -> Record:
    found: Record | None = world.table("accounts").get(key_of(connection_id, account_id))
    if found is None:
        raise refuse(404, error=f"No data available for accounts for ID {account_id}")
    return found


def every(world: World, connection_id: str) -> list[Record]:
    return world.children("accounts", connection_id)


def is_v1(record: Record) -> bool:
    return str(record.get("accountType") or "").lower() in ("", *V1_TYPES)


def shown(record: Record) -> Record:
    """An account as answered. Version 1 has no routing or other information, and a date-time.

    What was not given is null; routing information and the currency never are.
    """
    answer = {
        name: value
        for name, value in public(record).items()
        if value is not None or name not in ("routingInfo", "currency")
    }
    if record["status"] != "connected":
        answer.pop("feedStartDate", None)
    return as_v1(answer) if is_v1(record) else answer


def listed(world: World, connection_id: str) -> list[Record]:
    """All of one version, as with Codat, where a client has one: 1, when any account has it."""
    found = every(world, connection_id)
    old = any(is_v1(each) for each in found)
    return [as_v1(shown(each)) if old else shown(each) for each in found]


def as_v1(answer: Record) -> Record:
    """PATCH answers every account like this."""
    start = answer.get("feedStartDate")
    dated = {"feedStartDate": f"{start[:10]}T00:00:00"} if start else {}
    kept = {k: v for k, v in answer.items() if k not in ("routingInfo", "accountInfo")}
    return {**kept, **dated}


# The requests


def create(world: World, connection_id: str, body: Any) -> Record:
    errors = list(problems(body))
    if errors:
        raise invalid(errors)
    if key_of(connection_id, body["id"]) in world.table("accounts"):
        raise invalid([item(body["id"], EXISTS, "DuplicateSourceAccount")])
    return _add(world, connection_id, body)


def batch(world: World, connection_id: str, body: Any) -> Answer:
    """201 when all were created, 409 when none was for a duplicate, else 207."""
    if not isinstance(body, list) or not body:
        raise invalid_field("body", "The request body must be an array with at least one account.")
    results = [_one_of_batch(world, connection_id, each) for each in body]
    codes = {int(each["result"]["statusCode"]) for each in results}
    status = 201 if codes == {201} else 409 if codes == {409} else 207
    if codes == {400}:
        raise invalid([found for each in body for found in problems(each)])
    return Answer(status, dumps(results))


def _one_of_batch(world: World, connection_id: str, body: Any) -> Record:
    account_id = body.get("id") if isinstance(body, dict) else None
    if errors := list(problems(body)):
        result: Record = {"statusCode": "400", "error": errors[0]["message"]}
    elif key_of(connection_id, body["id"]) in world.table("accounts"):
        result = {"statusCode": "409", "error": EXISTS}
    else:
        account = _add(world, connection_id, body)
        result = {"statusCode": 201, "error": None, "account": account}
    return {"sourceAccountId": account_id, "result": result}


def upsert(world: World, connection_id: str, body: Any) -> list[Record]:
    """PUT, retired at Codat: creates and updates, takes nothing away."""
    if not world.table("meta").get("putAccounts", world.settings.put_accounts):
        raise refuse(405)
    if not isinstance(body, list):
        raise invalid_field("body", "The request body must be an array of accounts.")
    errors = [found for each in body for found in problems(each)]
    if errors:
        raise invalid(errors)
    return [_add(world, connection_id, each) for each in body]


def update(world: World, record: Record, body: Any) -> Record:
    """PATCH: the name; the status, to `disconnected` only; the balance while not connected.

    Other fields are accepted and change nothing, as is the balance of a connected account.
    """
    if not isinstance(body, dict) or body.get("id") != record["id"]:
        raise invalid_field("id", "id must be given and equal the account in the path.")
    if errors := [each for each in type_problems(body) if each["itemId"] != "accountType"]:
        raise invalid(errors)
    status = body.get("status")
    if status not in (None, record["status"], "disconnected"):
        raise invalid_field("status", "status can only be set to disconnected.")
    if body.get("accountName"):
        record["accountName"] = body["accountName"]
    if body.get("balance") is not None and record["status"] != "connected":
        record["balance"] = body["balance"]
    record["modifiedDate"] = zoneless(world.now())
    save(world, record)
    if status == "disconnected":
        disconnect(world, record)
    answer = shown(record)
    return answer if is_v1(record) else as_v1(answer)


def delete(world: World, record: Record) -> None:
    world.drop("accounts", key_of(record["_parent"], record["id"]))
    _unlink_when_all_gone(world, record["_parent"])


def _add(world: World, connection_id: str, body: Record) -> Record:
    old = world.table("accounts").get(key_of(connection_id, body["id"]), {})
    kind = body.get("accountType")
    record = {
        "_parent": connection_id,
        **dict.fromkeys(KEPT),
        "status": "pending",
        **old,
        **{name: body[name] for name in KEPT if name in body},
        "modifiedDate": zoneless(world.now()),
    }
    if kind and kind.lower() in V1_TYPES:
        record["accountType"] = kind.lower()  # as the published answer has it
    save(world, record)
    return shown(record)


def save(world: World, record: Record) -> None:
    world.put("accounts", key_of(record["_parent"], record["id"]), record)


# What is not valid


def problems(body: Any) -> list[Item]:
    """What is wrong with an account that is to be created, field by field."""
    if not isinstance(body, dict):
        return [item(None, "Each source account must be an object.", "Schema")]
    found = list(type_problems(body))
    required = ("id",) if is_v1(body) else V2_REQUIRED
    for name in required:
        if body.get(name) in (None, ""):
            found.append(item(name, f"{name} is required.", "Required"))
    if body.get("currency") == "GBP" and not body.get("sortCode"):
        found.append(item("sortCode", "sortCode is required for GBP accounts.", "Required"))
    return found


def type_problems(body: Record) -> Iterator[Item]:
    for name in TEXTS:
        if body.get(name) is not None and not isinstance(body[name], str):
            yield item(name, f"{name} must be a string.", "Schema")
    if body.get("balance") is not None and not is_number(body["balance"]):
        yield item("balance", "balance must be a number.", "Schema")
    for name in ("routingInfo", "accountInfo"):
        if body.get(name) is not None and not isinstance(body[name], dict):
            yield item(name, f"{name} must be an object.", "Schema")
    kind = body.get("accountType")
    if isinstance(kind, str) and kind not in V2_TYPES and kind.lower() not in ("", *V1_TYPES):
        yield item("accountType", f"{kind} is not an account type.", "Enum")
    currency = body.get("currency")
    if isinstance(currency, str) and not re.fullmatch(r"[A-Z]{3}", currency):
        yield item("currency", "currency must be an ISO 4217 code of three letters.", "Currency")


# What the client does in QuickBooks


def connect(
    world: World, record: Record, *, feed_start: dt.date, target: str | None = None
) -> None:
    record.update(status="connected", feedStartDate=feed_start.isoformat(), _target=target)
    record.pop("_revoked", None)
    record.pop("_gone_at", None)
    save(world, record)
    connection = world.table("connections")[record["_parent"]]
    connections.tell_account(world, "connected", connection, shown(record))
    connections.set_status(world, connection, "Linked")


def disconnect(world: World, record: Record) -> None:
    is_new = record["status"] != "disconnected"
    record.update(status="disconnected", _target=None)
    record.pop("_gone_at", None)
    save(world, record)
    if is_new:
        connection = world.table("connections")[record["_parent"]]
        connections.tell_account(world, "disconnected", connection, shown(record))
    _unlink_when_all_gone(world, record["_parent"])


def disconnect_later(world: World, record: Record) -> float:
    """As in QuickBooks: the account turns `disconnected` ten days after. Answers when."""
    gone_at = world.now() + DISCONNECT_SECONDS
    record.update(_gone_at=gone_at, _target=None)
    save(world, record)
    watch(world, record)
    return gone_at


def watch(world: World, record: Record) -> None:
    """Puts the end of the ten days among the dues; also called after a restart."""
    connection_id, account_id, gone_at = record["_parent"], record["id"], record["_gone_at"]

    def notice(at: float) -> None:
        found = world.table("accounts").get(key_of(connection_id, account_id))
        if found is not None and found.get("_gone_at") == at:
            disconnect(world, found)

    world.due(gone_at, notice)


def _unlink_when_all_gone(world: World, connection_id: str) -> None:
    statuses = {each["status"] for each in every(world, connection_id)}
    connection = world.table("connections")[connection_id]
    if (
        connection["status"] == "Linked"
        and "disconnected" in statuses
        and (not statuses & {"connected", "connecting", "unknown"})
    ):
        connections.set_status(world, connection, "Unlinked")


def feed_start_of(record: Record) -> dt.date | None:
    return local_date(record.get("feedStartDate") or "")
