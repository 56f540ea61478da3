"""What the worker runs: one id or nothing comes in, nothing goes out."""

from __future__ import annotations

from django.utils import timezone

from . import (
    budget,
    conf,
    feeds,
    health,
    links,
    onboarding,
    pushing,
    refreshing,
    resending,
    webhooks,
)


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


def run_feeds() -> None:
    feeds.run_due(clock=timezone.now)


def sweep() -> None:
    health.beat(now=timezone.now())
    line = budget.Line()
    pushing.sweep(client=conf.client(on_answer=line.heard), line=line, clock=timezone.now)
    links.wipe_expired(now=timezone.now())
    onboarding.forget_sealed_bodies(now=timezone.now())
    refreshing.ring_due(now=timezone.now())
    resending.ring_due(now=timezone.now())
    webhooks.ring_waiting(now=timezone.now())
    pushing.recut_due(now=timezone.now())
    feeds.ring_due(now=timezone.now())
