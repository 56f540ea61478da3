"""What it costs to find the feeds that are due, with few schedules and with many.

    python -m tests.bench.due --accounts 1000 100000 --database postgres

In one database that grows: every account has a schedule that ran on the business day before, one
in ten waits for a file. `due`: a round of 50 accounts whose time has come, of all of them. `one`:
the same when a single one is left. `none`: nothing is due before the day's time, which is what the
sweep of an idle worker asks again and again. `done`: nothing is due, all have run. Medians, and
their ratios to the smallest database.
"""

from __future__ import annotations

import argparse
import datetime as dt
import itertools
import os
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from tests import databases as given

from . import databases

if TYPE_CHECKING:
    from bankfeeds.models import Connection

AT_ONCE = 5000
ROUND = 50
REPEATS = 15
DAY = dt.date(2026, 11, 18)  # a Wednesday without a holiday near it
EARLIER = [dt.date(2026, 11, day) for day in (13, 16, 17)]
BEFORE = EARLIER[-1]
PER_COMPANY = 3


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.due", description=__doc__)
    parser.add_argument("--accounts", type=int, nargs="+", default=[1000, 100_000])
    parser.add_argument("--database", choices=("sqlite", "postgres"), default="sqlite")
    options = parser.parse_args(arguments)
    with (
        tempfile.TemporaryDirectory(prefix="bench-due-") as folder,
        databases.seeded(options.database, folder=Path(folder)) as place,
    ):
        os.environ.update(given.KNOBS, DJANGO_SETTINGS_MODULE="portal.settings", DEBUG="off")
        os.environ["DATABASE_URL"] = place.url
        import django
        from django.core.management import call_command

        django.setup()
        call_command("migrate", verbosity=0)
        _measure(sorted(options.accounts))
    return 0


def _measure(sizes: Sequence[int]) -> None:
    from django.db import connection

    made, first = 0, None
    for size in sizes:
        _grow(size - made)
        made = size
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        found = {name: _milliseconds(left, ask) for name, (left, ask) in _clocks().items()}
        first = first or found
        told = "  ".join(
            f"{name} {ms:8.2f} ms ({ms / first[name]:.2f})" for name, ms in found.items()
        )
        per = found["due"] / ROUND
        sys.stdout.write(
            f"{connection.vendor} {size:>7} schedules  {told}  {per:.3f} ms per due account\n"
        )
        _forget_today()
    connection.close()


def _clocks() -> dict[str, tuple[int | None, Callable[[], None]]]:
    """How many feeds have not run yet (None: all of them), and what is asked; in this order."""
    from bankfeeds.feeds import due

    def asked(at: dt.time, expected: int) -> Callable[[], None]:
        now = dt.datetime.combine(DAY, at, _zone())

        def ask() -> None:
            assert len(due.some_due(now, limit=ROUND)) == expected
            assert due.something_is_due(now) is bool(expected)

        return ask

    noon, night = dt.time(12), dt.time(3)
    return {
        "none": (None, asked(night, 0)),
        "due": (None, asked(noon, ROUND)),
        "one": (1, asked(noon, 1)),
        "done": (0, asked(noon, 0)),
    }


def _milliseconds(left: int | None, run: Callable[[], None]) -> float:
    if left is not None:
        _run_all_but(left)
    run()
    taken = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        run()
        taken.append((time.perf_counter() - began) * 1000)
    return median(taken)


def _zone() -> dt.tzinfo:
    from django.utils import timezone

    return timezone.get_default_timezone()


def _grow(count: int) -> None:
    from bankfeeds.models import FeedRun, FeedSchedule, SourceAccount
    from tests import support

    now = dt.datetime.combine(BEFORE, dt.time(6, 5), _zone())
    template = support.make_account(status_as_of=now)
    own = {"id", "idempotency_key", "company_id", "connection_id"}  # made anew for each
    names = {each.attname for each in SourceAccount._meta.concrete_fields} - own
    values = {name: getattr(template, name) for name in names}
    template.delete()
    numbers = itertools.count(1)
    for start in range(0, count, AT_ONCE):
        ties = _ties(min(AT_ONCE, count - start) // PER_COMPANY + 1)
        accounts = SourceAccount.objects.bulk_create(
            SourceAccount(
                **{**values, "account_id": f"acc-{uuid.uuid4()}", "number_hash": uuid.uuid4().hex},
                connection=ties[number // PER_COMPANY],
                company=ties[number // PER_COMPANY].company,
            )
            for number in range(min(AT_ONCE, count - start))
        )
        FeedSchedule.objects.bulk_create(
            FeedSchedule(
                account=account,
                is_on=True,
                trigger="daily" if next(numbers) % 10 else "file",
                changed_at=now - dt.timedelta(days=30),
                changed_by="bench",
            )
            for account in accounts
        )
        for day in EARLIER:
            _write_down([account.pk for account in accounts], day)
    assert FeedRun.objects.filter(day=BEFORE).count() == FeedSchedule.objects.count()


def _ties(count: int) -> list[Connection]:
    from bankfeeds.models import Company, Connection, Intent

    now = dt.datetime.combine(BEFORE, dt.time(6, 5), _zone())
    companies = Company.objects.bulk_create(
        Company(
            name="Bench", codat_name="Bench", folded_name="bench",
            description=f"mark-{uuid.uuid4()}", country="US", codat_id=uuid.uuid4(),
            intent=Intent.DONE, requested_at=now,
        )
        for _ in range(count)
    )  # fmt: skip
    return Connection.objects.bulk_create(
        Connection(company=company, codat_id=uuid.uuid4(), intent=Intent.DONE, requested_at=now)
        for company in companies
    )


def _run_all_but(left: int) -> None:
    from bankfeeds.models import FeedSchedule

    waiting = FeedSchedule.objects.filter(newest_day__lt=DAY).order_by("pk")
    _write_down(list(waiting.values_list("pk", flat=True))[left:], DAY)


def _write_down(accounts: Sequence[int], day: dt.date) -> None:
    from bankfeeds.models import FeedRun

    now = dt.datetime.combine(day, dt.time(6, 5), _zone())
    for start in range(0, len(accounts), AT_ONCE):
        some = accounts[start : start + AT_ONCE]
        FeedRun.objects.bulk_create(
            FeedRun(account_id=pk, day=day, ran_at=now, outcome="nothing") for pk in some
        )


def _forget_today() -> None:
    from bankfeeds.models import FeedRun, FeedSchedule

    FeedRun.objects.filter(day=DAY).delete()
    FeedSchedule.objects.filter(newest_day=DAY).update(newest_day=BEFORE)


if __name__ == "__main__":
    sys.exit(main())
