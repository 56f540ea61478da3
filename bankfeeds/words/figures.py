"""Times in the institution's zone, days, and money, as staff read them."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from django.utils import timezone
from django.utils.formats import date_format, number_format, time_format
from django.utils.translation import gettext as _
from django.utils.translation import pgettext, pgettext_lazy

# What people there say of their zone.
ZONES = {
    "AT": pgettext_lazy("time zone", "AT"),
    "ET": pgettext_lazy("time zone", "ET"),
    "CT": pgettext_lazy("time zone", "CT"),
    "MT": pgettext_lazy("time zone", "MT"),
    "PT": pgettext_lazy("time zone", "PT"),
    "NT": pgettext_lazy("time zone", "NT"),
}


def moment(at: dt.datetime | None) -> str:
    """`Nov 20, 2026, 3:42 p.m. ET`, in the institution's zone."""
    if at is None:
        return "–"
    local = timezone.localtime(at)
    return f"{day(local)}, {clock_time(at)}"


def clock_time(at: dt.datetime) -> str:
    """`3:42 p.m. ET`; in French `15 h 42 HE`."""
    local = timezone.localtime(at)
    return f"{date_format(local, _shape_of_a_time())} {zone(local)}"


def time_of_day(at: dt.time) -> str:
    """The same of a time of every day, with the zone as it is today."""
    return f"{time_format(at, _shape_of_a_time())} {zone(timezone.localtime())}"


def _shape_of_a_time() -> str:
    # Translators: Django's letters of a time of day.
    return pgettext("format of a time", "P")


def zone(local: dt.datetime) -> str:
    """The zone's everyday abbreviation: EST and EDT are both ET to the people there."""
    name = local.tzname() or ""
    short = f"{name[0]}T" if len(name) == 3 and name[1] in "SD" and name[2] == "T" else name
    return str(ZONES.get(short, short))


def day(date: dt.date | None) -> str:
    """`Nov 20, 2026`; in French `20 nov. 2026`."""
    # Translators: Django's letters of a date.
    return date_format(date, pgettext("format of a day", "M j, Y")) if date else "–"


def number(amount: Decimal) -> str:
    """`−1,234.56`: thousands separated, true minus sign, at least two decimals."""
    places = max(2, -int(amount.normalize().as_tuple().exponent))
    text = number_format(abs(amount), decimal_pos=places, force_grouping=True)
    return f"−{text}" if amount < 0 else text


def count(things: int) -> str:
    """`1,234`: how many there are, thousands separated."""
    return number_format(things, decimal_pos=0, force_grouping=True)


def money(amount: Decimal, currency: str) -> str:
    return f"{number(amount)} {currency}"


def flow(amount: Decimal, currency: str) -> str:
    """`Out 75.50 USD`: the word says the direction, so the sign is not repeated."""
    direction = _("Out") if amount < 0 else _("In")
    return f"{direction} {number(abs(amount))} {currency}"
