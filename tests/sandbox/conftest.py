"""A sandbox for each test, and somebody to talk to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from bankfeeds.sandbox.server import Sandbox

from .talk import KEY, ZONE, Talk

Start = Callable[..., Talk]


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts a sandbox with these settings; answers the client of it."""
    with ExitStack() as stack:

        def started(**settings: Any) -> Talk:
            wanted = {"api_key": KEY, "time_zone": ZONE, "operation_seconds": 0.0, **settings}
            running = stack.enter_context(Sandbox(**wanted))
            return stack.enter_context(Talk(running.url))

        yield started


@pytest.fixture
def talk(start: Start) -> Talk:
    return start()
