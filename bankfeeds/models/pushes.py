"""Push, its decisions, and the table of allowed steps: our truth of what is to be sent.

The row is the order; the queue only rings. States only move by `Push.step`, a compare-and-set
on status and fence with its line in the record, in one transaction.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.db import models, transaction
from django.db.models import Exists, Max, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from .mirror import Company, Connection, SourceAccount
from .record import Actor, Event, Origin


class PushStatus(models.TextChoices):
    """Labels are the words of the staff; `bankfeeds/words` adds what each means."""

    DRAFT = "draft", _("Not confirmed")
    READY = "ready", _("Waiting to be sent")
    SENDING = "sending", _("Sending")
    RECONCILING = "reconciling", _("Checking what Codat received")
    SUBMITTED = "submitted", _("At Codat, being checked")
    SUCCEEDED = "succeeded", _("Accepted by Codat")
    FAILED = "failed", _("Refused by Codat")
    TIMED_OUT = "timed_out", _("Outcome unknown")
    NEEDS_REVIEW = "needs_review", _("Needs your decision")
    CANCELLED = "cancelled", _("Stopped before sending")


S = PushStatus
STEPS: dict[str, frozenset[PushStatus]] = {
    S.DRAFT: frozenset({S.READY, S.CANCELLED}),
    S.READY: frozenset({S.SENDING, S.CANCELLED}),
    S.SENDING: frozenset({S.SUBMITTED, S.READY, S.FAILED, S.NEEDS_REVIEW}),
    S.SUBMITTED: frozenset({S.SUCCEEDED, S.FAILED, S.TIMED_OUT}),
    S.TIMED_OUT: frozenset({S.SUCCEEDED, S.FAILED, S.CANCELLED}),
    S.NEEDS_REVIEW: frozenset({S.SUBMITTED, S.READY, S.CANCELLED}),
    S.SUCCEEDED: frozenset(),
    S.FAILED: frozenset(),
    S.CANCELLED: frozenset(),
}
# On its way: at most one push of a connection at a time may be in these.
IN_FLIGHT = (S.SENDING, S.RECONCILING)
# Holds the connection: Codat's list of writes names no account, so that a write whose fate is
# unknown can only be told from others while no other push of its connection is sent.
HOLDS_CONNECTION = (*IN_FLIGHT, S.NEEDS_REVIEW)
# Not at its end: the later pushes of the account wait for it.
UNFINISHED = (S.READY, S.SENDING, S.RECONCILING, S.SUBMITTED, S.TIMED_OUT, S.NEEDS_REVIEW)
ENDED = (S.SUCCEEDED, S.FAILED, S.CANCELLED)
# What a person has to decide (a failed one only while no decision was made).
UNDECIDED = (S.FAILED, S.TIMED_OUT, S.NEEDS_REVIEW)


class WrongStep(ValueError):
    """A step that the table does not allow: a mistake of ours, never of a person."""


class PushQuerySet(models.QuerySet["Push"]):
    def blocking(self) -> PushQuerySet:
        """Pushes behind which the later ones of their account wait."""
        return self.filter(Q(status__in=UNFINISHED) | Q(status=S.FAILED) & ~_is_settled())

    def undecided(self) -> PushQuerySet:
        """Pushes that wait for a person's decision."""
        unknown = Q(status__in=(S.TIMED_OUT, S.NEEDS_REVIEW))
        return self.filter(unknown | Q(status=S.FAILED) & ~_is_settled())

    def due(self, now: dt.datetime) -> PushQuerySet:
        """Ready, its time has come, the head of its account, and its connection is free."""
        earlier = Push.objects.blocking().filter(
            account=OuterRef("account"), sequence__lt=OuterRef("sequence")
        )
        held = Push.objects.filter(connection=OuterRef("connection"), status__in=HOLDS_CONNECTION)
        ready = self.filter(Q(next_attempt_at=None) | Q(next_attempt_at__lte=now), status=S.READY)
        return ready.filter(~Exists(earlier), ~Exists(held))

    def to_poll(self, now: dt.datetime) -> PushQuerySet:
        return self.filter(status=S.SUBMITTED, next_attempt_at__lte=now)

    def lease_ran_out(self, now: dt.datetime) -> PushQuerySet:
        return self.filter(status__in=IN_FLIGHT, lease_until__lt=now)

    def holding(self) -> PushQuerySet:
        """Pushes whose rows count as sent or about to be: nothing older may follow them."""
        return self.exclude(status=S.CANCELLED).filter(~Q(status=S.FAILED) | ~_is_settled())

    def newest_dates(self, accounts: Iterable[int]) -> dict[int, dt.date]:
        """By account: date of the newest row sent or about to be; nothing older may follow it."""
        rows = self.holding().filter(account__in=accounts).order_by()
        return dict(rows.values_list("account").annotate(newest=Max("last_date")))


def _is_settled() -> Exists:
    """A person has decided what becomes of a refused push and its rows."""
    return Exists(PushDecision.objects.filter(push=OuterRef("pk"), kind__in=SETTLING))


