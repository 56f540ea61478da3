"""What Codat said of a push, put beside the rows that it means, with ours below its words.

Pure: works on the rows that it is given.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from bankfeeds import rules
from bankfeeds.models import BankTransaction, Push, PushItem
from bankfeeds.rules import BY_CODE, Rule

PLACE = re.compile(r"(?:transactions\[)?(\d{1,4})\]?(?:\..*)?", re.ASCII)
LONGEST = 2000

# Codat publishes no list of its validators: what its words must contain to mean a rule of ours.
MEANT: tuple[tuple[Rule, tuple[str, ...]], ...] = (
    (rules.FUTURE, ("future",)),
    (rules.BEFORE_FEED, ("feed start", "feedstart")),
    (rules.OLDER_THAN_NEWEST, ("newest", "older than the latest", "earliest to latest")),
    (rules.TOO_OLD, ("days old", "historylimit", "seven days", "7 days")),
    (rules.REPEATED_ID, ("exists already", "already exists", "uniqueid", "duplicate")),
    (rules.NO_DESCRIPTION, ("description is required", "description must")),
    (rules.NO_ID, ("id is required", "id must")),
    (rules.SIGN, ("does not agree with transactiontype", "signmatchestype")),
)
NOT_CONNECTED = ("not connected", "accountconnected", "credentials", "revoked", "disconnected")


@dataclass(frozen=True)
class Said:
    """One validation item. `line` is None when it means the whole push, or no row of ours."""

    words: str
    validator: str
    about: str
    is_error: bool
    line: Line | None
    ours: str


@dataclass
class Line:
    """One row of the push with its findings of that day and what Codat said of it."""

    item: PushItem
    findings: tuple[Rule, ...]
    errors: list[str] = field(default_factory=list)

    @property
    def row(self) -> BankTransaction:
        return self.item.transaction

    @property
    def is_bad(self) -> bool:
        return bool(self.errors)


def lines(items: Iterable[PushItem]) -> list[Line]:
    return [Line(item, _findings(item)) for item in items]


def _findings(item: PushItem) -> tuple[Rule, ...]:
    codes = (found.get("code", "") for found in item.findings)
    return tuple(BY_CODE[code] for code in codes if code in BY_CODE)


def said(push: Push, rows: Sequence[Line]) -> list[Said]:
    """Errors, then warnings, each beside its row; marks the rows of errors as bad."""
    found = []
    for name in ("errors", "warnings"):
        for entry in push.validation.get(name) or ():
            answer = _one(entry, rows, is_error=name == "errors")
            if answer.is_error and answer.line is not None:
                answer.line.errors.append(answer.words)
            found.append(answer)
    return found


def _one(entry: dict[str, Any], rows: Sequence[Line], *, is_error: bool) -> Said:
    about = str(entry.get("item_id") or "")
    words = str(entry.get("message") or "")[:LONGEST]
    validator = str(entry.get("validator_name") or "")
    line = _meant_line(about, rows)
    return Said(words, validator, about, is_error, line, _ours(f"{words} {validator}", line))


def _meant_line(about: str, rows: Sequence[Line]) -> Line | None:
    """By the id of the transaction; else by its place in the body, counted from 0."""
    for line in rows:
        if about and line.row.transaction_id == about:
            return line
    place = PLACE.fullmatch(about)
    if place is None or int(place[1]) >= len(rows):
        return None
    return next((line for line in rows if line.item.position == int(place[1])), None)


def _ours(text: str, line: Line | None) -> str:
    lowered = text.lower()
    if any(part in lowered for part in NOT_CONNECTED):
        return _(
            "The account is no longer connected in QuickBooks. Send the client a new link;"
            " send again when the account shows Connected."
        )
    for rule, parts in MEANT:
        if any(part in lowered for part in parts):
            if rule is rules.REPEATED_ID:
                return _(
                    "Codat has a row with this id already. If it is this very row, sent before,"
                    " leave it out here and give the client the file: under another id it would"
                    " stand twice in the client's books."
                )
            return f"{rule.reason} {rule.remedy}"
    if line is None:
        return _("This is about the whole push. Ask Codat's support if it does not explain itself.")
    return _("Leave this row out and send the rest, or correct it in a new file.")
