"""CSV files that are understood, line by line, and those that are not, with line and reason."""

from __future__ import annotations

import datetime as dt
import io
from decimal import Decimal

import pytest

from bankfeeds.intake.delimited import read_csv
from bankfeeds.intake.shape import Line, UnreadableFile

from .support import GOOD, HEADER, file_of


def only(content: bytes, *, places: int = 2) -> Line:
    parsed = read_csv(content, places=places)
    assert not parsed.rejected, [str(bad.reason) for bad in parsed.rejected]
    [line] = parsed.rows
    return line


def test_a_row_is_read_as_it_stands() -> None:
    line = only(file_of("T1,2026-11-20,Café – “Ö”,-75.50,1924.50,debit", header=f"{HEADER},type"))
    assert line == Line(
        line=2,
        transaction_id="T1",
        date=dt.date(2026, 11, 20),
        description="Café – “Ö”",
        amount=Decimal("-75.50"),
        balance=Decimal("1924.50"),
        transaction_type="Debit",
        raw="T1,2026-11-20,Café – “Ö”,-75.50,1924.50,debit",
    )


@pytest.mark.parametrize(
    "content",
    [
        file_of(GOOD, end="\r\n"),
        file_of(GOOD, end="\r"),
        file_of(GOOD).rstrip(b"\n"),
        b"\xef\xbb\xbf" + file_of(GOOD),
        file_of("", "  ", GOOD, ",,,,", ""),
        file_of(
            "95.50,  Coffee ,T1,-4.50 , 2026-11-20", header="BALANCE,description, Id,Amount,DATE"
        ),
        file_of('"T1","2026-11-20", "Coffee","-4.50","95.50"'),
        file_of(f"{GOOD},,"),
        file_of("T1,2026-11-20T23:59:59-05:00,Coffee,-4.50,95.50"),
        file_of("T1,2026-11-20 00:00,Coffee,-4.5,95.5000"),
    ],
    ids="crlf cr no-end bom blanks order quotes trailing-commas time-cut-off zeros".split(),  # noqa: SIM905
)
def test_the_same_row_written_in_another_way(content: bytes) -> None:
    line = only(content)
    assert (line.transaction_id, line.date.isoformat()) == ("T1", "2026-11-20")
    assert (line.description, line.amount, line.balance) == (
        "Coffee",
        Decimal("-4.5"),
        Decimal("95.5"),
    )


def test_lines_are_counted_as_an_editor_counts_them() -> None:
    content = file_of("", GOOD, 'T2,2026-11-20,"two\nlines",1,2', "T3,2026-11-20,Tea,1,2")
    parsed = read_csv(content)
    assert [row.line for row in parsed.rows] == [3, 6]
    assert [(bad.line, bad.code) for bad in parsed.rejected] == [(4, "description-control")]


def test_a_text_of_several_lines_cannot_smuggle_in_a_transaction() -> None:
    content = file_of('T1,2026-11-20,"memo\nT9,2026-11-20,Forged,9999.00,9999.00\nend",1.00,2.00')
    parsed = read_csv(content)
    assert (parsed.rows, parsed.rejected_count) == ([], 1)


def test_columns_that_are_not_used_are_named() -> None:
    parsed = read_csv(file_of(f"{GOOD},x,y", header=f"{HEADER},branch,teller"))
    assert [str(note) for note in parsed.notes] == ["Columns that are not used: branch, teller."]
    assert len(parsed.rows) == 1


def test_a_formula_stays_text() -> None:
    assert only(file_of("T1,2026-11-20,=SUM(A1),1,2")).description == "=SUM(A1)"


@pytest.mark.parametrize("zero", ["-0", "-0.00", "0", "+0.0"])
def test_nothing_has_no_minus(zero: str) -> None:
    assert str(only(file_of(f"T1,2026-11-20,Nil,{zero},1")).amount) == "0.0"


@pytest.mark.parametrize("given,kept", [("CREDIT", "Credit"), ("serchg", "SerChg"), ("", "")])
def test_types_are_read_whatever_their_case(given: str, kept: str) -> None:
    assert only(file_of(f"{GOOD},{given}", header=f"{HEADER},type")).transaction_type == kept


