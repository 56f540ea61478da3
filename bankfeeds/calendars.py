"""On which days banks work: weekends, public holidays of the US and Canada, own closures.

Pure functions over dates: no clock, no database, no Django. Own closures are handed in.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator
from functools import cache

DAY = dt.timedelta(days=1)
MON, THU, SAT, SUN = 0, 3, 5, 6
# No run of holidays and weekends is longer; own closures may be.
LONGEST_CLOSURE = 370
# The first year in which each of these closed the banks.
JUNETEENTH, RECONCILIATION = 2022, 2021


def is_business_day(day: dt.date, *, country: str, closed: Collection[dt.date] = ()) -> bool:
    """Whether banks of `country` ("US" or "CA") work on `day`; `closed`: own closing days.

    A country that this portal does not know has weekends and no holidays.
    """
    return day.weekday() < SAT and day not in closed and holiday(day, country=country) == ""


def previous(day: dt.date, *, country: str, closed: Collection[dt.date] = ()) -> dt.date | None:
    """The last business day before `day`; None when there was none for a year."""
    return _walk(day, -DAY, country, closed)


def following(day: dt.date, *, country: str, closed: Collection[dt.date] = ()) -> dt.date | None:
    """The first business day after `day`; None when there is none for a year."""
    return _walk(day, DAY, country, closed)


def holiday(day: dt.date, *, country: str) -> str:
    """Name of the public holiday observed on `day`; "" when it is none."""
    return holidays(day.year, country=country).get(day, "")


@cache
def holidays(year: int, *, country: str) -> dict[dt.date, str]:
    """The weekdays of `year` on which banks of `country` observe a public holiday."""
    kept = {"US": _united_states, "CA": _canada}.get(country)
    found = list(kept(year)) if kept else []
    return {day: name for day, name in found if day.year == year and day.weekday() < SAT}


def easter(year: int) -> dt.date:
    """Easter Sunday of the Gregorian calendar (Meeus/Jones/Butcher; Astronomical Algorithms, 8)."""
    a, b, c = year % 19, year // 100, year % 100
    d = (19 * a + b - b // 4 - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    e = (32 + 2 * (b % 4) + 2 * (c // 4) - d - c % 4) % 7
    month, day = divmod(d + e - 7 * ((a + 11 * d + 22 * e) // 451) + 114, 31)
    return dt.date(year, month, day + 1)


def _united_states(year: int) -> Iterator[tuple[dt.date, str]]:
    """Holidays of the Federal Reserve Banks: a Sunday's is kept on Monday, a Saturday's not.

    Source: federalreserve.gov/aboutthefed/k8.htm ("For holidays falling on Saturday, Federal
    Reserve Banks and Branches will be open the preceding Friday. For holidays falling on Sunday,
    all Federal Reserve Banks and Branches will be closed the following Monday.").
    """
    fixed = [
        (dt.date(year, 1, 1), "New Year's Day"),
        (dt.date(year, 7, 4), "Independence Day"),
        (dt.date(year, 11, 11), "Veterans Day"),
        (dt.date(year, 12, 25), "Christmas Day"),
    ]
    if year >= JUNETEENTH:
        fixed.append((dt.date(year, 6, 19), "Juneteenth"))
    for day, name in fixed:
        yield (day + DAY if day.weekday() == SUN else day), name
    yield _nth(year, 1, MON, 3), "Martin Luther King Jr. Day"
    yield _nth(year, 2, MON, 3), "Presidents' Day"
    yield _last_before(dt.date(year, 6, 1), MON), "Memorial Day"
    yield _nth(year, 9, MON, 1), "Labor Day"
    yield _nth(year, 10, MON, 2), "Columbus Day"
    yield _nth(year, 11, THU, 4), "Thanksgiving Day"


def _canada(year: int) -> Iterator[tuple[dt.date, str]]:
    """General holidays of federally regulated employers, which banks are.

    Source: Canada Labour Code, s. 166 (which days) and s. 193(2) (one on a weekend is given on a
    working day beside it; banks and the Bank of Canada keep the next one that is free). Days of
    a province, such as Family Day or the civic holiday in August, are own closures.
    """
    yield _next_weekday(dt.date(year, 1, 1)), "New Year's Day"
    yield easter(year) - 2 * DAY, "Good Friday"
    yield _last_before(dt.date(year, 5, 25), MON), "Victoria Day"
    yield _next_weekday(dt.date(year, 7, 1)), "Canada Day"
    yield _nth(year, 9, MON, 1), "Labour Day"
    if year >= RECONCILIATION:
        yield (
            _next_weekday(dt.date(year, 9, 30)),
            "National Day for Truth and Reconciliation",
        )
    yield _nth(year, 10, MON, 2), "Thanksgiving Day"
    yield _next_weekday(dt.date(year, 11, 11)), "Remembrance Day"
    christmas = _next_weekday(dt.date(year, 12, 25))
    yield christmas, "Christmas Day"
    boxing = _next_weekday(dt.date(year, 12, 26))
    yield (boxing if boxing != christmas else _next_weekday(christmas + DAY)), "Boxing Day"


def _walk(
    day: dt.date, step: dt.timedelta, country: str, closed: Collection[dt.date]
) -> dt.date | None:
    for _ in range(LONGEST_CLOSURE):
        day += step
        if is_business_day(day, country=country, closed=closed):
            return day
    return None


def _next_weekday(day: dt.date) -> dt.date:
    """`day`, or the Monday after it when it falls on a weekend."""
    return day if day.weekday() < SAT else day + (7 - day.weekday()) * DAY


def _nth(year: int, month: int, weekday: int, number: int) -> dt.date:
    first = dt.date(year, month, 1)
    return first + ((weekday - first.weekday()) % 7 + 7 * (number - 1)) * DAY


def _last_before(day: dt.date, weekday: int) -> dt.date:
    """The last such weekday strictly before `day`."""
    return day - ((day.weekday() - weekday - 1) % 7 + 1) * DAY
