"""The server that all peers of the bench push to: its own process, one thread, a fixed delay.

It plays as much of Codat's API as a push and its outcome need, reads no JSON, and counts: what it
saw is the truth against which every claim is held. `GET /stats` says it, `POST /set` begins anew,
`GET /ended` names the writes that ended since it was last asked: whose messages are to be sent.
Standard library only. Run by `runs.py`: python -m tests.bench.standin --world FILE
"""

from __future__ import annotations

import argparse
import contextlib
import json
import select
import socket
import sys
import time
from collections import Counter, deque
from pathlib import Path
from urllib.parse import parse_qs

from .operations import Operations

MOST = 256 * 1024
ASK, ANSWER = select.EPOLLIN, select.EPOLLIN | select.EPOLLOUT
REASONS = {200: b"OK", 404: b"Not Found", 429: b"Too Many Requests"}
HEAD = (
    b"HTTP/1.1 %d %b\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: %d\r\n"
    b"X-Rate-Limit-Limit: 1000000\r\nX-Rate-Limit-Remaining: 999000\r\n"
    b"X-Rate-Limit-Reset: 2099-01-01T00:00:00Z\r\n%b\r\n"
)
RETRY = b"Retry-After: 5\r\n"
NOT_HERE = b'{"statusCode":404,"service":"PublicApi","error":"not played by the stand-in"}'
TOO_MANY = (
    b'{"statusCode":429,"service":"PublicApi","error":"You have made too many requests in a'
    b' given amount of time; please retry later."}'
)


class Counts:
    """What came in since the last `POST /set`."""

    def __init__(self) -> None:
        self.requests: Counter[str] = Counter()
        self.bytes = self.transactions = self.throttled = self.throttled_posts = 0
        self.in_flight = self.most_in_flight = 0
        self.by_company: Counter[bytes] = Counter()
        self.most_of_a_company = self.most_in_a_minute = 0
        self.minute: deque[float] = deque()
        self.cpu_before = time.process_time()

    def came(self, company: bytes, now: float) -> None:
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        self.by_company[company] = here = self.by_company[company] + 1
        self.most_of_a_company = max(self.most_of_a_company, here)
        self.minute.append(now)
        while self.minute[0] <= now - 60:
            self.minute.popleft()
        self.most_in_a_minute = max(self.most_in_a_minute, len(self.minute))

    def went(self, company: bytes) -> None:
        self.in_flight -= 1
        self.by_company[company] -= 1
        if not self.by_company[company]:
            del self.by_company[company]


