"""Account numbers: hashed under a key, shown by four, sealed for a day."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from bankfeeds import sealing

NOW = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)
DAY = dt.timedelta(hours=24)


def test_the_hash_is_keyed_and_blind_to_spelling(settings: Any) -> None:
    first = sealing.number_hash("12-34 5x")
    assert first == sealing.number_hash("12345X") != sealing.number_hash("12346X")
    assert len(first) == 64
    settings.ACCOUNT_NUMBER_KEY = "another"
    assert sealing.number_hash("12345X") != first


def test_last_four() -> None:
    assert sealing.last4("12-34 5678") == "5678"


def test_a_seal_opens_for_a_day() -> None:
    sealed = sealing.seal(b"body", now=NOW)
    assert b"body" not in sealed
    assert sealing.unseal(memoryview(sealed), now=NOW + DAY - dt.timedelta(seconds=1)) == b"body"
    assert sealing.unseal(sealed, now=NOW + DAY) is None
    assert not sealing.expired(sealed, now=NOW) and sealing.expired(sealed, now=NOW + DAY)


@pytest.mark.parametrize("sealed", [None, b"", b"rubbish"])
def test_what_is_no_seal_opens_to_nothing(sealed: bytes | None) -> None:
    assert sealing.unseal(sealed, now=NOW) is None


def test_a_changed_secret_opens_nothing_unless_the_old_one_is_kept(settings: Any) -> None:
    sealed, old = sealing.seal(b"body", now=NOW), settings.SECRET_KEY
    settings.SECRET_KEY = "a new secret that is long enough"
    assert sealing.unseal(sealed, now=NOW) is None
    settings.SECRET_KEY_FALLBACKS = [old]
    assert sealing.unseal(sealed, now=NOW) == b"body"
