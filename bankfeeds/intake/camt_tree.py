"""camt.053 XML -> its statements as trees. DTDs and entities are refused, depth is bounded."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from xml.sax import SAXException
from xml.sax.handler import ContentHandler
from xml.sax.xmlreader import AttributesImpl, Locator

from defusedxml import sax
from defusedxml.common import DefusedXmlException

from . import pace
from .lines import refuse_what_is_no_text
from .shape import DECLARES, RAW_SHOWN, TOO_MANY_TAGS, Reason, UnreadableFile, gettext_noop

DEEPEST = 40
# An element costs more memory than its letters; in a statement it has at least so many.
SHORTEST, FEWEST = 8, 1_000
MESSAGE = re.compile(r"camt\.([0-9]{3})\.001\.([0-9]{2})")
VERSIONS = range(2, 9)
# What may stand in a statement; an entry whose name is broken must not vanish.
PARTS = {
    "Id", "ElctrncSeqNb", "LglSeqNb", "RptgSeq", "StmtPgntn", "RptgSrc", "CreDtTm", "FrToDt",
    "CpyDplctInd", "Acct", "RltdAcct", "Intrst", "Bal", "TxsSummry", "Ntry", "AddtlStmtInf",
}  # fmt: skip

NOT_CAMT = Reason(
    "camt-other",
    gettext_noop(
        "This XML is no account statement in camt.053.001.02 to camt.053.001.08; reports of a day"
        " that is not over (camt.052) and notices (camt.054) are not taken in."
    ),
)


@dataclass(slots=True)
class Node:
    """One element, by its name without a prefix."""

    name: str
    line: int
    currency: str = ""
    text: str = ""
    children: list[Node] = field(default_factory=list)

    def every(self, path: str) -> Iterator[Node]:
        """Those at a path such as `Acct/Id/IBAN`."""
        name, _slash, rest = path.partition("/")
        for child in self.children:
            if child.name == name:
                yield from child.every(rest) if rest else (child,)

    def one(self, *paths: str) -> Node | None:
        """The first that is there."""
        return next((found for path in paths for found in self.every(path)), None)

    def value(self, *paths: str) -> str:
        """Its text; empty when it is missing or holds other elements."""
        found = self.one(*paths)
        return found.text.strip() if found and not found.children else ""

    def words(self) -> Iterator[str]:
        """Every text below, account numbers of other people aside."""
        if self.name.endswith("Acct"):
            return
        if not self.children and self.text.strip():
            yield self.text.strip()
        for child in self.children:
            yield from child.words()

    @property
    def raw(self) -> str:
        return " ".join(" ".join(self.words()).split())[:RAW_SHOWN]


def statements(content: bytes) -> list[Node]:
    """Every `Stmt` of the file. Raises UnreadableFile."""
    refuse_what_is_no_text(content[:65_536])
    handler = _Handler(len(content))
    try:
        sax.parse(pace.Stream(content), handler, forbid_dtd=True)
    except DefusedXmlException:
        raise UnreadableFile(DECLARES) from None
    except (SAXException, ValueError, LookupError):
        raise damaged(handler.line) from None
    return handler.found


def damaged(line: int) -> UnreadableFile:
    reason = Reason(
        "damaged-xml",
        gettext_noop(
            "Line %(line)d is damaged, or the file ends there too early."
            " Have the file made or sent again."
        ),
        {"line": line},
    )
    return UnreadableFile(reason, line=line)


class _Handler(ContentHandler):
    def __init__(self, size: int) -> None:
        super().__init__()
        self.left = FEWEST + size // SHORTEST
        self.found: list[Node] = []
        self.open: list[Node] = []
        self.parts: list[str] = []
        self.locator: Locator | None = None

    @property
    def line(self) -> int:
        return max(1, (self.locator and self.locator.getLineNumber()) or 1)

    def setDocumentLocator(self, locator: Locator) -> None:  # noqa: N802
        self.locator = locator

    def startElement(self, name: str, attrs: AttributesImpl) -> None:  # noqa: N802
        if not self.open:
            _check_message(attrs)
        elif len(self.open) >= DEEPEST:
            raise UnreadableFile(
                Reason(
                    "too-deep",
                    gettext_noop(
                        "Line %(line)d is nested more than %(limit)d deep; this is no statement."
                    ),
                    {"line": self.line, "limit": DEEPEST},
                ),
                line=self.line,
            )
        self.left -= 1
        if self.left < 0:
            raise UnreadableFile(TOO_MANY_TAGS, line=self.line)
        node = Node(name.rpartition(":")[2], self.line, str(attrs.get("Ccy", "")))
        if self.open:
            self.open[-1].children.append(node)
            if self.open[-1].name == "Stmt" and node.name not in PARTS:
                raise damaged(node.line)
        self.open.append(node)
        self.parts = []

    def endElement(self, name: str) -> None:  # noqa: N802
        node = self.open.pop()
        node.text = "" if node.children else "".join(self.parts)
        if node.name == "Stmt" and self.open and self.open[-1].name == "BkToCstmrStmt":
            self.found.append(node)

    def characters(self, content: str) -> None:
        self.parts.append(content)


def _check_message(attrs: AttributesImpl) -> None:
    spaces: list[Any] = [value for name, value in attrs.items() if name.startswith("xmlns")]
    for match in map(MESSAGE.search, spaces):
        if match and match[1] == "053" and int(match[2]) in VERSIONS:
            return
    raise UnreadableFile(NOT_CAMT)
