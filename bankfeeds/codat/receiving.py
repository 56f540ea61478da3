"""How an answer's bytes come in: bounded in size and time, unpacked carefully, read strictly."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any, NoReturn

import requests
import urllib3

from bankfeeds.codat.errands import Errand
from bankfeeds.codat.reading import ShapeError

MAX_ANSWER = 20 * 1024 * 1024  # bytes, unpacked; a page of a hundred rows is far smaller
BROKEN = (requests.RequestException, urllib3.exceptions.HTTPError, OSError)

_CHUNK = 64 * 1024
_PACKED = frozenset({"gzip", "x-gzip", "deflate"})
_GZIP_OR_ZLIB = 47


class Flaw(StrEnum):
    CUT = "cut short"
    TOO_LARGE = "too large"


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP answer whose status line arrived; the body may be flawed."""

    status: int
    headers: requests.structures.CaseInsensitiveDict[str]
    body: bytes
    flaw: Flaw | None


def receive(response: requests.Response, errand: Errand) -> Reply:
    """Take in the body as far as it comes, fits and arrives in time."""
    body = bytearray()
    flaw: Flaw | None = None
    try:
        flaw = _fill(body, response, errand)
    except (*BROKEN, zlib.error):
        flaw = Flaw.CUT
    if flaw is None:
        response.raw.release_conn()
    return Reply(response.status_code, response.headers, bytes(body), flaw)


def parse(body: bytes) -> Any:
    """JSON with numbers as Decimal; ShapeError for what is not JSON or says a thing twice."""
    try:
        return json.loads(
            body.decode("utf-8-sig"),
            parse_float=Decimal,
            parse_constant=_no_constant,
            object_pairs_hook=_no_twins,
        )
    except ShapeError:
        raise
    except (ValueError, RecursionError, ArithmeticError):
        raise ShapeError("not JSON" if body.strip() else "nothing in it") from None


def _fill(body: bytearray, response: requests.Response, errand: Errand) -> Flaw | None:
    unpack, complete = _unpacker(response.headers.get("Content-Encoding", ""))
    for chunk in response.raw.stream(_CHUNK, decode_content=False):
        body += unpack(chunk, MAX_ANSWER + 1 - len(body))
        if len(body) > MAX_ANSWER:
            body.clear()
            return Flaw.TOO_LARGE
        errand.wait(errand.read)
    return None if complete() else Flaw.CUT


def _unpacker(encoding: str) -> tuple[Callable[[bytes, int], bytes], Callable[[], bool]]:
    # We ask for unpacked answers; what comes packed all the same must not unpack without end.
    if encoding.strip().lower() not in _PACKED:
        return (lambda chunk, room: chunk), (lambda: True)
    inflater = zlib.decompressobj(_GZIP_OR_ZLIB)
    return inflater.decompress, (lambda: inflater.eof)


def _no_constant(name: str) -> NoReturn:
    raise ShapeError(f"{name} is not JSON")


def _no_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ShapeError("a field comes twice")
    return made
