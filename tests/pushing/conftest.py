"""Codat's list is believed sooner than in production."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture(autouse=True)
def quickly_settled(settings: Any) -> None:
    settings.PUSH_SETTLE = 0.3
