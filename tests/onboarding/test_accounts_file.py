"""A CSV of accounts: every problem named by its line, foreign routing numbers only warned of."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bankfeeds.onboarding.accounts_file import AccountsFile, read_accounts

HEADING = "id,accountName,accountType,accountNumber,sortCode,currency,balance"
GUIDE = "ac-001,account-001,checking,12345670,12-34-56,USD,4002"
CARD = "ac-002,Card,credit,12345671,021000021,USD,-99.99"


def read(*lines: str, country: str = "US") -> AccountsFile:
    return read_accounts("\n".join(lines).encode(), country=country)


def problems(*lines: str) -> list[tuple[int, str]]:
    return [(note.line, note.words) for note in read(*lines).problems]


def test_the_account_of_the_guide_passes_with_a_warning() -> None:
    found = read(HEADING, GUIDE, CARD)
    assert found.problems == []
    assert [note.line for note in found.warnings] == [2]
    first, second = found.drafts
    assert (first.account_id, first.sort_code) == ("ac-001", "12-34-56")
    assert first.balance == Decimal(4002) and second.balance == Decimal("-99.99")


def test_another_currency_only_warns() -> None:
    found = read(HEADING, GUIDE.replace("USD", "gbp"))
    assert found.problems == [] and found.drafts[0].currency == "GBP"
    assert any(note.words.startswith("currency") for note in found.warnings)


def test_byte_order_mark_line_ends_blank_lines_and_column_order_do_not_matter() -> None:
    text = "\ufeffbalance,id,accountName,accountType,accountNumber,sortCode,currency,note\r\n\r\n"
    text += '5,ac-1,"Two\r\nlines, quoted",savings,12345670,021000021,CAD,x\r\n'
    found = read_accounts(text.replace("Two\r\n", "Two ").encode(), country="US")
    assert found.problems == [] and found.drafts[0].name == "Two lines, quoted"


@pytest.mark.parametrize(
    ("line", "column"),
    [
        (GUIDE.replace("ac-001,", ","), "id"),
        (GUIDE.replace("ac-001", "ac-12345670"), "id"),
        (GUIDE.replace("account-001", ""), "accountName"),
        (GUIDE.replace("checking", "bag"), "accountType"),
        (GUIDE.replace("12345670", "12"), "accountNumber"),
        (GUIDE.replace("12-34-56", ""), "sortCode"),
        (GUIDE.replace("USD", "dollars"), "currency"),
        (GUIDE.replace("4002", '"4002,50"'), "balance"),
        (GUIDE.replace("4002", "NaN"), "balance"),
        (GUIDE.replace("4002", "1e5"), "balance"),
        (GUIDE.replace("4002", ""), "balance"),
    ],
)
def test_a_bad_field_is_named_by_line_and_column(line: str, column: str) -> None:
    [(number, words)] = problems(HEADING, CARD, line)
    assert number == 3 and words.startswith(f"{column}: ")


def test_all_lines_are_looked_at() -> None:
    bad = GUIDE.replace("checking", "bag")
    assert [line for line, _ in problems(HEADING, bad, CARD, bad.replace("ac-001", "x"))] == [2, 4]


def test_an_id_twice() -> None:
    assert problems(HEADING, GUIDE, CARD, GUIDE) == [(4, "id: it is in the file twice.")]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "heading lacks"),
        (HEADING.encode(), "no account"),
        (b"id,name\n1,2", "heading lacks"),
        (f"{HEADING},id\n".encode(), "twice"),
        (f"{HEADING}\n{GUIDE},more".encode(), "8 fields"),
        (f'{HEADING}\n"{GUIDE}'.encode(), "quotation mark"),
        (f"{HEADING}\n{GUIDE}".encode("utf-16"), "UTF-8"),
        (b"\x89PNG\r\n\x1a\n\0\0", "UTF-8"),
        (b"x" * 1_000_001, "larger"),
    ],
)
def test_a_file_that_is_none(content: bytes, words: str) -> None:
    [note] = read_accounts(content, country="US").problems
    assert words in note.words


@given(st.binary(max_size=300))
def test_no_bytes_raise(content: bytes) -> None:
    assert read_accounts(content, country="US").problems


def test_the_other_countrys_currency_and_a_number_twice_are_warned_of() -> None:
    twin = GUIDE.replace("ac-001", "ac-003").replace("12345670", "1234-5670")
    found = read(HEADING, CARD, GUIDE.replace("USD", "CAD"), twin)
    assert found.problems == []
    told = [(note.line, note.words.split(":")[0]) for note in found.warnings]
    assert (3, "currency") in told and (4, "accountNumber") in told
    assert not any("5670" in note.words for note in found.warnings)
    assert all(note.words.split(":")[0] == "sortCode" for note in read(HEADING, GUIDE).warnings)
