"""The rows of *Add accounts*: read from a form, checked by `onboarding`, shown again.

Knows no database and sends nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

from django.http import QueryDict
from django.utils.translation import get_language
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
    "told",
    "earlier",
)
# A comma only where thousands are separated: 1.000,50 must not become 1.00.
_BALANCE = re.compile(r"[-−]?([0-9]{1,3}(,[0-9]{3})+|[0-9]+)(\.[0-9]+)?", re.ASCII)
# As Canadian French writes it, and as every page of ours shows it in French: 1 310,25
_FRENCH = re.compile(r"[-−]?\d{1,3}(?:[ \u00a0\u202f]?\d{3})*(?:,\d{1,2})?")
_SPACES = re.compile(r"[ \u00a0\u202f]")

number_hash = sealing.number_hash


@dataclass(frozen=True)
class Known:
    """An account that the client has already. `number_hash`: keyed, of its number."""

    number_hash: str
    account_id: str
    label: str


@dataclass
class Row:
    """One row as typed. `problems` and `notices`: field -> words; "row" for the whole of it.

    `seen`: the routing number that was shown as the one to be sent. `told`: what else was pointed
    out before; each is pointed out once, and the next press goes.
    """

    index: int
    values: dict[str, str]
    problems: dict[str, str] = field(default_factory=dict)
    notices: dict[str, str] = field(default_factory=dict)
    routing_above: str = ""

    @property
    def filled(self) -> bool:
        """A row of an earlier account is taken only once its number was typed."""
        if self.values["earlier"]:
            return bool(self.values["account_number"])
        return any(self.values[name] for name in ("name", "account_number", "sort_code"))

    @property
    def needs_a_look(self) -> bool:
        return bool(self.problems or self.notices)

    def ask_once(self, name: str, words: str, *, of: str) -> None:
        """Point out, once for each `of`: no account number in clear, it goes into the page."""
        token = f"{name}={of}"
        if token not in self.values["told"].split():
            self.notices[name] = words
            self.values["told"] = f"{self.values['told']} {token}".strip()

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


def earlier_rows(accounts: Iterable[SourceAccount], *, country: str) -> list[Row]:
    """A row for each account of an ended connection, filled in but for its number, which nobody
    keeps; never its id, since on the new connection it is another account."""
    return [
        Row(
            index,
            {
                **_empty(country),
                "name": account.name,
                "account_type": account.account_type,
                "sort_code": account.sort_code,
                "currency": account.currency,
                "balance": f"{account.balance:.2f}",
                "seen": account.sort_code,
                "earlier": str(account),
            },
        )
        for index, account in enumerate(list(accounts)[:MOST_ROWS])
    ]


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


def check(rows: Sequence[Row], *, country: str, known: Sequence[Known] = ()) -> None:
    """Find the problems of each row, and what is to be looked at once before it goes.

    That is a routing number that goes otherwise than typed, the other country's currency, and a
    number that the client (`known`) or a row above has already.
    """
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
    _ask_about_numbers(rows, known)
    for row in rows:
        currency = row.values["currency"]
        if words := onboarding.currency_doubt(currency, country=country):
            row.ask_once("currency", words, of=currency)


def _ask_about_numbers(rows: Sequence[Row], known: Sequence[Known]) -> None:
    labels = {(each.number_hash, each.account_id): each.label for each in known}
    for row in rows:
        if "account_number" in row.problems:
            continue
        number, own_id = number_hash(row.values["account_number"]), row.values["account_id"]
        same = [text for (of, other), text in labels.items() if of == number and other != own_id]
        if same:
            words = _("%(account)s has the same number. Add it only if it is another account.")
            row.ask_once("account_number", words % {"account": same[0]}, of=number[:12])
        above = _("The row of %(name)s above") % {"name": row.values["name"]}
        labels.setdefault((number, own_id), above)


def currencies(country: str) -> list[str]:
    """The country's own first."""
    own = onboarding.own_currency(country)
    return sorted(SourceAccount.Currency.values, key=lambda each: each != own)


def _empty(country: str) -> dict[str, str]:
    return {
        **dict.fromkeys(FIELDS, ""),
        "account_type": SourceAccount.Type.CHECKING.value,
        "currency": onboarding.own_currency(country),
        "account_id": onboarding.made_account_id(),
    }


def _typed(given: QueryDict, name: str, default: str) -> str:
    return given.get(name, default).strip()[:LONGEST]


def _balance(text: str) -> Decimal:
    """What was typed; 0 for nothing, NaN for what is no number."""
    if not text:
        return Decimal(0)
    if (get_language() or "").startswith("fr") and _FRENCH.fullmatch(text):
        text = _SPACES.sub("", text).replace(",", ".")
    if not _BALANCE.fullmatch(text):
        return Decimal("NaN")
    try:
        return Decimal(text.replace(",", "").replace("−", "-"))
    except InvalidOperation:
        return Decimal("NaN")
