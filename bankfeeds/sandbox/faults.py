"""Faults ordered by data, as with test card numbers, or through `POST /_sandbox/faults`.

A marker is written into a text that the request carries (company name, account name, transaction
description) and hits that request:

    fault-WHAT[-SECONDS][-once|-always]            e.g. "Acme fault-500-after-once"

Placed in a company's or an account's name, a WHERE lets it hit later requests instead:

    fault-WHERE-WHAT...    WHERE = connections, accounts, push, reads
    e.g. a company "Acme fault-connections-503-once": the first POST of its connection answers 503

`-once` hits the first request with that text and never again; `-always` hits every one, replays
too where that is possible; with neither it hits each idempotency key's first request (and each
request without a key). WHAT is one of the names in `CATALOGUE`. The `op-` faults concern what
becomes of an accepted push; they may stand in a description, an account's or a company's name.

Seconds may have up to three decimals. What a seeded plan draws is `chance`'s.

An order is `{"method": "POST", "path": REGEX, "fault": WHAT, "times": N}` and hits the next N API
requests that fit; it is looked at before any marker. Method and path may be left out.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from . import chance
from .world import Record, World

STATUSES = (400, 401, 402, 403, 404, 408, 409, 422, 429, 500, 502, 503, 504)
CATALOGUE = {
    "500-before": "HTTP 500, nothing took effect. Likewise " + ", ".join(map(str, STATUSES)) + ".",
    "500-after": "HTTP 500, but it took effect. Likewise with any of these numbers.",
    "429-2": "HTTP 429 with Retry-After: 2. Lets go of the idempotency key, a used one too.",
    "429-date-2": "The same with the date in 2 seconds.",
    "429-garbage": "The same with a Retry-After that says nothing.",
    "redirect": "HTTP 307 to the same place, nothing took effect.",
    "reset-before": "The connection is reset, nothing took effect.",
    "reset-after": "It took effect, then the connection is reset.",
    "hang-5": "It takes effect at once, the answer comes after 5 seconds.",
    "hang-before-5": "Nothing happens for 5 seconds, then it takes effect and is answered.",
    "empty-200": "It took effect, the answer has the right status and no body.",
    "half-headers": "It took effect, the answer breaks off within the headers.",
    "half-body": "It took effect, the answer breaks off within the body.",
    "html": "HTTP 502 with a page of a proxy, nothing took effect.",
    "html-200": "It took effect, the answer is HTTP 200 with a web page.",
    "object-200": "It took effect, the answer is HTTP 200 with {}.",
    "twins": "It took effect, the answer has another pushOperationKey before the right one.",
    "bomb": "It took effect, the answer is packed and unpacks to 64 MB.",
    "drip-5": "It took effect, the answer comes in small pieces over 5 seconds.",
    "op-failed": "The push ends Failed; rows with this marker are named in validation.errors.",
    "op-timedout": "The push ends TimedOut, nothing was stored.",
    "op-timedout-after": "The push ends TimedOut, but everything was stored.",
    "op-pending": "The push stays Pending (until timeoutInMinutes, where given).",
    "op-slow-30": "The push is judged after 30 seconds.",
    "op-late-30": "The push ends TimedOut; 30 seconds later it is stored and Success.",
    "op-unlisted-30": "The push can neither be listed nor read for 30 seconds.",
}
WHERE = ("connections", "accounts", "push", "reads")
WHAT = (
    r"op-timedout-after|op-(?:timedout|failed|pending|slow|late|unlisted)|reset-(?:before|after)|"
    r"hang-(?:before|after)|hang|empty-200|half-(?:headers|body)|html-200|html|object-200|"
    r"twins|bomb|drip|redirect|429-(?:date|garbage)|"
    r"(?:" + "|".join(map(str, STATUSES)) + r")(?:-(?:before|after))?"
)
GRAMMAR = (
    rf"(?P<what>{WHAT})(?:-(?P<seconds>\d{{1,5}}(?:\.\d{{1,3}})?))?(?:-(?P<scope>once|always))?"
)
NAME = re.compile(GRAMMAR)
MARKER = re.compile(rf"\bfault-(?:(?P<where>{'|'.join(WHERE)})-)?{GRAMMAR}(?![\w-])", re.IGNORECASE)


class OperationFault(NamedTuple):
    """What is to become of a push: a name of the catalogue without `op-`, and its seconds."""

    kind: str
    seconds: float


@dataclass(frozen=True)
class Fault:
    """One fault that hits one request. `kind` is a name of the catalogue without its numbers."""

    kind: str
    status: int = 0
    seconds: float = 0.0
    after: bool = False
    scope: str = ""
    # How a Retry-After is written.
    form: str = ""

    @property
    def operation(self) -> OperationFault | None:
        kind = self.kind.removeprefix("op-")
        return OperationFault(kind, self.seconds) if kind != self.kind else None

    @property
    def on_replay(self) -> bool:
        """Whether it can hit an answer that comes from the idempotency cache."""
        return self.releases or (self.after and self.kind != "status")

    @property
    def releases(self) -> bool:
        """429 lets go of the key, and with it of what was kept under it or still runs."""
        return self.status == 429 and not self.after


def parse(name: str) -> Fault | None:
    """A fault by its name, without the leading `fault-`."""
    found = NAME.fullmatch(name.strip().lower())
    return _built(found) if found else None


def _built(found: re.Match[str]) -> Fault:
    what, scope = found["what"].lower(), (found["scope"] or "").lower()
    seconds = float(found["seconds"] or 0)
    if what[:3].isdigit():
        status, _, how = what.partition("-")
        form = how if how in ("date", "garbage") else ""
        return Fault("status", int(status), seconds, how == "after", scope, form)
    if what.startswith("hang"):
        return Fault("hang", 0, seconds or 5.0, after=what != "hang-before", scope=scope)
    if what.startswith("reset"):
        return Fault("reset", after=what == "reset-after", scope=scope)
    if what in ("op-slow", "op-late", "op-unlisted"):
        seconds = seconds or 30.0
    if what == "drip":
        seconds = seconds or 5.0
    return Fault(what, 0, seconds, after=what not in ("html", "redirect"), scope=scope)


@dataclass(frozen=True)
class Occasion:
    """A request as the choice of a fault sees it. `where` is one of WHERE, or `companies`."""

    method: str
    path: str
    where: str
    own: tuple[str, ...]
    around: tuple[str, ...]
    key: str | None = None
    replay: bool = False
    # The first request with this key has not been answered yet.
    running: bool = False


def choose(world: World, occasion: Occasion, *, operation: bool = False) -> Fault | None:
    """The fault that hits this request (or, with `operation`, its push), if any; uses it up."""
    return (
        _ordered(world, occasion, operation)
        or _marked(world, occasion, operation)
        or _by_chance(world, occasion, operation)
    )


def _by_chance(world: World, occasion: Occasion, operation: bool) -> Fault | None:
    name = chance.draw(world, occasion.method, occasion.path, operation=operation)
    fault = parse(name) if name else None
    if name is None or fault is None or not applies(fault, occasion, operation=operation):
        return None
    chance.count(world, name)
    return fault


def applies(fault: Fault, occasion: Occasion, *, operation: bool) -> bool:
    if (fault.operation is not None) is not operation:
        return False
    if occasion.running:
        return fault.releases
    return fault.on_replay if occasion.replay else True


def _ordered(world: World, occasion: Occasion, operation: bool) -> Fault | None:
    for key, order in world.table("faults").items():
        fault = parse(order["fault"])
        fits = order["method"] in ("*", occasion.method) and re.search(order["path"], occasion.path)
        if not fits or fault is None or not applies(fault, occasion, operation=operation):
            continue
        order["times"] -= 1
        if order["times"] > 0:
            world.put("faults", key, order)
        else:
            world.drop("faults", key)
        return fault
    return None


def _marked(world: World, occasion: Occasion, operation: bool) -> Fault | None:
    for text, marker in _markers(occasion):
        fault = _built(marker)
        if not applies(fault, occasion, operation=operation):
            continue
        if occasion.replay and fault.scope != "always":
            continue
        if _spent(world, occasion, scope=fault.scope, marked=f"{marker[0]} {text}"):
            continue
        return fault
    return None


def _markers(occasion: Occasion) -> Iterable[tuple[str, re.Match[str]]]:
    for text in occasion.own:
        for marker in MARKER.finditer(text):
            if (marker["where"] or occasion.where).lower() == occasion.where:
                yield text, marker
    for text in occasion.around:
        for marker in MARKER.finditer(text):
            bare_operation = marker["where"] is None and marker["what"].lower().startswith("op-")
            if bare_operation or (marker["where"] or "").lower() == occasion.where:
                yield text, marker


def _spent(world: World, occasion: Occasion, *, scope: str, marked: str) -> bool:
    """Whether a marker has had its turn: for good (`once`), or for this idempotency key."""
    if scope == "always" or (scope == "" and occasion.key is None):
        return False
    turn = f"{occasion.method} {'' if scope == 'once' else occasion.key} {marked}"
    if turn in world.table("fired"):
        return True
    world.put("fired", turn, 1)
    return False


def order(world: World, wanted: Any) -> str | None:
    """Takes orders as `POST /_sandbox/faults` gives them; answers what is wrong, or None."""
    if not isinstance(wanted, list):
        return "The body must be an array of faults."
    taken: list[Record] = []
    for each in wanted:
        made = _order(each)
        if isinstance(made, str):
            return made
        taken.append(made)
    for made in taken:
        world.put("faults", uuid.uuid4().hex, made)
    return None


def _order(each: Any) -> Record | str:
    if not isinstance(each, dict) or not isinstance(each.get("fault"), str):
        return 'Each order must be an object with "fault".'
    name, times = each["fault"].removeprefix("fault-"), each.get("times", 1)
    method, path = each.get("method") or "*", each.get("path") or ""
    if parse(name) is None:
        return f"Unknown fault: {each['fault']}. Known: {', '.join(CATALOGUE)}."
    if type(times) is not int or times < 1:
        return "times must be a whole number from 1 on."
    if not isinstance(method, str) or not isinstance(path, str):
        return "method and path must be texts."
    try:
        re.compile(path)
    except re.error as error:
        return f"path is not a regular expression: {error}"
    return {"method": method.upper(), "path": path, "fault": name, "times": times}
