"""What confirming would freeze and send: bodies, pieces, address. Sends nothing, saves nothing."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bankfeeds import conf, rules
from bankfeeds.codat.client import PUSH, push_path
from bankfeeds.models import SourceAccount

from .body import body
from .plan import AccountPlan, Row


@dataclass(frozen=True)
class Chunk:
    """One write. `size`: bytes of its body."""

    number: int
    rows: int
    first_date: dt.date
    last_date: dt.date
    size: int
    sha256: str


@dataclass(frozen=True)
class Endpoint:
    """Where the writes go. `template` as Codat documents it, `path` for this account."""

    method: str
    host: str
    template: str
    path: str


def chunks(planned: AccountPlan) -> Iterator[Chunk]:
    """Its writes in the order in which they would leave; no body is kept."""
    for number, piece in enumerate(_pieces(planned), start=1):
        content = _body(planned, piece)
        yield Chunk(
            number=number,
            rows=len(piece),
            first_date=piece[0].row.date,
            last_date=piece[-1].row.date,
            size=len(content),
            sha256=hashlib.sha256(content).hexdigest(),
        )


def bodies(planned: AccountPlan) -> Iterator[bytes]:
    """The body of each write, byte for byte what confirming would freeze now."""
    return (_body(planned, piece) for piece in _pieces(planned))


def endpoint(account: SourceAccount) -> Endpoint:
    """Of an account that is at Codat."""
    company, connection = account.company.codat_id, account.connection.codat_id
    if company is None or connection is None:
        raise ValueError("the account is not at Codat")
    path = push_path(company, connection, account.account_id)
    return Endpoint(method="POST", host=conf.host(), template=PUSH, path=path)


def _pieces(planned: AccountPlan) -> list[Sequence[Row]]:
    return rules.split(planned.going)


def _body(planned: AccountPlan, piece: Sequence[Row]) -> bytes:
    return body(planned.account, [judged.row for judged in piece])
