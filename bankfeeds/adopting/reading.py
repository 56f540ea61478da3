"""What Codat has of one company: its QuickBooks connection and the source accounts of that.

The connection is read out of the company's own answer: asking for a connection would mint a link.
"""

from __future__ import annotations

import datetime as dt
import itertools
import re
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from bankfeeds import sealing
from bankfeeds.codat import reading, shapes
from bankfeeds.codat.client import Client

# A whole account number; Codat may show it masked, or its end alone.
_WHOLE = re.compile(r"[A-Za-z0-9][A-Za-z0-9 -]*", re.ASCII)
_MASK = re.compile(r"[xX]{2,}")
FEWEST_DIGITS = 5
# Of a company's writes at Codat, the newest first: so many are looked through.
MOST_WRITES = 300


@dataclass(frozen=True)
class Tie:
    """A QuickBooks connection as a company's answer tells of it, without its link."""

    id: uuid.UUID
    status: str
    created: dt.datetime | None = None

    @property
    def is_unlinked(self) -> bool:
        return self.status == shapes.ConnectionStatus.UNLINKED


@dataclass(frozen=True)
class AtCodat:
    """One company with the connection that would be taken, if it has one, and its accounts.

    `ties`: how many QuickBooks connections it has there. `odd`: what Codat says of its connections
    could not be read. `written_at`: of the newest write over the connection; None: none is listed.
    """

    company: shapes.Company = field(repr=False)
    tie: Tie | None
    ties: int
    odd: bool
    accounts: list[shapes.SourceAccount] = field(default_factory=list, repr=False)
    written_at: dt.datetime | None = None

    @property
    def name(self) -> str:
        return plain(self.company.name)[:200] or str(self.company.id)


def read_company(company: shapes.Company, *, client: Client, writes: bool = False) -> AtCodat:
    """Ask Codat for the accounts of the company's connection, and with `writes` for its pushes.

    CodatErrors propagate. Mints no link.
    """
    found = without_accounts(company)
    if found.tie is None:
        return found
    accounts = client.list_source_accounts(company.id, found.tie.id)
    written_at = _written_at(company, found.tie, client=client) if writes else None
    return replace(found, accounts=accounts, written_at=written_at)


def without_accounts(company: shapes.Company) -> AtCodat:
    """What the company's own answer tells; asks Codat nothing."""
    ties, odd = _ties(company.raw)
    return AtCodat(company, max(ties, key=_worth, default=None), len(ties), odd)


def is_whole(number: str) -> bool:
    """Whether this is an account number and not a mask of one or its last digits."""
    fits = _WHOLE.fullmatch(number.strip()) and not _MASK.search(number)
    return bool(fits) and len(sealing.normalised(number)) >= FEWEST_DIGITS


def last4(number: str) -> str:
    return sealing.last4(_MASK.sub("", number))


def plain(text: str) -> str:
    """Without what cannot be printed: it comes from outside and goes into pages and lists."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _ties(raw: Mapping[str, Any]) -> tuple[list[Tie], bool]:
    listed = raw.get("dataConnections")
    if listed is None:
        return [], False
    if not isinstance(listed, list):
        return [], True
    try:
        return list(_read(listed)), False
    except reading.ShapeError:
        return [], True


def _read(listed: list[Any]) -> Iterator[Tie]:
    for each in listed:
        source = reading.an_object(each)
        if _is_ours(source):
            yield Tie(
                id=reading.identifier(source, "id"),
                status=plain(reading.text(source, "status"))[:50],
                created=reading.optional_moment(source, "created"),
            )


def _is_ours(source: Mapping[str, Any]) -> bool:
    """QuickBooks Online Bank Feeds by its key; where no key is told, any feed of a bank."""
    for name in ("integrationKey", "platformKey"):
        if key := reading.loose_text(source, name):
            return key == shapes.PLATFORM_KEY
    return reading.loose_text(source, "sourceType") == shapes.SourceType.BANK_FEED


def _worth(tie: Tie) -> tuple[int, float]:
    """Of several the one that is linked, then one that may be; of those the newest."""
    linked = tie.status == shapes.ConnectionStatus.LINKED
    rank = 2 if linked else 0 if tie.is_unlinked else 1
    return rank, tie.created.timestamp() if tie.created else 0.0


def _written_at(company: shapes.Company, tie: Tie, *, client: Client) -> dt.datetime | None:
    writes = itertools.islice(client.list_operations(company.id), MOST_WRITES)
    failed = shapes.PushStatus.FAILED
    times = (
        w.requested_on for w in writes if w.data_connection_key == tie.id and w.status != failed
    )
    return next(times, None)
