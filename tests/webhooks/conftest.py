"""A portal that takes messages, and somebody who signs them as Codat does."""

from __future__ import annotations

from typing import Any

import pytest

from .signed import SECRET


@pytest.fixture(autouse=True)
def secret(settings: Any) -> str:
    settings.CODAT_WEBHOOK_SECRET = SECRET
    return SECRET