BAD = {
    # amounts
    'T1,2026-11-20,x,"12,50",1': ("decimal-comma", "12,50"),
    'T1,2026-11-20,x,"1,234.56",1': ("thousands-separator", "1234.56"),
    'T1,2026-11-20,x,"1.234,56",1': ("thousands-separator", "1.234,56"),
    "T1,2026-11-20,x,12,50,1": ("ragged", "6 cells"),
    "T1,2026-11-20,x,NaN,1": ("not-a-number", "NaN"),
    "T1,2026-11-20,x,1,nan": ("not-a-number", "balance"),
    "T1,2026-11-20,x,Infinity,1": ("not-a-number", "Infinity"),
    "T1,2026-11-20,x,-inf,1": ("not-a-number", "-inf"),
    "T1,2026-11-20,x,1e999,1": ("exponent", "1e999"),
    "T1,2026-11-20,x,1e5,1": ("exponent", "1e5"),
    "T1,2026-11-20,x,(12.00),1": ("minus-elsewhere", "-12.00"),
    "T1,2026-11-20,x,12.00-,1": ("minus-elsewhere", "12.00-"),
    "T1,2026-11-20,x,$12.00,1": ("not-a-number", "$12.00"),
    "T1,2026-11-20,x,1 200.00,1": ("not-a-number", "1 200.00"),
    "T1,2026-11-20,x,--1,1": ("not-a-number", "--1"),
    "T1,2026-11-20,x,.,1": ("not-a-number", "."),
    "T1,2026-11-20,x,٣,1": ("not-a-number", "٣"),
    "T1,2026-11-20,x,0x10,1": ("not-a-number", "0x10"),
    "T1,2026-11-20,x,1_000,1": ("not-a-number", "1_000"),
    "T1,2026-11-20,x,,1": ("amount-missing", "no amount"),
    "T1,2026-11-20,x,1.234,1": ("too-many-decimals", "1.234"),
    "T1,2026-11-20,x,1234567890123456,1": ("too-many-digits", "15"),
    "T1,2026-11-20,x,12345678901234.56,1": ("too-many-digits", "15"),
    # dates
    "T1,2026-02-30,x,1,1": ("date-unknown", "2026-02-30"),
    "T1,2025-02-29,x,1,1": ("date-unknown", "2025-02-29"),
    "T1,0000-01-01,x,1,1": ("date-unknown", "0000-01-01"),
    "T1,9999-12-31,x,1,1": ("date-unknown", "9999-12-31"),
    "T1,11/20/2026,x,1,1": ("date-format", "YYYY-MM-DD"),
    "T1,20.11.2026,x,1,1": ("date-format", "YYYY-MM-DD"),
    "T1,2026-11-2,x,1,1": ("date-format", "2026-11-2"),
    "T1,20261120,x,1,1": ("date-format", "20261120"),
    "T1,2026-11-20Tea,x,1,1": ("date-format", "2026-11-20Tea"),
    "T1,,x,1,1": ("date-format", "YYYY-MM-DD"),
    # texts
    ",2026-11-20,x,1,1": ("id-missing", "no id"),
    f"{'i' * 101},2026-11-20,x,1,1": ("id-too-long", "100"),
    "T\x071,2026-11-20,x,1,1": ("id-control", "control"),
    "\ufeffT1,2026-11-20,x,1,1": ("id-control", "control"),
    "T\u200b1,2026-11-20,x,1,1": ("id-control", "control"),
    "T1,2026-11-20,,1,1": ("description-missing", "no description"),
    f"T1,2026-11-20,{'d' * 1001},1,1": ("description-too-long", "1000"),
    "T1,2026-11-20,a\x1bb,1,1": ("description-control", "control"),
    "T1,2026-11-20,a\u202eb,1,1": ("description-control", "control"),
    # shape
    "T1,2026-11-20,x": ("ragged", "3 cells"),
    "T1,2026-11-20,x,1,1,more": ("ragged", "6 cells"),
    'T1,2026-11-20,"x"y,1,1': ("stray-quote", "quotation mark"),
    "Id,Date,Description,Amount,Balance": ("second-header", "header"),
}


@pytest.mark.parametrize("row", BAD, ids=[f"{code}-{row[:24]!r}" for row, (code, _) in BAD.items()])
def test_a_bad_row_is_named_by_line_and_reason_and_spoils_no_other(row: str) -> None:
    code, part = BAD[row]
    parsed = read_csv(file_of("A,2026-11-20,x,1,1", row, "B,2026-11-20,x,1,2"), places=2)
    assert [line.transaction_id for line in parsed.rows] == ["A", "B"]
    [bad] = parsed.rejected
    assert (bad.line, bad.code) == (3, code)
    assert part in str(bad.reason)
    assert bad.raw == row[:500]


def test_an_unknown_type_is_bad() -> None:
    [bad] = read_csv(file_of(f"{GOOD},cheque", header=f"{HEADER},type")).rejected
    assert (bad.code, "cheque" in str(bad.reason)) == ("type-unknown", True)


def test_a_repeated_id_names_the_first_line() -> None:
    parsed = read_csv(file_of(GOOD, "T2,2026-11-20,Tea,1,2", "T1,2026-11-20,Other,9,9"))
    assert [row.transaction_id for row in parsed.rows] == ["T1", "T2"]
    [bad] = parsed.rejected
    assert (bad.line, bad.code, "line 2" in str(bad.reason)) == (4, "id-twice", True)


def test_four_decimals_where_the_currency_has_them() -> None:
    assert only(file_of("T1,2026-11-20,x,1.2345,2"), places=4).amount == Decimal("1.2345")


def test_bad_rows_are_counted_without_end_and_kept_up_to_a_thousand() -> None:
    parsed = read_csv(file_of(*("bad" for _ in range(1_500)), GOOD))
    assert (parsed.rejected_count, len(parsed.rejected), len(parsed.rows)) == (1_500, 1_000, 1)
    assert parsed.rejected[-1].line == 1_001


