"""Which statements of a file are an account's: by number through its keyed hash, and by routing.

What a file says of other accounts is not taken in: their last four digits are named, no more.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.utils.translation import gettext as _

from bankfeeds import sealing
from bankfeeds.intake import cells
from bankfeeds.intake.apart import Apart
from bankfeeds.intake.columns import read_by
from bankfeeds.intake.profile import Profile
from bankfeeds.intake.recognise import TABLES, Format, in_columns, read, recognise
from bankfeeds.intake.running import counted_on
from bankfeeds.intake.shape import AccountStated, Line, Rejected, Statement, UnreadableFile
from bankfeeds.intake.tables import in_a_table
from bankfeeds.models import SourceAccount

# What USD and CAD have; more in a file means that something else was written there.
PLACES = {"USD": 2, "CAD": 2}
CANADIAN = re.compile(r"([0-9]{5})-([0-9]{3})")


class CannotImport(Exception):
    """Nothing can be imported for this account; the words say why and what to do."""


@dataclass(frozen=True)
class Mine:
    """An account's part of a file. `others`: last four digits of the accounts beside it.

    `by_column`: a column named the account. `text`: what a profile read and what is kept, which
    then is the account's rows alone.
    """

    format: Format
    statement: Statement
    others: tuple[str, ...] = ()
    by_column: bool = False
    text: bytes | None = None

    @property
    def needs_opening(self) -> bool:
        return self.statement.from_zero and self.statement.opening is None

    @property
    def needs_every_row(self) -> bool:
        """What a bad row of a table did to a balance that is worked out is not known."""
        is_unsure = self.statement.from_zero and self.format in TABLES
        return is_unsure and len(self.statement.bad_lines) > 0

    @property
    def names_account(self) -> bool:
        return self.by_column or self.format not in TABLES


def mine(account: SourceAccount, content: bytes, profile: Profile | None = None) -> Mine:
    """Raises UnreadableFile, and CannotImport when no statement of the file is this account's."""
    if profile is not None:
        text = in_columns(content)
        if profile.account is not None:
            return _mine_by_column(account, text, profile)
        parsed = read_by(profile, text, places=places(account), keep_rejected=0)
        return Mine(Format.CSV, in_a_table(parsed), text=text)
    # A table is kept whole: its bad rows need not be held here, however many there are.
    most = 0 if recognise(content) in TABLES else sys.maxsize
    file = read(content, places=places(account), keep_rejected=most)
    if file.format in TABLES:
        return Mine(file.format, file.statements[0])
    found, others = _sorted_out(account, [each.account for each in file.statements])
    part = part_of(account, file.format, [file.statements[number] for number in found])
    return replace(part, others=others)


def by_column(
    account: SourceAccount,
    profile: Profile,
    apart: Apart,
    numbers: Sequence[int],
    *,
    unnamed: bool = False,
) -> Mine:
    """The parts of a file that are the account's, as a text of its own.

    `unnamed`: with the lines that name no account, as bad rows; else somebody else tells of them.
    """
    text = apart.text((apart.parts[number] for number in numbers), unnamed=unnamed)
    parsed = read_by(profile, text, places=places(account), keep_rejected=0)
    return Mine(Format.CSV, in_a_table(parsed), by_column=True, text=text)


def _mine_by_column(account: SourceAccount, content: bytes, profile: Profile) -> Mine:
    apart = Apart(content, profile)
    found, others = _sorted_out(account, [part.stated for part in apart.parts])
    return replace(by_column(account, profile, apart, found, unnamed=True), others=others)


def _sorted_out(
    account: SourceAccount, stated: Sequence[AccountStated | None]
) -> tuple[list[int], tuple[str, ...]]:
    """Which of them are the account, and the last four of the others. Raises CannotImport."""
    found = [number for number, each in enumerate(stated) if _is_of(account, each)]
    others = [each for number, each in enumerate(stated) if each and number not in found]
    if not found:
        raise CannotImport(_not_there(account, others))
    return found, tuple(dict.fromkeys(sealing.last4(other.number) for other in others))


