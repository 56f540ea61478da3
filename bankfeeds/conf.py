"""The only reader of `settings.CODAT_*`: builds the client, knows which world this is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal
from urllib.parse import urlsplit

from django.conf import settings
from django.db import connection

from .codat.client import Answer, Client, Timings

LIVE_HOSTS = frozenset({"api.codat.io"})


class InsideTransaction(RuntimeError):
    """Codat was called while a database transaction was open: on SQLite the only write lock."""


def _refuse_inside_transaction() -> None:
    if connection.in_atomic_block:
        raise InsideTransaction("A call to Codat must not be made inside a transaction.")


def environment() -> Literal["live", "sandbox"]:
    return "live" if urlsplit(settings.CODAT_BASE_URL).hostname in LIVE_HOSTS else "sandbox"


def host() -> str:
    """Whom every call goes to: name, and port where one is set."""
    return str(urlsplit(settings.CODAT_BASE_URL).netloc).rpartition("@")[2]


def client(on_answer: Callable[[Answer], None] | None = None) -> Client:
    """The client for background work: the full deadline."""
    return _client(
        deadline=settings.CODAT_DEADLINE, read=settings.CODAT_READ_TIMEOUT, on_answer=on_answer
    )


def page_client(on_answer: Callable[[Answer], None] | None = None) -> Client:
    """The client for a page or command on which a person waits for exactly this answer."""
    short = settings.CODAT_PAGE_DEADLINE
    return _client(
        deadline=short, read=min(short, settings.CODAT_READ_TIMEOUT), on_answer=on_answer
    )


def longest_call() -> float:
    """Seconds within which a background call to Codat has ended, one way or the other."""
    return float(settings.CODAT_DEADLINE)


def longest_wait() -> float:
    """Seconds within which a page's call to Codat has ended, one way or the other."""
    return float(settings.CODAT_PAGE_DEADLINE)


def calls_per_minute() -> int:
    """How many calls all background work together may make in any 60 seconds."""
    return int(settings.CODAT_CALLS_PER_MINUTE)


def calls_at_once() -> int:
    """How many pushes of one company may be on their way at the same time."""
    return int(settings.CODAT_CALLS_AT_ONCE)


def add_accounts() -> str:
    """How source accounts are added: `post` one by one, `batch`, or `put` as the guide has it."""
    return str(settings.CODAT_ADD_ACCOUNTS)


def webhook_secret() -> str:
    """What Codat signs its messages with, `whsec_` and base64; "" when none are taken."""
    return str(settings.CODAT_WEBHOOK_SECRET)


def timing_factor() -> float:
    return float(settings.TIMING_FACTOR)


def _client(
    *, deadline: float, read: float, on_answer: Callable[[Answer], None] | None = None
) -> Client:
    return Client(
        base_url=settings.CODAT_BASE_URL,
        api_key=settings.CODAT_API_KEY,
        before_send=_refuse_inside_transaction,
        on_answer=on_answer,
        timings=Timings(connect=settings.CODAT_CONNECT_TIMEOUT, read=read, deadline=deadline),
    )
