"""Many rows made, or changed one by one, in one go: one prepared statement, run for each row.

The model layer's ways (an object for each row, a CASE for each column, or a statement and a round
trip for each row) cost more than the call to Codat that is written down.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection, connections, models, transaction

# Columns to find the row by, columns to set.
Change = tuple[Mapping[str, Any], Mapping[str, Any]]


def update_each(model: type[models.Model], changes: Sequence[Change]) -> list[bool]:
    """Carry out the changes; for each, whether a row fitted. Inside a transaction."""
    done = [False] * len(changes)
    alike: dict[tuple[tuple[str, ...], tuple[str, ...]], list[int]] = {}
    for number, (where, what) in enumerate(changes):
        alike.setdefault((tuple(where), tuple(what)), []).append(number)
    for (where_names, what_names), numbers in alike.items():
        statement = _statement(model, where_names, what_names)
        values = _values(model, [changes[number] for number in numbers])
        for number, fitted in zip(numbers, _run(statement, values), strict=True):
            done[number] = fitted
    return done


def insert_each(model: type[models.Model], rows: Sequence[Mapping[str, Any]]) -> None:
    """Add rows; what they leave out has the default of its field. Makes no primary keys known."""
    if not rows:
        return
    fields = [field for field in model._meta.concrete_fields if not field.primary_key]
    quote = connection.ops.quote_name
    columns = ", ".join(quote(str(field.column)) for field in fields)
    marks = ", ".join(["%s"] * len(fields))
    statement = f"INSERT INTO {quote(model._meta.db_table)} ({columns}) VALUES ({marks})"  # noqa: S608
    there = _the_connection()
    ways = [
        (field.attname, field.get_db_prep_save)
        if field.attname in rows[0]
        else (None, field.get_db_prep_save(field.get_default(), there))
        for field in fields
    ]
    values: list[list[Any]] = [
        [way if name is None else way(row[name], there) for name, way in ways] for row in rows
    ]
    with connection.cursor() as cursor:
        cursor.executemany(statement, values)


def _run(statement: str, values: list[list[Any]]) -> list[bool]:
    """All at once; where not every row fitted, again one by one to learn which did."""
    with connection.cursor() as cursor:
        place = transaction.savepoint()
        cursor.executemany(statement, values)
        if cursor.rowcount == len(values):
            transaction.savepoint_commit(place)
            return [True] * len(values)
        transaction.savepoint_rollback(place)
        fitted = []
        for row in values:
            cursor.execute(statement, row)
            fitted.append(cursor.rowcount == 1)
    return fitted


def _statement(model: type[models.Model], where: Sequence[str], what: Sequence[str]) -> str:
    quote = connection.ops.quote_name
    meta = model._meta

    def column(name: str) -> str:
        return quote(str(meta.get_field(name).column))  # type: ignore[union-attr]

    sets = ", ".join(f"{column(name)} = %s" for name in what)
    # A condition of None cannot be prepared as "= NULL"; nobody needs one but `ended_at`.
    fits = " AND ".join(
        f"{column(name[:-6])} IS NULL" if name.endswith("__null") else f"{column(name)} = %s"
        for name in where
    )
    return f"UPDATE {quote(meta.db_table)} SET {sets} WHERE {fits}"  # noqa: S608


def _values(model: type[models.Model], changes: Sequence[Change]) -> list[list[Any]]:
    """Of changes of the same columns, in the order of the statement."""
    there, field = _the_connection(), model._meta.get_field
    where, what = changes[0]
    set_to: list[tuple[str, Any]] = [(n, field(n).get_db_prep_save) for n in what]  # type: ignore[union-attr]
    found_by: list[tuple[str, Any]] = [
        (n, field(n).get_db_prep_value)  # type: ignore[union-attr]
        for n in where
        if not n.endswith("__null")
    ]
    return [
        [
            *(way(what[name], there) for name, way in set_to),
            *(way(where[name], there) for name, way in found_by),
        ]
        for where, what in changes
    ]


def _the_connection() -> Any:
    """Itself: to look through the proxy for every value costs as much as the value."""
    return connections[DEFAULT_DB_ALIAS]
