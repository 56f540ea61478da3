"""What a push consists of and what became of each try and of it all: guarded rows."""

from __future__ import annotations

import zlib

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from .intake import BankTransaction
from .mirror import Connection
from .pushes import Push


class PushBody(models.Model):
    """The exact bytes that were or will be sent; apart, so that no list ever reads them."""

    push = models.OneToOneField(Push, models.PROTECT, primary_key=True, related_name="body")
    compressed = models.BinaryField()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"body of {self.push_id}"

    @property
    def content(self) -> bytes:
        return self.unpack(bytes(self.compressed))

    @staticmethod
    def unpack(compressed: bytes) -> bytes:
        return zlib.decompress(compressed)

    @staticmethod
    def pack(content: bytes) -> bytes:
        return zlib.compress(content)


class PushItem(models.Model):
    """That a transaction is in a push. Released when the push lets go of it."""

    push = models.ForeignKey(Push, models.PROTECT, related_name="items")
    connection = models.ForeignKey(Connection, models.PROTECT, related_name="+")
    transaction = models.ForeignKey(BankTransaction, models.PROTECT, related_name="items")
    position = models.PositiveSmallIntegerField()
    released = models.BooleanField(default=False)
    # [{"code", "severity"}] of the day on which it was confirmed
    findings = models.JSONField(default=list, blank=True)

    class Meta:
        default_permissions = ()
        ordering = ("push", "position")
        constraints = (
            models.UniqueConstraint(fields=("push", "position"), name="one_row_at_a_position"),
            models.UniqueConstraint(
                fields=("connection", "transaction"),
                condition=Q(released=False),
                name="a_transaction_is_held_by_one_push",
            ),
        )

    def __str__(self) -> str:
        return f"{self.push_id}:{self.position}"


class PushAttempt(models.Model):
    """One POST. Committed before it leaves; closed once, with what came back."""

    class Outcome(models.TextChoices):
        OPEN = "", _("On its way")
        ACCEPTED = "accepted", _("Taken by Codat")
        NOT_SENT = "not_sent", _("Surely not sent")
        THROTTLED = "throttled", _("Codat asked us to wait")
        HELD = "held", _("Codat refused our key or account")
        REFUSED = "refused", _("Refused by Codat")
        UNKNOWN = "unknown", _("Perhaps it arrived")

    push = models.ForeignKey(Push, models.PROTECT, related_name="attempts")
    number = models.PositiveIntegerField()
    fence = models.PositiveIntegerField()
    idempotency_key = models.UUIDField()
    body_sha256 = models.CharField(max_length=64)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=10, choices=Outcome, default=Outcome.OPEN, blank=True)
    http_status = models.PositiveSmallIntegerField(null=True, blank=True)
    correlation_id = models.CharField(
        _("Codat's support reference"), max_length=64, blank=True, db_index=True
    )
    words = models.TextField(blank=True)

    class Meta:
        default_permissions = ()
        ordering = ("push", "number")
        constraints = (
            models.UniqueConstraint(fields=("push", "number"), name="attempt_numbered_once"),
        )

    def __str__(self) -> str:
        return f"{self.push_id}:{self.number}"


class UnclaimedWrite(models.Model):
    """A write that Codat lists on a connection and of which no push of ours was told the id.

    Kept when a lost answer is looked for: the evidence, and the reason why a write that was there
    before a push first left can never be that push.
    """

    push_operation_key = models.UUIDField(_("Codat's write id"), unique=True)
    connection = models.ForeignKey(Connection, models.PROTECT, related_name="unclaimed_writes")
    requested_at = models.DateTimeField(_("requested at Codat"))
    codat_status = models.CharField(_("Codat's word"), max_length=30, blank=True)
    first_seen_at = models.DateTimeField(_("first seen"))

    class Meta:
        default_permissions = ()
        ordering = ("requested_at", "id")

    def __str__(self) -> str:
        return str(self.push_operation_key)


class PushMark(models.Model):
    """Put on a push afterwards; its state never changes for it. Insert-only."""

    class Kind(models.TextChoices):
        MAY_BE_MISSING = "may_be_missing", _("May not have reached QuickBooks")
        SENT_IN_ERROR = "sent_in_error", _("Sent in error")
        # Rows of it went again in another push, of which nobody knows yet how it ends.
        SENT_AGAIN = "sent_again", _("Sent again")
        # Looked after: accepted once more in another push, or a person found it in QuickBooks.
        SEEN_TO = "seen_to", _("Seen to")

    push = models.ForeignKey(Push, models.PROTECT, related_name="marks")
    kind = models.CharField(max_length=15, choices=Kind)
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=150)
    words = models.TextField(blank=True)

    class Meta:
        default_permissions = ()
        ordering = ("made_at", "id")

    def __str__(self) -> str:
        return f"{self.push_id}: {self.kind}"


class MarkedRow(models.Model):
    """A row that a mark is about, where it is not about the whole push. Insert-only."""

    mark = models.ForeignKey(PushMark, models.PROTECT, related_name="rows")
    item = models.ForeignKey(PushItem, models.PROTECT, related_name="marks")

    class Meta:
        default_permissions = ()
        constraints = (
            models.UniqueConstraint(fields=("mark", "item"), name="a_row_once_in_a_mark"),
        )

    def __str__(self) -> str:
        return f"{self.mark_id}: {self.item_id}"
