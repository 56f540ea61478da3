"""What is kept of a long upload, into its row piece by piece, so that we never hold it whole.

SQLite does, while it writes the row: of a million transactions some 16 MB, twice.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import partial
from typing import IO, Any

from django.db import connection

from bankfeeds.models import Statement

PIECE = 65_536
ROOM = "UPDATE bankfeeds_statement SET content = zeroblob(%s) WHERE id = %s"
TABLE = "CREATE TEMPORARY TABLE packed (number integer, piece bytea)"
JOIN = (
    "UPDATE bankfeeds_statement SET content ="
    " (SELECT string_agg(piece, ''::bytea ORDER BY number) FROM packed) WHERE id = %s"
)


def fill(upload: Statement, packed: IO[bytes]) -> None:
    """`packed`: all that is kept of it, not empty."""
    size = packed.seek(0, os.SEEK_END)
    packed.seek(0)
    pieces = iter(partial(packed.read, PIECE), b"")
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            _join(cursor, upload, pieces)
        else:
            cursor.execute(ROOM, [size, upload.pk])
            driver: Any = connection.connection
            with driver.blobopen("bankfeeds_statement", "content", upload.pk) as blob:
                for piece in pieces:
                    blob.write(piece)


def _join(cursor: Any, upload: Statement, pieces: Iterator[bytes]) -> None:
    cursor.execute(TABLE)
    for number, piece in enumerate(pieces):
        cursor.execute("INSERT INTO packed VALUES (%s, %s)", [number, piece])
    cursor.execute(JOIN, [upload.pk])
    cursor.execute("DROP TABLE packed")