class Push(models.Model):
    """One write of at most 1,000 transactions of one source account."""

    company = models.ForeignKey(Company, models.PROTECT, related_name="pushes")
    connection = models.ForeignKey(Connection, models.PROTECT, related_name="pushes")
    account = models.ForeignKey(SourceAccount, models.PROTECT, related_name="pushes")
    sequence = models.PositiveIntegerField()
    status = models.CharField(
        _("status"), max_length=15, choices=PushStatus, default=PushStatus.DRAFT
    )
    origin = models.CharField(_("origin"), max_length=10, choices=Origin)
    requested_at = models.DateTimeField(_("confirmed"))
    requested_by = models.CharField(_("by"), max_length=150)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    # Of the page that confirmed: pressing twice finds the pushes of the first press.
    form_key = models.CharField(max_length=60, blank=True, db_index=True, editable=False)
    environment = models.CharField(max_length=10)

    rows = models.PositiveIntegerField(_("rows"))
    first_date = models.DateField()
    last_date = models.DateField()
    money_in = models.DecimalField(_("money in"), max_digits=19, decimal_places=4)
    money_out = models.DecimalField(_("money out"), max_digits=19, decimal_places=4)
    balance_after = models.DecimalField(_("balance after"), max_digits=19, decimal_places=4)
    currency = models.CharField(max_length=3)

    idempotency_key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    body_sha256 = models.CharField(max_length=64, editable=False)
    # Of the key: when it first left. Codat keeps a key's first answer for 90 minutes.
    first_sent_at = models.DateTimeField(null=True, blank=True)
    # Of the key: since when it has been unsure whether a try arrived. Once unknown, always careful.
    unsure_since = models.DateTimeField(null=True, blank=True)
    # Tries that count towards the limit; those during an outage do not.
    tries = models.PositiveIntegerField(default=0)
    fence = models.PositiveIntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    # When it may be sent (ready) or looked at again (submitted).
    next_attempt_at = models.DateTimeField(null=True, blank=True)
    hold_reason = models.CharField(max_length=300, blank=True)
    polls = models.PositiveIntegerField(default=0)

    push_operation_key = models.UUIDField(_("Codat's write id"), null=True, blank=True, unique=True)
    codat_status = models.CharField(max_length=30, blank=True)
    submitted_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    error_message = models.TextField(blank=True)
    # {"errors": [{"item_id", "message", "validator_name"}], "warnings": [...]} in Codat's words
    validation = models.JSONField(default=dict, blank=True)

    objects = PushQuerySet.as_manager()

    class Meta:
        verbose_name = _("push")
        verbose_name_plural = _("push history")
        ordering = ("-requested_at", "-id")
        default_permissions = ("view",)
        permissions = (
            ("stop_push", "Can stop a push that waits"),
            ("decide_push", "Can decide on a refused or unknown push"),
        )
        indexes = (
            models.Index(fields=("-requested_at", "-id"), name="push_newest"),
            models.Index(fields=("status", "-requested_at", "-id"), name="push_by_status"),
            models.Index(fields=("company", "-requested_at", "-id"), name="push_of_company"),
            models.Index(fields=("account", "-requested_at", "-id"), name="push_of_account"),
            models.Index(fields=("status", "next_attempt_at"), name="push_due"),
        )
        constraints = (
            models.UniqueConstraint(fields=("account", "sequence"), name="push_order_of_account"),
            models.UniqueConstraint(
                fields=("connection",),
                condition=Q(status__in=("sending", "reconciling")),
                name="one_push_in_flight_on_a_connection",
            ),
            models.CheckConstraint(
                condition=Q(rows__gte=1) & Q(rows__lte=1000), name="push_of_1_to_1000_rows"
            ),
        )

    def __str__(self) -> str:
        return f"#{self.pk}"

    def step(
        self, to: PushStatus, *, by: Actor, now: dt.datetime, words: str = "", **changes: Any
    ) -> bool:
        """Move to `to` and write it down; False when somebody else was faster.

        Raises WrongStep when the table does not know the step. `changes` are further columns
        that move in the same statement.
        """
        seen = self.status
        if to not in STEPS.get(seen, ()):
            raise WrongStep(f"push {self.pk}: {seen} -> {to}")
        changes = {"status": to, **changes}
        if to in ENDED:
            changes.setdefault("ended_at", now)
        with transaction.atomic():
            mine = Push.objects.filter(pk=self.pk, status=seen, fence=self.fence)
            if not mine.update(**changes):
                return False
            for name, value in changes.items():
                setattr(self, name, value)
            Event.objects.record(
                f"push.{to}",
                by=by,
                at=now,
                words=words,
                before={"status": seen},
                after={"status": to},
                push=self,
            )
        return True

    @property
    def label(self) -> str:
        return str(PushStatus(self.status).label)


class Decision(models.TextChoices):
    LEAVE_OUT = "leave_out", _("Leave out chosen rows and send the rest")
    SEND_AGAIN = "send_again", _("Send again unchanged")
    GIVE_UP = "give_up", _("Give up")
    ADOPT = "adopt", _("Codat has it")
    NOT_THERE = "not_there", _("Codat does not have it")


# Settle a push for good; the others only say what became of an unknown one.
SETTLING = (Decision.LEAVE_OUT, Decision.SEND_AGAIN, Decision.GIVE_UP)


class PushDecision(models.Model):
    """What a person decided about a push, and why. Insert-only."""

    push = models.ForeignKey(Push, models.PROTECT, related_name="decisions")
    kind = models.CharField(max_length=15, choices=Decision)
    reason = models.TextField()
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=150)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    replacement = models.ForeignKey(
        Push, models.PROTECT, null=True, blank=True, related_name="replaces"
    )

    class Meta:
        default_permissions = ()
        ordering = ("made_at", "id")
        constraints = (
            models.UniqueConstraint(
                fields=("push",),
                condition=Q(kind__in=("leave_out", "send_again", "give_up")),
                name="a_push_is_settled_once",
            ),
        )

    def __str__(self) -> str:
        return f"{self.push_id}: {self.kind}"
