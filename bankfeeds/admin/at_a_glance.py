"""Whether anything has to stand above the pages: one question, since nearly always nothing has.

Its text is the same for every page, and takes ten times as long to make as to be answered: so it
is made once in a process.
"""

from __future__ import annotations

import functools
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Count, QuerySet, Value

from bankfeeds.models import Doubt, Incident, MissingFile, Push, SendingStop


class Glance(NamedTuple):
    """How many there are of each."""

    # Pushes and rows of files that wait for a person.
    undecided: int = 0
    rows_to_decide: int = 0
    # What keeps everything from leaving.
    incidents: int = 0
    stops: int = 0
    missing_files: int = 0


def look() -> Glance:
    sql, given = _question(connection.vendor)
    with connection.cursor() as cursor:
        cursor.execute(sql, given)
        return Glance(**dict(cursor.fetchall()))


@functools.cache
def _question(vendor: str) -> tuple[str, tuple[Any, ...]]:
    rows: dict[str, QuerySet[Any]] = {
        "undecided": Push.objects.for_a_person(),
        "rows_to_decide": Doubt.objects.open(),
        "incidents": Incident.objects.open(),
        "stops": SendingStop.objects.of_everything(),
        "missing_files": MissingFile.objects.open(),
    }
    first, *more = (
        every.order_by().annotate(what=Value(name)).values("what").annotate(n=Count("pk"))
        for name, every in rows.items()
    )
    union = first.union(*more, all=True)
    sql, given = union.query.get_compiler(connection=connection).as_sql()
    return sql, tuple(given)
