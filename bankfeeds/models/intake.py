"""What the institution handed us: files, and the cleared transactions in them."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from .mirror import Company, Connection, SourceAccount
from .profiles import ColumnProfile


class Statement(models.Model):
    """One file or batch that came in, kept with its hash. Staff call it *Imported file*."""

    class State(models.TextChoices):
        PREVIEWED = "previewed", _("Looked at, not saved")
        SAVED = "saved", _("Saved")
        UNDONE = "undone", _("Taken back")

    account = models.ForeignKey(SourceAccount, models.PROTECT, related_name="statements")
    connection = models.ForeignKey(Connection, models.PROTECT, related_name="+")
    company = models.ForeignKey(Company, models.PROTECT, related_name="+")
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.PREVIEWED)
    file_name = models.CharField(_("file"), max_length=255)
    sha256 = models.CharField(max_length=64)
    size = models.PositiveIntegerField(_("size in bytes"))
    # Lines and entries, understood or not, as it was looked at.
    rows_read = models.PositiveIntegerField(default=0)
    # The version that read it, and reads it again.
    profile = models.ForeignKey(
        ColumnProfile, models.PROTECT, null=True, blank=True, related_name="statements"
    )
    # Whose bad rows these are, mended: read with that file, and saved as lines of it.
    mends = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="mended_by"
    )
    states_no_balance = models.BooleanField(default=False)
    # Of such a file the one before its first row, as a person has stated it.
    opening_balance = models.DecimalField(
        _("opening balance"), max_digits=19, decimal_places=4, null=True, blank=True
    )
    opening_stated_by = models.CharField(max_length=150, blank=True)
    opening_stated_at = models.DateTimeField(null=True, blank=True)
    rows_saved = models.PositiveIntegerField(_("rows saved"), default=0)
    rows_rejected = models.PositiveIntegerField(_("rows left out"), default=0)
    rows_known = models.PositiveIntegerField(_("rows already here"), default=0)
    # What was left out when it was saved, with the person's consent: line, code, and template and
    # values of the words; of old imports "reason", the words themselves.
    rejected = models.JSONField(default=list, blank=True)
    uploaded_at = models.DateTimeField(_("uploaded"))
    saved_at = models.DateTimeField(_("saved"), null=True, blank=True)
    imported_by = models.CharField(_("by"), max_length=150)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        verbose_name = _("imported file")
        verbose_name_plural = _("imported files")
        ordering = ("-uploaded_at", "-id")
        default_permissions = ("add", "view")
        indexes = (
            models.Index(fields=("-uploaded_at", "-id"), name="statement_newest"),
            models.Index(fields=("account", "-id"), name="statement_of_account"),
        )
        constraints = (
            models.UniqueConstraint(
                fields=("account", "sha256"),
                condition=Q(state="saved"),
                name="a_file_is_saved_once",
            ),
        )

    def __str__(self) -> str:
        return self.file_name


class KeptPiece(models.Model):
    """Part of what is kept of an upload, packed by zlib; read in the order of their numbers.

    In rows of their own and of a bounded size, since a database may hold a whole row in memory.
    """

    statement = models.ForeignKey(Statement, models.CASCADE, related_name="pieces")
    number = models.PositiveIntegerField()
    piece = models.BinaryField(editable=False)

    class Meta:
        default_permissions = ()
        constraints = (
            models.UniqueConstraint(fields=("statement", "number"), name="a_piece_once_of_a_file"),
        )

    def __str__(self) -> str:
        return f"{self.statement_id}:{self.number}"


class KeptPreview(models.Model):
    """What a long upload would bring, as it was worked out; it goes when the upload is saved.

    A new row each time that it is worked out, so that its pieces are always of one look.
    """

    statement = models.OneToOneField(Statement, models.CASCADE, related_name="kept_preview")
    # Of all that it hangs on: with another one it says nothing any more.
    stamp = models.CharField(max_length=200)
    # Encrypted, since a file's lines name account numbers.
    sealed_figures = models.BinaryField(editable=False)
    made_at = models.DateTimeField()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"#{self.statement_id}"


class PreviewPiece(models.Model):
    """So many of its lines as stand on a page, encrypted. `view`: all of them, or which."""

    preview = models.ForeignKey(KeptPreview, models.CASCADE, related_name="pieces")
    view = models.CharField(max_length=10)
    number = models.PositiveIntegerField()
    sealed_entries = models.BinaryField(editable=False)

    class Meta:
        default_permissions = ()
        constraints = (
            models.UniqueConstraint(
                fields=("preview", "view", "number"), name="a_piece_once_of_a_preview"
            ),
        )

    def __str__(self) -> str:
        return f"{self.preview_id}:{self.view}:{self.number}"


class UploadJob(models.Model):
    """What the worker has to do with a long upload, and how far it is; it goes with its upload."""

    statement = models.OneToOneField(
        Statement, models.CASCADE, primary_key=True, related_name="%(class)s"
    )
    asked_at = models.DateTimeField()
    claimed_at = models.DateTimeField(null=True, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    # Of a hundred.
    done = models.PositiveIntegerField(default=0)
    ended_at = models.DateTimeField(null=True, blank=True)
    # Why it came to nothing.
    words = models.TextField(blank=True)

    class Meta:
        abstract = True
        default_permissions = ()
        indexes = (
            # Few of all.
            models.Index(fields=("asked_at",), name="%(class)s_open", condition=Q(ended_at=None)),
        )

    def __str__(self) -> str:
        return f"#{self.statement_id}"


class Preparing(UploadJob):
    """Its preview is to be worked out, as it stands at `stamp`; gone once that is done."""

    stamp = models.CharField(max_length=200)


class Saving(UploadJob):
    """A person wants it saved."""

    # What was ticked, and the digest of the preview that was agreed to.
    leave_out_bad = models.BooleanField()
    is_of_account = models.BooleanField()
    shown = models.CharField(max_length=64, blank=True)
    asked_by = models.CharField(max_length=150)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )


class BankTransactionQuerySet(models.QuerySet["BankTransaction"]):
    def free(self) -> BankTransactionQuerySet:
        """In no push that holds them, never accepted, and not left out by a decision."""
        unsent = self.filter(left_out_by=None, goes_on_as=None).exclude(items__released=False)
        # Rows that a person sends once more are let go by the push that was accepted.
        return unsent.exclude(items__push__status="succeeded")

    def sent_in_error(self) -> BankTransactionQuerySet:
        """Marked so by a person: such a row is never offered again."""
        return self.filter(items__marks__mark__kind="sent_in_error").distinct()

    def hand_on(self, account: int) -> int:
        """Give the account's free rows to the one that follows it, if any; says how many.

        A row whose id is there already stays: it has come in on the new account too.
        """
        heir = SourceAccount.objects.filter(follows=account).order_by("pk").first()
        if heir is None:
            return 0
        there = BankTransaction.objects.filter(account=heir)
        rows = self.free().filter(account=account)
        rows = rows.exclude(transaction_id__in=there.values("transaction_id"))
        return self.filter(pk__in=list(rows.values_list("pk", flat=True))).update(account=heir)

    def in_feed_order(self) -> BankTransactionQuerySet:
        """Oldest first; rows of one day in the order in which they came in."""
        return self.order_by("date", "id")


class BankTransaction(models.Model):
    account = models.ForeignKey(SourceAccount, models.PROTECT, related_name="transactions")
    statement = models.ForeignKey(Statement, models.PROTECT, related_name="transactions")
    line = models.PositiveIntegerField(_("line"))
    transaction_id = models.CharField(_("id"), max_length=100)
    date = models.DateField(_("date"))
    description = models.CharField(_("description"), max_length=1000)
    # Positive is money in, negative money out, for every type of account.
    amount = models.DecimalField(_("amount"), max_digits=19, decimal_places=4)
    balance = models.DecimalField(_("balance"), max_digits=19, decimal_places=4)
    transaction_type = models.CharField(_("type"), max_length=20, blank=True)
    left_out_by = models.ForeignKey(
        "bankfeeds.PushDecision", models.PROTECT, null=True, blank=True, related_name="left_out"
    )

    # The client moved to another QuickBooks company: the same line on the account that feeds that.
    goes_on_as = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )

    objects = BankTransactionQuerySet.as_manager()

    class Meta:
        verbose_name = _("transaction")
        verbose_name_plural = _("transactions")
        ordering = ("-date", "-id")
        default_permissions = ("view",)
        indexes = (
            models.Index(fields=("account", "date", "id"), name="transaction_feed_order"),
            models.Index(fields=("-date", "-id"), name="transaction_newest"),
            models.Index(fields=("transaction_id",), name="transaction_by_id"),
        )
        constraints = (
            models.UniqueConstraint(
                fields=("account", "transaction_id"), name="transaction_id_once_on_an_account"
            ),
        )

    def __str__(self) -> str:
        return self.description or self.transaction_id
