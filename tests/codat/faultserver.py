"""A server of raw sockets that breaks the line exactly where it is told to."""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True)
class Seen:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class Line:
    """One connection, as a behaviour sees it."""

    def __init__(self, sock: socket.socket, ending: threading.Event) -> None:
        self.sock = sock
        self._ending = ending

    def send(self, data: bytes) -> None:
        self.sock.sendall(data)

    def pause(self, seconds: float) -> None:
        """Wait, but no longer than the test lives."""
        self._ending.wait(seconds)

    def reset(self) -> None:
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    def wait_for_bytes(self) -> None:
        """Until the client has begun to send; nothing is read."""
        self.sock.recv(1, socket.MSG_PEEK)

    def hang(self) -> None:
        self._ending.wait(30)

    def drip(self, data: bytes, *, every: float) -> None:
        for at in range(len(data)):
            if self._ending.is_set():
                return
            self.send(data[at : at + 1])
            self._ending.wait(every)


Behaviour = Callable[[Line], None]


class FaultServer:
    """Listens on a free port and treats the nth request by the nth behaviour, then by the last."""

    def __init__(
        self,
        *behaviours: Behaviour,
        read_first: bool = True,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._behaviours = behaviours
        self._tls = tls
        self._read_first = read_first
        self._ending = threading.Event()
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(0.05)
        scheme = "https" if tls else "http"
        self.url = f"{scheme}://127.0.0.1:{self._listener.getsockname()[1]}"
        self.seen: list[Seen] = []
        self.connections = 0
        self.hung_up = threading.Event()  # a client has closed its end

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        for thread in list(self._threads):
            thread.join(5)
        self._listener.close()

    def _start(self, work: Callable[[], None]) -> None:
        thread = threading.Thread(target=work, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._ending.is_set():
            with contextlib.suppress(TimeoutError):
                sock, _ = self._listener.accept()
                self.connections += 1
                self._start(lambda sock=sock: self._serve(sock))  # type: ignore[misc]

    def _serve(self, sock: socket.socket) -> None:
        with sock, contextlib.suppress(OSError, EOFError):
            if self._tls is not None:
                sock.settimeout(5)
                sock = self._tls.wrap_socket(sock, server_side=True)
            self._talk(sock)

    def _talk(self, sock: socket.socket) -> None:
        with sock:
            sock.settimeout(0.05)
            while True:
                if self._read_first:
                    self.seen.append(self._read(sock))
                    nth = len(self.seen)
                else:
                    nth = self.connections
                behave = self._behaviours[min(nth, len(self._behaviours)) - 1]
                sock.settimeout(5)
                behave(Line(sock, self._ending))
                sock.settimeout(0.05)
                if not self._read_first:
                    return

    def _read(self, sock: socket.socket) -> Seen:
        data = b""
        while b"\r\n\r\n" not in data:
            data += self._some(sock)
        head, _, body = data.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {k.lower(): v for k, v in (line.split(": ", 1) for line in lines)}
        while len(body) < int(headers.get("content-length", 0)):
            body += self._some(sock)
        method, path, _ = first.split(" ")
        return Seen(method, path, headers, body)

    def _some(self, sock: socket.socket) -> bytes:
        while not self._ending.is_set():
            with contextlib.suppress(TimeoutError):
                data = sock.recv(65536)
                if not data:
                    self.hung_up.set()
                    raise EOFError
                return data
        raise EOFError


def answer(status: int, body: bytes | object = b"", **headers: str) -> Behaviour:
    """A whole answer; a body that is not bytes goes out as JSON."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status} Words", f"Content-Length: {len(data)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    whole = "\r\n".join([*lines, "", ""]).encode() + data
    return lambda line: line.send(whole)


def pieces(*, send: bytes, then: str = "close") -> Behaviour:
    """Part of an answer, then close, reset or hang."""

    def behave(line: Line) -> None:
        line.send(send)
        if then == "hang":
            line.hang()
        if then == "reset":
            line.reset()
        raise EOFError

    return behave


def closed_port() -> str:
    """A URL at which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    return f"http://127.0.0.1:{port}"
