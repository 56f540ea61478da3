"""Empties the database after a transactional test: the only place that gets past the guards.

Django's own flush empties every table and then does all that follows a migrate; here only tables
that a test wrote to are emptied, and what is planted after a migrate stays. Where a test has
harmed that too, Django's flush does its whole work.
"""

from __future__ import annotations

import functools
from typing import Any

from django.apps import apps
from django.db import connection, transaction
from django.test import TransactionTestCase

from bankfeeds import guards

# What `migrate` puts there, and no test changes for good.
PLANTED = (
    "auth_group",
    "auth_group_permissions",
    "auth_permission",
    "django_content_type",
)


def install() -> None:
    """Take the place of the flush after a transactional test."""
    case: Any = TransactionTestCase  # the hook is Django's own and has no types
    flush = case._fixture_teardown

    @functools.wraps(flush)
    def emptied(self: TransactionTestCase) -> None:
        if _planted() == _planted_at_first() and not guards.missing():
            empty()
            return
        with guards.lifted():
            flush(self)

    case._fixture_teardown = emptied


def remember() -> None:
    """What is planted in a fresh database; called before the first test."""
    _planted_at_first.cache_clear()
    _planted_at_first()


def empty() -> None:
    """Delete every row but what is planted, and nothing but rows: numbers go on growing."""
    dirty = _dirty()
    if not dirty:
        return
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # Triggers rest for this transaction alone.
            cursor.execute("SET LOCAL session_replication_role = replica")
            cursor.execute(f"TRUNCATE {', '.join(dirty)} CASCADE")
            return
        guarded = [guard for guard in guards.GUARDS if guard.table in dirty]
        for guard in guarded:
            cursor.execute(f"DROP TRIGGER {guard.name}")
        cursor.execute("PRAGMA defer_foreign_keys = ON")
        for table in dirty:
            cursor.execute(f"DELETE FROM {table}")  # noqa: S608
        for guard in guarded:
            cursor.execute(guards.sqlite_trigger(guard))


def _dirty() -> list[str]:
    asked = " UNION ALL ".join(
        f"SELECT '{table}' WHERE EXISTS (SELECT 1 FROM {table})"  # noqa: S608
        for table in _tables()
    )
    with connection.cursor() as cursor:
        cursor.execute(asked)
        return [table for (table,) in cursor.fetchall()]


@functools.cache
def _tables() -> tuple[str, ...]:
    models = apps.get_models(include_auto_created=True)
    return tuple(sorted({m._meta.db_table for m in models} - set(PLANTED)))


def _planted() -> tuple[Any, ...]:
    """A sum of what is planted: a test that changed it is noticed."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT COUNT(*) FROM auth_group), (SELECT SUM(id) FROM auth_group),"
            " (SELECT COUNT(*) FROM auth_permission), (SELECT COUNT(*) FROM django_content_type),"
            " (SELECT COUNT(*) FROM auth_group_permissions),"
            " (SELECT SUM(group_id * 1000 + permission_id) FROM auth_group_permissions)"
        )
        return tuple(map(int, cursor.fetchone()))


@functools.cache
def _planted_at_first() -> tuple[Any, ...]:
    return _planted()
