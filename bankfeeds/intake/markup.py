"""OFX markup -> a tree of the aggregates, SGML without end tags and XML alike; bounded.

In OFX 1 a value ends where the next tag begins and only aggregates have end tags, so that an empty
tag may be either: the names of values are listed.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from . import pace
from .shape import TOO_MANY_TAGS, Reason, UnreadableFile, gettext_noop

DEEPEST = 40
# An aggregate costs more memory than its letters; in a statement it has at least so many.
SHORTEST, FEWEST = 30, 1_000
NAME = re.compile(r"(/?)([A-Za-z][A-Za-z0-9._]*)(?:\s[^<>]*)?(/?)")
# Values of the statement subset that some institutions leave empty.
VALUES = {
    "ACCTID", "ACCTKEY", "ACCTTYPE", "BALAMT", "BANKID", "BRANCHID", "CHECKNUM", "CODE",
    "CORRECTACTION", "CORRECTFITID", "CURDEF", "CURRATE", "CURSYM", "DTASOF", "DTAVAIL", "DTEND",
    "DTPOSTED", "DTSERVER", "DTSTART", "DTUSER", "EXTDNAME", "FID", "FITID", "INTU.BID",
    "INTU.ORG", "INTU.USERID", "LANGUAGE", "MEMO", "MESSAGE", "MKTGINFO", "NAME", "ORG",
    "PAYEEID", "REFNUM", "SEVERITY", "SIC", "SRVRTID", "TRNAMT", "TRNTYPE", "TRNUID", "SIM905",
}  # fmt: skip
# An end that is missing here would put one entry's values into another.
HOLDERS = {
    "OFX", "STMTTRN", "STMTTRNP", "BANKTRANLIST", "BANKTRANLISTP", "LEDGERBAL", "AVAILBAL",
    "BANKACCTFROM", "CCACCTFROM", "BANKACCTTO", "CCACCTTO", "STMTRS", "CCSTMTRS", "STMTTRNRS",
    "CCSTMTTRNRS", "PAYEE", "CURRENCY", "ORIGCURRENCY", "SIM905",
}  # fmt: skip
ENTRIES = {"STMTTRN", "STMTTRNP"}

TOO_DEEP = gettext_noop("Line %(line)d is nested more than %(limit)d deep; this is no statement.")
BEHIND = gettext_noop(
    "Line %(line)d stands behind the end of the file, as where several files were put into one."
    " Upload each of them by itself."
)
# Files of old systems end with that control character.
MORE = re.compile(r"[^\s\x1a]")
TRUNCATED = Reason(
    "truncated",
    gettext_noop("This file ends too early: its end is missing. Have it made or sent again."),
)


@dataclass(slots=True)
class Node:
    """One aggregate. `start` and `end` are places in the text."""

    name: str
    line: int
    start: int
    end: int = 0
    values: dict[str, str] = field(default_factory=dict)
    twice: set[str] = field(default_factory=set)
    children: list[Node] = field(default_factory=list)

    def value(self, name: str) -> str:
        return self.values.get(name, "")

    def child(self, name: str) -> Node | None:
        return next((node for node in self.children if node.name == name), None)

    def every(self, *names: str) -> Iterator[Node]:
        """The nearest ones below with one of these names, in the file's order."""
        for node in self.children:
            if node.name in names:
                yield node
            else:
                yield from node.every(*names)


def tree(text: str, start: int) -> Node:
    """The aggregate OFX that begins at `start`, with nothing behind it. Raises UnreadableFile."""
    builder = _Builder(text, start)
    found = builder.built()
    builder.refuse_more()
    return found


class _Builder:
    def __init__(self, text: str, start: int) -> None:
        self.text = text
        self.place = start
        self.line = text.count("\n", 0, start) + 1
        self.top = Node("", self.line, start)
        self.open = [self.top]
        self.left = FEWEST + len(text) // SHORTEST

    def built(self) -> Node:
        while not (self.top.children and len(self.open) == 1):
            self._tag()
        return self.top.children[0]

    def refuse_more(self) -> None:
        """What stands behind the end would not be read, and nobody would know."""
        more = MORE.search(self.text, self.place)
        if more:
            self._advance(more.start())
            raise UnreadableFile(
                Reason("more-behind-end", BEHIND, {"line": self.line}), line=self.line
            )

    def _tag(self) -> None:
        begin = self.text.find("<", self.place)
        if begin >= 0 and self.text[self.place : begin].strip():
            raise damaged(self.line)  # text that belongs to no tag
        self._advance(begin)
        if self.text.startswith("<!--", begin):
            self._advance(self.text.find("-->", begin))
            self.place += 3
            return
        after = self._advance(self.text.find(">", begin)) + 1
        self.place = after
        match = NAME.fullmatch(self.text, begin + 1, after - 1)
        if match is None:
            raise damaged(self.line)
        closing, name, empty = match[1], match[2].upper(), self.text[after - 2] == "/"
        if closing:
            self._close(name, after)
        elif not empty:
            self._begin(name, begin)
        elif name in HOLDERS:
            raise damaged(self.line)

    def _advance(self, place: int) -> int:
        """Go on to a place that was looked for, counting lines."""
        if place < 0:
            raise UnreadableFile(TRUNCATED, line=self.line)
        self.line += self.text.count("\n", self.place, place)
        self.place = place
        return place

    def _begin(self, name: str, begin: int) -> None:
        line, value, holder = self.line, self._value(), self.open[-1]
        if name in HOLDERS and (value or self._inside_an_entry(name)):
            raise damaged(line)
        if value or name in VALUES:
            if name in holder.values:
                holder.twice.add(name)
            holder.values[name] = value
            return
        if len(self.open) > DEEPEST:
            reason = Reason("too-deep", TOO_DEEP, {"line": line, "limit": DEEPEST})
            raise UnreadableFile(reason, line=line)
        self.left -= 1
        if self.left < 0:
            raise UnreadableFile(TOO_MANY_TAGS, line=line)
        pace.at(begin, len(self.text))
        node = Node(name, line, begin)
        holder.children.append(node)
        self.open.append(node)

    def _inside_an_entry(self, name: str) -> bool:
        return name in ENTRIES and any(node.name in ENTRIES for node in self.open)

    def _value(self) -> str:
        """The text from here up to the next tag; CDATA is taken as it stands."""
        start = self.place
        end = self._advance(self.text.find("<", start))
        value = self.text[start:end].strip()
        if not value and self.text.startswith("<![CDATA[", end):
            close = self._advance(self.text.find("]]>", end))
            self.place += 3
            return self.text[end + 9 : close].strip()
        return html.unescape(value) if "&" in value else value

    def _close(self, name: str, after: int) -> None:
        if name in self.open[-1].values or name in VALUES:
            return
        while len(self.open) > 1:
            node = self.open.pop()
            node.end = after
            if node.name == name:
                return
            if node.children or node.name in HOLDERS:
                break
            # An empty value whose name is not listed; what follows it belongs beside it.
            self._give_back(node)
        raise damaged(self.line)

    def _give_back(self, node: Node) -> None:
        holder = self.open[-1]
        for name, value in node.values.items():
            if name in holder.values:
                holder.twice.add(name)
            holder.values[name] = value
        holder.twice |= node.twice


def damaged(line: int) -> UnreadableFile:
    reason = Reason(
        "damaged",
        gettext_noop(
            "Line %(line)d is damaged: a tag is broken or closes what was not opened."
            " Have the file made or sent again."
        ),
        {"line": line},
    )
    return UnreadableFile(reason, line=line)
