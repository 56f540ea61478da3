"""Empties the database after a transactional test: the only place that gets past the guards.

Django's own flush empties every table and then does all that follows a migrate; here only tables
that a test wrote to are emptied, and what is planted after a migrate stays. Where a test has
harmed that too, Django's flush does its whole work.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any, NamedTuple

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


# Looked at before the first test and after each: whoever changes them is noticed.
SUMS = (
    "(SELECT COUNT(*) FROM auth_group)",
    "(SELECT SUM(id) FROM auth_group)",
    "(SELECT COUNT(*) FROM auth_permission)",
    "(SELECT COUNT(*) FROM django_content_type)",
    "(SELECT COUNT(*) FROM auth_group_permissions)",
    "(SELECT SUM(group_id * 1000 + permission_id) FROM auth_group_permissions)",
)
STANDING = {
    "sqlite": "(SELECT COUNT(*) FROM sqlite_master WHERE type = 'trigger')",
    "postgresql": "(SELECT COUNT(*) FROM pg_trigger WHERE NOT tgisinternal)",
}


class State(NamedTuple):
    """What the tables hold, asked for in one go."""

    planted: tuple[int, ...]
    dirty: list[str]  # tables with rows in them, beside those of what is planted


def install() -> None:
    """Take the place of the flush after a transactional test."""
    case: Any = TransactionTestCase  # the hook is Django's own and has no types
    flush = case._fixture_teardown

    @functools.wraps(flush)
    def emptied(self: TransactionTestCase) -> None:
        state = _state()
        if state.planted == _planted_at_first():
            empty(state.dirty)
            return
        with guards.lifted():
            flush(self)
        # It plants anew, under new ids: these are what later tests must leave behind.
        remember()

    case._fixture_teardown = emptied


def remember() -> None:
    """Keep in mind what is planted; called before the first test and after a flush."""
    _planted_at_first.cache_clear()
    assert guards.missing() == []
    _planted_at_first()


def empty(dirty: Sequence[str]) -> None:
    """Delete every row of these tables, and nothing but rows: numbers go on growing."""
    if not dirty:
        return
    if connection.vendor == "postgresql":
        _empty_on_postgresql(dirty)
    else:
        _empty_on_sqlite(dirty)


def _empty_on_postgresql(dirty: Sequence[str]) -> None:
    # Triggers, and with them foreign keys, rest for this transaction alone. Locked first, so that
    # what another thread has not committed yet is waited for. TRUNCATE takes ten times as long.
    statements = [
        "SET LOCAL session_replication_role = replica",
        f"LOCK TABLE {', '.join(dirty)} IN EXCLUSIVE MODE",
        *(f"DELETE FROM {table}" for table in dirty),  # noqa: S608
    ]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("; ".join(statements))


def _empty_on_sqlite(dirty: Sequence[str]) -> None:
    guarded = [guard for guard in guards.GUARDS if guard.table in dirty and guard.event == "DELETE"]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("PRAGMA defer_foreign_keys = ON")
        for guard in guarded:
            cursor.execute(f"DROP TRIGGER {guard.name}")
        for table in dirty:
            cursor.execute(f"DELETE FROM {table}")  # noqa: S608
        for guard in guarded:
            cursor.execute(guards.sqlite_trigger(guard))


def _state() -> State:
    sums = [*SUMS, STANDING[connection.vendor]]
    exist = [f"EXISTS (SELECT 1 FROM {table})" for table in _tables()]  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join([*sums, *exist])}")
        row = cursor.fetchone()
    has_rows = zip(_tables(), row[len(sums) :], strict=True)
    return State(tuple(map(int, row[: len(sums)])), [table for table, some in has_rows if some])


@functools.cache
def _tables() -> tuple[str, ...]:
    models = apps.get_models(include_auto_created=True)
    return tuple(sorted({m._meta.db_table for m in models} - set(PLANTED)))


@functools.cache
def _planted_at_first() -> tuple[int, ...]:
    return _state().planted
