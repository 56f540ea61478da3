"""Files that the import pages hand out: a sample, and the bad rows of a file with reasons."""

from __future__ import annotations

import csv
import io
import re
from pathlib import PurePath

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone

from bankfeeds import importing

from .intake_shown import statement
from .parts import PortalAdmin, demand

NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")


def bad_rows(admin: PortalAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """The bad rows with line and reason before the columns as they came; safe to open in Excel."""
    demand(request, "view_statement")
    kept = statement(pk)
    if kept is None:
        raise Http404
    header, rejected = importing.bad_rows(kept)
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["line", "code", "reason", *map(harmless, header)])
    for bad in rejected:
        reason = importing.words_of(bad.reason)
        writer.writerow([bad.line, bad.code, harmless(reason), *map(harmless, bad.cells)])
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


def harmless(text: str) -> str:
    """A cell that no spreadsheet takes for a formula; plain numbers stay as they are."""
    if text[:1] in {"=", "+", "-", "@", "\t", "\r"} and not NUMBER.fullmatch(text):
        return f"'{text}"
    return text


def _download(text: str, name: str) -> HttpResponse:
    # The mark at the beginning tells Excel that it is UTF-8.
    response = HttpResponse(f"\ufeff{text}", content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = _attachment(name)
    return response


def _attachment(name: str) -> str:
    plain = (c if c.isascii() and (c.isalnum() or c in "-_. ") else "_" for c in name)
    return f'attachment; filename="{"".join(plain)}"'
