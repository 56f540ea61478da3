"""A request's way through the API: the gate, the idempotency table, faults, then its route."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import sys
import threading
import traceback
from dataclasses import dataclass, replace
from email.utils import formatdate
from typing import Any

from . import faults, routes
from .answers import Answer, Refused, problem
from .endpoints import Call, Request
from .faults import Fault, Occasion
from .idempotency import METHODS, Idempotency, digest_of
from .pushes import Book
from .quota import Quota
from .world import World, stamp

MOST_REQUESTS = 10_000
MOST_POSTS = 200_000
PROXY_PAGE = b"<html><body><h1>502 Bad Gateway</h1></body></html>\n"


@dataclass
class Reply:
    """What goes out, and the fault that is still to be played on the wire."""

    answer: Answer
    fault: Fault | None = None
    key: str | None = None
    limits: tuple[tuple[str, str], ...] = ()


class Api:
    def __init__(self, world: World, *, stopping: threading.Event) -> None:
        self.world = world
        self.book = Book(world)
        self.idempotency = Idempotency(world)
        self.quota = Quota(world)
        self.stopping = stopping
        token = base64.b64encode(world.settings.api_key.encode()).decode()
        self._authorization = f"Basic {token}".encode()

    def reply(self, request: Request) -> Reply:
        """Answers a request; call `done` with the reply when it is out."""
        with self.world.lock:
            number = self._note(request)
            self.world.settle()
            early, fault = self._gate(request)
            if early is not None:
                return self._finish(number, early)
            if fault is None or fault.kind != "hang" or fault.after:
                return self._finish(number, self._play(request, fault))
            self.world.journal.commit()
        self.stopping.wait(fault.seconds)
        with self.world.lock:
            self.world.settle()
            return self._finish(number, self._play(request, None))

    def done(self, reply: Reply) -> None:
        if reply.key is not None:
            self.idempotency.end(reply.key)

    # The gate

    def _gate(self, request: Request) -> tuple[Reply | None, Fault | None]:
        """An answer that needs no route, or the fault that hits this request, or neither."""
        if not hmac.compare_digest(request.authorization.encode(), self._authorization):
            return Reply(problem(401)), None
        if refused := self.quota.take():
            return Reply(refused), None
        key = request.idempotency_key if request.method in METHODS else None
        if key is None:
            return None, faults.choose(self.world, self._occasion(request))
        digest = digest_of(request.method, request.target, request.body)
        earlier = self.idempotency.earlier(key, digest=digest)
        if earlier is None:
            self.idempotency.begin(key, digest=digest)
            return None, faults.choose(self.world, self._occasion(request))
        answer, replayed = earlier
        if answer.status == 422 and not replayed:
            return Reply(answer), None
        occasion = replace(self._occasion(request, replay=True), running=not replayed)
        fault = faults.choose(self.world, occasion)
        if fault is not None and fault.releases:
            self.idempotency.release(key)
            return Reply(self._ordered_status(fault), fault), None
        return Reply(answer, fault), None

    def _occasion(self, request: Request, *, replay: bool = False) -> Occasion:
        own = _texts(request.body) if b"fault-" in request.body.lower() else ()
        return Occasion(
            request.method,
            request.path,
            _where(request),
            own,
            self._names_around(request.segments),
            request.idempotency_key if request.method in METHODS else None,
            replay,
        )

    def _names_around(self, segments: tuple[str, ...]) -> tuple[str, ...]:
        """The names of the company and the account that the path leads to, where marked."""
        names: list[Any] = []
        if len(segments) > 1 and segments[0] == "companies":
            names.append(self.world.table("companies").get(segments[1], {}).get("name"))
        if len(segments) > 6 and segments[2] == "connections":
            account = self.world.table("accounts").get(f"{segments[3]}/{segments[6]}", {})
            names.append(account.get("accountName"))
        return tuple(name for name in names if name and "fault-" in name.lower())

    # The route

    def _play(self, request: Request, fault: Fault | None) -> Reply:
        """Takes effect unless the fault comes before it, and keeps the answer under its key."""
        if fault is None or fault.after:
            answer = self._route(request, fault)
        elif fault.kind == "html":
            answer = Answer(502, PROXY_PAGE, "text/html")
        elif fault.kind == "redirect":
            answer = Answer(307, headers=(("Location", request.target),))
        else:
            answer = Answer(500)
        if fault is not None and fault.kind == "status":
            answer = self._ordered_status(fault)
        key = request.idempotency_key if request.method in METHODS else None
        took_place = fault is None or fault.after or fault.kind == "status"
        if key is not None and took_place:
            digest = digest_of(request.method, request.target, request.body)
            self.idempotency.keep(key, digest=digest, answer=answer)
        return Reply(answer, fault, key)

    def _route(self, request: Request, fault: Fault | None) -> Answer:
        try:
            handler, names = routes.find(request.method, request.segments)
            occasion = self._occasion(request)
            return handler(Call(self.world, self.book, request, occasion, names))
        except Refused as refused:
            return refused.answer
        except Exception:  # a bug of the sandbox is answered as Codat would, and shown
            traceback.print_exc(file=sys.stderr)
            return problem(500)

    # The list of requests

    def _note(self, request: Request) -> str:
        entry = {
            "method": request.method,
            "path": request.path,
            "idempotencyKey": request.idempotency_key,
            "status": None,
            "at": stamp(self.world.now()),
        }
        number = str(self.world.next_number("requests"))
        self.world.put("requests", number, entry)
        if request.method == "POST" and "push" in request.segments:
            self._witness(number, request)
        kept = self.world.table("requests")
        if len(kept) > MOST_REQUESTS:
            self.world.drop("requests", next(iter(kept)))
        return number

    def _witness(self, number: str, request: Request) -> None:
        """Every push that came in, whatever became of it: its key and what it carried."""
        self.world.put(
            "posts",
            number,
            {
                "at": stamp(self.world.now()),
                "idempotencyKey": request.idempotency_key,
                "path": request.path,
                "sha256": hashlib.sha256(request.body).hexdigest(),
            },
        )
        kept = self.world.table("posts")
        if len(kept) > MOST_POSTS:
            self.world.drop("posts", next(iter(kept)))

    def _finish(self, number: str, reply: Reply) -> Reply:
        """The effect, its answer and the note of it are written in one line, then it goes out."""
        entry = self.world.table("requests").get(number, {})
        if reply.fault is None or reply.fault.kind not in ("reset", "half-headers"):
            self.world.put("requests", number, {**entry, "status": reply.answer.status})
        post = self.world.table("posts").get(number)
        if post is not None:
            told = {"status": reply.answer.status, "fault": reply.fault and reply.fault.kind}
            self.world.put("posts", number, {**post, **told})
        self.world.journal.commit()
        return replace(reply, limits=self.quota.headers())

    def _ordered_status(self, fault: Fault) -> Answer:
        if fault.status != 429:
            return problem(fault.status)
        seconds = max(1, int(fault.seconds))
        wait = {"": str(seconds), "garbage": "in a little while, or -3"}.get(fault.form)
        if wait is None:
            wait = formatdate(self.world.now() + seconds, usegmt=True)
        return problem(fault.status, headers=(("Retry-After", wait),))


def _where(request: Request) -> str:
    if request.method == "GET":
        return "reads"
    if "push" in request.segments:
        return "push"
    if "bankFeedAccounts" in request.segments:
        return "accounts"
    return "connections" if len(request.segments) > 2 else "companies"


def _texts(body: bytes) -> tuple[str, ...]:
    """The texts of a body in which a marker may stand."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return ()
    parts = value if isinstance(value, list) else [value]
    if isinstance(value, dict) and isinstance(value.get("transactions"), list):
        parts = value["transactions"]
    found = [
        part.get(name)
        for part in parts
        if isinstance(part, dict)
        for name in ("name", "accountName", "description")
    ]
    return tuple(text for text in found if isinstance(text, str) and "fault-" in text.lower())
