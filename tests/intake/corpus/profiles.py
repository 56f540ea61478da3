"""Profiles of institutions that are none; each file of the corpus is named for the one it fits."""

from __future__ import annotations

import re
from pathlib import Path

from bankfeeds.intake.cells import MADE
from bankfeeds.intake.columns import read_by
from bankfeeds.intake.profile import Amounts, Encoding, Layout, Order, Profile, Sign
from bankfeeds.intake.shape import Statement, UnreadableFile

from . import Outcome, outcome_of

PROFILES = {
    "caisse": Profile(
        layout=Layout(
            delimiter=";",
            encoding=Encoding.WINDOWS,
            above=2,
            header=("Date", "Libellé", "Montant", "Solde"),
            columns=4,
        ),
        date="Date",
        description="Libellé",
        amount="Montant",
        balance="Solde",
        order=Order.DMY,
        decimal=",",
        thousands=" ",
    ),
    "union": Profile(
        layout=Layout(
            header=("Posted", "Memo", "Debit", "Credit", "Running Balance", "Ref"), columns=6
        ),
        date="Posted",
        description="Memo",
        money_out="Debit",
        money_in="Credit",
        balance="Running Balance",
        id="Ref",
        order=Order.MDY,
        amounts=Amounts.TWO,
        sign=Sign.UNSIGNED,
        thousands=",",
    ),
    "core": Profile(
        layout=Layout(delimiter="", widths=(8, 16, 10, 1, 11), columns=5),
        date=0,
        description=1,
        amount=2,
        kind=3,
        balance=4,
        order=Order.YMD,
        amounts=Amounts.TYPED,
        sign=Sign.UNSIGNED,
        out_words=("D",),
        in_words=("C",),
        decimal="",
    ),
}


def read_outcome(file: Path) -> Outcome:
    """Ids that are derived are left out of it: other tests are about them."""
    name = file.name.partition("-")[0]
    try:
        parsed = read_by(PROFILES[name], file.read_bytes(), places=2)
    except UnreadableFile as error:
        return Outcome(refused=error.code)
    found = outcome_of(Statement(parsed.rows, parsed.rejected, parsed.rejected_count, parsed.notes))
    return found._replace(rows=re.sub(f"{MADE}[0-9a-f]+ ", "", found.rows))
