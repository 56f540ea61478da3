"""Triggers that keep history as it was written, on SQLite and on PostgreSQL.

Planted after every migrate and not by a migration: SQLite drops triggers without a word when a
table is rebuilt. A check proves that they stand.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import connections

PREFIX = "guard_"


@dataclass(frozen=True)
class Guard:
    """Refuse `event` on `table` when `condition` holds (OLD and NEW are the row; empty: always)."""

    table: str
    event: str  # UPDATE or DELETE
    words: str
    condition: str = ""

    @property
    def name(self) -> str:
        return f"{PREFIX}{self.table}_{self.event.lower()}"


def _insert_only(table: str) -> tuple[Guard, Guard]:
    words = f"{table} is insert-only"
    return Guard(table, "UPDATE", words), Guard(table, "DELETE", words)


def _differs(*columns: str) -> str:
    return " OR ".join(f"OLD.{c} IS DISTINCT FROM NEW.{c}" for c in columns)


PUSH_FROZEN = _differs(
    "company_id", "connection_id", "account_id", "requested_at", "requested_by", "body_sha256",
    "rows", "first_date", "last_date", "money_in", "money_out", "balance_after",
    "rules_in_force",
)  # fmt: skip
ATTEMPT_FROZEN = _differs(
    "push_id", "number", "fence", "idempotency_key", "body_sha256", "started_at"
)

DOUBT_FROZEN = _differs(
    "account_id", "statement_id", "kind", "line", "transaction_id", "date", "description",
    "amount", "balance", "transaction_type", "asked_at",
)  # fmt: skip

GUARDS: tuple[Guard, ...] = (
    *_insert_only("bankfeeds_event"),
    *_insert_only("bankfeeds_pushdecision"),
    *_insert_only("bankfeeds_pushbody"),
    *_insert_only("bankfeeds_pushmark"),
    *_insert_only("bankfeeds_markedrow"),
    *_insert_only("bankfeeds_note"),
    *_insert_only("bankfeeds_unclaimedwrite"),
    Guard(
        "bankfeeds_sendingstop",
        "UPDATE",
        "a stop is lifted once and never changed",
        "OLD.allowed_at IS NOT NULL OR "
        + _differs("account_id", "company_id", "stopped_at", "stopped_by", "reason"),
    ),
    Guard("bankfeeds_sendingstop", "DELETE", "stops are never deleted"),
    Guard(
        "bankfeeds_columnprofile",
        "UPDATE",
        "a version of a profile is retired once and never changed",
        "OLD.retired_at IS NOT NULL OR "
        + _differs("institution", "name", "version", "setup", "made_at", "made_by"),
    ),
    Guard("bankfeeds_columnprofile", "DELETE", "profiles are never deleted"),
    Guard(
        "bankfeeds_webhookmessage",
        "UPDATE",
        "a message stays as it came",
        _differs("webhook_id", "received_at", "sealed_body"),
    ),
    Guard("bankfeeds_webhookmessage", "DELETE", "messages are never deleted"),
    Guard(
        "bankfeeds_sender",
        "UPDATE",
        "a sender is revoked once and never changed",
        "(OLD.revoked_at IS NOT NULL AND OLD.revoked_at IS DISTINCT FROM NEW.revoked_at) OR "
        + _differs("name", "handle", "token_hash", "created_at", "created_by"),
    ),
    Guard("bankfeeds_sender", "DELETE", "senders are never deleted"),
    Guard(
        "bankfeeds_statement",
        "UPDATE",
        "the opening balance of a saved file never changes",
        "OLD.state <> 'previewed' AND ("
        + _differs("opening_balance", "opening_stated_by", "opening_stated_at")
        + ")",
    ),
    Guard(
        "bankfeeds_statement",
        "DELETE",
        "files that were saved are never deleted",
        "OLD.state <> 'previewed'",
    ),
    Guard(
        "bankfeeds_receivedfile",
        "UPDATE",
        "which file came never changes",
        _differs(
            "sender_id",
            "uploaded_by",
            "user_id",
            "account_id",
            "profile_id",
            "key",
            "batch_id",
            "sha256",
            "size",
            "received_at",
        ),
    ),
    Guard("bankfeeds_receivedfile", "DELETE", "received files are never deleted"),
    Guard(
        "bankfeeds_missingfile",
        "UPDATE",
        "a missing file ends once and never changes",
        "OLD.came_at IS NOT NULL OR OLD.given_up_at IS NOT NULL OR "
        + _differs("sender_id", "day", "due_at", "noted_at"),
    ),
    Guard("bankfeeds_missingfile", "DELETE", "missing files are never deleted"),
    Guard(
        "bankfeeds_foreignaccount",
        "UPDATE",
        "what is left out ends once and never changes",
        "OLD.ended_at IS NOT NULL OR "
        + _differs("sender_id", "number_hash", "last4", "reason", "made_at", "made_by"),
    ),
    Guard("bankfeeds_foreignaccount", "DELETE", "what is left out is never deleted"),
    Guard(
        "bankfeeds_doubt",
        "UPDATE",
        "a row is decided on once and never changed",
        "(OLD.answered_at IS NOT NULL AND ("
        + _differs("answer", "reason", "answered_at", "answered_by", "user_id")
        + f")) OR {DOUBT_FROZEN}",
    ),
    Guard("bankfeeds_doubt", "DELETE", "rows to decide are never deleted"),
    Guard(
        "bankfeeds_pushattempt",
        "UPDATE",
        "an attempt is closed once and never changed",
        f"OLD.ended_at IS NOT NULL OR {ATTEMPT_FROZEN}",
    ),
    Guard("bankfeeds_pushattempt", "DELETE", "attempts are never deleted"),
    Guard(
        "bankfeeds_pushitem",
        "UPDATE",
        "an item can only be released",
        "OLD.released OR "
        + _differs("push_id", "transaction_id", "position", "connection_id", "findings"),
    ),
    Guard("bankfeeds_pushitem", "DELETE", "items are never deleted"),
    Guard(
        "bankfeeds_push",
        "UPDATE",
        "what was confirmed or has ended never changes",
        "(OLD.status IN ('succeeded', 'failed', 'cancelled') AND OLD.status <> NEW.status)"
        f" OR {PUSH_FROZEN}",
    ),
    Guard("bankfeeds_push", "DELETE", "pushes are never deleted"),
)
TABLES = tuple(dict.fromkeys(g.table for g in GUARDS))


def plant(*, using: str = "default") -> None:
    """Put every guard in place; repeating it changes nothing."""
    with connections[using].cursor() as cursor:
        for statement in _planting(connections[using].vendor):
            cursor.execute(statement)


def uproot(*, using: str = "default") -> None:
    """Take every guard away. For the flush of test databases, and for nothing else."""
    vendor = connections[using].vendor
    with connections[using].cursor() as cursor:
        for name, table in _standing_by_name(using).items():
            on = "" if vendor == "sqlite" else f" ON {table}"
            cursor.execute(f"DROP TRIGGER {name}{on}")


def missing(*, using: str = "default") -> list[str]:
    """Names of the guards that do not stand."""
    standing = _standing_by_name(using)
    return sorted(name for name in _names(connections[using].vendor) if name not in standing)


@contextmanager
def lifted(*, using: str = "default") -> Iterator[None]:
    uproot(using=using)
    try:
        yield
    finally:
        plant(using=using)


def _names(vendor: str) -> list[str]:
    names = [guard.name for guard in GUARDS]
    if vendor == "postgresql":
        names += [f"{PREFIX}{table}_truncate" for table in TABLES]
    return names


def _standing_by_name(using: str) -> dict[str, str]:
    sqlite = connections[using].vendor == "sqlite"
    query = (
        "SELECT name, tbl_name FROM sqlite_master WHERE type = 'trigger'"
        if sqlite
        else "SELECT t.tgname, c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
        " WHERE NOT t.tgisinternal AND pg_table_is_visible(c.oid)"
    )
    with connections[using].cursor() as cursor:
        cursor.execute(query)
        return {name: table for name, table in cursor.fetchall() if name.startswith(PREFIX)}


def _planting(vendor: str) -> Iterator[str]:
    if vendor == "sqlite":
        # Dropped first, so that a changed guard replaces the old one.
        for guard in GUARDS:
            yield f"DROP TRIGGER IF EXISTS {guard.name}"
            yield sqlite_trigger(guard)
        return
    yield (
        "CREATE OR REPLACE FUNCTION bankfeeds_refuse() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = '23000';"
        " END $$"
    )
    for guard in GUARDS:
        when = f" WHEN ({guard.condition})" if guard.condition else ""
        yield (
            f"CREATE OR REPLACE TRIGGER {guard.name} BEFORE {guard.event} ON {guard.table}"
            f" FOR EACH ROW{when} EXECUTE FUNCTION bankfeeds_refuse('{guard.words}')"
        )
    for table in TABLES:
        yield (
            f"CREATE OR REPLACE TRIGGER {PREFIX}{table}_truncate BEFORE TRUNCATE ON {table}"
            f" FOR EACH STATEMENT EXECUTE FUNCTION bankfeeds_refuse('{table} is never emptied')"
        )


def sqlite_trigger(guard: Guard) -> str:
    """The statement that plants one guard on SQLite."""
    # SQLite 3.39 knows IS DISTINCT FROM; older ones spell it IS NOT.
    condition = guard.condition.replace("IS DISTINCT FROM", "IS NOT")
    when = f" WHEN {condition}" if condition else ""
    return (
        f"CREATE TRIGGER {guard.name} BEFORE {guard.event} ON {guard.table}{when}"
        f" BEGIN SELECT RAISE(ABORT, '{guard.words}'); END"
    )
