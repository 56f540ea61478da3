"""What a file would bring: counted, totalled, judged by the rules. Reads only.

A row is new, here already, or changed since it was first imported; what is stored always stays.
"""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from bankfeeds import limits, rules
from bankfeeds.intake import pace
from bankfeeds.intake.shape import KEPT_REJECTED, HeldOut, Line, Rejected
from bankfeeds.models import Push, SourceAccount, Statement
from bankfeeds.rules import Rule, Standing

from . import kept, pieces, profiles
from .entries import VIEWS, Entry
from .figures import Figures, figures_of
from .matching import Mine, places
from .order import Movement, movement
from .saying import words_of
from .sorting import Kind, Sorting, sort_out


@dataclass(frozen=True, kw_only=True)
class Preview(Figures):
    """Everything the preview page says. `views`: entries in the file's order, see `entries.VIEWS`;
    of the bad ones the first 1,000.
    """

    statement: Statement
    views: Mapping[str, Sequence[Entry]]

    @property
    def entries(self) -> Sequence[Entry]:
        return self.views["all"]

    @property
    def problems(self) -> int:
        return len(self.views["problems"])


def read(statement: Statement, *, keep_rejected: int = KEPT_REJECTED) -> Mine:
    """What is kept of an upload, read again; of mended rows the file that they mend, with them.

    Where it states no balance, from the one that a person has stated, if any.
    """
    whole = statement.mends or statement
    return kept.unpacked(
        pieces.whole(whole),
        places=places(statement.account),
        profile=profiles.of(statement.profile),
        mended=mended_in(statement),
        opening=whole.opening_balance,
        keep_rejected=keep_rejected,
    )


def mended_in(statement: Statement) -> dict[int, tuple[str, ...]]:
    """Cells by line of the file that it mends; {} of any other upload."""
    return kept.mended_of(pieces.whole(statement)) if statement.mends_id else {}


def bad_rows(statement: Statement) -> tuple[tuple[str, ...], Iterator[Rejected]]:
    """The file's header (`entry` where it has none) and every row that is bad or held out."""
    whole = statement.mends or statement
    found = kept.bad_rows(
        pieces.whole(whole),
        places=places(statement.account),
        profile=profiles.of(statement.profile),
        mended=mended_in(statement),
        opening=whole.opening_balance,
    )
    if found is not None:
        return found
    parsed = read(statement, keep_rejected=sys.maxsize).statement
    without: list[Rejected | HeldOut] = [*parsed.rejected, *parsed.held_out]
    without.sort(key=lambda said: said.line)
    return ("entry",), (Rejected(s.line, s.reason, s.raw, (s.raw,)) for s in without)


def preview(statement: Statement, *, today: dt.date) -> Preview:
    """`today`: the institution's day."""
    account = statement.account
    with pace.part(0, 2):
        found = read(statement)
    parsed = found.statement
    with pace.part(1, 2):
        sorting = sort_out(account, parsed)
    before = None if found.needs_opening else sorting.balance_before_file
    order = movement(parsed.rows, before=before)
    findings = _findings(order, sorting, _standing(account, today, before))
    entries = [_entry(row, sorting, findings) for row in parsed.rows]
    entries += [_without_row(bad, Kind.BAD) for bad in parsed.rejected]
    entries += [_without_row(held, Kind.HELD_OUT) for held in parsed.held_out]
    entries.sort(key=lambda entry: entry.line)
    if mended := mended_in(statement):
        entries = [replace(entry, is_mended=entry.line in mended) for entry in entries]
    figures = figures_of(found, order, sorting, entries)
    views = {name: list(filter(is_in, entries)) for name, is_in in VIEWS.items()}
    return Preview(**vars(figures), statement=statement, views=views)


def _standing(account: SourceAccount, today: dt.date, balance: Decimal | None) -> Standing:
    newest = Push.objects.newest_dates([account.pk]).get(account.pk)
    return Standing(
        today=today,
        feed_start=account.feed_start_date,
        newest=newest,
        balance=balance,
        late_after=limits.late_after(),
    )


def _findings(order: Movement, sorting: Sorting, standing: Standing) -> dict[int, tuple[Rule, ...]]:
    """By line, of the new rows; the others stand between them so that the balance is followed."""
    judged = rules.judge(order.rows, standing=standing)
    return {j.row.line: j.findings for j in judged if sorting.kind(j.row) is Kind.NEW}


def _entry(row: Line, sorting: Sorting, findings: Mapping[int, tuple[Rule, ...]]) -> Entry:
    doubtful = sorting.doubtful.get(row.transaction_id)
    return Entry(
        row.line,
        sorting.kind(row),
        row,
        row.raw,
        words_of(doubtful.reason) if doubtful else "",
        findings.get(row.line, ()),
        ours=doubtful.ours if doubtful else None,
    )


def _without_row(said: Rejected | HeldOut, kind: Kind) -> Entry:
    return Entry(said.line, kind, None, said.raw, words_of(said.reason), reason=said.reason)
