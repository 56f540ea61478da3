"""What the worker runs: argument one id, answer nothing, and never raise for what can happen."""

from __future__ import annotations

from django.utils import timezone

from . import conf, health, links, onboarding, pushing


def deliver(push_id: int) -> None:
    pushing.deliver(push_id, client=conf.client(), clock=timezone.now)


def sweep() -> None:
    health.beat(now=timezone.now())
    pushing.sweep(client=conf.client(), clock=timezone.now)
    links.wipe_expired(now=timezone.now())
    onboarding.forget_sealed_bodies(now=timezone.now())
