"""JSON text -> its parts one by one, each with its line; bounded, and strict about what it says.

A list is walked, never held: of its members only the one in hand is in memory.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from . import pace
from .shape import RAW_SHOWN, TOO_MANY_ENTRIES, Reason, UnreadableFile, gettext_noop

# The first is enough for nearly every member, and slicing it out costs little.
WINDOWS = (2_048, 65_536)
# A bad entry costs more memory than its letters; a transaction has at least so many.
SHORTEST, FEWEST = 50, 1_000
SPACE = re.compile(r"[ \t\n\r]*")
HALVES = re.compile("[\ud800-\udfff]")
TOO_LONG = gettext_noop(
    "What begins on line %(line)d is longer than %(limit)d characters; this is no transaction."
)
TOO_DEEP = Reason(
    "too-deep", gettext_noop("This file is nested too deep; it is no list of statements.")
)


class Number(str):
    """A number as it is written: none passes through a float."""

    __slots__ = ()


class Object(dict[str, Any]):
    """`twice`: names that stand in it more than once. `broken`: a text has half a character."""

    twice: tuple[str, ...] = ()
    broken = False


def _object(pairs: list[tuple[str, Any]]) -> Object:
    made = Object(pairs)
    if len(made) < len(pairs):
        times = Counter(name for name, _value in pairs)
        made.twice = tuple(name for name in made if times[name] > 1)
    made.broken = any(
        isinstance(text, str) and HALVES.search(text) for pair in pairs for text in pair
    )
    return made


DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_float=Number, parse_int=Number, parse_constant=Number
)


class Walk:
    """A place in the text that only goes on, with the block around it.

    `line`: of the part that was read last. `raw`: how that begins.
    """

    def __init__(self, blocks: Iterator[str], *, size: int) -> None:
        """`size`: bytes of the file."""
        self.line = 1
        self.raw = ""
        self._blocks, self._size = blocks, size
        # From the place on, or from a little before it.
        self._text = ""
        self._place = self._counted = self._read = 0
        self._left = FEWEST + size // SHORTEST

    def members(self, what: str) -> Iterator[str]:
        """The names of an object; whoever asks reads or walks the value before the next."""
        seen: set[str] = set()
        for _each in self._each("{", "}"):
            name = self.value()
            if type(name) is not str:
                raise self.damaged()
            if name in seen:
                reason = gettext_noop("Line %(line)d: %(what)s states “%(name)s” more than once.")
                raise self.refused("value-twice", reason, what=what, name=shown(name))
            seen.add(name)
            self._mark(":")
            yield name

    def items(self) -> Iterator[None]:
        """A list; whoever asks reads or walks each item before the next."""
        return self._each("[", "]")

    def value(self) -> Any:
        """What stands here, whole; numbers as `Number`, objects as `Object`."""
        self._skip()
        for window in WINDOWS:
            goes_on = self._has(window + 1)
            piece = self._text[self._place : self._place + window]
            try:
                found, length = DECODER.raw_decode(piece)
            except RecursionError:
                raise UnreadableFile(TOO_DEEP, line=self.line) from None
            except json.JSONDecodeError as error:
                wrong = error
            else:
                self._place += length
                self.raw = piece[: min(length, 2 * RAW_SHOWN)]
                return found
        if goes_on:
            raise self.refused("entry-too-long", TOO_LONG, limit=WINDOWS[-1])
        self.line += piece.count("\n", 0, wrong.pos)
        raise self.damaged()

    def line_here(self) -> int:
        """The line of what comes next."""
        self._skip()
        return self.line

    def end(self) -> None:
        """Nothing more stands in the file."""
        self._skip()
        if self._has(1):
            raise self.damaged()

    def damaged(self) -> UnreadableFile:
        reason = gettext_noop(
            "Line %(line)d is no JSON, or not what can stand there, or the file ends there too"
            " early. Have the file made or sent again."
        )
        return self.refused("damaged-json", reason)

    def refused(self, code: str, template: str, **values: str | int) -> UnreadableFile:
        return UnreadableFile(Reason(code, template, {"line": self.line, **values}), line=self.line)

    def _each(self, begin: str, end: str) -> Iterator[None]:
        self._mark(begin)
        if self._at(end):
            return
        while True:
            self._left -= 1
            if self._left < 0:
                raise UnreadableFile(TOO_MANY_ENTRIES, line=self.line)
            pace.at(self._read, self._size)
            yield
            if self._at(end):
                return
            self._mark(",")

    def _at(self, mark: str) -> bool:
        self._skip()
        found = self._text.startswith(mark, self._place)
        self._place += found
        return found

    def _mark(self, mark: str) -> None:
        if not self._at(mark):
            raise self.damaged()

    def _skip(self) -> None:
        self._count()
        while self._has(1):
            space = SPACE.match(self._text, self._place)
            self._place = space.end() if space else self._place
            self._count()
            if self._place < len(self._text):
                return

    def _count(self) -> None:
        self.line += self._text.count("\n", self._counted, self._place)
        self._counted = self._place

    def _has(self, letters: int) -> bool:
        """Whether the file has so many from here on; what is behind is let go."""
        while len(self._text) - self._place < letters:
            if (block := next(self._blocks, None)) is None:
                return False
            self._text = self._text[self._place :] + block
            self._counted -= self._place
            self._place = 0
            self._read += len(block)
        return True


def shown(name: str) -> str:
    """A name of the file, short and fit for a page."""
    return HALVES.sub("·", name)[:40]
