"""Retry-After and the quota headers, in every form in which they may come."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bankfeeds.codat import limits

NOW = datetime(2024, 5, 1, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("words", "seconds"),
    [
        ("30", 30.0),
        (" 2.5 ", 2.5),
        ("0", 1.0),
        ("36000", 36_000.0),
        ("999999", 86_400.0),
        ("9" * 400, 86_400.0),
        ("Wed, 01 May 2024 12:00:30 GMT", 30.0),
        ("Wed, 01 May 2024 11:00:00 GMT", 1.0),
        ("Fri, 31 Dec 2099 23:59:59 GMT", 86_400.0),
        ("Wednesday, 01-May-24 12:10:00 GMT", 600.0),
        ("-5", None),
        ("nan", None),
        ("soon", None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after(words: str | None, seconds: float | None) -> None:
    assert limits.retry_after(words, now=NOW) == seconds


@given(st.text())
def test_any_header_is_a_wait_or_nothing(words: str) -> None:
    wait = limits.retry_after(words, now=NOW)
    assert wait is None or 1 <= wait <= 86_400
    limits.reset_moment(words, now=NOW)
    limits.count(words)


@pytest.mark.parametrize(
    ("words", "moment"),
    [
        ("2024-05-02T00:00:00Z", datetime(2024, 5, 2, tzinfo=UTC)),
        ("Thu, 02 May 2024 00:00:00 GMT", datetime(2024, 5, 2, tzinfo=UTC)),
        ("1714608000", datetime(2024, 5, 2, tzinfo=UTC)),
        ("60", NOW + timedelta(seconds=60)),
        ("999999999999999", None),
        ("midnight", None),
        (None, None),
    ],
)
def test_reset(words: str | None, moment: datetime | None) -> None:
    assert limits.reset_moment(words, now=NOW) == moment


@pytest.mark.parametrize(
    ("words", "number"), [("1000", 1000), ("-1", None), ("١٢", None), ("x", None), (None, None)]
)
def test_count(words: str | None, number: int | None) -> None:
    assert limits.count(words) == number
