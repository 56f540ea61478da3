"""One exchange held against the document: what is wrong with the request, what with the answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from .document import UNDECLARED, Document, Operation

# Which exchanges the document cannot judge, and why. Nothing else is let off by its address.
NAMED = (
    ("*", "integrations/{}", "of Codat's Platform API, another file"),
    ("*", "webhooks", "of Codat's Platform API, another file"),
    ("*", "webhooks/{}", "of Codat's Platform API, another file"),
    (
        "PUT",
        "companies/{}/connections/{}/connectionInfo/bankFeedAccounts",
        "in the guide, withdrawn from the file",
    ),
)


@dataclass(frozen=True)
class Exchange:
    """A request as it came in and the answer as it was meant. `fault`: what was ordered for it."""

    method: str
    segments: tuple[str, ...]
    params: dict[str, str]
    body: bytes
    status: int
    answer: bytes
    content_type: str = "application/json"
    fault: str = ""

    @property
    def line(self) -> str:
        return f"{self.method} /{'/'.join(self.segments)} -> {self.status}"

    def shown(self) -> str:
        query = f"?{self.params}" if self.params else ""
        return f"{self.line}{query}\n  sent: {_cut(self.body)}\n  answered: {_cut(self.answer)}"


def excused(exchange: Exchange) -> str:
    """Why the document says nothing about this address; "" when it does."""
    for method, path, why in NAMED:
        parts = path.split("/")
        if method in ("*", exchange.method) and len(parts) == len(exchange.segments):
            pairs = zip(parts, exchange.segments, strict=True)
            if all(part in ("{}", given) for part, given in pairs):
                return why
    return ""


def wrong_request(document: Document, exchange: Exchange) -> Iterator[str]:
    operation, known = document.find(exchange.method, exchange.segments)
    if operation is None:
        yield "the file has no such method here" if known else "the file has no such path"
        return
    yield from _wrong_params(document, operation, exchange)
    if not exchange.body:
        if operation.needs_body or operation.body:
            yield "a request body is missing"
    elif not operation.body:
        yield "a request body that the file does not know"
    else:
        yield from _wrong_json(document, operation.body, exchange.body, side="request")


def wrong_answer(document: Document, exchange: Exchange) -> Iterator[str]:
    """Nothing for an address that the file does not know: that is the request's fault."""
    operation, _ = document.find(exchange.method, exchange.segments)
    if operation is None:
        return
    status = exchange.status
    if status in operation.answers:
        pointer = operation.answers[status]
    elif status in UNDECLARED:
        pointer = document.error_body
    else:
        yield f"the file does not declare status {status} here"
        return
    if not pointer:
        if exchange.answer:
            yield f"status {status} has a body, the file declares none"
        return
    if not exchange.content_type.startswith("application/json"):
        yield f"the answer is {exchange.content_type}"
    yield from _wrong_json(document, pointer, exchange.answer, side="answer")


def _wrong_params(document: Document, operation: Operation, exchange: Exchange) -> Iterator[str]:
    given = {("query", name): value for name, value in exchange.params.items()}
    parts = zip(operation.path.strip("/").split("/"), exchange.segments, strict=True)
    given |= {("path", part[1:-1]): value for part, value in parts if part.startswith("{")}
    for (place, name), text in given.items():
        pointer = operation.params.get((place, name))
        if pointer is None:
            yield f"{place} parameter {name} is not in the file"
        elif document.wrong(pointer, text) and (
            wrong := document.wrong(pointer, _as_number_or_flag(text))
        ):
            yield f"{place} parameter {name}: {wrong}"


def _wrong_json(document: Document, pointer: str, raw: bytes, *, side: str) -> Iterator[str]:
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError):
        yield f"the {side} is not JSON"
        return
    if wrong := document.wrong(pointer, value):
        yield f"{side} body: {wrong}"


def _as_number_or_flag(text: str) -> Any:
    """In an address everything is text."""
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return value if isinstance(value, int | float | bool) else text


def _cut(raw: bytes) -> str:
    return raw[:1500].decode("utf-8", "replace") + (" …" if len(raw) > 1500 else "")
