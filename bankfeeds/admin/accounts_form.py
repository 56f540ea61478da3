"""The rows of *Add accounts*: read from a form, checked by `onboarding`, shown again.

Knows no database and sends nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

from django.http import QueryDict
from django.utils.translation import gettext as _

from bankfeeds import onboarding, sealing
from bankfeeds.models import SourceAccount
from bankfeeds.onboarding import AccountDraft

ROWS_AT_FIRST = 3
MOST_ROWS = 60
LONGEST = 300
FIELDS = (
    "name",
    "account_type",
    "account_number",
    "sort_code",
    "currency",
    "balance",
    "account_id",
    "seen",
)
# A comma only where thousands are separated: 1.000,50 must not become 1.00.
_BALANCE = re.compile(r"[-−]?([0-9]{1,3}(,[0-9]{3})+|[0-9]+)(\.[0-9]+)?", re.ASCII)

number_hash = sealing.number_hash


@dataclass
class Row:
    """One row as typed. `problems` and `notices`: field -> words; "row" for the whole of it.

    `seen`: the routing number that was shown as the one to be sent.
    """

    index: int
    values: dict[str, str]
    problems: dict[str, str] = field(default_factory=dict)
    notices: dict[str, str] = field(default_factory=dict)
    routing_above: str = ""

    @property
    def filled(self) -> bool:
        return any(self.values[name] for name in ("name", "account_number", "sort_code"))

    @property
    def needs_a_look(self) -> bool:
        return bool(self.problems or self.notices)

    @property
    def sort_code(self) -> str:
        return self.values["sort_code"] or self.routing_above

    @property
    def draft(self) -> AccountDraft:
        return AccountDraft(
            name=self.values["name"],
            account_type=self.values["account_type"],
            account_number=self.values["account_number"],
            sort_code=self.sort_code,
            currency=self.values["currency"],
            balance=_balance(self.values["balance"]),
            account_id=self.values["account_id"],
        )


def empty_rows(*, country: str, after: int = 0) -> list[Row]:
    last = min(after + ROWS_AT_FIRST, MOST_ROWS)
    return [Row(index, _empty(country)) for index in range(after, last)]


def rows_of(given: QueryDict, *, country: str) -> list[Row]:
    """Every row of a POST, at most 60; what is not in it is as in an empty row."""
    many = given.get("rows", "")
    number = int(many) if many.isascii() and many.isdigit() and len(many) < 4 else ROWS_AT_FIRST
    return [
        Row(
            index,
            {
                name: _typed(given, f"{name}-{index}", default)
                for name, default in _empty(country).items()
            },
        )
        for index in range(min(number, MOST_ROWS))
    ]


def renumbered(rows: Sequence[Row]) -> list[Row]:
    """As the page numbers its fields, once some rows of the one before are gone."""
    for index, row in enumerate(rows):
        row.index = index
    return list(rows)


def check(rows: Sequence[Row], *, country: str) -> None:
    """Find the problems of each row, and the routing numbers that will go otherwise than typed."""
    above, ids = "", set()
    for row in rows:
        row.routing_above = above
        row.problems = onboarding.check_draft(row.draft, country=country)
        if row.values["account_id"] in ids:
            row.problems["account_id"] = _("Two rows have this account id.")
        ids.add(row.values["account_id"])
        above = onboarding.routing_as_sent(row.sort_code, country=country)
        if "sort_code" not in row.problems and above not in {row.sort_code, row.values["seen"]}:
            row.notices["sort_code"] = _("Will be sent as %(value)s.") % {"value": above}
            row.values["seen"] = above


def currencies(country: str) -> list[str]:
    """The country's own first."""
    return sorted(SourceAccount.Currency.values, key=lambda each: each != _own(country))


def _own(country: str) -> str:
    return "CAD" if country == "CA" else "USD"


def _empty(country: str) -> dict[str, str]:
    return {
        **dict.fromkeys(FIELDS, ""),
        "account_type": SourceAccount.Type.CHECKING.value,
        "currency": _own(country),
        "account_id": onboarding.made_account_id(),
    }


def _typed(given: QueryDict, name: str, default: str) -> str:
    return given.get(name, default).replace("\x00", "").strip()[:LONGEST]


def _balance(text: str) -> Decimal:
    """What was typed; 0 for nothing, NaN for what is no number."""
    if not text:
        return Decimal(0)
    if not _BALANCE.fullmatch(text):
        return Decimal("NaN")
    try:
        return Decimal(text.replace(",", "").replace("−", "-"))
    except InvalidOperation:
        return Decimal("NaN")
