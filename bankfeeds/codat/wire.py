"""The one private send: a call becomes one HTTP request, its answer a shape or an error.

Every exception of requests and urllib3 ends here. Writes go out once; time, size and repeats are
bounded. One log line per call: method, path template, status, ms, correlation id, and no more.
"""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar
from urllib.parse import SplitResult, urlsplit

import requests
from requests.auth import AuthBase

from bankfeeds.codat import errands, limits, receiving, transport, verdict
from bankfeeds.codat.errands import Errand
from bankfeeds.codat.errors import CodatError, KeyRefused
from bankfeeds.codat.reading import ShapeError
from bankfeeds.codat.receiving import BROKEN, Reply

log = logging.getLogger("bankfeeds.codat")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Timings:
    """Seconds: to connect, between two bytes, and for a whole call with its repeats."""

    connect: float = 3.05
    read: float = 30.0
    deadline: float = 40.0

    def __post_init__(self) -> None:
        if min(self.connect, self.read, self.deadline) <= 0:
            raise ValueError("timings must be above zero")

    def within(self, seconds: float) -> Timings:
        return Timings(
            connect=min(self.connect, seconds),
            read=min(self.read, seconds),
            deadline=min(self.deadline, seconds),
        )


DEFAULT_TIMINGS = Timings()


@dataclass(frozen=True, slots=True)
class Call:
    """One request: `ids` are ready path segments, `body` stays out of every repr."""

    method: str
    template: str
    ids: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = field(default=None, repr=False)
    key: str = ""
    # Statuses beyond 2xx with which Codat answers in the shape of a success.
    also: frozenset[int] = frozenset()

    @property
    def write(self) -> bool:
        return self.method != "GET"


@dataclass(frozen=True, slots=True)
class Answer:
    """What may be known of any HTTP answer: for counters, quotas and logs. `path`: a template."""

    method: str
    path: str
    status: int
    ms: int
    correlation_id: str
    limit: int | None
    remaining: int | None
    reset: datetime | None
    # Codat's clock when it answered, to the second; None where it does not say.
    date: datetime | None = None


@dataclass(frozen=True)
class Wire:
    base_url: str
    api_key: str = field(repr=False)
    before_send: Callable[[], None] | None = None
    on_answer: Callable[[Answer], None] | None = None
    timings: Timings = DEFAULT_TIMINGS
    session: requests.Session | None = None

    def __post_init__(self) -> None:
        parts = urlsplit(self.base_url)
        if parts.scheme not in {"http", "https"} or parts.username or not _is_a_place(parts):
            raise ValueError("the base URL must be http(s)://host")
        if parts.query or parts.fragment:
            raise ValueError("the base URL must end with its path")

    def ask(self, call: Call, read: Callable[[object], T]) -> T:
        """Send, and read a 2xx (or what `call.also` names) with `read`; all else is raised."""
        reply = self._send(call)
        if flaw := verdict.flawed(reply, write=call.write):
            raise flaw
        try:
            return read(receiving.parse(reply.body))
        except ShapeError as error:
            reason = error
        if refused := self._refusal(call, reply):
            raise refused
        raise verdict.garbled(reply, reason, write=call.write)

    def tell(self, call: Call) -> None:
        """Send; any 2xx will do, whatever is in it."""
        self._send(call)

    def close(self) -> None:
        if self.session is not None:
            self.session.close()
        else:
            transport.close()

    def _send(self, call: Call) -> Reply:
        if self.before_send is not None:
            self.before_send()
        if not self.api_key:
            raise KeyRefused("no API key is set")
        errand = Errand.starting(read=self.timings.read, deadline=self.timings.deadline)
        outcome = self._exchange(call, errand)
        if isinstance(outcome, CodatError):
            _log_failure(call, outcome, errand)
            raise outcome
        self._report(call, outcome, errand)
        if outcome.status in call.also:
            return outcome
        if problem := self._refusal(call, outcome):
            raise problem
        return outcome

    def _refusal(self, call: Call, reply: Reply) -> CodatError | None:
        if 200 <= reply.status < 300:
            return None
        secrets = self._secrets(call)
        return verdict.refusal(reply, write=call.write, now=datetime.now(UTC), secrets=secrets)

    def cleaned(self, words: str, call: Call) -> str:
        """Codat's words about a call without what must not be repeated."""
        return verdict.clean(words, self._secrets(call))

    def _exchange(self, call: Call, errand: Errand) -> Reply | CodatError:
        # Errors are made here and raised outside: an exception of requests drags along the
        # request with its headers, and error pages print such chains.
        try:
            with errands.running(errand), self._request(call) as response:
                return receiving.receive(response, errand)
        except BROKEN as error:
            late = errand.left() <= 0 or isinstance(error, requests.Timeout | TimeoutError)
            return verdict.unanswered(
                write=call.write, surely_not_sent=errand.surely_not_sent(), late=late
            )

    def _request(self, call: Call) -> requests.Response:
        headers: dict[str, str] = {}
        if call.body is not None:
            headers["Content-Type"] = "application/json"
        if call.key:
            headers["Idempotency-Key"] = call.key
        return (self.session or transport.session()).request(
            call.method,
            self.base_url.rstrip("/") + call.template.format_map(call.ids),
            params=dict(call.params),
            data=call.body,
            headers=headers,
            auth=_KeyAuth(self.api_key),
            stream=True,
            timeout=(self.timings.connect, self.timings.read),
            allow_redirects=False,
            verify=True,
        )

    def _report(self, call: Call, reply: Reply, errand: Errand) -> None:
        answer = _answer(call, reply, errand)
        log.info(
            "%s %s %s %s ms correlation=%s",
            answer.method,
            answer.path,
            answer.status,
            answer.ms,
            answer.correlation_id or "-",
        )
        if self.on_answer is None:
            return
        try:
            self.on_answer(answer)
        except Exception:  # a counter's bug must not lose the answer to a write
            log.exception("on_answer failed")

    def _secrets(self, call: Call) -> list[str]:
        secrets = [self.api_key, _encoded(self.api_key)]
        try:
            told = json.loads(call.body or b"{}")
        except ValueError:
            return secrets
        parts = told if isinstance(told, list) else [told]
        numbers = [part.get("accountNumber") for part in parts if isinstance(part, dict)]
        return [*secrets, *(number for number in numbers if isinstance(number, str))]


class _KeyAuth(AuthBase):
    """Codat's header: the key alone in base64, not `user:password`."""

    def __init__(self, api_key: str) -> None:
        self._api_key = api_key

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Basic {_encoded(self._api_key)}"
        return request


def _is_a_place(parts: SplitResult) -> bool:
    try:
        return bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is none
        return False


def _encoded(api_key: str) -> str:
    return base64.b64encode(api_key.encode()).decode()


def _answer(call: Call, reply: Reply, errand: Errand) -> Answer:
    now = datetime.now(UTC)
    return Answer(
        method=call.method,
        path=call.template,
        status=reply.status,
        ms=errand.ms(),
        correlation_id=verdict.any_correlation_id(reply),
        limit=limits.count(reply.headers.get("X-Rate-Limit-Limit")),
        remaining=limits.count(reply.headers.get("X-Rate-Limit-Remaining")),
        reset=limits.reset_moment(reply.headers.get("X-Rate-Limit-Reset"), now=now),
        date=limits.http_date(reply.headers.get("Date", "")),
    )


def _log_failure(call: Call, failure: CodatError, errand: Errand) -> None:
    kind = type(failure).__name__
    log.warning("%s %s %s after %s ms", call.method, call.template, kind, errand.ms())
