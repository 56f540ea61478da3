"""Business days: the published days of several years, and what holds of every year."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bankfeeds import calendars

DAY = dt.timedelta(days=1)
years = st.integers(1975, 2199)
days = st.dates(dt.date(1975, 1, 1), dt.date(2199, 12, 31))
countries = st.sampled_from(["US", "CA"])

# As published by the Federal Reserve (K.8) and kept by Canadian banks; weekdays only.
PUBLISHED = {
    ("US", 2021): "01-01 01-18 02-15 05-31 07-05 09-06 10-11 11-11 11-25",
    ("US", 2022): "01-17 02-21 05-30 06-20 07-04 09-05 10-10 11-11 11-24 12-26",
    ("US", 2023): "01-02 01-16 02-20 05-29 06-19 07-04 09-04 10-09 11-23 12-25",
    ("US", 2024): "01-01 01-15 02-19 05-27 06-19 07-04 09-02 10-14 11-11 11-28 12-25",
    ("US", 2025): "01-01 01-20 02-17 05-26 06-19 07-04 09-01 10-13 11-11 11-27 12-25",
    ("US", 2026): "01-01 01-19 02-16 05-25 06-19 09-07 10-12 11-11 11-26 12-25",
    ("US", 2027): "01-01 01-18 02-15 05-31 07-05 09-06 10-11 11-11 11-25",
    ("CA", 2020): "01-01 04-10 05-18 07-01 09-07 10-12 11-11 12-25 12-28",
    ("CA", 2021): "01-01 04-02 05-24 07-01 09-06 09-30 10-11 11-11 12-27 12-28",
    ("CA", 2022): "01-03 04-15 05-23 07-01 09-05 09-30 10-10 11-11 12-26 12-27",
    ("CA", 2023): "01-02 04-07 05-22 07-03 09-04 10-02 10-09 11-13 12-25 12-26",
    ("CA", 2024): "01-01 03-29 05-20 07-01 09-02 09-30 10-14 11-11 12-25 12-26",
    ("CA", 2025): "01-01 04-18 05-19 07-01 09-01 09-30 10-13 11-11 12-25 12-26",
    ("CA", 2026): "01-01 04-03 05-18 07-01 09-07 09-30 10-12 11-11 12-25 12-28",
}  # fmt: skip
EASTER = "1981-04-19 1999-04-04 2000-04-23 2008-03-23 2011-04-24 2024-03-31 2025-04-20 2038-04-25"


@pytest.mark.parametrize(("country", "year"), PUBLISHED)
def test_the_holidays_of_a_year_are_those_published(country: str, year: int) -> None:
    found = calendars.holidays(year, country=country)
    assert " ".join(f"{day:%m-%d}" for day in sorted(found)) == PUBLISHED[country, year]


@pytest.mark.parametrize("sunday", EASTER.split())
def test_easter_is_found(sunday: str) -> None:
    day = dt.date.fromisoformat(sunday)
    assert calendars.easter(day.year) == day


@given(years)
def test_easter_is_a_sunday_of_spring(year: int) -> None:
    day = calendars.easter(year)
    assert day.weekday() == 6
    assert dt.date(year, 3, 22) <= day <= dt.date(year, 4, 25)


@given(years, countries)
def test_holidays_are_weekdays_of_their_year_and_as_many_as_there_are(
    year: int, country: str
) -> None:
    found = calendars.holidays(year, country=country)
    assert all(day.year == year and day.weekday() < 5 for day in found)
    whole = 10 + (year >= 2022) if country == "US" else 9 + (year >= 2021)
    # In the US those of a Saturday are not kept; in Canada none is lost.
    assert whole - 3 <= len(found) <= whole if country == "US" else len(found) == whole


@given(years)
def test_christmas_and_boxing_day_are_two_days(year: int) -> None:
    names = list(calendars.holidays(year, country="CA").values())
    assert names.count("Christmas Day") == names.count("Boxing Day") == 1


@given(days, countries, st.sets(days, max_size=3))
def test_the_next_business_day_has_no_other_between(
    day: dt.date, country: str, closed: set[dt.date]
) -> None:
    found = calendars.following(day, country=country, closed=closed)
    assert found is not None and found > day
    assert calendars.is_business_day(found, country=country, closed=closed)
    between = (day + n * DAY for n in range(1, (found - day).days))
    assert not any(calendars.is_business_day(d, country=country, closed=closed) for d in between)
    back = calendars.previous(found + DAY, country=country, closed=closed)
    assert back == found


@given(days, countries)
def test_weekends_and_own_closures_are_no_business_days(day: dt.date, country: str) -> None:
    assert not calendars.is_business_day(day, country=country, closed={day})
    if day.weekday() >= 5:
        assert not calendars.is_business_day(day, country=country)


def test_each_country_keeps_its_own_days() -> None:
    thanksgiving, remembrance = dt.date(2026, 11, 26), dt.date(2026, 9, 30)
    assert calendars.holiday(thanksgiving, country="US") == "Thanksgiving Day"
    assert calendars.is_business_day(thanksgiving, country="CA")
    assert calendars.is_business_day(remembrance, country="US")
    assert not calendars.is_business_day(remembrance, country="CA")
    assert calendars.is_business_day(thanksgiving, country="elsewhere")


def test_a_year_of_closures_ends_the_search() -> None:
    start = dt.date(2026, 1, 1)
    closed = {start + n * DAY for n in range(800)}
    assert calendars.following(start, country="US", closed=closed) is None
    assert calendars.previous(start + 700 * DAY, country="US", closed=closed) is None