class Caller:
    """One connection that is kept alive: what has come of a request, what has still to go."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.came = bytearray()
        self.to_go = b""


class Standin:
    """`world`: the source accounts of each connection, so that a list of them is not empty."""

    def __init__(self, world: dict[bytes, list[str]]) -> None:
        self._world = world
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self._listener.setblocking(False)
        self._epoll = select.epoll()
        self._epoll.register(self._listener.fileno(), ASK)
        self._callers: dict[int, Caller] = {}
        self._later: deque[tuple[float, Caller, bytes, bytes]] = deque()
        self._epoch = 0
        self._begin(delay=0.0, pending=0.0, per_minute=0, per_company=0)

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    def serve(self) -> None:
        while True:
            wait = self._later[0][0] - time.monotonic() if self._later else -1
            for number, events in self._epoll.poll(max(wait, 0) if self._later else None):
                if number == self._listener.fileno():
                    self._accept()
                elif caller := self._callers.get(number):
                    self._go_on(caller, events)
            now = time.monotonic()
            while self._later and self._later[0][0] <= now:
                _, caller, company, answer = self._later.popleft()
                self._counts.went(company)
                self._send(caller, answer)

    def _begin(self, *, delay: float, pending: float, per_minute: int, per_company: int) -> None:
        """Forget what was counted. delay: seconds to every answer; pending: until a push ends.

        per_minute, per_company: more calls than that are answered with 429; 0: as many as come.
        """
        self._epoch += 1
        self._delay, self._per_minute, self._per_company = delay, per_minute, per_company
        self._operations = Operations(epoch=self._epoch, pending=pending)
        self._counts = Counts()

    def _accept(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while True:
                sock, _ = self._listener.accept()
                sock.setblocking(False)
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._callers[sock.fileno()] = Caller(sock)
                self._epoll.register(sock.fileno(), ASK)

    def _go_on(self, caller: Caller, events: int) -> None:
        if events & select.EPOLLOUT:
            self._send(caller, b"")
        if not events & ~select.EPOLLOUT:
            return
        try:
            data = caller.sock.recv(MOST)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            return self._hang_up(caller)
        caller.came += data
        self._read(caller)

    def _hang_up(self, caller: Caller) -> None:
        number = caller.sock.fileno()
        if number >= 0:
            self._epoll.unregister(number)
            del self._callers[number]
            caller.sock.close()

    def _read(self, caller: Caller) -> None:
        """Take one whole request, if it is there; callers here never send two at once."""
        came = caller.came
        end = came.find(b"\r\n\r\n")
        if end < 0:
            return
        head = bytes(came[:end])
        length = _header(head, b"content-length:")
        start = end + 4
        if len(came) - start < int(length or 0):
            return
        body = bytes(came[start:])
        caller.came = bytearray()
        self._answer(caller, head, body)

    def _answer(self, caller: Caller, head: bytes, body: bytes) -> None:
        method, target, _ = head.split(b"\r\n", 1)[0].split(b" ")
        path, _, query = target.partition(b"?")
        parts = path.split(b"/")
        if parts[1] in {b"stats", b"set", b"ended"}:
            return self._send(caller, self._control(method, parts[1], query))
        company, now = parts[2] if len(parts) > 2 else b"", time.monotonic()
        counts = self._counts
        counts.came(company, now)
        if self._is_too_much(company):
            counts.throttled += 1
            counts.throttled_posts += method == b"POST"
            answer = _http(429, TOO_MANY, RETRY)
        else:
            kind, found = self._play(method, parts, query, head, body)
            counts.requests[kind] += 1
            answer = _http(200, found) if found is not None else _http(404, NOT_HERE)
        self._later.append((now + self._delay, caller, company, answer))

    def _is_too_much(self, company: bytes) -> bool:
        counts = self._counts
        return bool(
            (self._per_minute and len(counts.minute) > self._per_minute)
            or (self._per_company and counts.by_company[company] > self._per_company)
        )

    def _play(
        self, method: bytes, parts: list[bytes], query: bytes, head: bytes, body: bytes
    ) -> tuple[str, bytes | None]:
        operations = self._operations
        match (method, parts[3:]):
            case b"POST", [b"connections", connection, b"push", *_]:
                self._counts.bytes += len(body)
                self._counts.transactions += body.count(b'"amount"')
                key = _header(head, b"idempotency-key:")
                return "push", operations.pushed(parts[2], connection, key)
            case b"GET", [b"push"]:
                return "list", operations.page(parts[2], parse_qs(query.decode()))
            case b"GET", [b"push", key]:
                return "look", operations.one(key)
            case b"GET", [b"connections", connection, b"connectionInfo", _]:
                return "accounts", _accounts(self._world.get(connection, []))
        return "other", None

    def _control(self, method: bytes, name: bytes, query: bytes) -> bytes:
        if name == b"ended":
            return _http(200, json.dumps(self._operations.ended()).encode())
        if method == b"POST":
            asked = {name: float(values[0]) for name, values in parse_qs(query.decode()).items()}
            self._begin(
                delay=asked.get("delay", 0) / 1000,
                pending=asked.get("pending", 0),
                per_minute=int(asked.get("per_minute", 0)),
                per_company=int(asked.get("per_company", 0)),
            )
        return _http(200, json.dumps(self._stats()).encode())

    def _stats(self) -> dict[str, object]:
        counts = self._counts
        return {
            "posts": counts.requests["push"],
            "replays": self._operations.replays,
            "bytes": counts.bytes,
            "transactions": counts.transactions,
            "requests": dict(counts.requests),
            "throttled": counts.throttled,
            "throttled_posts": counts.throttled_posts,
            "most_in_flight": counts.most_in_flight,
            "most_of_a_company": counts.most_of_a_company,
            "most_in_a_minute": counts.most_in_a_minute,
            "keys": self._operations.keys(),
            "cpu": time.process_time() - counts.cpu_before,
        }

    def _send(self, caller: Caller, answer: bytes) -> None:
        caller.to_go += answer
        try:
            sent = caller.sock.send(caller.to_go)
        except BlockingIOError:
            sent = 0
        except OSError:
            return self._hang_up(caller)
        waited = len(answer) < len(caller.to_go)
        caller.to_go = caller.to_go[sent:]
        if caller.to_go or waited:
            self._epoll.modify(caller.sock.fileno(), ANSWER if caller.to_go else ASK)


def _header(head: bytes, name: bytes) -> bytes:
    start = head.lower().find(b"\r\n" + name)
    if start < 0:
        return b""
    start += len(name) + 2
    end = head.find(b"\r\n", start)
    return head[start : end if end >= 0 else None].strip()


def _http(status: int, body: bytes, more: bytes = b"") -> bytes:
    return HEAD % (status, REASONS[status], len(body), more) + body


def _accounts(ids: list[str]) -> bytes:
    """As a client of since 2024-08 sees them; every account is connected."""
    same = {
        "accountName": "Checking", "accountType": "checking", "accountNumber": "12345670",
        "sortCode": "123456789", "currency": "USD", "balance": 1000, "status": "connected",
        "routingInfo": None, "accountInfo": None,
    }  # fmt: skip
    return json.dumps([{"id": each, **same} for each in ids]).encode()


def _read_world(file: Path | None) -> dict[bytes, list[str]]:
    world: dict[bytes, list[str]] = {}
    for line in file.read_text().splitlines() if file else ():
        connection, account = line.split()
        world.setdefault(connection.encode(), []).append(account)
    return world


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--world", type=Path, help="lines of: connection id, account id")
    standin = Standin(_read_world(parser.parse_args().world))
    sys.stdout.write(f"{standin.port}\n")
    sys.stdout.flush()
    with contextlib.suppress(KeyboardInterrupt):
        standin.serve()


if __name__ == "__main__":
    main()
