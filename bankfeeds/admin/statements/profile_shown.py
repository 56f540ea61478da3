"""A profile and its rehearsal as their pages show them: in plain words.

Nobody has said yet which column is the account, or not truly: any number that may be one is masked,
whichever column it stands in.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from django.utils.translation import gettext as _

from bankfeeds import importing, words
from bankfeeds.importing.rehearsal import Rehearsal
from bankfeeds.intake.masking import FEWEST, digits_of, hidden, unnamed, unnamed_in_columns
from bankfeeds.intake.profile import MONEY, Column, Layout, Profile
from bankfeeds.intake.shape import Line, Reason, Rejected
from bankfeeds.models import SampleFile, SourceAccount

from . import profile_choices as form
from .profile_form import ColumnsForm
from .profile_making import Making

FIRST_LINES = 8


def title(sample: SampleFile) -> str:
    if sample.follows is None:
        return _("Make a column profile")
    return _("Make a new version: %(name)s") % {"name": sample.follows.name}


class Shown:
    """One line of the sample beside its values, or why it has none."""

    def __init__(self, entry: Line | Rejected, layout: Layout) -> None:
        self.line, self.raw = entry.line, _as_it_stands(entry.raw, layout)
        self.row = entry if isinstance(entry, Line) else None
        self.why = unnamed(importing.words_of(entry.reason)) if isinstance(entry, Rejected) else ""
        self.text = unnamed(self.row.description) if self.row else ""
        self.amount = self.money(abs(self.row.amount)) if self.row else ""
        is_stated = self.row is not None and not self.row.derived
        self.balance = self.money(self.row.balance) if self.row and is_stated else ""

    def money(self, value: Decimal, currency: str = "") -> str:
        """Masked where it is whole, long, and no money as it stands in the line."""
        digits = f"{abs(value):.0f}"
        is_whole = value == value.to_integral_value()
        if is_whole and len(digits) >= FEWEST and digits not in digits_of(self.raw):
            return hidden(digits)
        return words.money(value, currency) if currency else words.number(value)


def _as_it_stands(raw: str, layout: Layout) -> str:
    if layout.widths:
        return unnamed_in_columns(raw, layout.widths)
    return unnamed(raw, comma=layout.delimiter != ",")


def entries(making: Making) -> list[Shown]:
    """The first lines and, where none of them is bad, the first bad ones further down."""
    found, layout = making.rehearsal, making.columns_form.layout
    if found is None:
        return []
    shown = [Shown(entry, layout) for entry in found.entries]
    last = found.entries[-1].line if found.entries else 0
    return shown + [Shown(bad, layout) for bad in found.bad_ones if bad.line > last]


def sentences(making: Making) -> list[str]:
    """The first money out and the first money in, each as it would reach the client."""
    found, layout = making.rehearsal, making.columns_form.layout
    account = making.sample.account
    if found is None:
        return []
    told = [_sentence(row, layout, account) for row in found.money_out]
    if not told:
        told.append(_("No line of this file is money out."))
    told += [_sentence(row, layout, account) for row in found.money_in]
    if not found.money_in:
        told.append(_("No line of this file is money in."))
    return told


def _sentence(row: Line, layout: Layout, account: SourceAccount | None) -> str:
    shown = Shown(row, layout)
    if row.amount < 0:
        text = _("On %(day)s the client PAID %(money)s to %(text)s (line %(line)d).")
    else:
        text = _("On %(day)s the client RECEIVED %(money)s from %(text)s (line %(line)d).")
    return text % {
        "day": words.day(row.date),
        "money": shown.money(abs(row.amount), account.currency if account else ""),
        "text": shown.text,
        "line": row.line,
    }


def first_lines(making: Making) -> list[str]:
    """Of the file as it stands, for whoever has to say how it is laid out."""
    layout = making.columns_form.layout
    text = making.content[:20_000].decode(layout.encoding, errors="replace")
    lines = [_as_it_stands(line, layout)[:200] for line in text.splitlines()[:FIRST_LINES]]
    return ["".join(letter if letter.isprintable() else "·" for letter in line) for line in lines]


def doubts(making: Making) -> Sequence[Reason]:
    return making.guess.doubts if making.guess else ()


def notes(found: Rehearsal | None) -> list[str]:
    return [unnamed(importing.words_of(note)) for note in found.notes] if found else []


def why_not_confirmed(making: Making) -> str:
    found = making.rehearsal
    if found is None or not found.understood:
        return _("Nothing was kept: not one line of this file could be understood like this.")
    if not making.is_shown:
        return _(
            "Nothing was kept yet: what you changed changes how the file is read. Read the"
            " sentences once more and confirm them."
        )
    return _("Nothing was kept: read the sentences and confirm that they are true.")


def facts(profile: Profile) -> list[tuple[str, str]]:
    """The whole profile as names and values."""
    layout = profile.layout
    initial = form.layout_initial(layout)
    separated = _label(form.SEPARATED_BY, initial["delimiter"])
    found = [
        (_("Columns are separated by"), f"{separated} {initial['widths']}".strip()),
        (_("Written in"), _label(form.WRITTEN_IN, layout.encoding.value)),
        (_("Lines above the header"), str(layout.above)),
        (_("Header"), " · ".join(map(unnamed, layout.header)) or _("None")),
        (_("Date"), _column(profile, profile.date)),
        (_("Dates are written"), _label(form.ORDERS, profile.order.value)),
        (_("Description"), _column(profile, profile.description)),
    ]
    if profile.more is not None:
        found.append((_("More of the description"), _column(profile, profile.more)))
    found.append((_("Amounts"), _label(form.AMOUNTS, profile.amounts.value)))
    found += [
        (str(ColumnsForm.base_fields[name].label), _column(profile, getattr(profile, name)))
        for name in MONEY[profile.amounts]
    ]
    if profile.out_words:
        found.append((_("What it says for money out"), ", ".join(profile.out_words)))
        found.append((_("What it says for money in"), ", ".join(profile.in_words)))
    given = form.profile_initial(profile)
    whose = [
        (str(ColumnsForm.base_fields[name].label), _column(profile, getattr(profile, name)))
        for name in ("account", "routing", "bank")
        if getattr(profile, name) is not None
    ]
    return [
        *found,
        *whose,
        (_("Signs"), _label(form.MEANS, profile.sign.value)),
        (_("Balance after the transaction"), _column(profile, profile.balance) or _("None")),
        (_("Id"), _("Derived") if profile.id is None else _column(profile, profile.id)),
        (_("Cents stand behind"), _label(form.DECIMALS, given["decimal"])),
        (_("Thousands are set apart by"), _label(form.THOUSANDS, given["thousands"])),
        (_("Lines below the table begin with"), given["end_words"] or "–"),
    ]


def _label(choices: Sequence[tuple[str, object]], value: str) -> str:
    return next(str(label) for name, label in choices if name == value)


def _column(profile: Profile, column: Column | None) -> str:
    if column is None:
        return ""
    return form.labels(profile.layout)[str(profile.layout.place(column))]
