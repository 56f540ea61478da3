"""The record: one line for each thing that a person, a schedule or the worker did.

Insert-only; triggers hold it (`bankfeeds/guards.py`). Never a link, a key or an account number.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from bankfeeds import free_text, request_ids

if TYPE_CHECKING:
    from django.contrib.auth.models import User


LONGEST_REASON = 2000  # characters
REASON_MISSING = _("Give a reason; it is kept.")


def demand_reason(reason: str) -> None:
    """ValueError, with the words for the person, where an order says nothing of why, or badly."""
    said = reason.strip()
    if not said:
        raise ValueError(REASON_MISSING)
    if wrong := free_text.problem(said) or free_text.too_long(said, most=LONGEST_REASON):
        raise ValueError(wrong)


class Origin(models.TextChoices):
    PERSON = "person", _("Person")
    COMMAND = "command", _("Command")
    SCHEDULE = "schedule", _("Schedule")
    WORKER = "worker", _("Worker")
    WEBHOOK = "webhook", _("Message from Codat")
    SENDER = "sender", _("Core system")


@dataclass(frozen=True)
class Actor:
    """Who does it: handed down from the entrance to every verb."""

    name: str
    origin: Origin
    user_id: int | None = None

    @classmethod
    def person(cls, user: User) -> Actor:
        return cls(user.get_username(), Origin.PERSON, user.pk)

    @classmethod
    def command(cls, name: str) -> Actor:
        return cls(name, Origin.COMMAND)


WORKER = Actor("worker", Origin.WORKER)
SCHEDULE = Actor("schedule", Origin.SCHEDULE)
WEBHOOK = Actor("webhook", Origin.WEBHOOK)


class EventManager(models.Manager["Event"]):
    def record(
        self,
        action: str,
        *,
        by: Actor,
        at: dt.datetime,
        words: str = "",
        reason: str = "",
        before: dict[str, Any] | None = None,
        after: dict[str, Any] | None = None,
        **about: models.Model | None,
    ) -> Event:
        """Add one line. `about` takes any of company, connection, account, statement, push.

        `action` is a stable dotted name such as `company.created`: people filter by it.
        The coarser objects follow from the finer one, so that a company's timeline is whole.
        """
        return self.create(
            action=action,
            at=at,
            actor_name=by.name,
            origin=by.origin,
            user_id=by.user_id,
            words=words,
            reason=reason,
            request_id=request_ids.current(),
            before=before or {},
            after=after or {},
            **_with_owners(about),
        )


def _with_owners(about: dict[str, models.Model | None]) -> dict[str, models.Model | None]:
    for finer, coarser in (
        ("push", "account"),
        ("statement", "account"),
        ("account", "connection"),
        ("connection", "company"),
    ):
        thing = about.get(finer)
        if thing is not None and about.get(coarser) is None:
            about[coarser] = getattr(thing, coarser)
    return about


class Event(models.Model):
    at = models.DateTimeField(_("time"))
    action = models.CharField(_("what"), max_length=60)
    origin = models.CharField(_("origin"), max_length=10, choices=Origin)
    actor_name = models.CharField(_("who"), max_length=150)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    company = models.ForeignKey("bankfeeds.Company", models.PROTECT, null=True, related_name="+")
    connection = models.ForeignKey(
        "bankfeeds.Connection", models.PROTECT, null=True, related_name="+"
    )
    account = models.ForeignKey(
        "bankfeeds.SourceAccount", models.PROTECT, null=True, related_name="+"
    )
    statement = models.ForeignKey(
        "bankfeeds.Statement", models.PROTECT, null=True, related_name="+"
    )
    push = models.ForeignKey("bankfeeds.Push", models.PROTECT, null=True, related_name="events")
    before = models.JSONField(default=dict, blank=True)
    after = models.JSONField(default=dict, blank=True)
    words = models.TextField(_("words"), blank=True)
    reason = models.TextField(_("reason"), blank=True)
    # Of the request in which it was done, as the log lines name it; empty outside of one.
    request_id = models.CharField(max_length=64, blank=True)

    objects = EventManager()

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("record of events")
        ordering = ("-at", "-id")
        default_permissions = ("view",)
        indexes = (
            models.Index(fields=("-at", "-id"), name="event_newest"),
            models.Index(fields=("action", "-at", "-id"), name="event_of_kind"),
            models.Index(fields=("company", "-at", "-id"), name="event_of_company"),
            models.Index(fields=("connection", "-at", "-id"), name="event_of_connection"),
            models.Index(fields=("account", "-at", "-id"), name="event_of_account"),
            models.Index(fields=("push", "id"), name="event_of_push"),
        )

    def __str__(self) -> str:
        return f"{self.action} · {self.actor_name}"


class HostClock(models.Model):
    """One row for each machine: when it was started, by its own clock, and when that changed.

    The moment of a start never changes; if it seems to, the clock was set.
    """

    host = models.CharField(max_length=100, primary_key=True)
    started_at = models.DateTimeField()
    set_at = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return self.host


class Heartbeat(models.Model):
    """One row for each pool: when it last carried out a job."""

    name = models.CharField(max_length=100, primary_key=True)
    beat_at = models.DateTimeField()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return self.name
