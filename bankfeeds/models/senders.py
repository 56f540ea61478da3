"""Core systems that send statements by themselves, and what they sent."""

from __future__ import annotations

import datetime as dt
import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from .mirror import Country, SourceAccount
from .profiles import ColumnProfile


class Sender(models.Model):
    """A system of the institution that hands over files; revoked once and for ever.

    It posts them with a token of its own, or they are put into a folder.
    """

    name = models.CharField(_("name"), max_length=120, unique=True)
    # The public half of the token, by which its row is found.
    handle = models.CharField(max_length=16, unique=True)
    # sha256 of the whole token, which is random and long; it is never kept itself. Empty, which
    # none has: there is no token, its files come by a folder.
    token_hash = models.CharField(max_length=64)
    created_at = models.DateTimeField(_("made"))
    created_by = models.CharField(_("by"), max_length=150)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)
    revoked_by = models.CharField(_("revoked by"), max_length=150, blank=True)
    # Whose its files are that name no account.
    account = models.ForeignKey(
        SourceAccount, models.PROTECT, null=True, blank=True, related_name="+"
    )
    last_seen_at = models.DateTimeField(_("last heard of"), null=True, blank=True)

    class Meta:
        verbose_name = _("sender")
        verbose_name_plural = _("senders")
        ordering = ("name",)
        default_permissions = ("add", "change", "view")

    def __str__(self) -> str:
        return self.name

    @property
    def by_folder(self) -> bool:
        return not self.token_hash


class WrongToken(models.Model):
    """One try with a wrong token; `handle` is empty where no sender has it."""

    address = models.CharField(max_length=45)
    handle = models.CharField(max_length=16, blank=True)
    at = models.DateTimeField()

    class Meta:
        default_permissions = ()
        indexes = (models.Index(fields=("address", "handle", "at"), name="wrong_token_of"),)

    def __str__(self) -> str:
        return self.address


