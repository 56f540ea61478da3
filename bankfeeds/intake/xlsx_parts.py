"""An Excel workbook (.xlsx) -> its XML parts, inflated piece by piece and bounded."""

from __future__ import annotations

import io
import re
import struct
import zlib
from collections.abc import Iterator
from lzma import LZMAError
from typing import Any
from xml.sax import SAXException
from xml.sax.handler import ContentHandler
from zipfile import BadZipFile, ZipFile

from defusedxml.common import DefusedXmlException
from defusedxml.sax import make_parser

from . import pace
from .shape import DECLARES, Reason, UnreadableFile, gettext_noop

CHUNK = 65_536
# A list of transactions does not shrink to less than this part of itself.
TIMES, FEWEST = 30, 5_000_000
MOST_PARTS = 1_000
# Tables that openpyxl writes have at most two elements for three bytes of the zip; seven for ten
# are taken.
FEWEST_ELEMENTS = 100_000
LONGEST_TEXT = 40_000
# A cell is six deep; each open element is held.
DEEPEST = 100
BUILT_IN_DATES = {*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)}
NOT_OF_A_DATE = re.compile(r'"[^"]*"|\[[^\]]*\]|\\.|_.|\*.')

BOMB = Reason(
    "too-large-inflated",
    gettext_noop("This workbook holds far more than its size says. It is refused."),
)
DAMAGED = Reason(
    "damaged-xlsx",
    gettext_noop(
        "This file is no Excel workbook (.xlsx) that can be read: it is damaged or has a password."
        " Save it anew, or as “CSV UTF-8”, and try again."
    ),
)
FAULTS = (
    BadZipFile, SAXException, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError,
    ValueError, LookupError, OverflowError, LZMAError, struct.error,
)  # fmt: skip


class Parts:
    """The parts of one workbook; each reading counts against what the whole may hold."""

    def __init__(self, content: bytes) -> None:
        self.limit = self.left = FEWEST + TIMES * len(content)
        self._elements = FEWEST_ELEMENTS + len(content) * 7 // 10
        try:
            self._zip = ZipFile(io.BytesIO(content))
        except FAULTS:
            raise UnreadableFile(DAMAGED) from None
        found = self._zip.infolist()
        self.names = {each.filename for each in found}
        self._size = sum(each.file_size for each in found)
        if self._size > self.limit or len(found) > MOST_PARTS:
            raise UnreadableFile(BOMB)
        if len(self.names) < len(found):
            raise UnreadableFile(DAMAGED)

    def parse(self, name: str, handler: Handler) -> None:
        """Raises UnreadableFile; the handler too may."""
        handler.left = self._elements
        parser = make_parser()
        parser.forbid_dtd = True
        parser.setContentHandler(handler)
        try:
            for chunk in self._chunks(name):
                parser.feed(chunk)
            parser.close()
        except DefusedXmlException:
            raise UnreadableFile(DECLARES) from None
        except FAULTS:
            raise UnreadableFile(DAMAGED) from None
        self._elements = handler.left

    def _chunks(self, name: str) -> Iterator[bytes]:
        with self._zip.open(name) as stream:
            while chunk := stream.read(CHUNK):
                self.left -= len(chunk)
                if self.left < 0:
                    raise UnreadableFile(BOMB)
                pace.at(self.limit - self.left, self._size)
                yield chunk


class Handler(ContentHandler):
    """Elements by their name without a prefix; text is collected between `begin` and `taken`.

    `left`: how many elements it still takes.
    """

    def __init__(self) -> None:
        super().__init__()
        self.left = FEWEST_ELEMENTS
        self._depth = 0
        self._text: list[str] = []
        self._size = 0

    def startElement(self, name: str, attrs: Any) -> None:  # noqa: N802
        self.left -= 1
        if self.left < 0:
            raise UnreadableFile(BOMB)
        self._depth += 1
        if self._depth > DEEPEST:
            raise UnreadableFile(DAMAGED)
        # Hardly ever there, and there are many elements.
        self.begun(name.rpartition(":")[2] if ":" in name else name, attrs)

    def endElement(self, name: str) -> None:  # noqa: N802
        self._depth -= 1
        self.ended(name.rpartition(":")[2] if ":" in name else name)

    def characters(self, content: str) -> None:
        self._size += len(content)
        if self._size > LONGEST_TEXT:
            raise UnreadableFile(BOMB)
        self._text.append(content)

    def begin(self) -> None:
        self._text.clear()
        self._size = 0

    def taken(self) -> str:
        text = "".join(self._text)
        self._text.clear()
        self._size = 0
        return text

    def begun(self, name: str, attrs: Any) -> None:
        raise NotImplementedError

    def ended(self, name: str) -> None:
        raise NotImplementedError


class Workbook(Handler):
    """`sheets`: id of the relation, by the order of the tabs. `since_1904`: of its dates."""

    def __init__(self) -> None:
        super().__init__()
        self.sheets: list[str] = []
        self.since_1904 = False

    def begun(self, name: str, attrs: Any) -> None:
        if name == "sheet":
            self.sheets += [value for key, value in attrs.items() if key.endswith(":id")]
        elif name == "workbookPr":
            self.since_1904 = attrs.get("date1904", "0") in {"1", "true"}

    def ended(self, name: str) -> None:
        self.begin()


class Relations(Handler):
    """`targets`: by id, the name of the part."""

    def __init__(self) -> None:
        super().__init__()
        self.targets: dict[str, str] = {}

    def begun(self, name: str, attrs: Any) -> None:
        if name == "Relationship":
            target = attrs.get("Target", "")
            whole = target[1:] if target.startswith("/") else f"xl/{target}"
            self.targets[attrs.get("Id", "")] = whole

    def ended(self, name: str) -> None:
        self.begin()


class Styles(Handler):
    """`dates`: for each style of a cell, whether it shows a number as a date."""

    def __init__(self) -> None:
        super().__init__()
        self.dates: list[bool] = []
        self._formats: dict[str, str] = {}
        self._within = False

    def begun(self, name: str, attrs: Any) -> None:
        if name == "numFmt":
            self._formats[attrs.get("numFmtId", "")] = attrs.get("formatCode", "")
        elif name == "cellXfs":
            self._within = True
        elif name == "xf" and self._within:
            self.dates.append(self._is_date(attrs.get("numFmtId", "0")))

    def ended(self, name: str) -> None:
        self.begin()
        self._within = self._within and name != "cellXfs"

    def _is_date(self, number: str) -> bool:
        if number in self._formats:
            code = NOT_OF_A_DATE.sub("", self._formats[number]).lower()
            return "y" in code or "d" in code
        return number.isdecimal() and int(number) in BUILT_IN_DATES


class Strings(Handler):
    """`found`: the texts that cells point to; readings of Japanese above them left out."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self.found: list[str] = []
        self._most = most
        self._parts: list[str] = []
        self._aside = False

    def begun(self, name: str, attrs: Any) -> None:
        self.begin()
        self._aside = self._aside or name == "rPh"

    def ended(self, name: str) -> None:
        text = self.taken()
        if name == "t" and not self._aside:
            self._parts.append(text)
        elif name == "rPh":
            self._aside = False
        elif name == "si":
            self.found.append(whole := "".join(self._parts))
            self._parts.clear()
            if len(self.found) > self._most or len(whole) > LONGEST_TEXT:
                raise UnreadableFile(BOMB)
