"""How an institution's own files are laid out: as data, so that it can be kept and used again.

A profile says where things stand and how they are written; it says nothing of any client.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

# By the name in the header, or by position from 0 where there is none or two have one name.
Column = str | int

DELIMITERS = (",", ";", "\t", "|")
MOST_ABOVE = 100
MOST_COLUMNS = 200


class Encoding(StrEnum):
    UTF8 = "utf-8"
    WINDOWS = "cp1252"
    DOS = "cp850"
    WIDE = "utf-16"


class Order(StrEnum):
    """Of the parts of a date."""

    YMD = "ymd"
    DMY = "dmy"
    MDY = "mdy"


class Amounts(StrEnum):
    """One column; one for money out and one for money in; or one beside a column of types."""

    ONE = "one"
    TWO = "two"
    TYPED = "typed"


class Sign(StrEnum):
    """What a minus means. `UNSIGNED`: there is none, the column or the type tells the way."""

    MINUS_OUT = "minus_out"
    MINUS_IN = "minus_in"
    UNSIGNED = "unsigned"


SIGNS: Mapping[Amounts, tuple[Sign, ...]] = {
    Amounts.ONE: (Sign.MINUS_OUT, Sign.MINUS_IN),
    Amounts.TWO: (Sign.UNSIGNED, Sign.MINUS_OUT),
    Amounts.TYPED: (Sign.UNSIGNED, Sign.MINUS_OUT),
}


class WrongProfile(ValueError):
    """Its parts do not go together, so that no file can be read by it."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the cells of a file stand. `widths`, in characters, instead of a delimiter.

    `above`: lines before the header. No `header`: there is none, and rows have `columns` cells.
    """

    delimiter: str = ","
    widths: tuple[int, ...] = ()
    encoding: Encoding = Encoding.UTF8
    above: int = 0
    header: tuple[str, ...] = ()
    columns: int = 0

    def __post_init__(self) -> None:
        if bool(self.widths) == (self.delimiter in DELIMITERS):
            raise WrongProfile("either a delimiter or widths")
        if any(not 0 < width <= 1_000 for width in self.widths):
            raise WrongProfile("a width is 1 to 1,000 characters")
        if not 0 <= self.above <= MOST_ABOVE:
            raise WrongProfile(f"0 to {MOST_ABOVE} lines stand above the header")
        if not 0 < self.columns <= MOST_COLUMNS:
            raise WrongProfile(f"1 to {MOST_COLUMNS} columns")
        if self.header and len(self.header) != self.columns:
            raise WrongProfile("as many names as columns")

    def place(self, column: Column) -> int:
        """Position of a column. Raises WrongProfile where there is none, or two of that name."""
        if isinstance(column, str):
            if self.header.count(column) != 1:
                raise WrongProfile(f"not one column is called {column!r}")
            return self.header.index(column)
        if not 0 <= column < self.columns:
            raise WrongProfile(f"there is no column {column}")
        return column


@dataclass(frozen=True, slots=True)
class Profile:
    """A layout, which column holds what, and how dates and numbers are written.

    `decimal` is empty where the last two digits are cents. `more`: a second text, put behind the
    first. No `id`: one is derived from what the row says. No `balance`: a person states the one
    before the first row of each file. `out_words`, `in_words`: what the column of types says of
    money out and money in. `account`, with `routing` (in Canada the transit) and `bank` (there the
    institution): where a file of several accounts says which one a row is of. `end_words`: how the
    lines below the table begin, such as its totals.
    """

    layout: Layout
    date: Column
    description: Column
    order: Order
    balance: Column | None = None
    amounts: Amounts = Amounts.ONE
    sign: Sign = Sign.MINUS_OUT
    amount: Column | None = None
    money_out: Column | None = None
    money_in: Column | None = None
    kind: Column | None = None
    out_words: tuple[str, ...] = ()
    in_words: tuple[str, ...] = ()
    more: Column | None = None
    id: Column | None = None
    account: Column | None = None
    routing: Column | None = None
    bank: Column | None = None
    end_words: tuple[str, ...] = ()
    decimal: str = "."
    thousands: str = ""

    def __post_init__(self) -> None:
        if self.sign not in SIGNS[self.amounts]:
            raise WrongProfile(f"{self.sign} does not go with {self.amounts}")
        if self.decimal not in (".", ",", "") or self.thousands not in ("", ",", ".", " ", "'"):
            raise WrongProfile("numbers cannot be written like that")
        if self.decimal == self.thousands != "":
            raise WrongProfile("the decimal mark is not the thousands separator")
        if self.amounts is Amounts.TYPED and not (self.out_words and self.in_words):
            raise WrongProfile("words for money out and for money in")
        if {word.casefold() for word in self.out_words} & {w.casefold() for w in self.in_words}:
            raise WrongProfile("a word means money out and money in")
        if self.account is None and not (self.routing is None and self.bank is None):
            raise WrongProfile("a routing number is of an account")
        places = list(self.places().values())
        if len(set(places)) != len(places):
            raise WrongProfile("a column holds one thing")

    def places(self) -> dict[str, int]:
        """Position of each column that is read, by what it holds."""
        wanted = ["date", "description", *MONEY[self.amounts]]
        wanted += [name for name in OPTIONAL if getattr(self, name) is not None]
        return {name: self.layout.place(self._column(name)) for name in wanted}

    def _column(self, name: str) -> Column:
        column: Column | None = getattr(self, name)
        if column is None:
            raise WrongProfile(f"a column for {name}")
        return column

    def plain(self) -> dict[str, Any]:
        """As a JSON column gives it back; `profile_of` reads it."""
        found: dict[str, Any] = json.loads(json.dumps(asdict(self)))
        return found


OPTIONAL = ("balance", "more", "id", "account", "routing", "bank")
MONEY: Mapping[Amounts, tuple[str, ...]] = {
    Amounts.ONE: ("amount",),
    Amounts.TWO: ("money_out", "money_in"),
    Amounts.TYPED: ("amount", "kind"),
}


def profile_of(plain: Mapping[str, Any]) -> Profile:
    """Raises WrongProfile, and TypeError or ValueError for what was never a profile."""
    given = dict(plain)
    layout = dict(given.pop("layout"))
    layout["widths"], layout["header"] = tuple(layout["widths"]), tuple(layout["header"])
    layout["encoding"] = Encoding(layout["encoding"])
    for name, kind in (("order", Order), ("amounts", Amounts), ("sign", Sign)):
        given[name] = kind(given[name])
    for name in ("out_words", "in_words", "end_words"):
        # Profiles of old say nothing of the end.
        given[name] = tuple(given.get(name, ()))
    return Profile(layout=Layout(**layout), **given)
