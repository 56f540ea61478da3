"""Companies of the sandbox: create, read, replace, update, delete, access token."""

from __future__ import annotations

import re
import secrets
import uuid
from typing import Any

from . import connections, webhooks
from .answers import invalid_field, refuse
from .world import Record, World, public, stamp

FORBIDDEN = re.compile(r"[^A-Za-z0-9\s\-',&@.?!]", re.ASCII)
MOST_TAGS, LONGEST_TAG_KEY, LONGEST_TAG = 10, 27, 100


def find(world: World, company_id: str) -> Record:
    found: Record | None = world.table("companies").get(company_id)
    if found is None:
        text = f"No company was found with ID {company_id}"
        raise refuse(404, error=text, service="ClientsApi")
    return found


def create(world: World, body: Any) -> Record:
    fields = _fields(body)
    company_id = str(uuid.uuid4())
    record = {
        "id": company_id,
        "name": fields.pop("name"),
        "platform": "",
        "created": stamp(world.now()),
        "createdByUserName": None,
        "products": [],
        **fields,
    }
    world.put("companies", company_id, record)
    webhooks.tell(world, "company.created", company_id, **public(record))
    return shown(world, record)


def replace(world: World, company_id: str, body: Any) -> Record:
    record = find(world, company_id)
    fields = _fields(body)
    for name in ("description", "tags"):
        record.pop(name, None)
    record.update(fields)
    world.put("companies", company_id, record)
    return shown(world, record)


def update(world: World, company_id: str, body: Any) -> Record:
    """PATCH: what is null or missing stays."""
    record = find(world, company_id)
    record.update(_fields(body, name_required=False))
    world.put("companies", company_id, record)
    return shown(world, record)


def delete(world: World, company_id: str) -> None:
    record = find(world, company_id)
    for key in world.keys("connections", company_id):
        connections.forget(world, key)
    webhooks.tell(world, "company.deleted", company_id, **public(record))
    world.drop_children("operations", company_id)
    world.drop("companies", company_id)


def access_token(world: World, company_id: str) -> Record:
    find(world, company_id)
    return {"expiresIn": 86400, "accessToken": secrets.token_urlsafe(32), "tokenType": "Bearer"}


def shown(world: World, record: Record) -> Record:
    """A company as answered; its connections carry the newest link there is, never a new one."""
    company_id = record["id"]
    return {
        **public(record),
        "redirect": f"{world.base}/company/{company_id}",
        "dataConnections": [
            connections.shown(world, each) for each in world.children("connections", company_id)
        ],
    }


def _fields(body: Any, *, name_required: bool = True) -> Record:
    if not isinstance(body, dict):
        raise invalid_field("body", "The request body must be an object.")
    fields: Record = {}
    if body.get("name") is not None or name_required:
        fields["name"] = _name(body.get("name"))
    if body.get("description") is not None:
        if not isinstance(body["description"], str):
            raise invalid_field("description", "description must be a string.")
        fields["description"] = body["description"]
    if body.get("tags") is not None:
        fields["tags"] = _tags(body["tags"])
    return fields


def _name(given: Any) -> str:
    """Forbidden characters are taken out silently; nothing left is refused."""
    if not isinstance(given, str):
        raise invalid_field("name", "name is required and must be a string.")
    kept = FORBIDDEN.sub("", given)
    if not kept.strip():
        raise invalid_field("name", "name must have at least one permitted character.")
    return kept


def _tags(given: Any) -> dict[str, str]:
    fits = (
        isinstance(given, dict)
        and len(given) <= MOST_TAGS
        and all(
            1 <= len(key) <= LONGEST_TAG_KEY
            and isinstance(value, str)
            and len(value) <= LONGEST_TAG
            for key, value in given.items()
        )
    )
    if not fits:
        raise invalid_field("tags", "At most 10 tags; keys of 1 to 27, values of up to 100.")
    return dict(given)
