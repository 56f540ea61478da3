"""Lists as files: what staff see in a list, as CSV for a spreadsheet or for an auditor.

A `Sheet` says which columns; rows are read in portions, so that memory stays flat however long the
list. That a file was made is written down. Cells are harmless to whoever opens them.
"""

from __future__ import annotations

from .cells import Value, file_name, harmless
from .client_file import ClientFile, client_file, client_files, hand_out, starts
from .pre_flight import pre_flight
from .pushes import pushes
from .pushes import readable as readable_pushes
from .record import readable as readable_events
from .record import record
from .sheet import Column, Sheet
from .stream import MOST_ROWS, chunks, count, export, standing, taken_out
from .totals import Total, totals
from .transactions import status_of_push, transactions, with_places

__all__ = [
    "MOST_ROWS",
    "ClientFile",
    "Column",
    "Sheet",
    "Total",
    "Value",
    "chunks",
    "client_file",
    "client_files",
    "count",
    "export",
    "file_name",
    "hand_out",
    "harmless",
    "pre_flight",
    "pushes",
    "readable_events",
    "readable_pushes",
    "record",
    "standing",
    "starts",
    "status_of_push",
    "taken_out",
    "totals",
    "transactions",
    "with_places",
]
