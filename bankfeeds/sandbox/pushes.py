"""Write operations of the sandbox: accepted at once, judged and ended when their time has come.

The pushes of one account are judged in the order of their acceptance. What is stored enters the
ledger, whether somebody asks for the operation or not.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from typing import Any

from . import accounts, rules, webhooks
from .answers import invalid, item, refuse
from .faults import OperationFault
from .world import Record, World, public, stamp

DOWNSTREAM = (
    "An error occurred in a downstream service. Correlation ID: {}. Message: Push failed for "
    "bankTransactions: see validation for more information"
)
ORDERED = "The sandbox was told to fail this push."


class Book:
    """What QuickBooks' side has stored per account, read from the ledger; kept in step with it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._ids: dict[str, set[str]] = {}
        self._newest: dict[str, dt.date] = {}
        self._last_due: dict[str, float] = {}
        for entry in world.table("ledger").values():
            self._enter(entry)
        for key, pending in world.table("pending").items():
            self._schedule(key, pending)
        for account in world.table("accounts").values():
            if "_gone_at" in account:
                accounts.watch(world, account)

    def accept(
        self,
        connection: Record,
        account_id: str,
        body: Any,
        *,
        timeout: int | None,
        fault: OperationFault | None,
        idempotency_key: str | None,
    ) -> Record:
        """Takes a valid push; answers the operation, pending. HTTP 200 with 202 in the body."""
        now, key = self.world.now(), str(uuid.uuid4())
        operation = _pending_operation(connection, key=key, now=now, timeout=timeout)
        pending = {
            "accountId": account_id,
            "connectionId": connection["id"],
            "rows": body["transactions"],
            "at": now,
            "timeout": timeout,
            "fault": list(fault) if fault else None,
            "idempotencyKey": idempotency_key,
        }
        if fault is not None and fault.kind == "unlisted":
            operation["_listed_at"] = now + fault.seconds
        self.world.put("operations", key, operation)
        self.world.put("pending", key, pending)
        self._schedule(key, pending)
        return public(operation)

    def ledger(self) -> list[Record]:
        return [public(entry) for entry in self.world.table("ledger").values()]

    # When the time has come

    def _schedule(self, key: str, pending: Record) -> None:
        fault = OperationFault(*pending["fault"]) if pending["fault"] else None
        account = accounts.key_of(pending["connectionId"], pending["accountId"])
        seconds = self.world.settings.operation_seconds
        if fault and fault.kind == "slow":
            seconds = fault.seconds
        ends = max(pending["at"] + seconds, self._last_due.get(account, 0.0))
        limit = pending["at"] + pending["timeout"] * 60 if pending["timeout"] else None
        never = fault is not None and fault.kind == "pending"
        if limit is not None and (never or ends > limit):
            self.world.due(limit, self._then(key, self._time_out))
        elif not never:
            self._last_due[account] = ends
            self.world.due(ends, self._then(key, self._complete))

    def _then(
        self, key: str, do: Callable[[Record, Record, float], None]
    ) -> Callable[[float], None]:
        def happen(at: float) -> None:
            pending = self.world.table("pending").get(key)
            operation = self.world.table("operations").get(key)
            self.world.drop("pending", key)
            if pending is not None and operation is not None:
                do(operation, pending, at)

        return happen

    def _time_out(self, operation: Record, pending: Record, at: float) -> None:
        self._end(operation, at, status="TimedOut", code=408)

    def _complete(self, operation: Record, pending: Record, at: float) -> None:
        kind = pending["fault"][0] if pending["fault"] else ""
        verdict = self._judge(pending)
        if kind == "failed":
            verdict.errors[:0] = _ordered_errors(pending)
        if kind in ("timedout", "late"):
            self._end(operation, at, status="TimedOut", code=408)
            if kind == "late":
                self._later(operation, pending, at)
        elif verdict.errors:
            self._end(operation, at, status="Failed", code=400, verdict=verdict)
        else:
            self._store(operation, pending)
            late = kind == "timedout-after"
            status, code = ("TimedOut", 408) if late else ("Success", 200)
            self._end(operation, at, status=status, code=code, verdict=verdict)

    def _later(self, operation: Record, pending: Record, at: float) -> None:
        """Timed out, and done all the same after some time."""
        seconds = at - pending["at"] + pending["fault"][1]
        key, again = operation["pushOperationKey"], {**pending, "fault": ["slow", seconds]}
        self.world.put("pending", key, again)
        self._schedule(key, again)

    def _judge(self, pending: Record) -> rules.Verdict:
        key = accounts.key_of(pending["connectionId"], pending["accountId"])
        account = self.world.table("accounts").get(key, {})
        keeps_doubles = self.world.settings.keeps_doubles
        target = rules.Target(
            account_id=pending["accountId"],
            status=account.get("status"),
            revoked=account.get("_revoked", False),
            today=self.world.today(pending["at"]),
            history_days=self.world.settings.history_days,
            feed_start=accounts.feed_start_of(account),
            newest=None if keeps_doubles else self._newest.get(key),
            double_ids=self.world.settings.double_ids,
            stored_ids=() if keeps_doubles else self._ids.get(key, set()),
        )
        return rules.judge(pending["rows"], target=target)

    def _end(
        self,
        operation: Record,
        at: float,
        *,
        status: str,
        code: int,
        verdict: rules.Verdict | None = None,
    ) -> None:
        found = verdict or rules.Verdict()
        operation.update(status=status, statusCode=code, completedOnUtc=stamp(at))
        operation["validation"] = {"errors": found.errors, "warnings": found.warnings}
        if status == "Failed":
            operation["errorMessage"] = DOWNSTREAM.format(uuid.uuid4().hex)
            operation["changes"] = []
        if status == "TimedOut":
            operation["errorMessage"] = "The push operation timed out."
        self.world.put("operations", operation["pushOperationKey"], operation)
        self._tell(operation)

    def _tell(self, operation: Record) -> None:
        """No reason in it: whoever wants to know has to ask."""
        is_good = operation["status"] == "Success"
        payload = {
            "id": operation["pushOperationKey"],
            "type": "Create",
            "connectionId": operation["dataConnectionKey"],
            "requestedOnDate": operation["requestedOnUtc"],
            "completedOnDate": operation["completedOnUtc"],
            "status": operation["status"],
            "attachmentId": None,
        }
        if is_good:
            payload["record"] = {"id": str(uuid.uuid4())}
        event = f"bankTransactions.write.{'successful' if is_good else 'unsuccessful'}"
        webhooks.tell(self.world, event, operation["companyId"], **payload)

    def _store(self, operation: Record, pending: Record) -> None:
        rows = self._new_rows(pending)
        if not rows:
            return
        entry = {
            "companyId": operation["companyId"],
            "connectionId": pending["connectionId"],
            "accountId": pending["accountId"],
            "transactionIds": [row["id"] for row in rows],
            "pushOperationKey": operation["pushOperationKey"],
            "idempotencyKey": pending["idempotencyKey"],
            "_newest": rows[-1]["date"][:10],
        }
        self.world.put("ledger", str(self.world.next_number("ledger")), entry)
        self._enter(entry)
        key = accounts.key_of(pending["connectionId"], pending["accountId"])
        account = self.world.table("accounts")[key]
        if rows[-1].get("balance") is not None:
            account["balance"] = rows[-1]["balance"]
            accounts.save(self.world, account)

    def _new_rows(self, pending: Record) -> list[Record]:
        """All of them, but for those that are left away because their id is stored already."""
        rows: list[Record] = pending["rows"]
        if self.world.settings.double_ids != "skip":
            return rows
        key = accounts.key_of(pending["connectionId"], pending["accountId"])
        stored = self._ids.get(key, set())
        return [row for row in rows if row["id"] not in stored]

    def _enter(self, entry: Record) -> None:
        key = accounts.key_of(entry["connectionId"], entry["accountId"])
        self._ids.setdefault(key, set()).update(entry["transactionIds"])
        newest = dt.date.fromisoformat(entry["_newest"])
        self._newest[key] = max(newest, self._newest.get(key, newest))


