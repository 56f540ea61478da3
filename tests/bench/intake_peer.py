"""One load of a file in a process of its own: raw, or as the portal's command does it.

python -m tests.bench.intake_peer {seed,raw,ours} --file FILE; one line of JSON. Its clock begins
with Django and the connection ready. What is stored is compared with the file afterwards.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import sys
import time
from collections.abc import Iterator
from decimal import Decimal
from itertools import islice, zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any

import django

if TYPE_CHECKING:
    from bankfeeds.models import SourceAccount

AT_ONCE = 5_000
FIELDS = ("line", "transaction_id", "date", "description", "amount", "balance", "transaction_type")
INTO = (
    "bankfeeds_banktransaction (account_id, statement_id, line, transaction_id, date, description,"
    " amount, balance, transaction_type)"
)
EACH = f"INSERT INTO {INTO} VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("seed", "raw", "ours"))
    parser.add_argument("--file", type=Path)
    options = parser.parse_args()
    django.setup()
    made = _seed() if options.what == "seed" else _timed(options.what, options.file)
    sys.stdout.write(json.dumps(made) + "\n")


def _seed() -> dict[str, Any]:
    from django.core.management import call_command

    from tests import support

    call_command("migrate", verbosity=0)
    return {"account": support.make_account().pk}


def _timed(what: str, file: Path) -> dict[str, Any]:
    from django.db import connection

    from bankfeeds.management.commands import import_transactions  # noqa: F401
    from bankfeeds.models import SourceAccount

    account = SourceAccount.objects.select_related("company").get()
    began, cpu = time.perf_counter(), time.process_time()
    {"raw": _raw, "ours": _ours}[what](account, file)
    made = {
        "seconds": time.perf_counter() - began,
        "cpu": time.process_time() - cpu,
        "memory": _peak(),
    }
    stored, differing = _compared(file)
    connection.close()
    return {**made, "rows": stored, "differing": differing}


def _ours(account: SourceAccount, file: Path) -> None:
    from django.core.management import call_command

    call_command(
        "import_transactions",
        *(str(file), "--company", str(account.company.codat_id), "--account", account.account_id),
        stdout=io.StringIO(),
    )


def _raw(account: SourceAccount, file: Path) -> None:
    """No check of anything: csv, and the driver as fast as it goes, in one transaction."""
    from django.db import connection, transaction

    from tests import support

    statement = support.make_statement(account)
    with file.open(newline="") as lines, transaction.atomic():
        rows = _values(lines, account.pk, statement.pk)
        driver: Any = connection.connection
        if connection.vendor == "postgresql":
            with driver.cursor() as cursor, cursor.copy(f"COPY {INTO} FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
            return
        while batch := list(islice(rows, AT_ONCE)):
            driver.executemany(EACH, batch)


def _values(lines: Any, account: int, statement: int) -> Iterator[tuple[Any, ...]]:
    reader = csv.reader(lines)
    next(reader)
    for line, row in enumerate(reader, start=2):
        yield (account, statement, line, *row)


def _peak() -> int:
    """Bytes of this process alone; what getrusage says begins with its parent's."""
    status = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM:"))


def _compared(file: Path) -> tuple[int, int]:
    """How many rows are stored, and how many are not what the file has in that place."""
    from bankfeeds.models import BankTransaction

    stored = BankTransaction.objects.order_by("pk").values_list(*FIELDS).iterator(AT_ONCE)
    count = differing = 0
    with file.open(newline="") as lines:
        for said, kept in zip_longest(_values(lines, 0, 0), stored):
            count += kept is not None
            differing += said is None or kept is None or _plain(said[2:]) != kept
    return count, differing


def _plain(said: tuple[Any, ...]) -> tuple[Any, ...]:
    import datetime as dt

    line, name, date, text, amount, balance, kind = said
    day = dt.date.fromisoformat(date)
    return line, name, day, text, Decimal(amount), Decimal(balance), kind


if __name__ == "__main__":
    main()
