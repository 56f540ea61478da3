"""What a column profile can say, in words, and what the form of one begins with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bankfeeds.intake.guess import Guess
from bankfeeds.intake.masking import unnamed
from bankfeeds.intake.profile import Amounts, Column, Encoding, Layout, Order, Profile, Sign

FIXED, TAB, NONE, SPACE = "widths", "tab", "none", "space"
MARKS = {TAB: "\t", NONE: "", SPACE: " ", FIXED: ""}
NAMES = {mark: name for name, mark in MARKS.items() if name != FIXED}

SEPARATED_BY = (
    (",", gettext_lazy("Commas")),
    (";", gettext_lazy("Semicolons")),
    (TAB, gettext_lazy("Tabs")),
    ("|", gettext_lazy("Vertical bars")),
    (FIXED, gettext_lazy("Nothing: columns of fixed width")),
)
WRITTEN_IN = (
    (Encoding.UTF8, "UTF-8"),
    (Encoding.WINDOWS, "Windows-1252"),
    (Encoding.DOS, "DOS 850"),
    (Encoding.WIDE, "UTF-16"),
)
CHOOSE = ("", gettext_lazy("Choose"))
ORDERS = (
    CHOOSE,
    (Order.YMD, gettext_lazy("Year, month, day (2026-11-03)")),
    (Order.DMY, gettext_lazy("Day, month, year (03/11/2026)")),
    (Order.MDY, gettext_lazy("Month, day, year (11/03/2026)")),
)
AMOUNTS = (
    (Amounts.ONE, gettext_lazy("One column of amounts")),
    (Amounts.TWO, gettext_lazy("Two columns: money out, money in")),
    (Amounts.TYPED, gettext_lazy("One column of amounts, and one that says out or in")),
)
MEANS = (
    CHOOSE,
    (Sign.MINUS_OUT, gettext_lazy("A minus is money out")),
    (Sign.MINUS_IN, gettext_lazy("A minus is money in")),
    (Sign.UNSIGNED, gettext_lazy("There are no signs: the column or the type tells")),
)
DECIMALS = (
    (".", gettext_lazy("A point (1234.56)")),
    (",", gettext_lazy("A comma (1234,56)")),
    (NONE, gettext_lazy("None: the last two digits are cents (123456)")),
)
THOUSANDS = (
    (NONE, gettext_lazy("None")),
    (",", gettext_lazy("A comma (1,234)")),
    (".", gettext_lazy("A point (1.234)")),
    (SPACE, gettext_lazy("A space (1 234)")),
    ("'", gettext_lazy("An apostrophe (1'234)")),
)
COLUMNS = (
    "date", "description", "more", "amount", "money_out", "money_in", "kind", "balance", "id",
    "account", "routing", "bank",
)  # fmt: skip


def layout_initial(layout: Layout) -> dict[str, Any]:
    mark = layout.delimiter
    return {
        "delimiter": FIXED if layout.widths else NAMES.get(mark, mark),
        "widths": ", ".join(map(str, layout.widths)),
        "encoding": layout.encoding.value,
        "above": layout.above,
        "has_header": bool(layout.header),
    }


def column_at(layout: Layout, at: int) -> Column:
    """By its name where it has one of its own."""
    header = layout.header
    return header[at] if header and header[at] and header.count(header[at]) == 1 else at


def labels(layout: Layout) -> dict[str, str]:
    """Columns by position: as a choice shows them."""
    names = layout.header or ("",) * layout.columns
    text = _("Column %(n)d")
    numbered = (text % {"n": at + 1} for at in range(len(names)))
    return {
        str(at): f"{number}: {unnamed(name)[:60]}" if name else number
        for at, (name, number) in enumerate(zip(names, numbered, strict=True))
    }


def words_in(text: str) -> tuple[str, ...]:
    return tuple(word for each in text.split(",") if (word := each.strip()))


def guess_initial(guess: Guess) -> dict[str, Any]:
    return {
        **{name: str(guess.layout.place(column)) for name, column in guess.columns.items()},
        "order": guess.order.value if guess.order else "",
        "amounts": guess.amounts.value,
        "sign": guess.sign.value if guess.sign else "",
        "out_words": ", ".join(guess.out_words),
        "in_words": ", ".join(guess.in_words),
        "end_words": ", ".join(guess.end_words),
        "decimal": NAMES.get(guess.decimal, guess.decimal),
        "thousands": NAMES.get(guess.thousands, guess.thousands),
    }


def profile_initial(profile: Profile) -> Mapping[str, Any]:
    """Of a profile whose next version is made, where the sample has the same header."""
    return {
        **{name: str(at) for name, at in profile.places().items()},
        "order": profile.order.value,
        "amounts": profile.amounts.value,
        "sign": profile.sign.value,
        "out_words": ", ".join(profile.out_words),
        "in_words": ", ".join(profile.in_words),
        "end_words": ", ".join(profile.end_words),
        "decimal": NAMES.get(profile.decimal, profile.decimal),
        "thousands": NAMES.get(profile.thousands, profile.thousands),
    }
