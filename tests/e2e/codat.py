"""What has reached Codat, as the sandbox tells it."""

from __future__ import annotations

from typing import Any

import requests
from django.conf import settings

from bankfeeds import conf
from bankfeeds.codat import shapes


def asked() -> list[dict[str, Any]]:
    """Every request to the API until now, oldest first: method, path, status."""
    answer = requests.get(f"{settings.CODAT_BASE_URL}/_sandbox/requests", timeout=10)
    found: list[dict[str, Any]] = answer.json()
    return found


def companies() -> list[shapes.Company]:
    return list(conf.client().list_companies())
