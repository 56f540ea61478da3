"""`manage.py export`: the push history, transactions or the record as a CSV, as from the pages."""

from __future__ import annotations

import datetime as dt
import sys
import uuid
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from django.db.models import QuerySet
from django.utils import timezone

from bankfeeds import exporting
from bankfeeds.exporting import Sheet
from bankfeeds.management.entrance import PortalCommand
from bankfeeds.models import BankTransaction, Company, Event, Push

ONE_DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class Kind:
    """`when`: the column of the period; `company`: the column of the company."""

    sheet: Callable[[], Sheet]
    rows: Callable[[], QuerySet[Any]]
    when: str
    company: str


KINDS = {
    "pushes": Kind(
        exporting.pushes,
        lambda: exporting.readable_pushes(Push.objects.order_by("requested_at", "pk")),
        "requested_at",
        "company",
    ),
    "transactions": Kind(
        exporting.transactions,
        lambda: exporting.with_places(BankTransaction.objects.order_by("date", "pk")),
        "date",
        "account__company",
    ),
    "record": Kind(
        exporting.record,
        lambda: exporting.readable_events(Event.objects.order_by("at", "pk")),
        "at",
        "company",
    ),
}


class Command(PortalCommand):
    help = (
        "Write the push history, the transactions or the record of events to a CSV file, with the"
        " columns and words of the pages, oldest first. That it was taken out is recorded."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("what", choices=KINDS)
        parser.add_argument(
            "--from",
            dest="first",
            type=_day,
            metavar="DAY",
            help="first day, as 2026-11-20: of confirmation (pushes), of the rows"
            " (transactions), or of the event (record); days of the institution",
        )
        parser.add_argument("--to", dest="last", type=_day, metavar="DAY", help="last day")
        parser.add_argument("--company", type=_company_id, help="Codat's id of one company")
        parser.add_argument(
            "--out", required=True, metavar="FILE", help="a new file, or - for standard output"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        kind = KINDS[options["what"]]
        rows, chosen = _chosen(kind, options)
        counted = exporting.count(rows)
        if counted > exporting.MOST_ROWS:
            raise CommandError(
                f"These are more than {exporting.MOST_ROWS:,} rows, and a file takes no more."
                " Nothing was written. Choose a shorter period, and export it in parts."
            )
        self._write(kind, rows, out=options["out"], counted=counted, chosen=chosen)
        if options["out"] != "-":
            self.say(f"{options['out']}: {counted:,} rows.")
            self.answer({"file": options["out"], "rows": counted})

    def _write(
        self, kind: Kind, rows: QuerySet[Any], *, out: str, counted: int, chosen: str
    ) -> None:
        """Opened before it is written down: a file that cannot be made was not taken out."""
        try:
            file = sys.stdout.buffer if out == "-" else Path(out).open("xb")  # noqa: SIM115
        except FileExistsError:
            raise CommandError(
                f"{out} exists already. Nothing was written; name a new file."
            ) from None
        except OSError as error:
            raise CommandError(f"{out} cannot be written: {error.strerror}.") from None
        try:
            for part in exporting.export(
                rows,
                sheet=kind.sheet(),
                counted=counted,
                chosen=chosen,
                by=self.actor,
                now=timezone.now(),
            ):
                file.write(part)
            file.flush()
        finally:
            if out != "-":
                file.close()


def _chosen(kind: Kind, options: dict[str, Any]) -> tuple[QuerySet[Any], str]:
    """The rows, and in words which."""
    rows, said = kind.rows(), []
    first, last = options["first"], options["last"]
    if first is not None:
        rows = rows.filter(**{f"{kind.when}__gte": _begin(kind, first)})
        said.append(f"from {first.isoformat()}")
    if last is not None:
        rows = rows.filter(**{f"{kind.when}__lt": _begin(kind, last + ONE_DAY)})
        said.append(f"to {last.isoformat()}")
    if options["company"] is not None:
        company = Company.objects.filter(codat_id=options["company"]).first()
        if company is None:
            raise CommandError(f"No company here has the Codat id {options['company']}.")
        rows = rows.filter(**{kind.company: company})
        said.append(f"company: {company.name}")
    return rows, ", ".join(said) or "everything"


def _begin(kind: Kind, day: dt.date) -> dt.date | dt.datetime:
    if kind.when == "date":
        return day
    return timezone.make_aware(dt.datetime.combine(day, dt.time.min))


def _day(text: str) -> dt.date:
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        day = dt.date.min
    if not 1900 <= day.year <= 9000:
        raise ArgumentTypeError("it is a day such as 2026-11-20")
    return day


def _company_id(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        raise ArgumentTypeError(
            "it is an id such as 3f2a9c1e-0000-4000-8000-000000000000"
        ) from None
