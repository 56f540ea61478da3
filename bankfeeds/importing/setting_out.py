"""Rows of a long file set out in a table of this connection alone, and brought in by one statement:
nobody who wants to write waits while they are set out.

Money stands as `insert` would write it, so that what comes in is the same to the last digit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any

from django.db import connection

from bankfeeds.intake import pace
from bankfeeds.intake.shape import Line

from .insert import WRITTEN_AT_ONCE, values_of
from .staging import on_disk

COLUMNS = "statement_id, line, transaction_id, date, description, amount, balance, transaction_type"
TABLE = f"CREATE TEMPORARY TABLE set_out (place INTEGER PRIMARY KEY, {COLUMNS})"
TYPED = (
    "CREATE TEMPORARY TABLE set_out (place integer, statement_id bigint, line integer,"
    " transaction_id text, date date, description text, amount numeric, balance numeric,"
    " transaction_type text)"
)
EACH = "INSERT INTO set_out VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)"
# PostgreSQL takes whole columns at a time.
UNNEST = (
    "INSERT INTO set_out SELECT * FROM unnest(%s::int[], %s::bigint[], %s::int[], %s::text[],"
    " %s::date[], %s::text[], %s::numeric[], %s::numeric[], %s::text[])"
)
MOVE = (
    f"INSERT INTO bankfeeds_banktransaction (account_id, {COLUMNS})"  # noqa: S608
    f" SELECT %s, {COLUMNS} FROM set_out WHERE true ORDER BY place ON CONFLICT DO NOTHING"
)


@contextmanager
def set_out(rows: Sequence[tuple[int, Line]]) -> Iterator[None]:
    """`rows`: each with the primary key of its statement, in the order in which they happened."""
    with connection.cursor() as cursor, on_disk(cursor):
        cursor.execute(TYPED if connection.vendor == "postgresql" else TABLE)
        try:
            _fill(cursor, rows)
            yield
        finally:
            cursor.execute("DROP TABLE set_out")


def move_in(account: int) -> int:
    """How many came in; ids grow in their order. The rest are on the account already."""
    with connection.cursor() as cursor:
        cursor.execute(MOVE, [account])
        return int(cursor.rowcount)


def _fill(cursor: Any, rows: Sequence[tuple[int, Line]]) -> None:
    values = ((place, *each) for place, each in enumerate(values_of(rows)))
    done = 0
    while batch := list(islice(values, WRITTEN_AT_ONCE)):
        if connection.vendor == "postgresql":
            cursor.execute(UNNEST, [list(column) for column in zip(*batch, strict=True)])
        else:
            cursor.executemany(EACH, batch)
        done += len(batch)
        pace.at(done, len(rows))
