"""Connections that look at the `Errand` of their thread.

requests bounds the wait between two bytes; a server that drips holds a caller for hours, and
an exception's class does not say whether bytes had left. So these note the first byte sent, and
shorten every wait to what is left of the errand's time.
Not bounded by the deadline: name resolution, and the TLS handshake as a whole (its steps are).
"""

from __future__ import annotations

import http.client
import io
import socket
from typing import Any

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError

from bankfeeds.codat import errands
from bankfeeds.codat.errands import Errand


class _BoundedReader(io.RawIOBase):
    """The receiving side of a socket, each wait cut to what is left of the errand."""

    def __init__(self, sock: socket.socket, errand: Errand) -> None:
        self._sock = sock
        self._errand = errand
        self._raw = sock.makefile("rb", buffering=0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._sock.settimeout(self._errand.wait(self._errand.read))
        return self._raw.readinto(buffer)

    def fileno(self) -> int:
        return self._raw.fileno()

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Response(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        errand = errands.current()
        if errand is not None:
            self.fp.close()
            self.fp = io.BufferedReader(_BoundedReader(sock, errand))


class _Watched:
    """Mixed into both connection classes: tells the errand what happens."""

    sock: Any
    timeout: Any

    def connect(self) -> None:
        errand = errands.current()
        if errand is not None:
            try:
                self.timeout = errand.wait(self.timeout)
            except TimeoutError as error:
                raise ConnectTimeoutError("deadline") from error
        super().connect()  # type: ignore[misc]

    def send(self, data: Any) -> None:
        errand = errands.current()
        if errand is not None:
            if self.sock is None:
                self.connect()
            wait = errand.wait(errand.read)
            errand.began = True  # from here on bytes may have left
            self.sock.settimeout(wait)
        super().send(data)  # type: ignore[misc]


class _PlainConnection(_Watched, HTTPConnection):
    response_class = _Response


class _TlsConnection(_Watched, HTTPSConnection):
    response_class = _Response


class PlainPool(HTTPConnectionPool):
    ConnectionCls = _PlainConnection


class TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection
