"""Which rows of a file come in, and in which order: all that can be found out before anybody who
wants to write has to wait for it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property

from django.conf import settings

from bankfeeds.intake import pace
from bankfeeds.intake.shape import Line
from bankfeeds.intake.shape import Statement as Stated
from bankfeeds.models import Statement

from . import stamps
from .placing import behind_new_ones
from .preview import mended_in
from .setting_out import set_out
from .sorting import Sorting, in_order, sort_out


@dataclass(frozen=True)
class Plan:
    """`rows`: of the file, oldest first. `behind`: see `placing`.

    `mended`: lines that are of the upload itself; of one that mends another, the rest are of that.
    `stamp`: of what was here. `is_set_out`: the new ones lie ready, see `setting_out`.
    """

    sorting: Sorting
    rows: Sequence[Line]
    behind: Sequence[Sequence[Line]]
    mended: Collection[int]
    stamp: str = ""
    is_set_out: bool = False

    @cached_property
    def fresh(self) -> set[int]:
        return {row.line for row in self.sorting.new}

    def owner(self, row: Line, statement: Statement) -> int:
        """The primary key of the statement with which it comes in."""
        is_of_first = row.line not in self.mended
        return (is_of_first and statement.mends_id) or statement.pk

    def new_ones(self, statement: Statement) -> list[tuple[int, Line]]:
        return [(self.owner(row, statement), row) for row in self.rows if row.line in self.fresh]


def planned(rows: Sequence[Line], sorting: Sorting, *, mended: Collection[int] = ()) -> Plan:
    ordered = in_order(rows, sorting).rows
    fresh = {row.line for row in sorting.new}
    return Plan(sorting, ordered, behind_new_ones(ordered, fresh), mended)


@contextmanager
def set_out_ahead(statement: Statement, parsed: Stated) -> Iterator[Plan | None]:
    """Of a long file, while nobody has to wait; None for a short one, which is planned at once."""
    if len(parsed.rows) <= settings.IMPORT_AT_ONCE_ROWS:
        yield None
        return
    stamp = stamps.of_what_is_here(statement.account)
    with pace.part(1, 4):
        plan = _plan(statement, parsed)
    with pace.part(2, 4), set_out(plan.new_ones(statement)):
        yield replace(plan, stamp=stamp, is_set_out=True)


def holding(plan: Plan | None, statement: Statement, parsed: Stated) -> Plan:
    """The plan that was made ahead if nothing has changed since; else another. The account is
    locked."""
    if plan is not None and plan.stamp == stamps.of_what_is_here(statement.account):
        return plan
    return _plan(statement, parsed)


def _plan(statement: Statement, parsed: Stated) -> Plan:
    sorting = sort_out(statement.account, parsed)
    return planned(parsed.rows, sorting, mended=mended_in(statement).keys())
