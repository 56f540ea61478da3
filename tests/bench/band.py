"""What the band above every page asks: the first day on which a row would be lost.

    python -m tests.bench.band --rows 10000 1000000 --database postgres

In one database that grows: every account has as many rows, of the last seven days up to today, all
of them sent and accepted. `sent`: no row waits, which is the longest search. `one`: a row of today
waits on one account. Medians, and their ratios to the smallest database.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from tests import databases as given

from . import databases

REPEATS = 5
DAYS = 7
ROWS_OF_ANOTHER = """
INSERT INTO bankfeeds_banktransaction (account_id, statement_id, line, transaction_id, date,
    description, amount, balance, transaction_type)
SELECT a.id, t.statement_id, t.line, t.transaction_id, t.date, t.description, t.amount, t.balance,
    t.transaction_type
FROM bankfeeds_banktransaction t, bankfeeds_sourceaccount a
WHERE t.account_id = %s AND a.id <> t.account_id AND t.line >= %s
"""
ITEMS = """
INSERT INTO bankfeeds_pushitem
    (push_id, connection_id, transaction_id, position, released, findings)
SELECT p.id, p.connection_id, t.id, t.line, %s, '[]'
FROM bankfeeds_banktransaction t JOIN bankfeeds_push p ON p.account_id = t.account_id
WHERE t.line >= %s
"""


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.band", description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000, 1_000_000])
    parser.add_argument("--accounts", type=int, default=1000)
    parser.add_argument("--database", choices=("sqlite", "postgres"), default="sqlite")
    options = parser.parse_args(arguments)
    with (
        tempfile.TemporaryDirectory(prefix="bench-band-") as folder,
        databases.seeded(options.database, folder=Path(folder)) as place,
    ):
        os.environ.update(given.KNOBS, DJANGO_SETTINGS_MODULE="portal.settings", DEBUG="off")
        os.environ["DATABASE_URL"] = place.url
        import django
        from django.core.management import call_command

        django.setup()
        call_command("migrate", verbosity=0)
        _measure(sorted(options.rows), options.accounts)
    return 0


def _measure(sizes: Sequence[int], accounts: int) -> None:
    from django.db import connection

    template, made = _accounts(accounts), 0
    first: dict[str, float] = {}
    for size in sizes:
        _grow(template, made, size // accounts)
        made = size // accounts
        found = {"sent": _milliseconds(None), "one": _one_waits(template)}
        first = first or found
        told = "  ".join(
            f"{name} {ms:8.2f} ms ({ms / first[name]:.2f})" for name, ms in found.items()
        )
        sys.stdout.write(f"{connection.vendor} {made * accounts:>8} rows  {told}\n")
        sys.stdout.flush()
    connection.close()


def _accounts(count: int) -> int:
    """Accounts with a push that was accepted today; the primary key of the first."""
    from bankfeeds.models import Push
    from tests import support

    tie, today = support.make_connection(), support.today()
    accounts = [support.make_account(tie, feed_start_date=None) for _ in range(count)]
    likeness = support.make_push(accounts[0], status="succeeded")
    names = {each.attname for each in Push._meta.concrete_fields}
    values = {name: getattr(likeness, name) for name in names - {"id", "idempotency_key"}}
    values |= {"first_date": today - (DAYS - 1) * dt.timedelta(days=1), "last_date": today}
    Push.objects.bulk_create(Push(**{**values, "account_id": row.pk}) for row in accounts[1:])
    return accounts[0].pk


def _grow(template: int, there: int, wanted: int) -> None:
    """Every account has `wanted` rows in its push; `there`: how many it has."""
    from django.db import connection

    from bankfeeds.models import BankTransaction
    from tests import support

    likeness = BankTransaction.objects.filter(account=template).order_by("pk").first()
    assert likeness
    begun, today = there + 100, support.today()
    BankTransaction.objects.bulk_create(
        BankTransaction(
            account_id=template,
            statement_id=likeness.statement_id,
            line=line,
            transaction_id=f"row-{line}",
            date=today - dt.timedelta(days=line % DAYS),
            description="Row",
            amount=1,
            balance=1,
        )
        for line in range(begun, wanted + 100)
    )
    with connection.cursor() as cursor:
        cursor.execute(ROWS_OF_ANOTHER, [template, begun])
        cursor.execute(ITEMS, [False, begun])
        cursor.execute("ANALYZE")


def _one_waits(template: int) -> float:
    from bankfeeds.models import SourceAccount
    from tests import support

    rows = support.make_transactions(SourceAccount.objects.get(pk=template), ["1.00"])
    taken = _milliseconds(support.today())
    rows[0].delete()
    return taken


def _milliseconds(expected: dt.date | None) -> float:
    from bankfeeds import ageing
    from tests import support

    taken = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        assert ageing.first_waiting(today=support.today()) == expected
        taken.append((time.perf_counter() - began) * 1000)
    return median(taken)


if __name__ == "__main__":
    sys.exit(main())
