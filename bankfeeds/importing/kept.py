"""What is kept of an upload: text in columns as it came, an Excel sheet as CSV, of others a part.

Those name account numbers, which are never kept whole, and may hold other people's accounts.
"""

from __future__ import annotations

import datetime as dt
import json
import zlib
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from functools import partial
from typing import Any

from bankfeeds.intake import columns, delimited
from bankfeeds.intake.profile import Profile
from bankfeeds.intake.recognise import Format
from bankfeeds.intake.running import opened
from bankfeeds.intake.shape import (
    KEPT_REJECTED,
    HeldOut,
    Line,
    Reason,
    Rejected,
    Statement,
    collected,
)
from bankfeeds.intake.tables import in_a_table, unsure
from bankfeeds.intake.xlsx import as_csv

from .matching import Mine

# No text begins with a zero byte, so that a CSV is never taken for this.
MARK = b"\0statement\n"
# Cells by line that take the place of those of another upload.
MENDED = b"\0mended\n"


def packed(mine: Mine, content: bytes) -> bytes:
    if mine.format is Format.CSV:
        return zlib.compress(content if mine.text is None else mine.text)
    if mine.format is Format.XLSX:
        return zlib.compress(as_csv(content))
    body = json.dumps(_plain(mine), default=str, ensure_ascii=False).encode()
    return zlib.compress(MARK + body)


def packed_mended(rows: Mapping[int, tuple[str, ...]]) -> bytes:
    return zlib.compress(MENDED + json.dumps(rows, ensure_ascii=False).encode())


def mended_of(kept: bytes) -> dict[int, tuple[str, ...]]:
    """What `packed_mended` kept; {} of any other upload."""
    content = zlib.decompress(kept)
    if not content.startswith(MENDED):
        return {}
    plain = json.loads(content.removeprefix(MENDED))
    return {int(line): tuple(values) for line, values in plain.items()}


def unpacked(
    kept: bytes,
    *,
    places: int,
    profile: Profile | None = None,
    mended: Mapping[int, tuple[str, ...]] | None = None,
    opening: Decimal | None = None,
    keep_rejected: int = KEPT_REJECTED,
) -> Mine:
    """`places`: decimals of the account's currency. `rejected` holds at most `keep_rejected`.

    `profile`: the one by which the upload was read. `mended`: cells by line, instead of its own.
    `opening`: what a person stated for a file that states no balance.
    """
    content = zlib.decompress(kept)
    if content.startswith(MARK):
        return _mine(json.loads(content.removeprefix(MARK)), keep_rejected, opening)
    reading = _reading(content, profile, places=places, mended=mended or {})
    parsed = collected(reading, keep_rejected=keep_rejected)
    by_column = profile is not None and profile.account is not None
    return Mine(Format.CSV, in_a_table(parsed, opening), by_column=by_column)


def bad_rows(
    kept: bytes,
    *,
    places: int,
    profile: Profile | None,
    mended: Mapping[int, tuple[str, ...]],
    opening: Decimal | None,
) -> tuple[tuple[str, ...], Iterator[Rejected]] | None:
    """The header of a text in columns and each bad row with its cells; None for another format."""
    content = zlib.decompress(kept)
    if content.startswith(MARK):
        return None
    read = partial(_reading, content, profile, places=places, mended=mended)
    return read().header, _rejected(read, opening)


def _rejected(
    read: Callable[..., delimited.Reading | columns.Reading], opening: Decimal | None
) -> Iterator[Rejected]:
    """From the first row that states no balance on, others may tell whether it has one."""
    reading = read()
    for entry in reading:
        if isinstance(entry, Rejected):
            yield entry
        elif entry.derived and reading.states_balances:
            break
    else:
        return
    found = unsure(collected(read(), keep_rejected=0), opening)
    for each in read(unsure=found):
        if isinstance(each, Rejected) and each.line >= entry.line:
            yield each


def _reading(
    content: bytes, profile: Profile | None, **how: Any
) -> delimited.Reading | columns.Reading:
    if profile is None:
        return delimited.Reading(content, **how)
    return columns.Reading(content, profile, **how)


def _plain(mine: Mine) -> dict[str, Any]:
    statement = mine.statement
    return {
        "format": mine.format,
        "others": mine.others,
        "rows": [list(row) for row in statement.rows],
        "rejected": [[bad.line, plain_reason(bad.reason), bad.raw] for bad in statement.rejected],
        "rejected_count": statement.rejected_count,
        "notes": [plain_reason(note) for note in statement.notes],
        "held_out": [
            [held.line, plain_reason(held.reason), held.raw] for held in statement.held_out
        ],
        "opening": statement.opening,
        "closing": statement.closing,
        "derived": statement.derived,
        "from_zero": statement.from_zero,
        "totals_agree": statement.totals_agree,
        "counts_entries": statement.counts_entries,
    }


def plain_reason(reason: Reason) -> list[Any]:
    return [reason.code, reason.template, dict(reason.values)]


def _mine(plain: dict[str, Any], keep_rejected: int, opening: Decimal | None) -> Mine:
    statement = Statement(
        rows=[line_of_plain(values, derived=plain["derived"]) for values in plain["rows"]],
        rejected=[
            Rejected(line, Reason(*reason), raw, (raw,))
            for line, reason, raw in plain["rejected"][:keep_rejected]
        ],
        rejected_count=plain["rejected_count"],
        notes=tuple(Reason(*note) for note in plain["notes"]),
        held_out=tuple(HeldOut(line, Reason(*why), raw) for line, why, raw in plain["held_out"]),
        opening=money_of_plain(plain["opening"]),
        closing=money_of_plain(plain["closing"]),
        derived=plain["derived"],
        from_zero=plain.get("from_zero", False),
        totals_agree=plain["totals_agree"],
        counts_entries=plain["counts_entries"],
    )
    if statement.from_zero and opening is not None:
        statement = opened(statement, opening)
    return Mine(Format(plain["format"]), statement, tuple(plain["others"]))


def line_of_plain(values: list[Any], *, derived: bool = False) -> Line:
    """Of the fields of a line in their order, as JSON has them.

    `derived`: of what was kept before a line said it of itself.
    """
    named = {"derived": derived, **dict(zip(Line._fields, values, strict=False))}
    named["date"] = dt.date.fromisoformat(named["date"])
    named["amount"], named["balance"] = Decimal(named["amount"]), Decimal(named["balance"])
    return Line(**named)


def money_of_plain(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
