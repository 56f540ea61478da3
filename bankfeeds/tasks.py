"""What the worker runs: one id or nothing comes in, nothing goes out."""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.db import close_old_connections
from django.utils import timezone

from . import (
    adopting,
    budget,
    conf,
    feeds,
    health,
    importing,
    links,
    onboarding,
    pushing,
    refreshing,
    resending,
    senders,
    webhooks,
)

log = logging.getLogger(__name__)


def deliver() -> None:
    line = budget.Line()
    pushing.deliver(client=conf.client(on_answer=line.heard), line=line, clock=timezone.now)


def refresh() -> None:
    line = budget.Line()
    client = conf.client(on_answer=line.heard)
    refreshing.carry_out(client=client, line=line, clock=timezone.now)


def message(message_id: int) -> None:
    line = budget.Line()
    client = conf.client(on_answer=line.heard)
    webhooks.process(message_id, client=client, line=line, clock=timezone.now)


def resend(order_id: int) -> None:
    resending.carry_out(order_id, clock=timezone.now)


def adopt(look_id: int) -> None:
    line = budget.Line()
    client = conf.client(on_answer=line.heard)
    adopting.carry_out(look_id, client=client, line=line, clock=timezone.now)


def read_received(sender_id: int) -> None:
    senders.read_next(sender_id, clock=timezone.now)


def read_upload(file_id: int) -> None:
    senders.read_upload(file_id, clock=timezone.now)


def prepare_preview(statement_id: int) -> None:
    importing.prepare(statement_id, clock=timezone.now)


def save_upload(statement_id: int) -> None:
    importing.carry_out(statement_id, clock=timezone.now)


def run_feeds() -> None:
    feeds.run_due(clock=timezone.now)


def follow() -> None:
    """The sweep's first part alone, for pushes that are due between two sweeps."""
    health.beat(now=timezone.now())
    line = budget.Line()
    pushing.sweep(client=conf.client(on_answer=line.heard), line=line, clock=timezone.now)


def sweep() -> None:
    """Every part in its turn; one that fails keeps none of the others from theirs."""
    parts: tuple[Callable[[], object], ...] = (
        follow,
        lambda: resending.see_to_arrived(now=timezone.now()),
        lambda: links.wipe_expired(now=timezone.now()),
        lambda: onboarding.forget_sealed_bodies(now=timezone.now()),
        lambda: refreshing.ring_due(now=timezone.now()),
        lambda: resending.ring_due(now=timezone.now()),
        lambda: adopting.ring_due(now=timezone.now()),
        lambda: webhooks.ring_waiting(now=timezone.now()),
        lambda: senders.ring_waiting(now=timezone.now()),
        lambda: importing.ring_waiting(now=timezone.now()),
        lambda: importing.let_go_of_samples(now=timezone.now()),
        lambda: senders.note_missing(now=timezone.now()),
        lambda: pushing.recut_due(now=timezone.now()),
        lambda: feeds.ring_due(now=timezone.now()),
    )
    for part in parts:
        try:
            part()
        except Exception:
            log.exception("a part of the sweep failed")
            close_old_connections()
