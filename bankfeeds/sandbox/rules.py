"""The guide's rules on a push of bank transactions, as pure functions.

Codat guide: "Push bank transactions from Codat to QuickBooks Online". `schema` finds what is
refused at once (HTTP 400), `judge` what makes an accepted operation fail. Talks to nobody.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeGuard

from .answers import item

Item = dict[str, str | None]
Row = dict[str, Any]

MOST_ROWS = 1000
# What becomes of a row whose id is stored already, of which Codat says nothing: the push fails,
# the row is left away with a warning, or it is stored once more.
DOUBLE_IDS = ("refuse", "skip", "store")
LARGEST = 7.9e28
TYPES = frozenset(
    (
        "Unknown",
        "Credit",
        "Debit",
        "Int",
        "Div",
        "Fee",
        "SerChg",
        "Dep",
        "Atm",
        "Pos",
        "Xfer",
        "Check",
        "Payment",
        "Cash",
        "DirectDep",
        "DirectDebit",
        "RepeatPmt",
        "Other",
    )
)
KINDS: dict[str, type | tuple[type, ...]] = {
    "id": str,
    "date": str,
    "description": str,
    "counterparty": str,
    "reference": str,
    "reconciled": bool,
    "transactionType": str,
    "amount": (int, float),
    "balance": (int, float),
}
REQUIRED = ("id", "date", "description", "amount")
DATE = re.compile(
    r"(\d{4}-\d{2}-\d{2})([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})?)?", re.ASCII
)


@dataclass(frozen=True)
class Target:
    """The account as the rules see it when a push is judged."""

    account_id: str
    status: str | None
    today: dt.date
    history_days: int
    revoked: bool = False
    feed_start: dt.date | None = None
    newest: dt.date | None = None
    stored_ids: Collection[str] = ()
    double_ids: str = "refuse"


@dataclass
class Verdict:
    errors: list[Item] = field(default_factory=list)
    warnings: list[Item] = field(default_factory=list)


def local_date(text: str) -> dt.date | None:
    """The date as written: time and offset are ignored, nothing is converted."""
    found = DATE.fullmatch(text)
    try:
        return dt.date.fromisoformat(found[1]) if found else None
    except ValueError:
        return None


def is_number(value: Any) -> TypeGuard[int | float]:
    """A JSON number that a decimal of Codat's can hold; never a truth value."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < LARGEST


def schema(body: Any, *, account_id: str) -> list[Item]:
    """What makes the request itself not valid: shapes, types, the number of rows."""
    if not isinstance(body, dict):
        return [item(None, "The request body must be an object.", "Schema")]
    rows = body.get("transactions")
    errors = []
    if body.get("accountId") != account_id:
        message = "accountId must be given and equal the account in the path."
        errors.append(item("accountId", message, "AccountIdMatchesPath"))
    if not isinstance(rows, list) or not rows:
        message = "transactions must be an array with at least one element."
        return [*errors, item("transactions", message, "NotEmpty")]
    if len(rows) > MOST_ROWS:
        message = f"transactions has {len(rows)} elements; the maximum is {MOST_ROWS}."
        return [*errors, item("transactions", message, "MaxItems")]
    for index, row in enumerate(rows):
        errors.extend(_row_schema(row, index=index))
    return errors


def _row_schema(row: Any, *, index: int) -> Iterator[Item]:
    if not isinstance(row, dict):
        yield item(f"transactions[{index}]", "Each transaction must be an object.", "Schema")
        return
    for name, kind in KINDS.items():
        value = row.get(name)
        if value is not None and not _fits(value, kind):
            yield _breach(row, index=index, name=name)
    given = row.get("date")
    if isinstance(given, str) and local_date(given) is None:
        yield _breach(row, index=index, name="date")
    kind_given = row.get("transactionType")
    if isinstance(kind_given, str) and kind_given not in TYPES:
        yield _breach(row, index=index, name="transactionType")


def _fits(value: Any, kind: type | tuple[type, ...]) -> bool:
    return is_number(value) if kind == (int, float) else isinstance(value, kind)


def _breach(row: Row, *, index: int, name: str) -> Item:
    message = f"The value of transactions[{index}].{name} is not valid."
    return item(row_id(row, index=index), message, "Schema")


def row_id(row: Row, *, index: int) -> str:
    """The transaction's id where it has one, else its place in the array."""
    given = row.get("id")
    return given if isinstance(given, str) and given else str(index)


def judge(rows: list[Row], *, target: Target) -> Verdict:
    """The rules on rows that keep to the schema; no error means that they are stored."""
    verdict = Verdict()
    if target.status != "connected":
        message = f"The source account is not connected (status: {target.status})."
        verdict.errors.append(item(target.account_id, message, "AccountConnected"))
    elif target.revoked:
        message = "The credentials of the source account were revoked."
        verdict.errors.append(item(target.account_id, message, "CredentialsValid"))
    verdict.errors.extend(_row_errors(rows, target=target))
    verdict.warnings.extend(_sign_warnings(rows))
    if target.double_ids == "skip":
        verdict.warnings.extend(_left_away(rows, target.stored_ids))
    return verdict


def _row_errors(rows: list[Row], *, target: Target) -> Iterator[Item]:
    seen: set[str] = set()
    before: dt.date | None = None
    for index, row in enumerate(rows):
        name = row_id(row, index=index)
        for field_name in REQUIRED:
            if row.get(field_name) in (None, ""):
                yield item(name, f"{field_name} is required.", "Required")
        if row.get("id"):
            is_stored = name in target.stored_ids and target.double_ids == "refuse"
            if name in seen or is_stored:
                message = f"A transaction with id '{name}' exists already in this account."
                yield item(name, message, "UniqueId")
            seen.add(name)
        day = local_date(row.get("date") or "")
        if day is not None:
            yield from _date_errors(name, day, before=before, target=target)
            before = day if before is None else max(before, day)


def _date_errors(
    name: str, day: dt.date, *, before: dt.date | None, target: Target
) -> Iterator[Item]:
    oldest = target.today - dt.timedelta(days=target.history_days)
    if day > target.today:
        yield item(name, f"The date {day} is in the future (today is {target.today}).", "NotFuture")
    if day < oldest:
        message = f"The date {day} is more than {target.history_days} days old (from {oldest} on)."
        yield item(name, message, "HistoryLimit")
    if target.feed_start is not None and day < target.feed_start:
        message = f"The date {day} is before the feed start date {target.feed_start}."
        yield item(name, message, "FeedStartDate")
    if before is not None and day < before:
        message = f"Transactions must be ordered from earliest to latest: {day} follows {before}."
        yield item(name, message, "DateOrder")
    if target.newest is not None and day < target.newest:
        message = f"The date {day} is older than the newest transaction stored ({target.newest})."
        yield item(name, message, "NotOlderThanNewest")


def _left_away(rows: list[Row], stored: Collection[str]) -> Iterator[Item]:
    for index, row in enumerate(rows):
        if (name := row_id(row, index=index)) in stored:
            message = f"A transaction with id '{name}' exists already and was not stored again."
            yield item(name, message, "UniqueId")


def _sign_warnings(rows: list[Row]) -> Iterator[Item]:
    for index, row in enumerate(rows):
        amount, kind = row.get("amount") or 0, row.get("transactionType")
        if (kind == "Credit" and amount < 0) or (kind == "Debit" and amount > 0):
            message = f"The sign of amount {amount} does not agree with transactionType {kind}."
            yield item(row_id(row, index=index), message, "SignMatchesType")
