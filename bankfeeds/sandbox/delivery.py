"""The thread that delivers messages to their consumers, on this machine only.

Lets what is due in the world happen by itself, so that nobody has to ask for it. The ladder of
retries is shortened, and the times in signatures are real ones, whatever the world's clock says.
"""

from __future__ import annotations

import base64
import contextlib
import http.client
import secrets
import sys
import threading
import time
import traceback
from urllib.parse import urlsplit

from . import webhooks
from .webhooks import DELIVERIES, HELD, PREFIX
from .world import Record, World

# Seconds until the next try. Codat: 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 10 h.
LADDER = (0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 40.0)
ANSWER_SECONDS = 15.0
LONGEST_WAIT = 3600.0
STRANGER = PREFIX + base64.b64encode(b"a secret of somebody else").decode()


class Deliverer:
    def __init__(self, world: World, *, ladder: tuple[float, ...] = LADDER) -> None:
        self.world, self._ladder = world, ladder
        self._stirred, self._stopping = threading.Event(), threading.Event()
        self._stirred.set()
        world.stir = self._stirred.set
        self._thread = threading.Thread(target=self._run, name="sandbox-webhooks", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Ends at once; a consumer that is just being waited for is left behind."""
        self._stopping.set()
        self._stirred.set()
        self._thread.join(timeout=1)

    def _run(self) -> None:
        wait: float | None = None
        while not self._stopping.is_set():
            self._stirred.wait(wait)
            self._stirred.clear()
            try:
                for record in self._due():
                    if not self._stopping.is_set():
                        self._deliver(record)
                wait = self._pause()
            except Exception:  # a bug of the sandbox is shown, and the next message still goes
                traceback.print_exc(file=sys.stderr)
                wait = 1.0

    def _due(self) -> list[Record]:
        with self.world.lock:
            if not self.world.table("consumers") and not self.world.table(DELIVERIES):
                return []
            self.world.settle()
            self.world.journal.commit()
            now = time.time()
            found = [each for each in self.world.table(DELIVERIES).values() if each["due"] <= now]
            return sorted(found, key=lambda each: float(each["due"]))

    def _pause(self) -> float | None:
        """Seconds until something is due; None when nothing is, until somebody stirs."""
        with self.world.lock:
            now, waiting = time.time(), self.world.table(DELIVERIES).values()
            pauses = [each["due"] - now for each in waiting if each["due"] != HELD]
            # Without consumers the world waits, as ever, until somebody asks.
            due = self.world.next_due() if self.world.table("consumers") else None
            if due is not None:
                pauses.append(due - self.world.now())
        return min(LONGEST_WAIT, max(0.0, min(pauses))) if pauses else None

    def _deliver(self, record: Record) -> None:
        is_first, tricks = record["tries"] == 0, record["tricks"]
        if is_first and "forge" in tricks:
            self._forge(record)
        status = self._try(record, ago=tricks.get("late", 0.0) if is_first else 0.0)
        if is_first and "double" in tricks:
            self._try(record)
        self._settle(record, done=200 <= status < 300)

    def _forge(self, record: Record) -> None:
        """A message of somebody else's: another id, another body, another secret."""
        forged = {**record, "id": f"msg_forged_{secrets.token_hex(8)}"}
        body = record["body"].replace('"payload"', '"forged":true,"payload"').encode()
        told = webhooks.headers(forged["id"], body, secret=STRANGER, at=time.time())
        self._remember(forged, _post(record["url"], body, told), kind="forged")

    def _try(self, record: Record, *, ago: float = 0.0) -> int:
        body = record["body"].encode("utf-8", "replace")
        with self.world.lock:
            secret = webhooks.secret_of(self.world)
        told = webhooks.headers(record["id"], body, secret=secret, at=time.time() - ago)
        status = _post(record["url"], body, told)
        self._remember(record, status, kind="late" if ago else "")
        return status

    def _settle(self, record: Record, *, done: bool) -> None:
        """Delivered, given up, or the next step of the ladder."""
        if self._stopping.is_set():
            return  # delivered once more after a restart: at least once, as at Codat
        tries = record["tries"] + 1
        with self.world.lock:
            if done or tries > len(self._ladder):
                self.world.drop(DELIVERIES, record["id"])
            else:
                later = {"tries": tries, "due": time.time() + self._ladder[tries - 1]}
                self.world.put(DELIVERIES, record["id"], {**record, **later})
            self.world.journal.commit()

    def _remember(self, record: Record, status: int, *, kind: str) -> None:
        names = ("id", "event", "url")
        about = {name: record[name] for name in names}
        with self.world.lock:
            self.world.delivered.append({**about, "status": status, "kind": kind})


def _post(url: str, body: bytes, told: dict[str, str]) -> int:
    """The status of the answer; 0 when nobody answered, or nobody may be asked."""
    parts = urlsplit(url)
    if parts.scheme != "http" or parts.hostname not in ("127.0.0.1", "localhost", "::1"):
        return 0
    with contextlib.suppress(OSError, http.client.HTTPException, ValueError):
        wire = http.client.HTTPConnection(parts.hostname, parts.port, timeout=ANSWER_SECONDS)
        with contextlib.closing(wire):
            path = parts.path or "/"
            wire.request("POST", f"{path}?{parts.query}" if parts.query else path, body, told)
            return wire.getresponse().status
    return 0