class ReceivedFile(models.Model):
    """A file that came in: kept under seal, read afterwards, as often as one likes.

    A batch of a sender, posted or out of its folder, or a file that a person uploaded on a page,
    too long to be read at once or refused.
    """

    class State(models.TextChoices):
        RECEIVED = "received", _("Received")
        READING = "reading", _("Being read")
        SAVED = "saved", _("Saved")
        QUARANTINED = "quarantined", _("In quarantine")
        REJECTED = "rejected", _("Rejected")
        # Of uploads alone: each account has its preview, or the file cannot be read.
        READ = "read", _("Read")
        REFUSED = "refused", _("Refused")

    # Null: a person uploaded it.
    sender = models.ForeignKey(Sender, models.PROTECT, null=True, blank=True, related_name="files")
    uploaded_by = models.CharField(_("uploaded by"), max_length=150, blank=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    # For which it was uploaded; null: for each that it names.
    account = models.ForeignKey(
        SourceAccount, models.PROTECT, null=True, blank=True, related_name="+"
    )
    # By which a person wants it read.
    profile = models.ForeignKey(
        ColumnProfile, models.PROTECT, null=True, blank=True, related_name="+"
    )
    # Names it in addresses: says nothing of how many there are.
    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    # Of an upload the file's name.
    batch_id = models.CharField(_("batch"), max_length=200)
    sha256 = models.CharField(max_length=64)
    size = models.PositiveIntegerField(_("size in bytes"))
    # The raw body, encrypted: it names account numbers. Let go once every account has its part.
    sealed_body = models.BinaryField(editable=False, null=True)
    received_at = models.DateTimeField(_("received"))
    state = models.CharField(_("state"), max_length=12, choices=State, default=State.RECEIVED)
    claimed_at = models.DateTimeField(null=True, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    # Bytes gone through while it is being read.
    done = models.PositiveIntegerField(default=0)
    processed_at = models.DateTimeField(_("read"), null=True, blank=True)
    # Why it is not saved as a whole; "" when it is, or when the accounts say it.
    words = models.TextField(_("words"), blank=True)
    # One for each account that it names; see bankfeeds.senders.reading.
    accounts = models.JSONField(default=list, blank=True)
    # Who wanted its bad rows left out when it is read next.
    leave_out_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        verbose_name = _("received file")
        verbose_name_plural = _("received files")
        ordering = ("-received_at", "-id")
        default_permissions = ("view",)
        indexes = (
            models.Index(fields=("-received_at", "-id"), name="received_newest"),
            models.Index(fields=("state", "id"), name="received_by_state"),
        )
        constraints = (
            models.UniqueConstraint(fields=("sender", "batch_id"), name="a_batch_of_a_sender_once"),
            models.CheckConstraint(
                condition=models.Q(sender=None, uploaded_by__gt="")
                | models.Q(sender__isnull=False, uploaded_by=""),
                name="a_file_came_from_one",
            ),
        )

    def __str__(self) -> str:
        return self.batch_id


class ExpectedFile(models.Model):
    """By when a sender's file has to be here on business days. Times: the institution's zone."""

    sender = models.OneToOneField(Sender, models.PROTECT, primary_key=True, related_name="expected")
    is_on = models.BooleanField(_("on"), default=False)
    at = models.TimeField(_("by"), default=dt.time(6, 0))
    grace = models.PositiveSmallIntegerField(_("minutes of grace"), default=0)
    # Whose banks' days count.
    country = models.CharField(_("country"), max_length=2, choices=Country, default=Country.US)
    # Up to it, it is settled whether a file came.
    judged_day = models.DateField(editable=False)
    changed_at = models.DateTimeField(_("changed"))
    changed_by = models.CharField(_("by"), max_length=150)

    class Meta:
        verbose_name = _("expected file")
        verbose_name_plural = _("expected files")
        default_permissions = ()

    def __str__(self) -> str:
        return str(self.sender_id)


class MissingFileQuerySet(models.QuerySet["MissingFile"]):
    def open(self) -> MissingFileQuerySet:
        return self.filter(came_at=None, given_up_at=None)


class MissingFile(models.Model):
    """A business day whose file was not here in time; it ends when the file comes, or a person
    says that none will."""

    sender = models.ForeignKey(Sender, models.PROTECT, related_name="missing")
    day = models.DateField(_("day"))
    due_at = models.DateTimeField(_("expected by"))
    noted_at = models.DateTimeField(_("noted"))
    came_at = models.DateTimeField(_("came"), null=True, blank=True)
    given_up_at = models.DateTimeField(null=True, blank=True)
    given_up_by = models.CharField(max_length=150, blank=True)
    reason = models.TextField(_("reason"), blank=True)

    objects = MissingFileQuerySet.as_manager()

    class Meta:
        verbose_name = _("missing file")
        verbose_name_plural = _("missing files")
        ordering = ("-day", "-id")
        default_permissions = ()
        indexes = (
            # Few of all.
            models.Index(
                fields=("sender", "day"),
                name="missing_open",
                condition=models.Q(came_at=None, given_up_at=None),
            ),
        )
        constraints = (
            models.UniqueConstraint(fields=("sender", "day"), name="a_day_is_missing_once"),
        )

    def __str__(self) -> str:
        return f"{self.sender_id}: {self.day}"


class ForeignAccountQuerySet(models.QuerySet["ForeignAccount"]):
    def standing(self) -> ForeignAccountQuerySet:
        return self.filter(ended_at=None)


class ForeignAccount(models.Model):
    """An account in the files of a sender that is not ours: its rows are left out of them.

    Until somebody says otherwise, and never once the account is here.
    """

    sender = models.ForeignKey(Sender, models.PROTECT, related_name="foreign_accounts")
    # Keyed, of account number and routing number.
    number_hash = models.CharField(max_length=64)
    last4 = models.CharField(_("account"), max_length=4)
    reason = models.TextField(_("reason"))
    made_at = models.DateTimeField(_("since"))
    made_by = models.CharField(_("by"), max_length=150)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.CharField(max_length=150, blank=True)

    objects = ForeignAccountQuerySet.as_manager()

    class Meta:
        verbose_name = _("account that is not ours")
        verbose_name_plural = _("accounts that are not ours")
        ordering = ("last4", "id")
        default_permissions = ()
        constraints = (
            models.UniqueConstraint(
                fields=("sender", "number_hash"),
                condition=models.Q(ended_at=None),
                name="a_foreign_account_once_of_a_sender",
            ),
        )

    def __str__(self) -> str:
        return f"{self.sender_id}: {self.last4}"
