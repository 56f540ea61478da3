"""Bytes -> physical lines of text, streaming and bounded; refuses what is no UTF-8 text.

An encoding is recognised so that it can be named, never guessed at: a wrong guess would put
wrong names before a client.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from .shape import TOO_MANY_ENTRIES, Reason, UnreadableFile, gettext_noop

BLOCK = 65_536
LONGEST = 65_536
# On average a line of a list of transactions has more bytes, also where every second one is blank.
SHORTEST, FEWEST = 6, 20_000
SNIFFED = 4_096
BOM = b"\xef\xbb\xbf"

# How a file begins, and what to do with one of that kind.
KINDS: tuple[tuple[bytes, str], ...] = (
    (
        b"PK\x03\x04",
        gettext_noop(
            "This file is a zip archive or a workbook. Take the file out of the archive, or save"
            " the sheet as “CSV UTF-8”, and try again."
        ),
    ),
    (
        b"\xd0\xcf\x11\xe0",
        gettext_noop(
            "This file is a workbook with a password, or an old Excel or Word document. Open it,"
            " save it without a password as .xlsx or as “CSV UTF-8”, and try again."
        ),
    ),
    (
        b"%PDF",
        gettext_noop(
            "This file is a PDF, which is for people to read. Have the institution make the"
            " statement as a file: BAI2, OFX, camt.053, MT940, CSV or Excel."
        ),
    ),
    (
        b"\x1f\x8b",
        gettext_noop("This file is compressed. Unpack it and choose the file that is in it."),
    ),
)
WIDE = gettext_noop("This file is written in %(encoding)s. Save it as “CSV UTF-8” and try again.")
EMPTY = Reason("empty", gettext_noop("This file is empty."))
BINARY = Reason(
    "binary",
    gettext_noop(
        "This file is neither text nor a workbook; it may be a picture, or damaged. Choose the"
        " statement file as the institution made it."
    ),
)
WHITESPACE = b" \t\r\n\x0b\x0c"
# What old systems put behind the last line.
END_OF_OLD = b"\x1a"


class Source(Protocol):
    """A file, or what reads one as it goes."""

    def read(self, size: int, /) -> bytes: ...


def text_lines(stream: Source) -> Iterator[str]:
    """Every physical line with its line end (LF, CR or CRLF), without the byte order mark."""
    head = stream.read(BLOCK)
    refuse_what_is_no_text(head)
    number = 0
    for number, raw in enumerate(_physical(head, stream), start=1):
        yield _decode(raw.removeprefix(BOM) if number == 1 else raw, number)


def refuse_what_is_no_text(head: bytes) -> None:
    """Raise UnreadableFile when the first bytes are of something other than UTF-8 text."""
    if not head.removeprefix(BOM).strip(WHITESPACE) and len(head) < BLOCK:
        raise UnreadableFile(EMPTY)
    for magic, words in KINDS:
        if head.startswith(magic):
            raise UnreadableFile(Reason("binary", words))
    encoding = wide_encoding(head[:SNIFFED])
    if encoding:
        raise UnreadableFile(Reason("encoding", WIDE, {"encoding": encoding}))
    if _looks_binary(head[:SNIFFED]):
        raise UnreadableFile(BINARY)


def wide_encoding(head: bytes) -> str:
    """`UTF-16` or `UTF-32` by the byte order mark or by where the zero bytes stand."""
    if head.startswith((b"\xff\xfe\0\0", b"\0\0\xfe\xff")):
        return "UTF-32"
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "UTF-16"
    # Plain letters: one byte in two is zero in UTF-16, three in four are in UTF-32.
    zeros = [head[place::4].count(0) / max(1, len(head[place::4])) for place in range(4)]
    full = [share > 0.9 for share in zeros]
    if sum(full) == 3:
        return "UTF-32"
    if full in ([True, False, True, False], [False, True, False, True]):
        return "UTF-16"
    return ""


def _looks_binary(head: bytes) -> bool:
    odd = sum(byte < 32 and byte not in WHITESPACE for byte in head)
    return odd > max(4, len(head) // 50)


def _physical(head: bytes, stream: Source) -> Iterator[bytes]:
    """Lines as bytes; never holds more than one block and one line."""
    carry, block, number, size = b"", head, 0, 0
    while block:
        size += len(block)
        if number > FEWEST + size // SHORTEST:
            raise UnreadableFile(TOO_MANY_ENTRIES, line=number)
        pieces = (carry + block).splitlines(keepends=True)
        # The last one may go on in the next block, if only by the LF of a CRLF.
        carry = pieces.pop()
        for piece in pieces:
            number += 1
            if len(piece) > LONGEST:
                raise _too_long(number)
            yield piece
        if len(carry) > LONGEST:
            raise _too_long(number + 1)
        block = stream.read(BLOCK)
    if carry and carry != END_OF_OLD:
        yield carry


def _too_long(number: int) -> UnreadableFile:
    reason = Reason(
        "line-too-long",
        gettext_noop(
            "Line %(line)d is longer than %(limit)d characters; this is no list of transactions."
        ),
        {"line": number, "limit": LONGEST},
    )
    return UnreadableFile(reason, line=number)


def _decode(raw: bytes, number: int) -> str:
    if b"\0" in raw:
        raise UnreadableFile(
            Reason(
                "nul-byte",
                gettext_noop(
                    "Line %(line)d contains zero bytes: the file is damaged or not text."
                    " Save it as “CSV UTF-8” and try again."
                ),
                {"line": number},
            ),
            line=number,
        )
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        raise UnreadableFile(
            Reason(
                "encoding",
                gettext_noop(
                    "Line %(line)d has a letter that is not UTF-8 (often an accent in a file"
                    " saved for Windows). A column profile reads it as it is; or save it as"
                    " “CSV UTF-8” and try again."
                ),
                {"line": number},
            ),
            line=number,
        ) from None
