"""How far a reader is, in every format."""

from __future__ import annotations

import pytest

from bankfeeds.intake import pace
from bankfeeds.intake.columns import read_by
from bankfeeds.intake.profile import Layout, Order, Profile
from bankfeeds.intake.recognise import read
from tests.intake import bai_writer as bai
from tests.intake import camt_writer as camt
from tests.intake import mt940_writer as mt940
from tests.intake import ofx_writer as ofx
from tests.intake.json_writer import Account, entry, json_batch
from tests.intake.support import file_of
from tests.intake.xlsx_writer import HEADER, workbook

DAY = "2026-11-20"
FILES = {
    "csv": file_of(f"A,{DAY},x,1,1", f"B,{DAY},x,1,2"),
    "ofx": ofx.ofx(ofx.Account([ofx.Row(f"T{n}", "20261120", "-1.00", "x") for n in range(99)])),
    "bai": bai.bai2(bai.Account([bai.row(475, 100, "x")], opening=None)),
    "camt": camt.camt(camt.Account([camt.Entry("T", DAY, "1.00", "DBIT", "x")], opening=None)),
    "json": json_batch(Account([entry(f"T{n}", DAY, "-1.00", "x") for n in range(99)])),
    "mt940": mt940.mt940(mt940.Account([mt940.Entry("261120", "D", "1,00", "x")])),
    "xlsx": workbook(HEADER, ["A", DAY, "x", "1", "1"]),
}


@pytest.mark.parametrize("name", FILES)
def test_a_reader_tells_how_far_it_is(name: str) -> None:
    shares: list[float] = []
    with pace.told(shares.append):
        read(FILES[name], places=2)
    assert 0.85 < max(shares) <= 1
    told = len(shares)
    read(FILES[name], places=2)
    assert len(shares) == told


def test_a_reader_by_a_profile_does_too() -> None:
    profile = Profile(
        layout=Layout(header=("Date", "Text", "Amount", "Balance"), columns=4),
        date="Date",
        description="Text",
        amount="Amount",
        balance="Balance",
        order=Order.YMD,
    )
    shares: list[float] = []
    with pace.told(shares.append):
        read_by(profile, f"Date,Text,Amount,Balance\n{DAY},x,1,1\n".encode(), places=2)
    assert max(shares) == 1
