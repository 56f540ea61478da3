"""The file that a client takes into QuickBooks by hand, where the feed takes the rows no more.

The one place of its format. QuickBooks' help, *Manually upload transactions*: CSV in UTF-8 with the
columns Date, Description, Amount (negative: money out), one way of writing dates, a cell that
would hold only zero left blank, at most 350 kB and 1,000 rows a file.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bankfeeds.models import Actor, BankTransaction, Event, SourceAccount

from .cells import FORMULA, amount, csv_line, file_name

ROWS_A_FILE = 1000
BYTES_A_FILE = 350_000
# QuickBooks reads these words, whatever the language of the books.
HEADER = "Date,Description,Amount\r\n"


@dataclass(frozen=True)
class ClientFile:
    """One file of at most 1,000 rows and 350 kB, oldest row first. `part` of `parts`, from 1."""

    name: str
    text: str
    rows: Sequence[BankTransaction]
    part: int
    parts: int


def client_files(account: SourceAccount, rows: Iterable[BankTransaction]) -> list[ClientFile]:
    """As many files as the rows fill; [] for no rows."""
    ordered = sorted(rows, key=lambda row: (row.date, row.pk))
    begins = starts(ordered)
    ends = [*begins[1:], len(ordered)] if begins else []
    return [
        client_file(account, ordered[begin:end], part=part, parts=len(begins))
        for part, (begin, end) in enumerate(zip(begins, ends, strict=True), 1)
    ]


def client_file(
    account: SourceAccount, rows: Sequence[BankTransaction], *, part: int = 1, parts: int = 1
) -> ClientFile:
    """The one file of these rows, oldest first; they are known to fill no more than one."""
    name = _name(account, rows, part=part, parts=parts)
    return ClientFile(name, HEADER + "".join(map(_line, rows)), rows, part, parts)


def starts(rows: Iterable[BankTransaction]) -> list[int]:
    """At which row each file begins, reading them one by one; [] for no rows."""
    found: list[int] = []
    size = 0
    for place, row in enumerate(rows):
        more = len(_line(row).encode())
        if not found or place - found[-1] >= ROWS_A_FILE or size + more > BYTES_A_FILE:
            found.append(place)
            size = len(HEADER)
        size += more
    return found


def hand_out(made: ClientFile, *, account: SourceAccount, by: Actor, now: dt.datetime) -> None:
    """Write down who took the file out, when, and which rows are in it."""
    text = ngettext("%(file)s: %(rows)d row.", "%(file)s: %(rows)d rows.", len(made.rows))
    if made.parts > 1:
        part = _("Part %(part)d of %(parts)d.") % {"part": made.part, "parts": made.parts}
        text = f"{text} {part}"
    Event.objects.record(
        "feed.file_for_client",
        by=by,
        at=now,
        words=text % {"file": made.name, "rows": len(made.rows)},
        after={"file": made.name, "transactions": [row.transaction_id for row in made.rows]},
        account=account,
    )


def _line(row: BankTransaction) -> str:
    money = amount(row.amount) if row.amount else ""
    return csv_line((f"{row.date:%m/%d/%Y}", _text(row.description), money))


def _text(text: str) -> str:
    """On one line, and no formula; here also what looks like a number is only a text."""
    text = " ".join(text.replace("\x00", " ").split())
    return f"'{text}" if text.startswith(FORMULA) else text


def _name(account: SourceAccount, rows: Sequence[BankTransaction], *, part: int, parts: int) -> str:
    of = f"-{part}-of-{parts}" if parts > 1 else ""
    return f"{file_name(account.name)}-{rows[0].date}-{rows[-1].date}{of}.csv"
