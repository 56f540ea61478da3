"""Writes a file by a profile, as an institution would, and makes random profiles to write by."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from hypothesis import strategies as st

from bankfeeds.intake.cells import CONTROLS, LONGEST_DESCRIPTION
from bankfeeds.intake.profile import (
    DELIMITERS,
    MONEY,
    SIGNS,
    Amounts,
    Column,
    Encoding,
    Layout,
    Order,
    Profile,
    Sign,
)

MONTHS = "Jan Fév Mar Avr May Juin Juil Aug Sep Oct Nov Déc".split()  # noqa: SIM905
NAMES = {
    "date": "Booked",
    "description": "What",
    "more": "Detail",
    "amount": "Amount",
    "money_out": "Withdrawals",
    "money_in": "Deposits",
    "kind": "D/C",
    "balance": "Balance",
    "id": "Reference",
    "other": "Branch",
}
WIDTHS = {"description": 70, "more": 70, "id": 40}


class Row(NamedTuple):
    id: str
    date: dt.date
    description: str
    amount: Decimal
    balance: Decimal


def write(profile: Profile, rows: Sequence[Row]) -> bytes:
    layout = profile.layout
    lines = [list(layout.header)] if layout.header else []
    lines += [_cells(profile, row) for row in rows]
    out = io.StringIO()
    out.writelines(f'Extract "of the day, page {n}\n' for n in range(layout.above))
    if layout.widths:
        for line in lines:
            sized = zip(line, layout.widths, strict=True)
            out.write("".join(text[:width].ljust(width) for text, width in sized) + "\n")
    else:
        csv.writer(out, delimiter=layout.delimiter).writerows(lines)
    return out.getvalue().encode(layout.encoding)


def _cells(profile: Profile, row: Row) -> list[str]:
    said = {
        "date": day(profile, row.date),
        "description": row.description,
        "balance": figure(profile, row.balance),
        "id": row.id,
        "more": "",
        **_money(profile, row.amount),
    }
    found = [""] * profile.layout.columns
    for what, place in profile.places().items():
        found[place] = said[what]
    return found


def _money(profile: Profile, amount: Decimal) -> dict[str, str]:
    if profile.amounts is Amounts.ONE:
        turned = amount if profile.sign is Sign.MINUS_OUT else -amount
        return {"amount": figure(profile, turned)}
    marked = profile.sign is Sign.MINUS_OUT
    text = figure(profile, amount if marked else abs(amount))
    if profile.amounts is Amounts.TYPED:
        words = profile.out_words if amount < 0 else profile.in_words
        return {"amount": text, "kind": words[0].upper()}
    return {"money_out": text if amount < 0 else "", "money_in": "" if amount < 0 else text}


def day(profile: Profile, value: dt.date) -> str:
    month = MONTHS[value.month - 1] if value.day % 2 else f"{value.month:02}"
    parts = {"y": f"{value.year}", "m": month, "d": f"{value.day:02}"}
    return " ".join(parts[part] for part in profile.order.value)


def figure(profile: Profile, amount: Decimal) -> str:
    text = f"{abs(amount):,.2f}".replace(",", "\0").replace(".", profile.decimal)
    text = text.replace("\0", profile.thousands if profile.decimal else "")
    ways = (f"-{text}", f"{text}-", f"({text})", f"-${text}")
    return ways[int(abs(amount)) % 4] if amount < 0 else text


def _letters(encoding: Encoding) -> st.SearchStrategy[str]:
    codec = {Encoding.WIDE: "utf-8"}.get(encoding, encoding)
    return st.characters(codec=codec, exclude_categories=("C", "Z"))


@st.composite
def profiles(draw: Any) -> Profile:
    encoding = draw(st.sampled_from(Encoding))
    amounts = draw(st.sampled_from(Amounts))
    optional = draw(st.sets(st.sampled_from(["more", "id", "other"])))
    wanted = ["date", "description", "balance", *MONEY[amounts], *sorted(optional)]
    wanted = draw(st.permutations(wanted))
    has_header = draw(st.booleans())
    fixed = draw(st.booleans())
    decimal = draw(st.sampled_from([".", ",", ""]))
    marks = {"", ",", ".", " ", "'"} - ({decimal} if decimal else {",", ".", " ", "'"})
    layout = Layout(
        delimiter="" if fixed else draw(st.sampled_from(DELIMITERS)),
        widths=tuple(WIDTHS.get(name, 25) for name in wanted) if fixed else (),
        encoding=encoding,
        above=draw(st.integers(0, 5)),
        header=tuple(NAMES[name] for name in wanted) if has_header else (),
        columns=len(wanted),
    )
    at: dict[str, Column] = {
        name: NAMES[name] if has_header and draw(st.booleans()) else place
        for place, name in enumerate(wanted)
        if name != "other"
    }
    typed = amounts is Amounts.TYPED
    return Profile(
        layout=layout,
        order=draw(st.sampled_from(Order)),
        amounts=amounts,
        sign=draw(st.sampled_from(SIGNS[amounts])),
        out_words=("D", "Débit") if typed else (),
        in_words=("C", "Crédit") if typed else (),
        end_words=draw(st.sampled_from([(), ("Total", "Fin")])),
        decimal=decimal,
        thousands=draw(st.sampled_from(sorted(marks))),
        **at,
    )


@st.composite
def files(draw: Any) -> tuple[Profile, list[Row]]:
    profile = draw(profiles())
    texts = st.text(_letters(profile.layout.encoding), min_size=1, max_size=30)
    texts = texts.filter(lambda text: not CONTROLS.search(text) and len(text) < LONGEST_DESCRIPTION)
    money = st.decimals(-(10**11), 10**11, places=2, allow_nan=False).map(lambda n: n or Decimal(0))
    rows = draw(
        st.lists(
            st.builds(
                Row,
                texts,
                st.dates(dt.date(1900, 1, 1), dt.date(2199, 12, 31)),
                texts,
                money,
                money,
            ),
            min_size=1,
            max_size=12,
            unique_by=(lambda row: row.id, lambda row: row[1:]),
        )
    )
    return profile, rows
