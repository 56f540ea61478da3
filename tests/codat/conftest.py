from __future__ import annotations

from collections.abc import Iterator

import pytest

from bankfeeds.codat import transport


@pytest.fixture(autouse=True)
def no_idle_connections() -> Iterator[None]:
    """A pooled connection to a server of a former test must not reach into the next one."""
    yield
    transport.close()
