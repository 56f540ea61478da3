"""What each endpoint does with a request, and Codat's exact success statuses."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from typing import Any, NoReturn

from . import accounts, companies, connections, pushes
from .answers import Answer, invalid_field, refuse, said
from .faults import Occasion, choose
from .options import PUSH_OPTION
from .paging import page, with_tags
from .world import Record, World, public

MOST_CONSUMERS = 50


@dataclass
class Request:
    """One request to the API. `segments` are decoded, `path` and `target` are as sent."""

    method: str
    target: str
    path: str
    segments: tuple[str, ...]
    params: dict[str, str]
    authorization: str
    idempotency_key: str | None
    body: bytes


@dataclass
class Call:
    """A request on its way through its route."""

    world: World
    book: pushes.Book
    request: Request
    occasion: Occasion
    names: dict[str, str] = field(default_factory=dict)

    def json(self) -> Any:
        return parse(self.request.body)

    @property
    def company(self) -> Record:
        return companies.find(self.world, self.names["company"])

    @property
    def connection(self) -> Record:
        return connections.find(self.world, self.company["id"], self.names["connection"])

    @property
    def account(self) -> Record:
        return accounts.find(self.world, self.connection["id"], self.names["account"])


def parse(raw: bytes) -> Any:
    """The body as JSON; what is not JSON is refused with 400, NaN and lone surrogates too."""
    try:
        value = json.loads(raw, parse_constant=_not_json)
        if b"\\ud" in raw or b"\\uD" in raw:
            json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise invalid_field("body", "The request body is not valid JSON.") from error
    return value


def _not_json(name: str) -> NoReturn:
    raise ValueError(name)


# Companies


def list_companies(call: Call) -> Answer:
    """Companies with their connections; shown before the search only where it looks at those."""
    world, params = call.world, call.request.params

    def show(record: Record) -> Record:
        return companies.shown(world, record)

    found = with_tags(list(world.table("companies").values()), params.get("tags", ""))
    if "dataConnections" in params.get("query", ""):
        return said(page("/companies", [show(each) for each in found], params=params))
    return said(page("/companies", found, params=params, show=show))


def replace_company(call: Call) -> Answer:
    return said(companies.replace(call.world, call.names["company"], call.json()))


def update_company(call: Call) -> Answer:
    return said(companies.update(call.world, call.names["company"], call.json()))


def create_company(call: Call) -> Answer:
    return said(companies.create(call.world, call.json()))


def read_company(call: Call) -> Answer:
    return said(companies.shown(call.world, call.company))


def delete_company(call: Call) -> Answer:
    companies.delete(call.world, call.names["company"])
    return Answer(204)


def access_token(call: Call) -> Answer:
    return said(companies.access_token(call.world, call.names["company"]))


# Connections


def list_connections(call: Call) -> Answer:
    world, company_id = call.world, call.company["id"]
    found = [connections.shown(world, c) for c in world.children("connections", company_id)]
    answer = page(f"/companies/{company_id}/connections", found, params=call.request.params)
    for shown in answer["results"]:
        shown.update(connections.read(world, world.table("connections")[shown["id"]]))
    return said(answer)


def delete_connection(call: Call) -> Answer:
    connections.forget(call.world, call.connection["id"])
    return Answer(200)


def revoke(call: Call) -> Answer:
    connections.revoke_credentials(call.world, call.connection["id"])
    return Answer(204)


def create_connection(call: Call) -> Answer:
    return said(connections.create(call.world, call.company["id"], call.json()))


def read_connection(call: Call) -> Answer:
    return said(connections.read(call.world, call.connection))


def unlink(call: Call) -> Answer:
    return said(connections.unlink(call.world, call.connection, call.json()))


def make_credentials(call: Call) -> Answer:
    """Any body will do, none too."""
    return said(connections.make_credentials(call.world, call.connection["id"]))


# Source accounts and their mapping


def list_accounts(call: Call) -> Answer:
    return said(accounts.listed(call.world, call.connection["id"]))


def create_account(call: Call) -> Answer:
    return said(accounts.create(call.world, call.connection["id"], call.json()))


def upsert_accounts(call: Call) -> Answer:
    return said(accounts.upsert(call.world, call.connection["id"], call.json()))


def create_batch(call: Call) -> Answer:
    return accounts.batch(call.world, call.connection["id"], call.json())


def update_account(call: Call) -> Answer:
    return said(accounts.update(call.world, call.account, call.json()))


def delete_account(call: Call) -> Answer:
    accounts.delete(call.world, call.account)
    return Answer(204)


def mapping(call: Call) -> Answer:
    """The source side only: with QuickBooks the client chooses the target there."""
    return said(
        [
            {
                "sourceAccountId": each["id"],
                "sourceAccountName": each["accountName"],
                "sourceAccountNumber": each["accountNumber"],
                "sourceBalance": each["balance"],
                "sourceCurrency": each["currency"],
                "status": each["status"],
                "targetAccountOptions": [],
            }
            for each in accounts.every(call.world, call.connection["id"])
        ]
    )


def no_mapping(call: Call) -> Answer:
    accounts.every(call.world, call.connection["id"])
    raise refuse(400, error="Account mapping is not supported for this integration.")


# Pushes


def push(call: Call) -> Answer:
    timeout = call.request.params.get("timeoutInMinutes")
    if timeout and not (timeout.isdigit() and len(timeout) < 7):
        raise invalid_field("timeoutInMinutes", "timeoutInMinutes must be a whole number.")
    if call.request.params.get("allowSyncOnPushComplete", "true").lower() not in ("true", "false"):
        raise invalid_field("allowSyncOnPushComplete", "It must be true or false.")
    connection, body = call.connection, call.json()
    pushes.check(call.world, connection, call.names["account"], body)
    fault = choose(call.world, call.occasion, operation=True)
    operation = call.book.accept(
        connection,
        call.names["account"],
        body,
        timeout=int(timeout) if timeout else None,
        fault=fault.operation if fault else None,
        idempotency_key=call.request.idempotency_key,
    )
    return said(operation)


def list_pushes(call: Call) -> Answer:
    company_id = call.company["id"]
    found, params = pushes.listed(call.world, company_id), call.request.params
    return said(page(f"/companies/{company_id}/push", found, params=params, show=public))


def push_option(call: Call) -> Answer:
    return said(PUSH_OPTION) if call.account else Answer(404)


def read_push(call: Call) -> Answer:
    return said(pushes.find(call.world, call.company["id"], call.names["operation"]))


# Others


def integration(call: Call) -> Answer:
    if call.names["key"] != "hcws":
        raise refuse(404, error=f"No integration was found with key {call.names['key']}")
    return said(
        {
            **{name: connections.SAME_FOR_ALL[name] for name in ("integrationId", "sourceId")},
            "key": "hcws",
            "name": "QuickBooks Online Bank Feeds",
            "logoUrl": f"{call.world.base}/logo.svg",
            "enabled": call.world.table("meta").get("integrationEnabled", True),
            "sourceType": "BankFeed",
            "isBeta": False,
            "isOfflineConnector": False,
        }
    )


def add_consumer(call: Call) -> Answer:
    """Keeps a webhook consumer; `delivery` delivers to those on this machine."""
    body, kept = call.json(), call.world.table("consumers")
    if not isinstance(body, dict) or not isinstance(body.get("url"), str) or not body["url"]:
        raise invalid_field("url", "url is required.")
    if len(kept) >= MOST_CONSUMERS:
        raise invalid_field("url", f"At most {MOST_CONSUMERS} webhook consumers.")
    consumer = {
        "id": str(uuid.uuid4()),
        "url": body["url"],
        "disabled": bool(body.get("disabled", False)),
        "eventTypes": body.get("eventTypes") or [],
        "companyTags": body.get("companyTags") or [],
    }
    call.world.put("consumers", consumer["id"], consumer)
    return said(consumer, status=201)


def drop_consumer(call: Call) -> Answer:
    if call.names["webhook"] not in call.world.table("consumers"):
        raise refuse(404, error=f"No webhook consumer was found with ID {call.names['webhook']}")
    call.world.drop("consumers", call.names["webhook"])
    return Answer(204)


def list_consumers(call: Call) -> Answer:
    return said({"results": list(call.world.table("consumers").values())})