def part_of(account: SourceAccount, form: Format, found: Sequence[Statement]) -> Mine:
    """The account's statements of a file as one. Raises UnreadableFile, CannotImport."""
    for each in found:
        if each.refused:
            raise UnreadableFile(each.refused)
        _refuse_other_currency(account, each.account)
    return Mine(form, _as_one(found))


def places(account: SourceAccount) -> int:
    return PLACES.get(account.currency, 4)


def _is_of(account: SourceAccount, stated: AccountStated | None) -> bool:
    return bool(stated and _number_fits(account, stated) and routing_fits(account, stated.routing))


def _number_fits(account: SourceAccount, stated: AccountStated) -> bool:
    number = sealing.normalised(stated.number)
    return bool(number) and sealing.number_hash(number) == account.number_hash


def routing_fits(account: SourceAccount, stated: str) -> bool:
    """Where both are known. In Canada in each of the ways in which it is written."""
    ours, theirs = sealing.normalised(account.sort_code), sealing.normalised(stated)
    if not ours or not theirs:
        return True
    ways = {ours}
    if canadian := CANADIAN.fullmatch(account.sort_code):
        transit, institution = canadian.groups()
        paper = {f"{institution}{transit}", institution}
        ways |= paper | {f"0{way}" for way in paper}
    return theirs in ways


def _not_there(account: SourceAccount, others: Sequence[AccountStated]) -> str:
    if not account.number_hash:
        return _(
            "The number of this account is not known here, so it cannot be found in a file of"
            " several accounts. Import a CSV file instead."
        )
    if any(_number_fits(account, other) for other in others):
        return _(
            "The file has an account with this number, but with another routing number than"
            " %(routing)s. Nothing was saved. Check that the file is of this account."
        ) % {"routing": account.sort_code}
    return _(
        "The file is not of this account (••%(ours)s). It is of: %(theirs)s. Nothing was saved."
        " Choose the account that the file is of, or another file."
    ) % {"ours": account.number_last4, "theirs": _named(others)}


def _named(others: Sequence[AccountStated]) -> str:
    names = dict.fromkeys(sealing.last4(other.number) for other in others)
    return ", ".join(f"••{name}" if name else _("an account without a number") for name in names)


def _refuse_other_currency(account: SourceAccount, stated: AccountStated | None) -> None:
    if stated and stated.currency and stated.currency != account.currency:
        raise CannotImport(
            _(
                "The statement is in %(theirs)s and this account is in %(ours)s."
                " Nothing was saved. Choose another file."
            )
            % {"theirs": cells.shown(stated.currency), "ours": account.currency}
        )


def _as_one(found: Sequence[Statement]) -> Statement:
    """Statements of several days as one; an id that stands in two of them is rejected.

    Raises UnreadableFile.
    """
    if len(found) == 1:
        return replace(found[0], account=None)
    if any(each.from_zero for each in found):
        counted = counted_on(found)
        if counted.refused:
            raise UnreadableFile(counted.refused)
        return replace(counted, account=None)
    rows, rejected = _each_once([row for each in found for row in each.rows])
    rejected += [bad for each in found for bad in each.rejected]
    totals = [each.totals_agree for each in found if each.totals_agree is not None]
    return Statement(
        rows=rows,
        rejected=sorted(rejected, key=lambda bad: bad.line),
        rejected_count=len(rejected),
        notes=tuple(note for each in found for note in each.notes),
        opening=found[0].opening,
        closing=found[-1].closing,
        derived=any(each.derived for each in found),
        held_out=tuple(held for each in found for held in each.held_out),
        totals_agree=all(totals) if totals else None,
        counts_entries=found[0].counts_entries,
    )


def _each_once(rows: Sequence[Line]) -> tuple[list[Line], list[Rejected]]:
    first: dict[str, Line] = {}
    again: list[Rejected] = []
    for row in rows:
        before = first.setdefault(row.transaction_id, row)
        if before is not row:
            reason = cells.twice(row.transaction_id, before.line)
            again.append(Rejected(row.line, reason, row.raw))
    return list(first.values()), again
