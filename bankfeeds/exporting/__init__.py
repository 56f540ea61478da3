"""Lists as files: what staff see in a list, as CSV for a spreadsheet or for an auditor.

A `Sheet` says which columns; rows are read in portions, so that memory stays flat however long the
list. That a file was made is written down. Cells are harmless to whoever opens them.
"""

from __future__ import annotations

from .cells import Value, file_name, harmless
from .client_file import ClientFile, client_file, client_files, hand_out, starts
from .pushes import pushes
from .record import record
from .sheet import Column, Sheet
from .stream import MOST_ROWS, chunks, count, export, taken_out
from .transactions import transactions, with_places

__all__ = [
    "MOST_ROWS",
    "ClientFile",
    "Column",
    "Sheet",
    "Value",
    "chunks",
    "client_file",
    "client_files",
    "count",
    "export",
    "file_name",
    "hand_out",
    "harmless",
    "pushes",
    "record",
    "starts",
    "taken_out",
    "transactions",
    "with_places",
]
