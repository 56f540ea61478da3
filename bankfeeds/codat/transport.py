"""Sessions of requests for `wire`: one for each thread, on connections that know their `Errand`.

Of requests' own way of sending they leave out what is not wanted here and what was done before.
"""

from __future__ import annotations

import logging
import os
import threading
from http.cookiejar import DefaultCookiePolicy
from typing import Any, Self
from urllib.parse import urlencode, urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.connectionpool import HTTPConnectionPool
from urllib3.exceptions import MaxRetryError
from urllib3.util.retry import Retry

from bankfeeds.codat import authorities, errands, sockets

_THREAD_POOLS = 4  # hosts: the API, and a few in tests
_THREAD_CONNECTIONS = 2  # a thread asks one thing at a time; the other is for a page of a list


class _Here(threading.local):
    session: requests.Session | None = None
    process: int = 0


_here = _Here()


def _not_ours(record: logging.LogRecord) -> bool:
    # urllib3 logs whole URLs, even in warnings; ours carry ids and queries, and `wire` logs itself.
    return errands.current() is None


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


class _Request(requests.PreparedRequest):
    """Of parts that are right as they are: `paths` quotes every segment, http.client refuses line
    breaks. `prepare` would take the URL apart to quote it once more, and look for cookies.
    """

    def __init__(self, method: str, url: str, headers: dict[str, str], body: bytes | None) -> None:
        super().__init__()
        self.method, self.url, self.body = method, url, body
        self.headers = requests.structures.CaseInsensitiveDict(headers)
        if body is not None or method != "GET":
            self.headers["Content-Length"] = str(len(body or b""))

    @property
    def path_url(self) -> str:
        return "/" + str(self.url).split("/", 3)[3]


class _Session(requests.Session):
    def request(
        self, method: str | bytes, url: str | bytes, *args: Any, **kwargs: Any
    ) -> requests.Response:
        """One request and its answer, for `params`, `data`, `headers` and `auth`.

        Without what is not wanted here (environment, proxies, cookies, hooks, redirects, which
        `requests` reads unbounded) and costs a third of a call.
        """
        params, body, auth = (kwargs.pop(name, None) for name in ("params", "data", "auth"))
        query = f"?{urlencode(params)}" if params else ""
        headers = {**self.headers, **kwargs.pop("headers", {})}
        made = _Request(str(method), f"{url!s}{query}", headers, body)
        kwargs.pop("allow_redirects", None)
        return self.get_adapter(str(url)).send(auth(made) if auth else made, **kwargs)


class _Retry(Retry):
    """Repeats that end when the errand's time does."""

    def increment(self, *args: Any, **kwargs: Any) -> Self:
        if not self._has_time():
            raise MaxRetryError(kwargs["_pool"], "", kwargs.get("error"))
        return super().increment(*args, **kwargs)

    def _has_time(self) -> bool:
        errand = errands.current()
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


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, ssl_context=authorities.trusting(), **kwargs)
        self.poolmanager.pool_classes_by_scheme = {
            "http": sockets.PlainPool,
            "https": sockets.TlsPool,
        }

    def get_connection_with_tls_context(
        self, request: requests.PreparedRequest, *args: Any, **kwargs: Any
    ) -> HTTPConnectionPool:
        """There is never a proxy, and the context of all connections says whom they trust."""
        there = urlsplit("/".join(str(request.url).split("/", 3)[:3]))
        pool: HTTPConnectionPool = self.poolmanager.connection_from_host(
            there.hostname, there.port, there.scheme
        )
        return pool

    def cert_verify(self, conn: Any, *args: Any) -> None:
        """As the context of all connections does; no path, or each would read it again."""

    def request_url(self, request: requests.PreparedRequest, proxies: Any) -> str:
        """The path alone: there is never a proxy."""
        return request.path_url

    def build_response(self, req: requests.PreparedRequest, resp: Any) -> requests.Response:
        """What `receiving` reads: it looks at no cookie and at no text."""
        made = requests.Response()
        made.status_code, made.url, made.request, made.raw = resp.status, str(req.url), req, resp
        made.headers = requests.structures.CaseInsensitiveDict(resp.headers)
        return made

    def send(self, *args: Any, **kwargs: Any) -> requests.Response:
        if (errand := errands.current()) is not None:
            errand.opened = True
        return super().send(*args, **kwargs)
