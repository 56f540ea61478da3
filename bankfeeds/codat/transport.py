"""Sockets for `wire`: requests sessions that know whether a request began and when time is up.

requests bounds the wait between two bytes; a server that drips holds a caller for hours, and
an exception's class does not say whether bytes had left. So our connections look at the `Errand`
of their thread: they note the first byte sent, and shorten every wait to what is left of its time.
Not bounded by the deadline: name resolution, and the TLS handshake as a whole (its steps are).
"""

from __future__ import annotations

import http.client
import io
import logging
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.cookiejar import DefaultCookiePolicy
from typing import Any, Self

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, MaxRetryError
from urllib3.util.retry import Retry

from bankfeeds.codat import authorities

_THREAD_POOLS = 4  # hosts: the API, and a few in tests
_THREAD_CONNECTIONS = 2  # a thread asks one thing at a time; the other is for a page of a list


def _steady() -> float:
    """Counts on while the machine sleeps, where the system has such a clock."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


@dataclass
class Errand:
    """One request with its repeats: how long it may take and how far it came."""

    read: float
    ends: float = 0.0
    opened: bool = False
    began: bool = False
    started: float = field(default_factory=_steady)

    @classmethod
    def starting(cls, *, read: float, deadline: float) -> Self:
        errand = cls(read=read)
        errand.ends = errand.started + deadline
        return errand

    def left(self) -> float:
        return self.ends - _steady()

    def ms(self) -> int:
        return round((_steady() - self.started) * 1000)

    def wait(self, most: float) -> float:
        """Return how long a step may take; TimeoutError if the time is up."""
        left = self.left()
        if left <= 0:
            raise TimeoutError("deadline")
        return min(most, left)

    def surely_not_sent(self) -> bool:
        # Of a session that is not ours nothing is known: `opened` stays unset.
        return self.opened and not self.began


class _Here(threading.local):
    errand: Errand | None = None
    session: requests.Session | None = None
    process: int = 0


_here = _Here()


@contextmanager
def running(errand: Errand) -> Iterator[None]:
    """Make it the errand of this thread for a while."""
    _here.errand = errand
    try:
        yield
    finally:
        _here.errand = None


def _not_ours(record: logging.LogRecord) -> bool:
    # urllib3 logs whole URLs, even in warnings; ours carry ids and queries, and `wire` logs itself.
    return _here.errand is None


for _name in ("connection", "connectionpool", "poolmanager", "response", "util.retry"):
    logging.getLogger(f"urllib3.{_name}").addFilter(_not_ours)


def session() -> requests.Session:
    """Return the session of this thread in this process; a forked child gets sockets of its own."""
    if _here.session is None or _here.process != os.getpid():
        _here.session, _here.process = new_session(), os.getpid()
    return _here.session


def close() -> None:
    """Close the idle connections of this thread."""
    if _here.session is not None and _here.process == os.getpid():
        _here.session.close()
    _here.session = None


def new_session() -> requests.Session:
    """Make a session that follows no redirect, keeps no cookie, reads no environment."""
    made = _Session()
    made.trust_env = False
    made.headers.clear()
    made.headers.update(
        {
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            "User-Agent": "bank-feeds-portal",
        }
    )
    made.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    adapter = _Adapter(
        max_retries=_reads_only(),
        pool_connections=_THREAD_POOLS,
        pool_maxsize=_THREAD_CONNECTIONS,
    )
    made.mount("https://", adapter)
    made.mount("http://", adapter)
    return made


class _Session(requests.Session):
    def request(
        self, method: str | bytes, url: str | bytes, *args: Any, **kwargs: Any
    ) -> requests.Response:
        """One request and its answer, for `params`, `data`, `headers` and `auth`.

        Without what is not wanted here (environment, proxies, cookies, hooks, redirects, which
        `requests` reads unbounded) and costs a sixth of a call.
        """
        made = requests.PreparedRequest()
        parts = {name: kwargs.pop(name, None) for name in ("params", "data", "auth")}
        headers = {**self.headers, **kwargs.pop("headers", {})}
        made.prepare(method=str(method), url=str(url), headers=headers, **parts)
        kwargs.pop("allow_redirects", None)
        return self.get_adapter(str(url)).send(made, **kwargs)


class _Retry(Retry):
    """Repeats that end when the errand's time does."""

    def increment(self, *args: Any, **kwargs: Any) -> Self:
        if not self._has_time():
            raise MaxRetryError(kwargs["_pool"], "", kwargs.get("error"))
        return super().increment(*args, **kwargs)

    def _has_time(self) -> bool:
        errand = _here.errand
        return errand is None or errand.left() > self._next_nap()

    def _next_nap(self) -> float:
        # As Retry will reckon it once this failure is in its history: the first repeat is at once.
        before = len(self.history)
        nap = self.backoff_factor * 2.0**before + self.backoff_jitter if before else 0.0
        return min(nap, self.backoff_max)


def _reads_only() -> Retry:
    return _Retry(
        total=3,
        connect=3,
        read=2,
        status=2,
        other=0,  # TLS errors and unknown ones count here, whatever the method
        redirect=0,
        backoff_factor=0.3,
        backoff_max=5,
        backoff_jitter=0.3,
        status_forcelist=(502, 503, 504),
        allowed_methods=frozenset({"GET", "HEAD"}),
        respect_retry_after_header=False,
        raise_on_status=False,
    )


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
        if _here.errand is not None:
            self.fp.close()
            self.fp = io.BufferedReader(_BoundedReader(sock, _here.errand))


class _Watched:
    """Mixed into both connection classes: tells the errand what happens."""

    sock: Any
    timeout: Any

    def connect(self) -> None:
        if _here.errand is not None:
            try:
                self.timeout = _here.errand.wait(self.timeout)
            except TimeoutError as error:
                raise ConnectTimeoutError("deadline") from error
        super().connect()  # type: ignore[misc]

    def send(self, data: Any) -> None:
        errand = _here.errand
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


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _PlainConnection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, ssl_context=authorities.trusting(), **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _PlainPool, "https": _TlsPool}

    def cert_verify(self, conn: Any, *args: Any) -> None:
        """As the context of all connections does; no path, or each would read it again."""

    def request_url(self, request: requests.PreparedRequest, proxies: Any) -> str:
        """The path alone: there is never a proxy."""
        return request.path_url

    def send(self, *args: Any, **kwargs: Any) -> requests.Response:
        if _here.errand is not None:
            _here.errand.opened = True
        return super().send(*args, **kwargs)
