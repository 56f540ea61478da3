"""A sender, its posts, and its files read in this process."""

from __future__ import annotations

from typing import Any

from django.test import Client
from django.utils import timezone

from bankfeeds import sealing, senders
from bankfeeds.models import Actor, ReceivedFile, Sender, SourceAccount
from tests import support as portal
from tests.intake.json_writer import NUMBER, ROUTING, Account, entry, json_batch

URL = "/api/statements"
BY = Actor.command("tests")


def sender(name: str = "Core") -> tuple[Sender, str]:
    return senders.create(name, by=BY, now=timezone.now())


def numbered(number: str = NUMBER, **changes: Any) -> SourceAccount:
    values = {"number_hash": sealing.number_hash(number), "number_last4": sealing.last4(number)}
    return portal.make_account(**{**values, "sort_code": ROUTING, **changes})


def part(
    number: str = NUMBER,
    *,
    prefix: str = "T",
    bad: bool = False,
    closing: str | None = "1000.00",
    words: str = "",
) -> Account:
    """`bad`: with a third row that has no date; then each states its balance.

    `words`: with which its rows are other ones than those of another file of the day.
    """
    day = str(portal.today())
    stated = ({"balance": "250.00"}, {"balance": "200.00"}) if bad else ({}, {})
    rows = [
        entry(f"{prefix}1", day, "250.00", f"Sales {words}".strip(), **stated[0]),
        entry(f"{prefix}2", day, "-50.00", f"Rent {words}".strip(), **stated[1]),
    ]
    if bad:
        rows.append(entry(f"{prefix}3", "never", "1.00", "Odd", balance="201.00"))
    return Account(rows, number=number, opening=None, closing=None if bad else closing)


def file(*parts: Account) -> bytes:
    return json_batch(*(parts or (part(),)))


def browser() -> Client:
    return Client(enforce_csrf_checks=True, raise_request_exception=True)


def post(token: str, body: bytes, batch: str = "day-1", **headers: str) -> Any:
    given = {"Authorization": f"Bearer {token}", "Idempotency-Key": batch, **headers}
    kind = headers.pop("Content-Type", "application/octet-stream")
    return browser().post(URL, body, content_type=kind, headers=given)


def status(token: str, address: str) -> Any:
    return browser().get(address, headers={"Authorization": f"Bearer {token}"})


def row() -> ReceivedFile:
    found = ReceivedFile.objects.order_by("-id").first()
    assert found is not None
    return found


def strange_entry(**changes: Any) -> dict[str, Any]:
    """What a file keeps of an account of which no account here has the number."""
    plain = {"number": "••1111", "status": "unknown", "stranger": "1" * 64, "reason": "Not here."}
    counts: dict[str, Any] = {"saved": 0, "known": 0, "leftOut": 0, "rows": []}
    return {**counts, **plain, "account": None, "statement": None, **changes}
