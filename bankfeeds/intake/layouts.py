"""A file and a layout -> records of cells: lines above left aside, the encoding made UTF-8."""

from __future__ import annotations

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
    if encoding is Encoding.UTF8 or content.startswith(BOM):
        return content
    try:
        return content.decode(encoding).encode()
    except UnicodeError as error:
        start = error.start if isinstance(error, UnicodeDecodeError) else 0
        line = content[:start].count(b"\n") + 1
        values: dict[str, str | int] = {"line": line, "encoding": NAMES[encoding]}
        raise UnreadableFile(Reason("encoding-stated", NOT_IN_IT, values), line=line) from None


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
