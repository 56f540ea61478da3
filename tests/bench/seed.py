"""Makes a database with frozen pushes that wait: confirmed as a person's are, held by their time.

A process of its own, since Django takes one database: python -m tests.bench.seed --world FILE …
Prints one line of JSON: pushes, transactions, bytes of all bodies.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import sys
from pathlib import Path

import django

HELD_UNTIL = dt.datetime(2099, 1, 1, tzinfo=dt.UTC)
AT_ONCE = 50  # accounts; their rows are in memory while they are confirmed


def seed(*, accounts: int, transactions: int, per_company: int, world: Path) -> dict[str, int]:
    """`per_company` accounts on each connection; the stand-in reads `world`."""
    from django.core.management import call_command
    from django.db import transaction
    from django.utils import timezone
    from django_q.models import OrmQ

    from bankfeeds import pushing
    from bankfeeds.models import Actor, Push, PushBody, SourceAccount
    from tests import support

    call_command("migrate", verbosity=0)
    made: list[SourceAccount] = []
    for start in range(0, accounts, AT_ONCE):
        with transaction.atomic():
            batch = []
            for number in range(start, min(start + AT_ONCE, accounts)):
                last = made[-1] if number % per_company else None
                account = support.make_account(last.connection if last else None)
                _add_rows(account, number, transactions)
                made.append(account)
                batch.append(account)
            now = timezone.now()
            by = Actor.command("bench")
            pushing.confirm(batch, fingerprint=None, form_key=f"bench-{start}", by=by, now=now)
            Push.objects.filter(next_attempt_at=None).update(next_attempt_at=HELD_UNTIL)
    # Rung once the clock runs.
    OrmQ.objects.all().delete()
    with world.open("w") as file:
        file.writelines(f"{each.connection.codat_id} {each.account_id}\n" for each in made)
    sizes = [len(body.content) for body in PushBody.objects.iterator()]
    rows = sum(Push.objects.values_list("rows", flat=True))
    return {"pushes": len(sizes), "transactions": rows, "bytes": sum(sizes)}


def _add_rows(account: object, number: int, count: int) -> None:
    from bankfeeds.models import BankTransaction, SourceAccount
    from tests import support

    from .rows import rows_of

    assert isinstance(account, SourceAccount)
    statement = support.make_statement(account, rows_saved=count)
    BankTransaction.objects.bulk_create(
        BankTransaction(
            account=account,
            statement=statement,
            line=line,
            transaction_id=row.id,
            date=row.date,
            description=row.description,
            amount=row.amount,
            balance=row.balance,
            transaction_type=row.type,
        )
        for line, row in enumerate(rows_of(number, count=count, day=support.today()), start=2)
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accounts", type=int, required=True)
    parser.add_argument("--transactions", type=int, required=True)
    parser.add_argument("--per-company", type=int, default=1)
    parser.add_argument("--world", type=Path, required=True)
    django.setup()
    made = seed(**vars(parser.parse_args()))
    sys.stdout.write(json.dumps(made) + "\n")


if __name__ == "__main__":
    main()
