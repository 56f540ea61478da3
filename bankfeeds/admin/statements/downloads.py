"""Files that the import pages hand out: a sample, and the bad rows of a file with reasons."""

from __future__ import annotations

import csv
import io
from pathlib import PurePath

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone

from bankfeeds import importing
from bankfeeds.admin import downloads
from bankfeeds.admin.parts import PortalAdmin, demand
from bankfeeds.admin.posted import actor
from bankfeeds.exporting import harmless
from bankfeeds.intake.mended import COLUMNS, file_mark

from .shown import statement


def bad_rows(admin: PortalAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """The bad rows with line and reason before the columns as they came; safe to open in Excel.

    Mended, they can be uploaded as they are: `intake.mended` reads them. They have whole account
    numbers: who only reads gets none, and that they were handed out is written down.
    """
    demand(request, "add_statement")
    kept = statement(pk)
    if kept is None:
        raise Http404
    by, now = actor(request), timezone.now()
    header, rejected = importing.hand_out_bad_rows(kept, by=by, now=now)
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([*COLUMNS, *map(harmless, header)])
    file = file_mark((kept.mends or kept).sha256)
    for bad in rejected:
        reason = importing.words_of(bad.reason)
        writer.writerow([bad.line, bad.code, harmless(reason), file, *map(harmless, bad.cells)])
    return _download(out.getvalue(), f"{PurePath(kept.file_name).stem}-bad-rows.csv")


def sample(admin: PortalAdmin, request: HttpRequest) -> HttpResponse:
    demand(request, "add_statement")
    today = timezone.localdate().isoformat()
    rows = (
        ("id", "date", "description", "amount", "balance", "type"),
        ("T-1001", today, "Customer payment", "1200.00", "6200.00", "Credit"),
        ("T-1002", today, "Coffee, two cups", "-7.50", "6192.50", "Debit"),
        ("T-1003", today, "Office rent", "-950.00", "5242.50", "Debit"),
    )
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return _download(out.getvalue(), "sample-transactions.csv")


def _download(text: str, name: str) -> HttpResponse:
    # The mark at the beginning tells Excel that it is UTF-8.
    return downloads.whole(name, f"\ufeff{text}")
