"""Many steps in one go: each a compare-and-set on status and fence, with its line in the record."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, TypeVar

from django.db import models, transaction

from . import many
from .record import Actor, Event
from .states import Step, check_step

M = TypeVar("M", bound=models.Model)


class MovingQuerySet(models.QuerySet[M]):
    def step_all(self, steps: Sequence[Step], *, by: Actor, now: dt.datetime) -> set[int]:
        """Make many steps in one transaction; the ids of those that moved.

        The others were moved by somebody else meanwhile, and nothing of them is changed.
        """
        for step in steps:
            check_step(step.push.status, step.to, push=step.push.id)
        with transaction.atomic():
            moved = many.update_each(self.model, [_where_and_what(step, now) for step in steps])
            made = [step for step, done in zip(steps, moved, strict=True) if done]
            many.insert_each(Event, [_event(step, by, now) for step in made])
        return {step.push.id for step in made}


def _where_and_what(step: Step, now: dt.datetime) -> many.Change:
    seen = step.push
    where = {"id": seen.id, "status": seen.status, "fence": seen.fence, **step.fits}
    return where, step.all_columns(now)


def _event(step: Step, by: Actor, now: dt.datetime) -> dict[str, Any]:
    seen = step.push
    return {
        "action": f"push.{step.to}",
        "at": now,
        "actor_name": by.name,
        "origin": by.origin,
        "user_id": by.user_id,
        "words": step.words,
        "before": {"status": seen.status},
        "after": {"status": step.to},
        "push_id": seen.id,
        "account_id": seen.account_id,
        "connection_id": seen.connection_id,
        "company_id": seen.company_id,
    }
