"""What a list is as a table: its name, its columns, and what must be known of a portion of rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from .cells import Value


@dataclass(frozen=True)
class Column:
    """`value`: of one row. `is_moment`: the header names the zone in which times are told."""

    header: str | Promise
    value: Callable[[Any], Value]
    is_moment: bool = False


def _as_they_are(rows: Sequence[Any]) -> None:
    """Nothing further is to be known of them."""


@dataclass(frozen=True)
class Sheet:
    """`name`: of the file, in letters that every system takes. `title`: as staff call the list.

    `prepare`: puts on a portion of rows what their columns need, with as many questions to the
    database for many rows as for one.
    """

    name: str
    title: str | Promise
    columns: Sequence[Column]
    prepare: Callable[[Sequence[Any]], None] = _as_they_are

    def header(self) -> list[str]:
        return [
            moment_header(column.header) if column.is_moment else str(column.header)
            for column in self.columns
        ]


def moment_header(header: str | Promise) -> str:
    """`Confirmed (America/Toronto)`."""
    name = timezone.get_current_timezone_name()
    return _("%(column)s (%(zone)s)") % {"column": header, "zone": name}
