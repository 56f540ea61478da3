from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from bankfeeds.codat import transport

# A busy machine is slow now and then; that says nothing about the code.
settings.register_profile(
    "steady", deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("steady")


@pytest.fixture(autouse=True)
def no_idle_connections() -> Iterator[None]:
    """A pooled connection to a server of a former test must not reach into the next one."""
    yield
    transport.close()
