"""HTTP on the wire: reads requests, hands them on, writes answers, plays faults."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import struct
import sys
import threading
import traceback
from http.client import responses
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote

from . import controls, pages, tricks
from .answers import HTML, Answer, problem
from .api import Api, Reply
from .endpoints import Request

LARGEST_BODY = 64 * 1024 * 1024
RESET_ON_CLOSE = struct.pack("ii", 1, 0)

Headers = tuple[tuple[str, str], ...]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "Sandbox"
    sys_version = ""
    disable_nagle_algorithm = True
    server: Server

    def _any(self) -> None:
        """Answers one request; what goes wrong in here is answered 500 and printed."""
        try:
            self._answer()
        except ConnectionError:
            self.close_connection = True
        except Exception:
            traceback.print_exc(file=sys.stderr)
            self.close_connection = True
            self._send(problem(500))

    def _answer(self) -> None:
        try:
            body = self._body()
        except ValueError:
            self.close_connection = True
            self._send(problem(400))
            return
        if body is None:
            return
        path = self.path.partition("?")[0]
        if path.startswith("/_sandbox/"):
            self._control(path, body)
        elif pages.wants(path):
            self._page(path, body)
        else:
            self._api(path, body)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = _any  # noqa: N815

    # Who answers

    def _control(self, path: str, body: bytes) -> None:
        if not self._at_home():
            self._send(Answer(403, b'{"error":"Reachable on this machine only."}'))
            return
        name = path.removeprefix("/_sandbox/").rstrip("/")
        api = self.server.api
        self._send(controls.answer(api, method=self.command, name=name, body=body))

    def _page(self, path: str, body: bytes) -> None:
        if not self._at_home():
            self._send(Answer(403, b"<h1>Reachable on this machine only.</h1>", HTML))
            return
        params = dict(parse_qsl(self.path.partition("?")[2], keep_blank_values=True))
        form = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)
        self._send(
            pages.answer(self.server.api, method=self.command, path=path, params=params, form=form)
        )

    def _api(self, path: str, body: bytes) -> None:
        api = self.server.api
        request = Request(
            method=self.command,
            target=self.path,
            path=path,
            segments=tuple(unquote(part) for part in path.strip("/").split("/")),
            params=dict(parse_qsl(self.path.partition("?")[2], keep_blank_values=True)),
            authorization=self.headers.get("Authorization", ""),
            idempotency_key=(self.headers.get("Idempotency-Key") or "").strip() or None,
            body=body,
        )
        reply = Reply(problem(500), None, request.idempotency_key)
        try:
            reply = api.reply(request)
            self._deliver(reply, api)
        finally:
            api.done(reply)

    def _at_home(self) -> bool:
        """Whether the browser means this machine: no other site may act here through it."""
        own = self.headers.get("Host", "")
        origin = self.headers.get("Origin")
        return is_loopback(_host_of(own)) and origin in (None, f"http://{own}")

    # What goes over the wire

    def _deliver(self, reply: Reply, api: Api) -> None:
        fault, answer = reply.fault, reply.answer
        kind = fault.kind if fault else ""
        raw = self._raw(answer, reply.limits)
        if kind == "reset":
            self._reset()
        elif kind == "half-headers":
            self._cut(raw, len(raw.partition(b"\r\n")[0]) + 9)
        elif kind == "half-body":
            self._cut(raw, len(raw) - (len(answer.body) + 1) // 2)
        elif kind in tricks.ANSWERS:
            self._send(tricks.ANSWERS[kind](answer), extra=reply.limits)
        elif fault and kind == "drip":
            tricks.drip(self.wfile, raw, seconds=fault.seconds, stopping=api.stopping)
        else:
            if fault and kind == "hang":
                api.stopping.wait(fault.seconds)
            self.wfile.write(raw)

    def _send(self, answer: Answer, *, extra: Headers = ()) -> None:
        self.wfile.write(self._raw(answer, extra))

    def _raw(self, answer: Answer, extra: Headers) -> bytes:
        status = f"{answer.status} {responses.get(answer.status, '')}".rstrip()
        lines = [f"HTTP/1.1 {status}", f"Date: {self.date_time_string()}"]
        if answer.status != 204:
            lines += [f"Content-Length: {len(answer.body)}"]
        if answer.body:
            lines += [f"Content-Type: {answer.content_type}"]
        lines += [f"{name}: {value}" for name, value in (*extra, *answer.headers)]
        if self.close_connection:
            lines += ["Connection: close"]
        body = b"" if self.command == "HEAD" else answer.body
        return "\r\n".join(lines).encode("latin-1", "replace") + b"\r\n\r\n" + body

    def _cut(self, raw: bytes, length: int) -> None:
        self.wfile.write(raw[:length])
        self.close_connection = True

    def _reset(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
        self.close_connection = True
        self.server.reset(self.connection)

    def _body(self) -> bytes | None:
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            return self._chunks()
        length = self.headers.get("Content-Length", "0")
        if not length.isdigit() or int(length) > LARGEST_BODY:
            self.close_connection = True
            self._send(problem(413 if length.isdigit() else 400))
            return None
        body = self.rfile.read(int(length)) if length != "0" else b""
        if len(body) < int(length):
            self.close_connection = True
            return None
        return body

    def _chunks(self) -> bytes | None:
        parts, total = [], 0
        while size := int(self.rfile.readline(1000).partition(b";")[0] or b"0", 16):
            total += size
            if total > LARGEST_BODY:
                self.close_connection = True
                self._send(problem(413))
                return None
            parts.append(self.rfile.read(size))
            self.rfile.readline(1000)
        while self.rfile.readline(1000).strip():
            pass
        return b"".join(parts)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """What the base class finds wrong is answered in Codat's form."""
        self.close_connection = True
        self.command = getattr(self, "command", None) or "GET"
        with contextlib.suppress(OSError):
            self._send(problem(405 if code == 501 else code))

    def log_message(self, format: str, *args: Any) -> None:
        """Silent: `GET /_sandbox/requests` lists what was asked."""


class Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128
    api: Api

    def __init__(self, host: str, port: int) -> None:
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._open: dict[socket.socket, threading.Thread] = {}
        super().__init__((host, port), Handler)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        self._open[request] = threading.current_thread()
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._open.pop(request, None)

    def reset(self, request: socket.socket) -> None:
        """Marks a socket whose end shall be a reset: it is closed without a goodbye."""
        self._open.pop(request, None)

    def shutdown_request(self, request: Any) -> None:
        if request in self._open:
            super().shutdown_request(request)
        else:
            self.close_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exc_info()[1], OSError):
            traceback.print_exc(file=sys.stderr)

    def hang_up(self) -> None:
        """Ends the connections that clients keep open, and waits for their threads."""
        still_open = list(self._open.items())
        for request, _ in still_open:
            with contextlib.suppress(OSError):
                request.shutdown(socket.SHUT_RDWR)
        for _, thread in still_open:
            thread.join(timeout=1)


def _host_of(text: str) -> str:
    return text.partition("]")[0].strip("[") if text.startswith("[") else text.partition(":")[0]


def is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
