"""Which format a file has, from its content alone, and its statements."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from .bai import read_bai
from .camt import read_camt
from .delimited import PLACES, read_csv
from .json_batch import read_json
from .lines import refuse_what_is_no_text
from .mt940 import read_mt940
from .ofx import read_ofx
from .shape import KEPT_REJECTED, Reason, Statement, UnreadableFile, gettext_noop
from .tables import in_a_table
from .xlsx import as_csv

HEAD = 65_536
SNIFFED = 4_096
OFX = re.compile(r"OFXHEADER\s*[:=]|<OFX[\s>]", re.IGNORECASE)
CAMT = re.compile(r"camt\.05[0-9]\.001\.[0-9]{2}")
JSON = re.compile(r"[\[{]\s*(?:[\[{\"}\]]|\Z)")
MT940 = re.compile(r"(?:\{1:|:20:).*^:(?:25P?|28C?|60[FM]):", re.DOTALL | re.MULTILINE)
OTHER_XML = Reason(
    "markup-unknown",
    gettext_noop("This file is XML or HTML of a kind that is not read: OFX, QFX and camt.053 are."),
)


class Format(StrEnum):
    """Values are what people call the format."""

    CSV = "CSV"
    OFX = "OFX"
    BAI2 = "BAI2"
    CAMT = "camt.053"
    JSON = "JSON"
    MT940 = "MT940"
    XLSX = "Excel"


# Read by the rules of CSV; they name no account.
TABLES = (Format.CSV, Format.XLSX)


@dataclass(frozen=True)
class File:
    """Of a table one statement, which names no account; of the others one for each account."""

    format: Format
    statements: list[Statement]


def recognise(content: bytes) -> Format:
    """Raises UnreadableFile for what is no text, and for markup of another kind."""
    if _is_workbook(content):
        return Format.XLSX
    refuse_what_is_no_text(content[:HEAD])
    head = content[:SNIFFED].decode("latin-1").removeprefix("ï»¿").lstrip()
    if OFX.search(head) and head.startswith(("<", "OFX", "ofx")):
        return Format.OFX
    if CAMT.search(head) and head.startswith("<"):
        return Format.CAMT
    if MT940.match(head.replace("\r", "\n")):
        return Format.MT940
    if JSON.match(head):
        return Format.JSON
    if head.startswith("<"):
        raise UnreadableFile(OTHER_XML)
    return Format.BAI2 if head.startswith("01,") else Format.CSV


def in_columns(content: bytes) -> bytes:
    """What a column profile reads: of a workbook its sheet as CSV, of a text the text itself.

    Raises UnreadableFile.
    """
    return as_csv(content) if _is_workbook(content) else content


def _is_workbook(content: bytes) -> bool:
    return content.startswith(b"PK") and b"xl/workbook.xml" in content


def read(content: bytes, *, places: int = PLACES, keep_rejected: int = KEPT_REJECTED) -> File:
    """The whole file. `places`: decimals that the currency has. Raises UnreadableFile."""
    found = recognise(content)
    if found is Format.OFX:
        return File(found, read_ofx(content, places=places, keep_rejected=keep_rejected))
    if found is Format.BAI2:
        return File(found, read_bai(content, keep_rejected=keep_rejected))
    if found is Format.CAMT:
        return File(found, read_camt(content, places=places, keep_rejected=keep_rejected))
    if found is Format.JSON:
        return File(found, read_json(content, places=places, keep_rejected=keep_rejected))
    if found is Format.MT940:
        return File(found, read_mt940(content, places=places, keep_rejected=keep_rejected))
    table = as_csv(content) if found is Format.XLSX else content
    csv = read_csv(table, places=places, keep_rejected=keep_rejected)
    return File(found, [in_a_table(csv)])
