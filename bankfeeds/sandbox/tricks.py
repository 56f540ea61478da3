"""Answers that are not what was meant: emptied, replaced, packed, dripped."""

from __future__ import annotations

import functools
import threading
import uuid
import zlib
from collections.abc import Callable
from dataclasses import replace
from io import BufferedIOBase

from .answers import Answer, said

CAPTIVE_PAGE = b"<html><body><h1>Welcome</h1><p>Please sign in to the network.</p></body></html>"
BOMB = 64 * 1024 * 1024
PIECES = 20
GZIP = 31


def _emptied(answer: Answer) -> Answer:
    return Answer(answer.status)


def _captive_page(_answer: Answer) -> Answer:
    return Answer(200, CAPTIVE_PAGE, "text/html")


def _nothing_in_it(_answer: Answer) -> Answer:
    return said({})


def _twins(answer: Answer) -> Answer:
    """The key of an operation twice; which of them counts depends on who reads it."""
    first = f'{{"pushOperationKey":"{uuid.uuid4()}",'.encode()
    return replace(answer, body=first + answer.body[1:])


def _bomb(answer: Answer) -> Answer:
    packed = (("Content-Encoding", "gzip"),)
    return replace(answer, body=_packed_blanks(), headers=(*answer.headers, *packed))


@functools.cache
def _packed_blanks() -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, GZIP)
    blanks = b" " * (1024 * 1024)
    return b"".join(packer.compress(blanks) for _ in range(BOMB // len(blanks))) + packer.flush()


ANSWERS: dict[str, Callable[[Answer], Answer]] = {
    "empty-200": _emptied,
    "html-200": _captive_page,
    "object-200": _nothing_in_it,
    "twins": _twins,
    "bomb": _bomb,
}


def drip(out: BufferedIOBase, raw: bytes, *, seconds: float, stopping: threading.Event) -> None:
    """Write `raw` in small pieces, no two of them far apart."""
    size = max(1, len(raw) // PIECES)
    for start in range(0, len(raw), size):
        if stopping.wait(seconds * size / len(raw)):
            return
        out.write(raw[start : start + size])
        out.flush()