def listed(world: World, company_id: str) -> list[Record]:
    """Operations of a company, without those that shall not show yet."""
    return [each for each in world.children("operations", company_id) if _shows(world, each)]


def _shows(world: World, operation: Record) -> bool:
    return bool(operation.get("_listed_at", 0.0) <= world.now())


def find(world: World, company_id: str, key: str) -> Record:
    found: Record | None = world.table("operations").get(key)
    if found is None or found["_parent"] != company_id or not _shows(world, found):
        raise refuse(404, error=f"Push operation {key} not found")
    return public(found)


def check(world: World, connection: Record, account_id: str, body: Any) -> None:
    """Refuses at once an account that is not there and a body that breaks the schema."""
    accounts.find(world, connection["id"], account_id)
    if errors := rules.schema(body, account_id=account_id):
        raise invalid(errors)


def _pending_operation(connection: Record, *, key: str, now: float, timeout: int | None) -> Record:
    return {
        "_parent": connection["_parent"],
        "changes": [{"type": "Created", "recordRef": {"dataType": "bankTransactions"}}],
        "dataType": "bankTransactions",
        "companyId": connection["_parent"],
        "pushOperationKey": key,
        "dataConnectionKey": connection["id"],
        "requestedOnUtc": stamp(now),
        "status": "Pending",
        "timeoutInMinutes": timeout,
        "validation": {"errors": [], "warnings": []},
        "statusCode": 202,
    }


def _ordered_errors(pending: Record) -> list[rules.Item]:
    """Names the rows that carry the marker; an order from elsewhere names the account."""
    marked = [
        item(rules.row_id(row, index=index), ORDERED, "Sandbox")
        for index, row in enumerate(pending["rows"])
        if "fault-op-failed" in str(row.get("description")).lower()
    ]
    return marked or [item(pending["accountId"], ORDERED, "Sandbox")]