UNREADABLE = {
    "nothing": (b"", "empty", 0),
    "only-bom": (b"\xef\xbb\xbf", "empty", 0),
    "only-space": (b" \r\n \n\t", "empty", 0),
    "much-space": (b"      \n" * 40_000, "empty", 0),
    # A line of a list of transactions is longer; each costs some time.
    "short-lines": (file_of(GOOD, *["x"] * 300_000), "too-many-entries", 65_503),
    "only-header": (file_of(), "no-rows", 0),
    "header-and-blanks": (file_of("", ",,,,"), "no-rows", 0),
    "no-header": (file_of("T2,2026-11-20,Tea,1,2", header=GOOD), "columns-missing", 1),
    "column-missing": (file_of(GOOD, header="id,date,amount"), "columns-missing", 1),
    # The balance may be there by another name.
    "balance-elsewhere": (
        file_of(GOOD, header="id,date,description,amount,solde"),
        "columns-missing",
        1,
    ),
    "column-twice": (file_of(GOOD, header=f"{HEADER},amount"), "column-twice", 1),
    "semicolons": (file_of(header=HEADER.replace(",", ";")), "separator", 1),
    "tabs": (file_of(header=HEADER.replace(",", "\t")), "separator", 1),
    "utf-16-bom": (file_of(GOOD).decode().encode("utf-16"), "encoding", 0),
    "utf-16-le": (file_of(GOOD).decode().encode("utf-16-le"), "encoding", 0),
    "utf-16-be": (file_of(GOOD).decode().encode("utf-16-be"), "encoding", 0),
    "utf-32-bom": (file_of(GOOD).decode().encode("utf-32"), "encoding", 0),
    "utf-32-be": (file_of(GOOD).decode().encode("utf-32-be"), "encoding", 0),
    "cp1252": (file_of(GOOD, "T2,2026-11-20,Café,1,2").decode().encode("cp1252"), "encoding", 3),
    "nul": (file_of(GOOD, "T2,2026-11-20,a\0b,1,2"), "nul-byte", 3),
    "excel": (b"PK\x03\x04" + b"\x14\0" * 500, "binary", 0),
    "old-excel": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 500, "binary", 0),
    "pdf": (b"%PDF-1.7\n" + b"x" * 500, "binary", 0),
    "gzip": (b"\x1f\x8b\x08" + bytes(range(256)), "binary", 0),
    "bytes": (bytes(range(256)) * 20, "binary", 0),
    "open-quote": (file_of(GOOD, 'T2,2026-11-20,"Tea,1,2', "T3,2026-11-20,x,1,2"), "open-quote", 3),
    "open-quote-far": (
        file_of('T2,2026-11-20,"Tea,1,2', *(f"T{n},2026-11-20,x,1,2" for n in range(9_000))),
        "open-quote",
        2,
    ),
    "long-line": (file_of(GOOD, "x" * 10_000_000, GOOD), "line-too-long", 3),
    "long-header": (b"x" * 10_000_000, "line-too-long", 1),
    "quote-in-header": (file_of(GOOD, header='"id"x,date'), "stray-quote", 1),
}  # fmt: skip


@pytest.mark.parametrize("name", UNREADABLE)
def test_a_file_that_is_none_is_refused_whole_with_the_reason(name: str) -> None:
    content, code, line = UNREADABLE[name]
    with pytest.raises(UnreadableFile) as refused:
        read_csv(content)
    assert (refused.value.code, refused.value.line) == (code, line)
    assert refused.value.words.endswith(".")


def test_the_words_say_what_to_do() -> None:
    def words(name: str) -> str:
        with pytest.raises(UnreadableFile) as refused:
            read_csv(UNREADABLE[name][0])
        return refused.value.words

    assert "UTF-16" in words("utf-16-bom")
    assert "CSV UTF-8" in words("utf-16-bom")
    assert "column profile" in words("semicolons")
    assert "column profile" in words("cp1252")
    assert "out of the archive" in words("excel")
    assert "password" in words("old-excel")
    assert "BAI2" in words("pdf")
    assert "CSV UTF-8" not in words("pdf") + words("bytes") + words("gzip")
    assert "balance" in words("balance-elsewhere")
    assert "semicolons" in words("semicolons")
    assert "Line 3" in words("cp1252")


class Meter(io.RawIOBase):
    """A file without end in memory: rows are made when they are asked for."""

    def __init__(self, rows: int) -> None:
        self._lines = (f"T{n},2026-11-20,Row,1.00,{n}.00\n".encode() for n in range(rows))
        self._rest = f"{HEADER}\n".encode()
        self.largest = 0

    def read(self, size: int = -1) -> bytes:
        self.largest = max(self.largest, size)
        while len(self._rest) < size and (line := next(self._lines, b"")):
            self._rest += line
        given, self._rest = self._rest[:size], self._rest[size:]
        return given


def test_a_file_is_read_in_pieces() -> None:
    meter = Meter(20_000)
    parsed = read_csv(meter)
    assert len(parsed.rows) == 20_000
    assert 0 < meter.largest <= 65_536
