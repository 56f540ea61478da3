"""The stand-in's memory of pushes: a key for each, and what Codat says of it later.

Shapes: Codat's Bank Feeds API, PushOperation and its list. Knows no HTTP.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Mapping, Sequence
from typing import NamedTuple

OPERATION = (
    b'{"changes":[{"type":"Created","recordRef":{"dataType":"bankTransactions"},'
    b'"attachmentId":null}],"dataType":"bankTransactions","companyId":"%b",'
    b'"pushOperationKey":"%b","dataConnectionKey":"%b","requestedOnUtc":"%b",%b'
    b'"timeoutInMinutes":null,"errorMessage":null,"validation":{"errors":[],"warnings":[]}}'
)
PENDING = b'"status":"Pending","statusCode":202,'
ENDED = b'"completedOnUtc":"%b","status":"Success","statusCode":200,'
PAGE = (
    b'{"results":[%b],"pageNumber":%d,"pageSize":%d,"totalResults":%d,"_links":{"self":{"href":'
    b'"/companies/%b/push"},"current":{"href":"/companies/%b/push?page=%d&pageSize=%d"}%b}}'
)
LINK = b',"%b":{"href":"/companies/%b/push?page=%d&pageSize=%d"}'
NEWEST_FIRST = "-requestedOnUtc"


class Operation(NamedTuple):
    company: bytes
    connection: bytes
    key: bytes
    at: float
    ends: float


class Operations:
    """epoch: part of every key, so that no key comes twice.

    pending: seconds until a push ends, on the average: each takes half to one and a half of it.
    """

    def __init__(self, *, epoch: int, pending: float) -> None:
        self._epoch, self._pending = epoch, pending
        self._all: dict[bytes, Operation] = {}
        self._of: dict[bytes, list[Operation]] = {}
        self._by_idempotency: dict[bytes, Operation] = {}
        self._not_told: list[Operation] = []
        self.replays = 0

    def pushed(self, company: bytes, connection: bytes, idempotency: bytes) -> bytes:
        """Answer a POST; the same idempotency key again gives the same operation."""
        known = self._by_idempotency.get(idempotency) if idempotency else None
        if known is not None:
            self.replays += 1
            return self._say(known, ended=False)
        key = b"%08x-0000-4000-8000-%012x" % (self._epoch, len(self._all))
        now, spread = time.time(), len(self._all) * 37 % 100 / 100
        made = Operation(company, connection, key, now, now + self._pending * (0.5 + spread))
        self._all[key] = made
        self._not_told.append(made)
        self._of.setdefault(company, []).append(made)
        if idempotency:
            self._by_idempotency[idempotency] = made
        return self._say(made, ended=False)

    def one(self, key: bytes) -> bytes | None:
        operation = self._all.get(key)
        return self._say(operation, ended=self._has_ended(operation)) if operation else None

    def ended(self) -> list[str]:
        """Keys of what has ended since this was last asked."""
        now = time.time()
        told = [operation.key.decode() for operation in self._not_told if operation.ends <= now]
        self._not_told = [operation for operation in self._not_told if operation.ends > now]
        return told

    def page(self, company: bytes, asked: Mapping[str, Sequence[str]]) -> bytes:
        """A page of a company's operations; a `query` is not understood and hides nothing."""
        number, size = int(asked.get("page", "1")[0]), int(asked.get("pageSize", ["100"])[0])
        rows = self._of.get(company, [])
        if asked.get("orderBy", [""])[0] == NEWEST_FIRST:
            rows = rows[::-1]
        start = (number - 1) * size
        said = [self._say(row, ended=self._has_ended(row)) for row in rows[start : start + size]]
        links = LINK % (b"next", company, number + 1, size) if start + size < len(rows) else b""
        if number > 1:
            links += LINK % (b"previous", company, number - 1, size)
        same = (company, company, number, size, links)
        return PAGE % (b",".join(said), number, size, len(rows), *same)

    def keys(self) -> dict[str, object]:
        """Which keys were handed out: `prefix` and the numbers 0 to `count` - 1."""
        return {"prefix": f"{self._epoch:08x}-0000-4000-8000-", "count": len(self._all)}

    def _has_ended(self, operation: Operation) -> bool:
        return time.time() >= operation.ends

    def _say(self, operation: Operation, *, ended: bool) -> bytes:
        requested = _moment(operation.at)
        status = ENDED % _moment(operation.ends) if ended else PENDING
        ids = (operation.company, operation.key, operation.connection)
        return OPERATION % (*ids, requested, status)


def _moment(seconds: float) -> bytes:
    """As Codat writes it, with seven digits of a second."""
    return dt.datetime.fromtimestamp(seconds, dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%f0Z").encode()
