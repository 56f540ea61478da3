"""Codat's messages out: what is told to whom, and how it is signed (codat-api 6).

Consumers are kept by the API. What waits for delivery lies in a table and survives a restart;
`delivery` carries it out. Called under the world's lock.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import time
import uuid
from typing import Any

from .answers import dumps
from .world import Record, World, stamp

PREFIX = "whsec_"
DELIVERIES = "deliveries"
# Waits until another message to the same consumer has gone before it.
HELD = 1e12
# What may be ordered of the next messages.
TRICKS = ("double", "delay", "late", "forge", "reorder", "lose")


def tell(world: World, event: str, company_id: str, **payload: Any) -> None:
    """Have every consumer told that wants to know; of no company when it concerns the client."""
    consumers = [each for each in world.table("consumers").values() if _wants(each, event)]
    if not consumers:
        return
    company = world.table("companies").get(company_id, {})
    if not event.startswith(("company.", "client.")):
        payload = {"referenceCompany": _reference(world, company_id, company), **payload}
    body = envelope(event, payload, at=world.now())
    for consumer in consumers:
        if _is_tagged(consumer, company):
            send(world, consumer["url"], event, body)


def envelope(event: str, payload: Any, *, at: float) -> str:
    told = {
        "id": str(uuid.uuid4()),
        "eventType": event,
        "generatedDate": stamp(at),
        "payload": payload,
    }
    return dumps(told).decode()


def send(world: World, url: str, event: str, body: str) -> None:
    """Put one message on its way to one consumer, with the tricks that were ordered for it."""
    tricks, now = _tricks(world), time.time()
    record: Record = {
        "id": f"msg_{secrets.token_urlsafe(20)}",
        "url": url,
        "event": event,
        "body": body,
        "tries": 0,
        "due": HELD if "reorder" in tricks else now + tricks.get("delay", 0.0),
        "tricks": tricks,
    }
    if "lose" in tricks:
        return
    world.put(DELIVERIES, record["id"], record)
    if record["due"] != HELD:
        _release(world, url, after=record["due"])
    world.stir()


def _release(world: World, url: str, *, after: float) -> None:
    """Those that were held back go next, the newest of them first."""
    waiting = list(world.table(DELIVERIES).values())
    held = [each for each in waiting if each["due"] == HELD and each["url"] == url]
    for place, record in enumerate(reversed(held), start=1):
        world.put(DELIVERIES, record["id"], {**record, "due": after + place / 1000})


def secret_of(world: World) -> str:
    """The secret of all consumers. Codat shows it in its portal only, so do our controls."""
    found = world.table("meta").get("webhookSecret")
    if found is None:
        found = PREFIX + base64.b64encode(secrets.token_bytes(24)).decode()
        world.put("meta", "webhookSecret", found)
    return str(found)


def is_secret(text: Any) -> bool:
    try:
        raw = base64.b64decode(str(text).removeprefix(PREFIX), validate=True)
    except ValueError:
        return False
    return str(text).startswith(PREFIX) and len(raw) >= 16


def headers(message_id: str, body: bytes, *, secret: str, at: float) -> dict[str, str]:
    """Standard Webhooks: HMAC-SHA256 over id, time and body."""
    told = f"{message_id}.{int(at)}.".encode() + body
    key = base64.b64decode(secret.removeprefix(PREFIX))
    signature = base64.b64encode(hmac.new(key, told, hashlib.sha256).digest()).decode()
    return {
        "Content-Type": "application/json",
        "User-Agent": "Sandbox-Webhooks",
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at)),
        "webhook-signature": f"v1,{signature}",
    }


def _wants(consumer: Record, event: str) -> bool:
    types = consumer["eventTypes"]
    return not consumer["disabled"] and (not types or event in types)


def _is_tagged(consumer: Record, company: Record) -> bool:
    tags = {f"{key}:{value}" for key, value in (company.get("tags") or {}).items()}
    return not consumer["companyTags"] or not tags.isdisjoint(consumer["companyTags"])


def _reference(world: World, company_id: str, company: Record) -> Record:
    return {
        "id": company_id,
        "name": company.get("name"),
        "description": company.get("description"),
        "links": {"portal": f"{world.base}/companies/{company_id}/summary"},
    }


def order(world: World, trick: str, *, times: int, seconds: float) -> None:
    """Do so with the next messages."""
    orders = dict(world.table("meta").get("tricks") or {})
    world.put("meta", "tricks", {**orders, trick: [times, seconds]})


def _tricks(world: World) -> dict[str, float]:
    """What was ordered for this message; an order is used up by so many messages."""
    orders: dict[str, list[float]] = world.table("meta").get("tricks") or {}
    if orders:
        left = {name: [n - 1, seconds] for name, (n, seconds) in orders.items() if n > 1}
        world.put("meta", "tricks", left)
    return {name: seconds for name, (_, seconds) in orders.items()}


def state(world: World) -> Record:
    """As the controls show it: the secret, what waits (without bodies), what was tried."""
    names = ("id", "event", "url", "tries")
    waiting = world.table(DELIVERIES).values()
    return {
        "secret": secret_of(world),
        "consumers": list(world.table("consumers").values()),
        "waiting": [{name: each[name] for name in names} for each in waiting],
        "delivered": list(world.delivered),
    }


def text_of(given: Any) -> str:
    """The body of a message that was ordered: text as it is, anything else as JSON."""
    return given if isinstance(given, str) else json.dumps(given)
