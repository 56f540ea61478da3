"""Bytes -> one text in the encoding that the file itself states; for formats that state one."""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator

from . import pace
from .lines import refuse_what_is_no_text
from .shape import RAW_SHOWN, Reason, UnreadableFile, gettext_noop

BLOCK = 65_536
BOM = b"\xef\xbb\xbf"

ZEROS = Reason(
    "nul-byte", gettext_noop("This file contains zero bytes: it is damaged. Have it made again.")
)
OTHER_ENCODING = Reason(
    "encoding-other",
    gettext_noop("The file says that it is written in another encoding than UTF-8, but it is."),
)


def decoded(content: bytes, encoding: str) -> tuple[str, tuple[Reason, ...]]:
    """The text with LF line ends, and a note when it is UTF-8 against what it says itself.

    Letters that come out right as UTF-8 do so by chance hardly ever. Raises UnreadableFile.
    """
    blocks, notes = in_blocks(content, encoding)
    return "".join(blocks), notes


def in_blocks(content: bytes, encoding: str) -> tuple[Iterator[str], tuple[Reason, ...]]:
    """The same a block at a time: the text, of up to four bytes a letter, is never held whole."""
    refuse_what_is_no_text(content[:65_536])
    if b"\0" in content:
        raise UnreadableFile(ZEROS, line=content[: content.index(b"\0")].count(b"\n") + 1)
    notes: tuple[Reason, ...] = ()
    bare = memoryview(content)[len(BOM) :] if content.startswith(BOM) else memoryview(content)
    if (wrong := _first_wrong(bare, "utf-8")) is None:
        if encoding != "utf-8" and not content.isascii():
            notes = (OTHER_ENCODING,)
        encoding = "utf-8"
    elif encoding == "utf-8":
        raise _no_letter(bare, wrong, "UTF-8")
    elif (wrong := _first_wrong(bare, encoding)) is not None:
        raise _no_letter(bare, wrong, encoding)
    return _blocks(bare, encoding), notes


def _blocks(content: memoryview, encoding: str) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder(encoding)()
    lines = io.IncrementalNewlineDecoder(decoder, translate=True)
    for start in range(0, len(content), BLOCK):
        end = start + BLOCK
        yield lines.decode(bytes(content[start:end]), final=end >= len(content))


def _first_wrong(content: memoryview, encoding: str) -> int | None:
    """Where the first bytes stand that are no letter of it."""
    decoder = codecs.getincrementaldecoder(encoding)()
    for start in range(0, len(content), BLOCK):
        held = len(decoder.getstate()[0])
        end = start + BLOCK
        try:
            decoder.decode(bytes(content[start:end]), end >= len(content))
        except UnicodeDecodeError as error:
            # Counted with what was held of the block before.
            return start - held + error.start
    return None


def _no_letter(content: memoryview, place: int, encoding: str) -> UnreadableFile:
    line = bytes(content[:place]).count(b"\n") + 1
    reason = Reason(
        "encoding-stated",
        gettext_noop(
            "Line %(line)d has a letter that is not %(encoding)s, although the file says that it"
            " is written in that. Have it made again."
        ),
        {"line": line, "encoding": encoding},
    )
    return UnreadableFile(reason, line=line)


def lines_of(blocks: Iterator[str], *, size: int) -> Iterator[str]:
    """Without their LF. `size`: bytes of the file, of which it is told how far it is."""
    carry, read = "", 0
    for block in blocks:
        read += len(block)
        pace.at(read, size)
        *whole, carry = (carry + block).split("\n")
        yield from whole
    yield carry


def raw_of(text: str, start: int, end: int) -> str:
    """An entry as it stands there, on one line and short."""
    return " ".join(text[start : min(end, start + 2 * RAW_SHOWN)].split())[:RAW_SHOWN]
