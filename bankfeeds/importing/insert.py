"""Rows into the table, several times as fast as by model objects; what is there stays as it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from django.db import connection

from bankfeeds.intake.shape import Line
from bankfeeds.models import BankTransaction

WRITTEN_AT_ONCE = 2_000
EACH = (
    "INSERT INTO bankfeeds_banktransaction (statement_id, line, transaction_id, date, description,"
    " amount, balance, transaction_type, account_id)"
    " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING"
)
# PostgreSQL takes whole columns at a time: one short statement instead of one for each row.
COLUMNS = (
    "INSERT INTO bankfeeds_banktransaction (account_id, statement_id, line, transaction_id, date,"
    " description, amount, balance, transaction_type)"
    " SELECT %s::bigint, * FROM unnest(%s::bigint[], %s::int[], %s::text[], %s::date[],"
    " %s::text[], %s::numeric[], %s::numeric[], %s::text[]) ON CONFLICT DO NOTHING"
)


def insert(account: int, rows: Iterable[tuple[int, Line]]) -> int:
    """How many were inserted; ids grow in the order given. The rest are on the account already.

    `rows`: each with the primary key of its statement.
    """
    inserted = 0
    values = values_of(rows)
    with connection.cursor() as cursor:
        while batch := list(islice(values, WRITTEN_AT_ONCE)):
            if connection.vendor == "postgresql":
                columns = [list(column) for column in zip(*batch, strict=True)]
                cursor.execute(COLUMNS, [account, *columns])
            else:
                cursor.executemany(EACH, [(*row, account) for row in batch])
            inserted += cursor.rowcount
    return inserted


def values_of(rows: Iterable[tuple[int, Line]]) -> Iterator[tuple[Any, ...]]:
    date, money = connection.ops.adapt_datefield_value, connection.ops.adapt_decimalfield_value
    field = BankTransaction._meta.get_field("amount")
    digits, places = field.max_digits, field.decimal_places
    for statement, row in rows:
        yield (
            statement,
            row.line,
            row.transaction_id,
            date(row.date),
            row.description,
            money(row.amount, digits, places),
            money(row.balance, digits, places),
            row.transaction_type,
        )
