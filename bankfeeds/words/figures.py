"""Times in the institution's zone, days, and money, as staff read them."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _


def moment(at: dt.datetime | None) -> str:
    """`Nov 20, 2026, 3:42 p.m. ET`, in the institution's zone."""
    if at is None:
        return "–"
    local = timezone.localtime(at)
    return f"{date_format(local, 'M j, Y')}, {date_format(local, 'P')} {zone(local)}"


def clock_time(at: dt.datetime) -> str:
    """`3:42 p.m. ET`."""
    local = timezone.localtime(at)
    return f"{date_format(local, 'P')} {zone(local)}"


def zone(local: dt.datetime) -> str:
    """The zone's everyday abbreviation: EST and EDT are both ET to the people there."""
    name = local.tzname() or ""
    return f"{name[0]}T" if len(name) == 3 and name[1] in "SD" and name[2] == "T" else name


def day(date: dt.date | None) -> str:
    return date_format(date, "M j, Y") if date else "–"


def number(amount: Decimal) -> str:
    """`−1,234.56`: thousands separated, true minus sign, at least two decimals."""
    places = max(2, -int(amount.normalize().as_tuple().exponent))
    text = number_format(abs(amount), decimal_pos=places, force_grouping=True)
    return f"−{text}" if amount < 0 else text


def money(amount: Decimal, currency: str) -> str:
    return f"{number(amount)} {currency}"


def flow(amount: Decimal, currency: str) -> str:
    """`Out 75.50 USD`: the word says the direction, so the sign is not repeated."""
    direction = _("Out") if amount < 0 else _("In")
    return f"{direction} {number(abs(amount))} {currency}"
