"""Data connections of the sandbox (`hcws` only), their one-hour links and their credentials."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import string
import uuid
from typing import Any

from . import webhooks
from .answers import invalid_field, refuse
from .world import Record, World, public, stamp

LINK_SECONDS = 3600
STATUSES = ("PendingAuth", "Linked", "Unlinked", "Deauthorized")
CAPITALS = string.ascii_uppercase + string.digits
LETTERS = string.ascii_letters + string.digits
# The values of the published example.
SAME_FOR_ALL = {
    "integrationId": "6b113e06-e818-45d7-977b-8e6bb3d01269",
    "integrationKey": "hcws",
    "sourceId": "56e6575a-3f1f-4918-b009-f7535555f0d6",
    "platformName": "QuickBooks Online Bank Feeds",
    "sourceType": "BankFeed",
}


def find(world: World, company_id: str, connection_id: str) -> Record:
    found: Record | None = world.table("connections").get(connection_id)
    if found is None or found["_parent"] != company_id:
        raise refuse(404, error=f"Data connection {connection_id} not found")
    return found


def create(world: World, company_id: str, body: Any) -> Record:
    platform = body.get("platformKey") if isinstance(body, dict) else None
    if not isinstance(platform, str) or not re.fullmatch(r"[a-z]{4}", platform):
        raise invalid_field("platformKey", "platformKey must be four lower-case letters.")
    if platform != "hcws":
        raise invalid_field("platformKey", f"The integration {platform} is not enabled.")
    connection_id = str(uuid.uuid4())
    record: Record = {
        "_parent": company_id,
        "id": connection_id,
        **SAME_FOR_ALL,
        "status": "PendingAuth",
        "created": stamp(world.now()),
        "lastSync": None,
        "dataConnectionErrors": [],
    }
    world.put("connections", connection_id, record)
    answer = read(world, record)
    tell(world, "created", record)
    return answer


def tell(world: World, what: str, record: Record) -> None:
    """The published message holds the whole connection, the client's link in it."""
    connection = shown(world, record)
    webhooks.tell(world, f"connection.{what}", record["_parent"], connection=connection)


def tell_account(world: World, what: str, record: Record, account: Record) -> None:
    """As published: the account in it says `pending` whatever has happened."""
    webhooks.tell(
        world,
        f"bankFeeds.sourceAccount.{what}",
        record["_parent"],
        companyId=record["_parent"],
        connectionId=record["id"],
        sourceAccount={**account, "status": "pending"},
    )


def set_status(world: World, record: Record, status: str) -> None:
    """Keep a new status, and tell of it if it is one."""
    before, record["status"] = record["status"], status
    if status == "Linked":
        _resolve(world, record)
    world.put("connections", record["id"], record)
    if status != before:
        tell(world, _change(before, status), record)


def cancel(world: World, record: Record) -> None:
    """The client broke off while linking: it stays as it was, and says why."""
    if record["status"] != "PendingAuth":
        return
    error = {
        "statusCode": "403",
        "statusText": "Forbidden",
        "errorMessage": "User cancelled",
        "erroredOnUtc": stamp(world.now()),
        "status": "Active",
        "resolvedOnUtc": None,
    }
    record["dataConnectionErrors"] = [error, *record["dataConnectionErrors"]]
    world.put("connections", record["id"], record)
    tell(world, "failed", record)


def _resolve(world: World, record: Record) -> None:
    resolved = {"status": "Resolved", "resolvedOnUtc": stamp(world.now())}
    errors = record["dataConnectionErrors"]
    record["dataConnectionErrors"] = [
        {**each, **resolved} if each["status"] == "Active" else each for each in errors
    ]


def _change(before: str, status: str) -> str:
    if status == "Linked":
        return "connected" if before == "PendingAuth" else "reconnected"
    return "disconnected"


def read(world: World, record: Record) -> Record:
    """A connection as its own endpoints answer it: each read hands out a new password."""
    mint(world, record["id"])
    return shown(world, record)


def shown(world: World, record: Record) -> Record:
    return {**public(record), "linkUrl": link_url(world, record)}


def link_url(world: World, record: Record) -> str:
    otps = world.keys("otps", record["id"])
    otp = otps[-1].rpartition("/")[2] if otps else "000000"
    path = f"/companies/{record['_parent']}/connections/{record['id']}/start"
    return f"{world.base}{path}?otp={otp}"


def mint(world: World, connection_id: str) -> None:
    """Adds a password of six digits; the earlier ones live on until their hour ends."""
    now = world.now()
    for key in world.keys("otps", connection_id):
        if world.table("otps")[key]["expires"] > now:
            break
        world.drop("otps", key)
    while True:
        key = f"{connection_id}/{secrets.randbelow(10**6):06d}"
        if key not in world.table("otps"):
            break
    world.put("otps", key, {"_parent": connection_id, "expires": now + LINK_SECONDS})


def link_works(world: World, connection_id: str, *, otp: str) -> bool:
    found = world.table("otps").get(f"{connection_id}/{otp}")
    return found is not None and found["expires"] > world.now()


def unlink(world: World, record: Record, body: Any) -> Record:
    """PATCH: only a linked connection can be unlinked, and nothing else can be set."""
    wanted = body.get("status") if isinstance(body, dict) else None
    if wanted not in STATUSES:
        raise invalid_field("status", f"status must be one of {', '.join(STATUSES)}.")
    if wanted != "Unlinked" or record["status"] != "Linked":
        text = f"A connection in status {record['status']} cannot be set to {wanted}."
        raise invalid_field("status", text, validator="ConnectionStatus")
    for key in world.keys("accounts", record["id"]):
        account = world.table("accounts")[key]
        if account["status"] in ("connected", "connecting"):
            account["status"] = "disconnected"
            world.put("accounts", key, account)
            tell_account(world, "disconnected", record, public(account))
    set_status(world, record, "Unlinked")
    return shown(world, record)


def forget(world: World, connection_id: str) -> None:
    """DELETE: takes accounts, passwords and credentials with it; the history stays."""
    tell(world, "deleted", world.table("connections")[connection_id])
    for table in ("accounts", "otps", "credentials"):
        world.drop_children(table, connection_id)
    world.drop("connections", connection_id)


def make_credentials(world: World, connection_id: str) -> Record:
    """A new set for QuickBooks' sign-in; earlier sets stay valid until they are revoked."""
    parts = ("".join(secrets.choice(CAPITALS) for _ in range(4)) for _ in range(3))
    username = "-".join(parts)
    password = "".join(secrets.choice(LETTERS) for _ in range(16))
    record = {"_parent": connection_id, "digest": _digest(password)}
    world.put("credentials", username, record)
    return {"username": username, "password": password}


def revoke_credentials(world: World, connection_id: str) -> None:
    """All sets at once; accounts connected with them can no longer be written to."""
    world.drop_children("credentials", connection_id)
    for key in world.keys("accounts", connection_id):
        account = world.table("accounts")[key]
        if account["status"] == "connected":
            account["_revoked"] = True
            world.put("accounts", key, account)


def sign_in(world: World, *, username: str, password: str) -> str | None:
    """The connection that these credentials open."""
    found = world.table("credentials").get(username.strip())
    if found is None or not hmac.compare_digest(found["digest"], _digest(password.strip())):
        return None
    parent: str = found["_parent"]
    return parent


def _digest(password: str) -> str:
    return hashlib.sha256(password.encode()).hexdigest()
