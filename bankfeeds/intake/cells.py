"""One cell of text -> one value, or the plain reason why not. Nothing is guessed at.

Dates are calendar dates as written: a time behind one is cut off, never converted. Money is
Decimal with at most 15 digits, which every database and JSON reader keeps exactly.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections import Counter
from collections.abc import Iterable
from decimal import Decimal
from functools import lru_cache

from .masking import unnamed
from .shape import Reason, gettext_noop

LONGEST_ID = 100
LONGEST_DESCRIPTION = 1_000
LONGEST_DATE_KEPT = 40
LONGEST_SHOWN = 80
MOST_DIGITS = 15
# Begins an id that the file does not state.
MADE = "made-"
YEARS = range(1900, 2200)

# Codat API, schema of bank transactions: `transactionType`.
TYPES = {
    name.lower(): name
    for name in (
        "Unknown", "Credit", "Debit", "Int", "Div", "Fee", "SerChg", "Dep", "Atm", "Pos", "Xfer",
        "Check", "Payment", "Cash", "DirectDep", "DirectDebit", "RepeatPmt", "Other",
    )
}  # fmt: skip

DATE = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})"
    r"(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?\s*(?:Z|[+-][0-9]{2}:?[0-9]{2})?)?"
)
# As nearly every figure is written; the others have something to be left away or refused.
USUAL = re.compile(r"-?(?:0|[1-9][0-9]{0,9})\.[0-9][1-9]")
NUMBER = re.compile(r"([+-]?)([0-9]*)(?:\.([0-9]+))?")
# Line and direction controls too: they make a text show as something else than it is.
CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")

# No width at all: with one of them an id looks like another one and is none.
UNSEEN = re.compile("[\u00ad\u061c\u180e\u200b-\u200f\u2060-\u2064\ufeff]")


class BadCell(ValueError):
    """The cell cannot be used; `reason` says why."""

    def __init__(self, code: str, template: str, **values: str | int) -> None:
        super().__init__(template)
        self.reason = Reason(code, template, values)


def identifier(text: str) -> str:
    if not text:
        raise BadCell("id-missing", gettext_noop("It has no id."))
    if len(text) > LONGEST_ID:
        raise BadCell(
            "id-too-long",
            gettext_noop("Its id is longer than %(limit)d characters."),
            limit=LONGEST_ID,
        )
    if not text.isprintable() and (CONTROLS.search(text) or UNSEEN.search(text)):
        raise BadCell(
            "id-control", gettext_noop("Its id contains a line break or a control character.")
        )
    return text


def description(text: str) -> str:
    if not text:
        raise BadCell("description-missing", gettext_noop("It has no description."))
    if len(text) > LONGEST_DESCRIPTION:
        raise BadCell(
            "description-too-long",
            gettext_noop("Its description is longer than %(limit)d characters."),
            limit=LONGEST_DESCRIPTION,
        )
    if not text.isprintable() and CONTROLS.search(text):
        raise BadCell(
            "description-control",
            gettext_noop("Its description contains a line break or a control character."),
        )
    return text


def date(text: str) -> dt.date:
    # A file has few different days; one with a very long fraction of a second is not kept.
    return _day(text) if len(text) < LONGEST_DATE_KEPT else _day.__wrapped__(text)


@lru_cache(maxsize=4_096)
def _day(text: str) -> dt.date:
    match = DATE.fullmatch(text)
    if match is None:
        raise BadCell(
            "date-format",
            gettext_noop("Its date “%(text)s” is not written as YYYY-MM-DD."),
            text=shown(text),
        )
    year, month, day = (int(part) for part in match.groups())
    try:
        value = dt.date(year, month, day)
    except ValueError:
        value = None
    if value is None or year not in YEARS:
        raise BadCell("date-unknown", gettext_noop("There is no day “%(text)s”."), text=shown(text))
    return value


def kind(text: str) -> str:
    """Codat's spelling of the type; empty stays empty."""
    if not text:
        return ""
    try:
        return TYPES[text.lower()]
    except KeyError:
        raise BadCell(
            "type-unknown",
            gettext_noop("Its type “%(text)s” is unknown: use Credit, Debit or leave it empty."),
            text=shown(text),
        ) from None


def money(text: str, *, column: str, places: int) -> Decimal:
    """A plain number such as -1234.56; at most `places` decimals that are not zeros."""
    if places >= 2 and USUAL.fullmatch(text):
        return Decimal(text)
    match = NUMBER.fullmatch(text)
    if match is None or not (match[2] or match[3]):
        raise _bad_number(text, column)
    sign, whole, fraction = match[1], match[2].lstrip("0"), (match[3] or "").rstrip("0")
    if len(fraction) > places:
        raise BadCell(
            "too-many-decimals",
            gettext_noop("Its %(column)s “%(text)s” has more than %(places)d decimals."),
            column=column,
            text=shown(text),
            places=places,
        )
    if len(whole) + len(fraction) > MOST_DIGITS:
        raise BadCell(
            "too-many-digits",
            gettext_noop("Its %(column)s has more than %(limit)d digits."),
            column=column,
            limit=MOST_DIGITS,
        )
    value = Decimal(f"{whole or '0'}.{fraction or '0'}")
    # Nothing is written with a minus of its own when it is zero.
    return -value if sign == "-" and value else value


def _bad_number(text: str, column: str) -> BadCell:
    code, template = _diagnosis(text)
    return BadCell(code, template, column=column, text=shown(text))


def _diagnosis(text: str) -> tuple[str, str]:
    if not text:
        return "amount-missing", gettext_noop("It has no %(column)s.")
    if "," in text and "." in text:
        return "thousands-separator", gettext_noop(
            "Its %(column)s “%(text)s” has a thousands separator; write 1234.56."
        )
    if "," in text:
        return "decimal-comma", gettext_noop(
            "Its %(column)s “%(text)s” has a comma; write a decimal point, as in 1234.56."
        )
    if text.startswith("(") or text.endswith("-"):
        return "minus-elsewhere", gettext_noop(
            "Its %(column)s “%(text)s” is negative in another way; write -12.00."
        )
    if re.fullmatch(r"[+-]?[0-9.]+[eE][+-]?[0-9]+", text):
        return "exponent", gettext_noop(
            "Its %(column)s “%(text)s” is written with an exponent; write it out, as in 1234.56."
        )
    return "not-a-number", gettext_noop(
        "Its %(column)s “%(text)s” is not a number such as -1234.56."
    )


def made_id(said: Iterable[str], seen: Counter[bytes]) -> str:
    """An id of all that an entry says; equal ones are told apart by counting them in `seen`."""
    made = hashlib.sha256("\n".join(said).encode())
    # What they say would be many times as long.
    short = made.digest()[:16]
    seen[short] += 1
    made.update(f"\n{seen[short]}".encode())
    return MADE + made.hexdigest()[:32]


def twice(transaction_id: str, line: int) -> Reason:
    return Reason(
        "id-twice",
        gettext_noop("Its id “%(id)s” stands on line %(line)d already."),
        {"id": transaction_id, "line": line},
    )


def figure(amount: Decimal) -> str:
    """With cents, and with more than these only where it has more."""
    return f"{amount:.2f}" if amount == round(amount, 2) else f"{amount:f}"


def shown(text: str) -> str:
    """Short, on one line and without a number of an account, whatever stood there."""
    # No more than can be shown of it, and of the number with which that ends.
    clean = unnamed(CONTROLS.sub("·", text[:LONGEST_SHOWN]))
    return clean if len(clean) <= 40 else f"{clean[:39]}…"
