"""Push and its decisions: our truth of what is to be sent.

The row is the order; the queue only rings. States only move by `Push.step` and, many at once,
`Push.objects.step_all`: a compare-and-set on status and fence, with its line in the record.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.db import models, transaction
from django.db.models import Exists, Max, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from bankfeeds.rules import FEED_WINDOW

from .holds import SendingStop
from .leaving import cut_off
from .mirror import Company, Connection, SourceAccount
from .moving import MovingQuerySet
from .record import Actor, Event, Origin
from .remote import KEY_LIFETIME
from .states import (
    ENDED,
    HOLDS_CONNECTION,
    SETTLING,
    UNFINISHED,
    Decision,
    PushStatus,
    check_step,
)

S = PushStatus


class PushQuerySet(MovingQuerySet["Push"]):
    def blocking(self) -> PushQuerySet:
        """Pushes behind which the later ones of their account wait."""
        return self.filter(Q(status__in=UNFINISHED) | Q(status=S.FAILED) & ~_is_settled())

    def heads(self, accounts: Iterable[int]) -> dict[int, Push]:
        """By account: the first push that holds up the later ones."""
        blocking = self.blocking().filter(account__in=accounts)
        earlier = Push.objects.blocking().filter(
            account=OuterRef("account"), sequence__lt=OuterRef("sequence")
        )
        firsts = blocking.filter(~Exists(earlier)).only("status", "sequence", "account_id")
        return {push.account_id: push for push in firsts.order_by()}

    def undecided(self) -> PushQuerySet:
        """Pushes that wait for a person's decision."""
        unknown = Q(status__in=(S.TIMED_OUT, S.NEEDS_REVIEW))
        return self.filter(unknown | Q(status=S.FAILED) & ~_is_settled())

    def stranded(self) -> PushQuerySet:
        """Confirmed, but what they were for is gone at Codat: they can only be stopped."""
        gone = Q(account__gone_at__isnull=False) | Q(connection__gone_at__isnull=False)
        return self.filter(gone, status=S.READY)

    def for_a_person(self) -> PushQuerySet:
        """Of which a person has to say what becomes of them."""
        return self.undecided() | self.stranded()

    def due(self, now: dt.datetime, *, today: dt.date | None = None) -> PushQuerySet:
        """Ready, its time has come, the head of its account, nothing holds it back.

        `today`: the institution's day; rows too old for the feed by then are not sent any more.
        """
        earlier = Push.objects.blocking().filter(
            account=OuterRef("account"), sequence__lt=OuterRef("sequence")
        )
        held = Push.objects.filter(connection=OuterRef("connection"), status__in=HOLDS_CONNECTION)
        ready = self.filter(Q(next_attempt_at=None) | Q(next_attempt_at__lte=now), status=S.READY)
        oldest = (today or timezone.localtime(now).date()) - FEED_WINDOW
        return ready.filter(
            ~Exists(earlier),
            ~Exists(held),
            ~Exists(SendingStop.objects.of_push()),
            ~cut_off(),
            first_date__gte=oldest,
            account__status__iexact="connected",
            account__gone_at=None,
            account__not_wanted_at=None,
            connection__gone_at=None,
            company__closed_at=None,
        )

    def due_again(self, now: dt.datetime) -> PushQuerySet:
        """On their way with an unknown fate: the same key and bytes go out once more.

        Not with a key that Codat may have forgotten, nor over what is cut off: those are looked up.
        """
        trusted = Q(first_sent_at__gt=now - KEY_LIFETIME, first_sent_at__lt=now + KEY_LIFETIME)
        retry = self.filter(status=S.SENDING, lease_until=None, next_attempt_at__lte=now)
        return retry.filter(trusted, ~cut_off())

    def cut_off(self) -> PushQuerySet:
        """On their way with an unknown fate, over a connection by which nothing may leave."""
        return self.filter(cut_off(), status=S.SENDING, lease_until=None)

    def key_too_old(self, now: dt.datetime) -> PushQuerySet:
        """On their way with an unknown fate, and a key that is not to be sent again."""
        trusted = Q(first_sent_at__gt=now - KEY_LIFETIME, first_sent_at__lt=now + KEY_LIFETIME)
        return self.filter(~trusted, status=S.SENDING, lease_until=None)

    def to_look_up(self, now: dt.datetime) -> PushQuerySet:
        """Whose outcome, or whether they arrived at all, is to be asked of Codat now."""
        asked = (S.SUBMITTED, S.RECONCILING, S.TIMED_OUT)
        return self.filter(status__in=asked, next_attempt_at__lte=now)

    def lease_ran_out(self, *, now: dt.datetime, lease: dt.timedelta) -> PushQuerySet:
        """Whoever sent them is dead or stuck. `now`: the database's time; it may be set back."""
        over = Q(lease_until__lt=now) | Q(lease_until__gt=now + lease)
        return self.filter(over, status=S.SENDING)

    def holding(self) -> PushQuerySet:
        """Pushes whose rows count as sent or about to be: nothing older may follow them."""
        return self.exclude(status=S.CANCELLED).filter(~Q(status=S.FAILED) | ~_is_settled())

    def newest_dates(self, accounts: Iterable[int]) -> dict[int, dt.date]:
        """By account: date of the newest row sent or about to be; nothing older may follow it.

        What the accounts sent from which this one goes on counts as its own.
        """
        lines = SourceAccount.objects.lines(accounts)
        every = {pk for line in lines.values() for pk in line}
        rows = self.holding().filter(account__in=every).order_by()
        own = dict(rows.values_list("account").annotate(newest=Max("last_date")))
        dates = {pk: [own[each] for each in line if each in own] for pk, line in lines.items()}
        return {pk: max(found) for pk, found in dates.items() if found}


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
    # {"limits": {name: number}, "severities": {code: severity}} of its day; {} of older ones.
    rules_in_force = models.JSONField(default=dict, blank=True, editable=False)
    # Of the key: when it first left. Codat keeps a key's first answer for 90 minutes.
    first_sent_at = models.DateTimeField(null=True, blank=True)
    # Of the key: since when it has been unsure whether a try arrived. Once unknown, always careful.
    unsure_since = models.DateTimeField(null=True, blank=True)
    # When Codat's list of its connection was last read whole for this push.
    looked_at = models.DateTimeField(null=True, blank=True)
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
    # What Codat's support asks for, where its words on the outcome name it.
    correlation_id = models.CharField(max_length=64, blank=True, db_index=True)
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
            models.Index(
                fields=("account", "sequence"),
                condition=~Q(status__in=("succeeded", "cancelled")),
                name="push_not_through",
            ),
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
        return str(_("#%(id)d") % {"id": self.pk or 0})

    def step(
        self, to: PushStatus, *, by: Actor, now: dt.datetime, words: str = "", **changes: Any
    ) -> bool:
        """Move to `to` and write it down; False when somebody else was faster.

        Raises WrongStep when the table does not know the step. `changes` are further columns
        that move in the same statement.
        """
        seen = self.status
        check_step(seen, to, push=self.pk)
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
