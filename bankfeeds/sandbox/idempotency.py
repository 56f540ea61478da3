"""The idempotency table: the first answer of a key is kept for 90 minutes and replayed.

Codat guide: Idempotency. Only POST and PATCH look at the header; 429 is never kept, nor is what
the gate says before anybody is known (401, 403).
"""

from __future__ import annotations

import hashlib

from .answers import Answer, problem
from .world import World

KEPT_SECONDS = 90 * 60
METHODS = ("POST", "PATCH")
NOT_KEPT = (401, 403, 429)
BUSY = "A request with this idempotency key is still being processed."


class Idempotency:
    def __init__(self, world: World) -> None:
        self.world = world
        self._running: dict[str, str] = {}

    def earlier(self, key: str, *, digest: str) -> tuple[Answer, bool] | None:
        """What a key that was seen before is answered, and whether that is a replay."""
        self._forget_old()
        if key in self._running:
            same = self._running[key] == digest
            return (problem(409, error=BUSY) if same else problem(422)), False
        kept = self.world.table("idempotency").get(key)
        if kept is None:
            return None
        if kept["digest"] != digest:
            return problem(422), False
        return Answer(kept["status"], kept["body"].encode(), kept["type"]), True

    def begin(self, key: str, *, digest: str) -> None:
        self._running[key] = digest

    def keep(self, key: str, *, digest: str, answer: Answer) -> None:
        if answer.status in NOT_KEPT:
            return
        record = {
            "digest": digest,
            "status": answer.status,
            "body": answer.body.decode(),
            "type": answer.content_type,
            "expires": self.world.now() + KEPT_SECONDS,
        }
        self.world.put("idempotency", key, record)

    def end(self, key: str) -> None:
        """The answer is out, or its connection is gone."""
        self._running.pop(key, None)

    def release(self, key: str) -> None:
        """As after 429: the next request with this key is a first one."""
        self._running.pop(key, None)
        self.world.drop("idempotency", key)

    def _forget_old(self) -> None:
        now, kept = self.world.now(), self.world.table("idempotency")
        while kept:
            oldest = next(iter(kept))
            if kept[oldest]["expires"] > now:
                return
            self.world.drop("idempotency", oldest)


def digest_of(method: str, target: str, body: bytes) -> str:
    return hashlib.sha256(b"\n".join((method.encode(), target.encode(), body))).hexdigest()
