"""The list of bad rows and back: whatever the cells say, under any separator."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bankfeeds.exporting import harmless
from bankfeeds.intake.mended import COLUMNS, file_mark, is_mended, read_mended
from bankfeeds.intake.shape import UnreadableFile

MARK = file_mark("ab" * 32)
# A cell that begins as a made harmless formula does is the one text that does not come back.
CELLS = (
    st.text(
        st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\u2028\u2029\x85"),
        max_size=20,
    )
    .map(str.strip)
    .filter(lambda text: not text.startswith("'"))
)


def list_of(rows: list[list[str]], separator: str = ",", header: str = "id") -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=separator)
    writer.writerow([*COLUMNS, header])
    writer.writerows(rows)
    return out.getvalue().encode("utf-8-sig")


@given(
    st.dictionaries(st.integers(1, 999_999), st.tuples(CELLS, CELLS), min_size=1, max_size=5),
    st.sampled_from([",", ";", "\t"]),
)
def test_what_is_handed_out_is_read_back(rows: dict[int, tuple[str, str]], separator: str) -> None:
    content = list_of(
        [[str(line), "x", "why", MARK, *map(harmless, each)] for line, each in rows.items()],
        separator,
    )
    assert is_mended(content)
    found = read_mended(content)
    assert found.file == "ab" * 8
    assert found.header == ("id",)
    assert found.rows == rows


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"id,line,code,reason,file\n",
        b"line,code,reason,id\n",
        b"\xff\xfel\0i\0n\0e\0",
        b"line|code|reason|file\n",
    ],
)
def test_what_is_no_list(content: bytes) -> None:
    assert not is_mended(content)


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("2.5,x,y,{},1", "mended-no-line"),
        ("-2,x,y,{},1", "mended-no-line"),
        ("0,x,y,{},1", "mended-no-line"),
        ("2,x", "mended-no-file"),
        ("2,x,y,sha256:zz,1", "mended-no-file"),
        ('2,x,y,{},"1"x', "stray-quote"),
        ("", "mended-no-rows"),
    ],
)
def test_what_is_refused(row: str, code: str) -> None:
    content = f"line,code,reason,file,id\n{row.format(MARK)}\n".encode()
    with pytest.raises(UnreadableFile) as error:
        read_mended(content)
    assert error.value.code == code


def test_a_line_as_a_spreadsheet_counts() -> None:
    assert read_mended(list_of([["7.0", "x", "y", MARK, "1"]])).rows == {7: ("1",)}
