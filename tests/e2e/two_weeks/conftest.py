"""Every story begins on the same Tuesday morning, with a Codat that can be away and come back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import time_machine

from tests import databases
from tests.e2e.two_weeks.calendar import BEGINNING, Calendar

if TYPE_CHECKING:
    from bankfeeds.sandbox.server import Sandbox
    from tests.e2e.conftest import At
    from tests.e2e.worker import Worker


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    """Set before anything else of a story begins."""
    with time_machine.travel(BEGINNING) as moved:
        yield moved


@pytest.fixture
def sandbox(clock: time_machine.Traveller, settings: Any, tmp_path: Path) -> Iterator[Sandbox]:
    """As everywhere, but what it knows outlasts that it is down."""
    from bankfeeds.codat import transport
    from bankfeeds.sandbox.server import Sandbox

    with Sandbox(
        api_key=databases.API_KEY,
        time_zone=settings.INSTITUTION_TIME_ZONE,
        operation_seconds=0.05,
        state=tmp_path / "codat.json",
    ) as running:
        settings.CODAT_BASE_URL = running.url
        settings.CODAT_API_KEY = databases.API_KEY
        yield running
        transport.close()


@pytest.fixture
def calendar(
    clock: time_machine.Traveller, at_desk: At, worker: Worker, sandbox: Sandbox
) -> Calendar:
    return Calendar(clock, worker=worker, sandbox=sandbox, sit_down=at_desk)
