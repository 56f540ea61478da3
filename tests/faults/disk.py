"""A disk without room, for workers of the matrix: told so by the file `disk.full` in their folder.

SQLite refuses by itself once it may add no page to its file. On PostgreSQL the case lets the
server answer what it answers when it cannot extend a file (SQLSTATE 53100).
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.db import DatabaseError, connection, transaction
from django.db.backends.signals import connection_created

FULL, MET = "disk.full", "disk.met"
# SQLite's own limit, and one below what the file has: it means "no page more".
NO_LIMIT, NO_MORE = 4294967294, 1
TABLES = ("bankfeeds_push", "bankfeeds_pushattempt", "bankfeeds_event")
SAYS_FULL = """
CREATE OR REPLACE FUNCTION disk_is_full() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; END
$$
"""


def watch(folder: Path) -> None:
    """In a worker: every connection obeys the order and writes down that it was refused."""

    def obey(connection: Any, **_: Any) -> None:
        told: dict[str, bool] = {}
        connection.execute_wrappers.append(functools.partial(_execute, folder, told))

    connection_created.connect(obey, weak=False)


def _execute(
    folder: Path,
    told: dict[str, bool],
    execute: Callable[..., Any],
    sql: str,
    params: Any,
    many: bool,  # noqa: FBT001
    context: dict[str, Any],
) -> Any:
    database = context["connection"]
    full = (folder / FULL).exists()
    if database.vendor == "sqlite" and told.get("full", False) != full:
        told["full"] = full
        pages = NO_MORE if full else NO_LIMIT
        database.connection.execute(f"PRAGMA max_page_count = {pages}")
    try:
        return execute(sql, params, many, context)
    except DatabaseError as error:
        if "is full" in str(error) or "No space left" in str(error):
            (folder / MET).touch()
        raise


@contextmanager
def full(folder: Path) -> Iterator[None]:
    """In the process of the case: workers can write nothing that needs room."""
    (folder / FULL).touch()
    if connection.vendor == "postgresql":
        _let_the_server_refuse()
    try:
        yield
    finally:
        (folder / FULL).unlink()
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("DROP FUNCTION disk_is_full CASCADE")


def _let_the_server_refuse() -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(SAYS_FULL)
        for table in TABLES:
            cursor.execute(
                f"CREATE TRIGGER disk_is_full BEFORE INSERT OR UPDATE ON {table} "
                "FOR EACH ROW EXECUTE FUNCTION disk_is_full()"
            )
