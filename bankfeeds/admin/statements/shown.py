"""A preview as its page shows it: lines, signs in words, labels that name the numbers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bankfeeds import importing, words
from bankfeeds.importing import Entry, Preview, profiles
from bankfeeds.intake.recognise import Format
from bankfeeds.intake.shape import Line
from bankfeeds.models import Doubt, Statement

from . import raw_line

TONES = {"bad": "bad", "changed": "warn", "alike": "warn", "held_out": "warn"}


def statement(pk: int) -> Statement | None:
    if pk >= 2**63:
        return None
    rows = Statement.objects.select_related(
        "account__company", "account__connection", "profile", "mends"
    )
    without = ("rejected", "account__sealed_body", "mends__rejected")
    return rows.defer(*without).filter(pk=pk).first()


def left_out(statement: Statement) -> dict[str, Any]:
    """The first rows that did not come in and why, without those that a decision took in since.

    `to_mend`: some of them are in the file of bad rows, where none in doubt is.
    """
    lines = [row["line"] for row in statement.rejected]
    answers = dict(statement.doubts.filter(line__in=lines).values_list("line", "answer"))
    rows = [
        (row["line"], importing.words_of_row(row))
        for row in statement.rejected
        if answers.get(row["line"], "") in ("", Doubt.Answer.KEEP)
    ]
    return {"left_out": rows, "to_mend": any(line not in answers for line, _why in rows)}


class Shown:
    """One line of the preview's table, beside it what stands in the file."""

    def __init__(
        self, entry: Entry, widths: Sequence[int] = (), *, has_balance: bool = True
    ) -> None:
        self.entry = entry
        self.raw = (
            raw_line.masked(entry.row, widths)
            if entry.row
            else raw_line.masked_bad(entry.raw, widths)
        )
        self.row = entry.row
        self.amount = words.number(entry.row.amount) if entry.row else ""
        self.balance = words.number(entry.row.balance) if entry.row and has_balance else "–"
        self.tone = TONES.get(entry.kind, "")
        if any(rule.severity == "error" for rule in entry.findings):
            self.tone = "bad"
        elif entry.findings:
            self.tone = self.tone or "warn"

    @property
    def is_here(self) -> bool:
        return self.entry.kind == importing.Kind.KNOWN


def lines(found: Preview, entries: Iterable[Entry]) -> list[Shown]:
    profile = profiles.of(found.statement.profile)
    widths = profile.layout.widths if profile else ()
    has_balance = not found.needs_opening
    return [Shown(entry, widths, has_balance=has_balance) for entry in entries]


def kind(found: Preview) -> str:
    """What people call the file. Of a workbook only its table is kept, as CSV."""
    is_workbook = found.statement.file_name.lower().endswith(".xlsx")
    if found.format is Format.CSV and is_workbook:
        return str(Format.XLSX)
    return str(found.format)


def elsewhere(found: Preview) -> Statement | None:
    """The import of the same file on another account, where the file does not say whose it is."""
    if found.names_account:
        return None
    upload = found.statement
    return importing.elsewhere(upload.account, upload.sha256, now=timezone.now())


def signs(found: Preview) -> list[str]:
    """The first rows each way in words, in the file's order."""
    currency = found.statement.account.currency
    sentences = [
        (row.line, _sentence(row.amount) % _told(row, currency))
        for row in (*found.money_out.first, *found.money_in.first)
    ]
    return [sentence for _line, sentence in sorted(sentences)]


def _sentence(amount: Decimal) -> str:
    if amount < 0:
        return _("Line %(line)d: %(money)s left the account to %(text)s")
    return _("Line %(line)d: %(money)s came in from %(text)s")


def _told(row: Line, currency: str) -> dict[str, object]:
    return {
        "line": row.line,
        "money": words.money(abs(row.amount), currency),
        "text": row.description,
    }


def others(found: Preview) -> str:
    """Accounts of the file that are not this one, by their last four digits."""
    return ", ".join(f"••{name}" for name in found.others)


def why_no_save(found: Preview) -> str:
    """Why nothing of it can be saved as it stands; "" when something can."""
    if found.is_quiet:
        return ""
    if not found.understood:
        return _("Not one row could be understood. Correct the file and upload it again.")
    if not found.new and not _to_decide(found):
        return _("Nothing new: every row that was understood is here already.")
    if found.needs_every_row:
        return _("Bad rows first: without them the balances cannot be worked out.")
    return _("State the opening balance first.") if found.needs_opening else ""


def save_label(found: Preview) -> str:
    if found.is_quiet:
        return _("Save it as a day without transactions")
    if found.bad:
        label = _("Save %(new)s, leave %(bad)s out")
        return label % {"new": words.count(found.new), "bad": words.count(found.bad)}
    if not found.new and (waiting := _to_decide(found)):
        text = ngettext("Have %(n)s row decided", "Have %(n)s rows decided", waiting)
        return text % {"n": words.count(waiting)}
    text = ngettext("Save %(new)s row", "Save %(new)s rows", found.new)
    return text % {"new": words.count(found.new)}


def _to_decide(found: Preview) -> int:
    """Rows that come in once a person has decided, and by saving are put before one."""
    return found.changed + found.alike


def tick_label(found: Preview) -> str:
    text = ngettext(
        "Leave out %(bad)s bad row; it will not reach QuickBooks",
        "Leave out %(bad)s bad rows; they will not reach QuickBooks",
        found.bad,
    )
    return text % {"bad": words.count(found.bad)}
