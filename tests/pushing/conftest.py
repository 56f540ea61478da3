"""Codat's list is believed sooner than in production, and its rows never refused as doubles."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from bankfeeds.codat import transport
from bankfeeds.sandbox.server import Sandbox
from tests import databases


@pytest.fixture(autouse=True)
def quickly_settled(settings: Any) -> None:
    settings.PUSH_SETTLE = 0.3


@pytest.fixture
def sandbox(settings: Any) -> Iterator[Sandbox]:
    """One that stores whatever comes: what is sent twice must be seen twice."""
    with Sandbox(
        api_key=databases.API_KEY,
        time_zone=settings.INSTITUTION_TIME_ZONE,
        operation_seconds=0.05,
        keeps_doubles=True,
    ) as running:
        settings.CODAT_BASE_URL = running.url
        settings.CODAT_API_KEY = databases.API_KEY
        yield running
        transport.close()
