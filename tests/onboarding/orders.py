"""What tests order of a sandbox beyond `support.control`: faults, and the list of requests."""

from __future__ import annotations

from typing import Any

import requests
from django.conf import settings


def order(fault: str, *, times: int = 1, path: str = "", method: str = "POST") -> None:
    """The next `times` requests that fit get this fault; see the sandbox's catalogue."""
    wanted = [{"method": method, "path": path, "fault": fault, "times": times}]
    answer = requests.post(_url("faults"), json=wanted, timeout=10)
    assert answer.ok, answer.text


def take_back_orders() -> None:
    assert requests.delete(_url("faults"), timeout=10).ok


def seen(method: str = "", *, ending: str = "") -> list[dict[str, Any]]:
    """The API requests that the sandbox saw, in order."""
    rows: list[dict[str, Any]] = requests.get(_url("requests"), timeout=10).json()
    return [r for r in rows if r["method"].startswith(method) and r["path"].endswith(ending)]


def connection_reads() -> list[dict[str, Any]]:
    """The requests that mint links: get or list connections."""
    return [r for r in seen("GET") if "connections" in r["path"].split("/")[-2:]]


def _url(control: str) -> str:
    return f"{settings.CODAT_BASE_URL}/_sandbox/{control}"
