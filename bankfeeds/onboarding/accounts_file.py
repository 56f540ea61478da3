"""A CSV file of source accounts: rows as drafts, what is wrong by line. Pure, reads bytes.

The file speaks as Codat's guide does (`12-34-56` as sort code), so a routing number or currency
that is not American or Canadian is a warning here and not a refusal.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from django.utils.translation import gettext as _

from bankfeeds.sealing import normalised

from .drafts import AccountDraft, check_draft, currency_doubt

COLUMNS = (
    "id", "accountName", "accountType", "accountNumber", "sortCode", "currency", "balance",
)  # fmt: skip
MOST_BYTES = 1_000_000

_AMOUNT = re.compile(r"[+-]?[0-9]{1,18}(\.[0-9]{1,18})?", re.ASCII)
_CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)
_FIELDS = {
    "account_id": "id",
    "name": "accountName",
    "account_type": "accountType",
    "account_number": "accountNumber",
    "sort_code": "sortCode",
    "currency": "currency",
    "balance": "balance",
}


@dataclass(frozen=True)
class Note:
    """A remark on one line of the file; line 1 is the heading, 0 the file as a whole."""

    line: int
    words: str


@dataclass
class AccountsFile:
    """What a file holds. Nothing of it may be sent while `problems` are left."""

    drafts: list[AccountDraft] = field(default_factory=list)
    problems: list[Note] = field(default_factory=list)
    warnings: list[Note] = field(default_factory=list)


def read_accounts(content: bytes, *, country: str) -> AccountsFile:
    """Read and check a file with the columns COLUMNS, in any order."""
    found = AccountsFile()
    try:
        for line, row in _rows(_text(content)):
            _take(row, line=line, country=country, found=found)
    except _Unreadable as unreadable:
        found.problems.append(Note(unreadable.line, str(unreadable)))
    if not found.drafts and not found.problems:
        found.problems.append(Note(0, _("The file has no account.")))
    return found


class _Unreadable(Exception):
    def __init__(self, words: str, *, line: int = 0) -> None:
        super().__init__(words)
        self.line = line


def _text(content: bytes) -> str:
    if len(content) > MOST_BYTES:
        raise _Unreadable(_("The file is larger than a list of accounts can be."))
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise _Unreadable(_("The file is not text in UTF-8. Save it as CSV (UTF-8)."))
    return text


def _rows(text: str) -> Iterator[tuple[int, dict[str, str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        heading = _heading(next(reader, []))
        last = reader.line_num
        for cells in reader:
            line, last = last + 1, reader.line_num
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) != len(heading):
                words = _("The line has %(found)d fields, the heading %(wanted)d.")
                counts = {"found": len(cells), "wanted": len(heading)}
                raise _Unreadable(words % counts, line=line)
            yield line, dict(zip(heading, (cell.strip() for cell in cells), strict=True))
    except csv.Error:
        words = _("The line is not valid CSV; look for a quotation mark that is not closed.")
        raise _Unreadable(words, line=reader.line_num) from None


def _heading(cells: list[str]) -> list[str]:
    known = {column.lower(): column for column in COLUMNS}
    heading = [known.get(cell.strip().lower(), cell.strip()) for cell in cells]
    missing = [column for column in COLUMNS if column not in heading]
    if missing:
        words = _("The heading lacks %(missing)s. It must be: %(wanted)s.")
        told = {"missing": ", ".join(missing), "wanted": ",".join(COLUMNS)}
        raise _Unreadable(words % told, line=1)
    if len(set(heading)) != len(heading):
        raise _Unreadable(_("The heading names a column twice."), line=1)
    return heading


def _take(row: dict[str, str], *, line: int, country: str, found: AccountsFile) -> None:
    amount = row["balance"]
    balance = Decimal(amount) if _AMOUNT.fullmatch(amount) else Decimal("NaN")
    draft = AccountDraft(
        name=row["accountName"],
        account_type=row["accountType"],
        account_number=row["accountNumber"],
        sort_code=row["sortCode"],
        currency=row["currency"].upper(),
        balance=balance,
        account_id=row["id"],
    )
    for name, words in _checked(draft, country=country).items():
        notes = found.warnings if _only_warns(draft, name) else found.problems
        notes.append(Note(line, f"{_FIELDS[name]}: {words}"))
    if words := currency_doubt(draft.currency, country=country):
        found.warnings.append(Note(line, f"currency: {words}"))
    number = normalised(draft.account_number)
    if number and number in {normalised(other.account_number) for other in found.drafts}:
        words = _("An earlier line has the same number.")
        found.warnings.append(Note(line, f"accountNumber: {words}"))
    if draft.account_id and draft.account_id in {other.account_id for other in found.drafts}:
        found.problems.append(Note(line, _("id: it is in the file twice.")))
    found.drafts.append(draft)


def _checked(draft: AccountDraft, *, country: str) -> dict[str, str]:
    problems = check_draft(draft, country=country)
    if not draft.account_id:
        problems["account_id"] = _("Give the account an id.")
    if not draft.balance.is_finite():
        problems["balance"] = _("Write a number such as 1234.56, with a decimal point.")
    return problems


def _only_warns(draft: AccountDraft, name: str) -> bool:
    if name == "sort_code":
        return 0 < len(draft.sort_code) <= 20
    return name == "currency" and bool(_CURRENCY.fullmatch(draft.currency))
