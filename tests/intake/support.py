"""Writes CSV files as institutions do, for the tests of the reader."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

HEADER = "id,date,description,amount,balance"
GOOD = "T1,2026-11-20,Coffee,-4.50,95.50"


def file_of(*rows: str, header: str = HEADER, end: str = "\n") -> bytes:
    """Lines as given, one by one."""
    return "".join(f"{line}{end}" for line in (header, *rows)).encode()


def written(rows: Iterable[Sequence[object]], *, header: str = HEADER) -> bytes:
    """Rows of values, with quotation marks where the csv module puts them."""
    out = io.StringIO()
    out.write(f"{header}\r\n")
    csv.writer(out).writerows(rows)
    return out.getvalue().encode()
