"""A text in columns that names accounts is taken apart: each gets its lines, as they were."""

from __future__ import annotations

import csv
import io
import itertools
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from bankfeeds.intake.apart import Apart
from bankfeeds.intake.columns import Reading, read_by
from bankfeeds.intake.guess import guess
from bankfeeds.intake.profile import Amounts, Encoding, Layout, Order, Profile, Sign
from bankfeeds.intake.shape import AccountStated, Parsed

HEADER = ("Transit", "Compte", "Date", "Libellé", "Montant", "Solde", "Inst")
DAILY = Profile(
    layout=Layout(delimiter=";", encoding=Encoding.WINDOWS, above=2, header=HEADER, columns=7),
    date="Date",
    description="Libellé",
    amount="Montant",
    balance="Solde",
    order=Order.YMD,
    decimal=",",
    account="Compte",
    routing="Transit",
    bank="Inst",
)
FIRST, SECOND = "000123456789", "99-887766"
TEXT = f"""Caisse;{FIRST}
2026-11-20
{";".join(HEADER)}
12;{FIRST};2026-11-20;Dépôt;100,00;1100,00;3
13;{SECOND};2026-11-20;Loyer;-50,00;50,00;3
12;{FIRST};2026-11-20;"Hydro; ""Québec""
suite";-10,00;1090,00;3

13;{SECOND};2026-11-20;Café;x;46,00;3
12;;2026-11-20;Sans compte;1,00;1091,00;3
12;{FIRST};2026-11-20;"Fin"de;1,00;1091,00;3
12;{FIRST};2026-11-20;Court
"""


def test_totals_below_are_named_and_not_kept() -> None:
    profile = replace(DAILY, end_words=("Total",))
    lines = TEXT.splitlines()[:4] + [f"Total;{SECOND};;;100,00;9999,00;"]
    apart = Apart("\n".join(lines).encode("cp1252"), profile)
    [part] = apart.parts
    assert "••7766" in str(apart.notes[0])
    text = apart.text([part], unnamed=True)
    assert b"9999" not in text
    parsed = read_by(profile, text)
    assert (len(parsed.rows), parsed.rejected) == (1, [])
    assert "5 “Total”" in str(parsed.notes[0])


def test_each_account_has_its_lines_where_they_stood() -> None:
    apart = Apart(TEXT.encode("cp1252"), DAILY)
    first, second, none = apart.parts
    assert first.stated == AccountStated(FIRST, "00300012")
    assert (second.stated, none.stated) == (AccountStated(SECOND, "00300013"), None)
    assert [(bad.line, bad.code) for bad in none.bad] == [
        (10, "no-account"),
        (11, "stray-quote"),
        (12, "no-account"),
    ]
    text = apart.text([first])
    assert FIRST.encode() not in text
    mine = read_by(DAILY, text)
    assert [(row.line, row.description, str(row.amount)) for row in mine.rows] == [
        (4, "Dépôt", "100.0")
    ]
    assert [(bad.line, bad.code) for bad in mine.rejected] == [(6, "description-control")]
    assert mine.rejected[0].cells[3] == 'Hydro; "Québec"\nsuite'
    told = read_by(DAILY, apart.text([first], unnamed=True))
    assert [bad.line for bad in told.rejected] == [6, 10, 11, 12]
    assert "••6789" in mine.rows[0].raw
    other = read_by(DAILY, apart.text([second]))
    assert [(row.line, row.description) for row in other.rows] == [(5, "Loyer")]
    assert [bad.line for bad in other.rejected] == [9]
    assert SECOND not in other.rejected[0].raw + str(other.rejected[0].cells)


def test_of_fixed_widths_without_a_header() -> None:
    profile = Profile(
        layout=Layout(delimiter="", widths=(12, 8, 8, 8, 9), columns=5),
        date=1,
        description=2,
        amount=3,
        balance=4,
        order=Order.YMD,
        account=0,
    )
    lines = [
        "00012345678920261120Sales      10.00   110.00",
        "55556666777720261120Rent       -5.00     5.00",
    ]
    apart = Apart("\n".join(lines).encode() + b"\n", profile)
    found = [read_by(profile, apart.text([part])).rows for part in apart.parts]
    assert [[(row.line, row.description) for row in rows] for rows in found] == [
        [(1, "Sales")], [(2, "Rent")],
    ]  # fmt: skip
    assert found[0][0].raw.startswith("••6789      20261120Sales")
    # Without a line end the last one may be cut off: then nobody knows whose it is.
    assert Apart("\n".join(lines)[:-1].encode(), profile).parts[1].bad[0].code == "cut-off"


CELL = st.text(st.sampled_from("ab é;\"',\n\r"), max_size=6)


def _said(parsed: Parsed) -> list[tuple[int, str]]:
    rows = [(row.line, f"{row.description} {row.balance}") for row in parsed.rows]
    return rows + [(bad.line, f"{bad.code} {bad.cells[3]}") for bad in parsed.rejected]


@given(st.lists(st.tuples(st.sampled_from([FIRST, SECOND, "7"]), CELL), min_size=1, max_size=12))
def test_taken_apart_the_lines_say_the_same(rows: list[tuple[str, str]]) -> None:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";")
    profile = replace(DAILY, layout=replace(DAILY.layout, above=0, encoding=Encoding.UTF8))
    writer.writerow(HEADER)
    for number, (account, text) in enumerate(rows):
        writer.writerow(["1", account, "2026-11-20", f"T{text}", "1,00", f"{number},00", "3"])
    content = out.getvalue().encode()
    whole = _said(read_by(profile, content))
    apart = Apart(content, profile)
    found = [_said(read_by(profile, apart.text([part]))) for part in apart.parts]
    assert sorted(itertools.chain(*found)) == sorted(whole)
    assert len(apart.parts) == len({account for account, _text in rows})
    again = list(Reading(apart.text(apart.parts), profile))
    assert len(again) == len(rows)


def test_the_guess_knows_a_column_of_several_accounts() -> None:
    head, one = (
        "Account,Date,Description,Amount,Balance\n",
        "111122223333,2026-11-20,Sales,1.00,5.00\n",
    )
    two = one.replace("1111", "4444").replace("5.00", "9.00")
    found = guess((head + one + two).encode())
    assert found.columns["account"] == "Account"
    assert found.amounts is Amounts.ONE and found.sign is not Sign.UNSIGNED
    assert "account" not in guess((head + one + one.replace("20", "21")).encode()).columns
