"""A file and a layout -> records of cells: lines above left aside, the encoding made UTF-8."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from itertools import accumulate, islice

from . import pace
from .lines import BOM, text_lines
from .profile import Encoding, Layout
from .records import Record, records
from .shape import Reason, UnreadableFile, gettext_noop

NOT_IN_IT = gettext_noop(
    "Line %(line)d has a letter that is not %(encoding)s, although the profile says that the file"
    " is written in that."
)
IS_UTF8 = gettext_noop(
    "This file is written in UTF-8 and was read so, although the profile says %(encoding)s."
)
NAMES = {
    Encoding.UTF8: "UTF-8",
    Encoding.WINDOWS: "Windows-1252",
    Encoding.DOS: "DOS 850",
    Encoding.WIDE: "UTF-16",
}


def records_of(content: bytes, layout: Layout) -> Iterator[Record]:
    """Every record below the lines above, the header included. Raises UnreadableFile."""
    lines = text_lines(pace.Stream(recoded(content, layout.encoding)))
    below = islice(lines, layout.above, None)
    if layout.widths:
        return _sliced(below, layout)
    return records(below, delimiter=layout.delimiter, above=layout.above)


def recoded(content: bytes, encoding: Encoding) -> bytes:
    """The same text in UTF-8. Raises UnreadableFile where it is not in that encoding."""
    is_utf8 = encoding is Encoding.UTF8 or content.startswith(BOM)
    if is_utf8 or is_utf8_otherwise(content, encoding):
        return content
    try:
        return content.decode(encoding).encode()
    except UnicodeError as error:
        start = error.start if isinstance(error, UnicodeDecodeError) else 0
        line = content[:start].count(b"\n") + 1
        values: dict[str, str | int] = {"line": line, "encoding": NAMES[encoding]}
        raise UnreadableFile(Reason("encoding-stated", NOT_IN_IT, values), line=line) from None


def encoding_notes(content: bytes, encoding: Encoding) -> tuple[Reason, ...]:
    if not is_utf8_otherwise(content, encoding):
        return ()
    return (Reason("encoding-is-utf8", IS_UTF8, {"encoding": NAMES[encoding]}),)


def is_utf8_otherwise(content: bytes, encoding: Encoding) -> bool:
    """Whether it is UTF-8 against what is said, where each byte is a letter.

    Letters that come out right as UTF-8 do so by chance hardly ever.
    """
    one_byte = encoding in (Encoding.WINDOWS, Encoding.DOS)
    if not one_byte or content.isascii() or content.startswith(BOM):
        return False
    try:
        # Of the beginning of a file the last letter may be half.
        codecs.getincrementaldecoder("utf-8")().decode(content)
    except UnicodeDecodeError:
        return False
    return True


def _sliced(lines: Iterator[str], layout: Layout) -> Iterator[Record]:
    ends = list(accumulate(layout.widths))
    cuts = [slice(end - width, end) for end, width in zip(ends, layout.widths, strict=True)]
    # What stands behind the last column.
    cuts.append(slice(ends[-1], None))
    for number, line in enumerate(lines, start=layout.above + 1):
        text = line.rstrip("\r\n")
        # A last line that is short and has no end may have lost digits.
        is_cut_off = len(text) < ends[-1] and text == line and text.strip() != ""
        yield Record(number, text, [] if is_cut_off else [text[cut] for cut in cuts])
