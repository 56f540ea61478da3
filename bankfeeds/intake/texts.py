"""Bytes -> one text in the encoding that the file itself states; for formats that state one."""

from __future__ import annotations

import re

from .lines import refuse_what_is_no_text
from .shape import RAW_SHOWN, Reason, UnreadableFile, gettext_noop

BOM = b"\xef\xbb\xbf"
LINE_END = re.compile(r"\r\n?")

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
    refuse_what_is_no_text(content[:65_536])
    content = content.removeprefix(BOM)
    if b"\0" in content:
        raise UnreadableFile(ZEROS, line=content[: content.index(b"\0")].count(b"\n") + 1)
    notes: tuple[Reason, ...] = ()
    try:
        text = content.decode("utf-8")
        if encoding != "utf-8" and not text.isascii():
            notes = (OTHER_ENCODING,)
    except UnicodeDecodeError as error:
        if encoding == "utf-8":
            raise _no_letter(content, error.start, "UTF-8") from None
        text = _otherwise(content, encoding)
    return LINE_END.sub("\n", text), notes


def _otherwise(content: bytes, encoding: str) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        raise _no_letter(content, error.start, encoding) from None


def _no_letter(content: bytes, place: int, encoding: str) -> UnreadableFile:
    line = content[:place].count(b"\n") + 1
    reason = Reason(
        "encoding-stated",
        gettext_noop(
            "Line %(line)d has a letter that is not %(encoding)s, although the file says that it"
            " is written in that. Have it made again."
        ),
        {"line": line, "encoding": encoding},
    )
    return UnreadableFile(reason, line=line)


def raw_of(text: str, start: int, end: int) -> str:
    """An entry as it stands there, on one line and short."""
    return " ".join(text[start : min(end, start + 2 * RAW_SHOWN)].split())[:RAW_SHOWN]
