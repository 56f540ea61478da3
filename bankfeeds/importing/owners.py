"""A file of many accounts, read once: which account of ours each of its statements belongs to."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from bankfeeds import sealing, words
from bankfeeds.intake.apart import Apart
from bankfeeds.intake.recognise import TABLES, File, in_columns, read, recognise
from bankfeeds.intake.shape import AccountStated, Rejected, Statement
from bankfeeds.models import ColumnProfile, SourceAccount

from . import profiles
from .look import refuse_unfit
from .matching import PLACES, CannotImport, Mine, by_column, part_of, places, routing_fits


@dataclass(frozen=True)
class Named:
    """An account that the file names. `account` is None for one that has none here: `words` why.

    `statements`: which of the file's statements are its own, with how many `rows`. `bad`: lines
    that name none. `stranger`: the keyed hash of a number that no account here has, else "".
    """

    last4: str
    account: SourceAccount | None
    statements: tuple[int, ...]
    words: str = ""
    bad: tuple[Rejected, ...] = ()
    rows: int = 0
    stranger: str = ""


class NamesNoAccount(CannotImport):
    """A text in columns without one that names the account."""

    def __init__(self) -> None:
        super().__init__(
            _(
                "This file names no account, so nobody can tell whose it is. Make a column profile"
                " that knows its column of account numbers, say that files of this sender are of"
                " one account, or import it on a page."
            )
        )


class Whole:
    """A file that names its accounts. Raises UnreadableFile, NamesNoAccount, CannotImport.

    `profile`: by which it is read, if any.
    """

    def __init__(self, content: bytes, profile: ColumnProfile | None = None) -> None:
        self._content = content
        self._read: dict[int, File] = {}
        self.profile = profile or profiles.found_for(content)
        self._setup = profiles.of(self.profile)
        if self._setup is not None:
            if self._setup.account is None:
                raise NamesNoAccount
            self._apart = Apart(in_columns(content), self._setup)
            parts = self._apart.parts
            rows = [len(each.lines) for each in parts]
            bad = [tuple(each.bad) for each in parts]
            self.named = _named([each.stated for each in parts], rows, bad)
            return
        if recognise(content) in TABLES:
            raise NamesNoAccount
        file = self._file(PLACES["USD"])
        rows = [_rows(each) for each in file.statements]
        self.named = _named([each.account for each in file.statements], rows)

    def part(self, account: SourceAccount, named: Named) -> Mine:
        """What the file has of the account so `named`. Raises UnreadableFile, CannotImport."""
        if self._setup is not None:
            return by_column(account, self._setup, self._apart, named.statements)
        file = self._file(places(account))
        found = [file.statements[number] for number in named.statements]
        return part_of(account, file.format, found)

    def _file(self, decimals: int) -> File:
        if decimals not in self._read:
            self._read[decimals] = read(self._content, places=decimals, keep_rejected=sys.maxsize)
        return self._read[decimals]


def _rows(statement: Statement) -> int:
    return len(statement.rows) + statement.rejected_count + len(statement.held_out)


def _named(
    stated: Sequence[AccountStated | None],
    rows: Sequence[int],
    bad: Sequence[tuple[Rejected, ...]] = (),
) -> list[Named]:
    """In the file's order, each account once. `bad`: of each, lines that name no account."""
    candidates = _candidates(filter(None, stated))
    found: dict[tuple[int | None, str], Named] = {}
    for number, each in enumerate(stated):
        account, why = _owner(each, candidates)
        last4 = sealing.last4(each.number) if each else ""
        whose = sealing.number_hash(f"{each.number} {each.routing}") if each else ""
        key = (account.pk, "") if account else (None, whose)
        before = found.get(key, Named(last4, account, ()))
        found[key] = Named(
            last4,
            account,
            (*before.statements, number),
            why,
            bad[number] if bad else (),
            before.rows + rows[number],
            whose if each and _is_strange(each, candidates) else "",
        )
    return list(found.values())


def _candidates(stated: Iterable[AccountStated]) -> dict[str, list[SourceAccount]]:
    numbers = {sealing.normalised(each.number) for each in stated} - {""}
    hashes = [sealing.number_hash(number) for number in numbers]
    rows = SourceAccount.objects.select_related("company", "connection")
    rows = rows.defer("sealed_body", "connection__link_url").filter(number_hash__in=hashes)
    found: dict[str, list[SourceAccount]] = {}
    for row in rows.order_by("pk"):
        found.setdefault(row.number_hash, []).append(row)
    return found


def _is_strange(stated: AccountStated, candidates: dict[str, list[SourceAccount]]) -> bool:
    number = sealing.normalised(stated.number)
    return bool(number) and sealing.number_hash(number) not in candidates


def _owner(
    stated: AccountStated | None, candidates: dict[str, list[SourceAccount]]
) -> tuple[SourceAccount | None, str]:
    if stated is None or not sealing.normalised(stated.number):
        return None, _("The file does not say which account this is.")
    alike = candidates.get(sealing.number_hash(stated.number), [])
    mine = [row for row in alike if routing_fits(row, stated.routing)]
    fit, why = _fit(mine)
    if len(fit) == 1:
        return fit[0], ""
    if fit:
        names = ", ".join(f"{row.company}: {words.account(row)}" for row in fit)
        return None, _(
            "More than one account here has this number: %(names)s. Import it on a page."
        ) % {"names": names}
    if alike and not mine:
        return None, _("An account here has this number, but another routing number.")
    return None, why or _("No account here has this number.")


def _fit(rows: Sequence[SourceAccount]) -> tuple[list[SourceAccount], str]:
    """Those that can take a file in, and why the last of the others cannot."""
    fit, why = [], ""
    for row in rows:
        try:
            refuse_unfit(row)
        except CannotImport as unfit:
            why = str(unfit)
        else:
            fit.append(row)
    return fit, why
