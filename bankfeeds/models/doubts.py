"""Rows of a file that may be here already: a person decides on each before it can go anywhere."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from .intake import BankTransaction, Statement
from .mirror import SourceAccount


class DoubtQuerySet(models.QuerySet["Doubt"]):
    def of_what_is_here(self) -> DoubtQuerySet:
        """Not of imports that were taken back: their rows are here no more."""
        return self.filter(statement__state=Statement.State.SAVED)

    def open(self) -> DoubtQuerySet:
        return self.of_what_is_here().filter(answer="")


class Doubt(models.Model):
    """One row of a file, kept beside the accounts' rows until somebody has decided, and after.

    Answered once; a guard holds that. Staff call it *Row to decide*.
    """

    class Kind(models.TextChoices):
        CHANGED = "changed", _("Came again with other content")
        ALIKE = "alike", _("Looks like one that is here")

    class Answer(models.TextChoices):
        KEEP = "keep", _("Keep ours, leave this one out")
        NEW = "new", _("Take it in as a row of its own")
        MISTAKE = "mistake", _("Ours was sent in error, take this one in")

    account = models.ForeignKey(SourceAccount, models.PROTECT, related_name="doubts")
    statement = models.ForeignKey(Statement, models.PROTECT, related_name="doubts")
    kind = models.CharField(_("why"), max_length=10, choices=Kind)
    line = models.PositiveIntegerField(_("line"))
    transaction_id = models.CharField(_("id"), max_length=100)
    date = models.DateField(_("date"))
    description = models.CharField(_("description"), max_length=1000)
    amount = models.DecimalField(_("amount"), max_digits=19, decimal_places=4)
    balance = models.DecimalField(_("balance"), max_digits=19, decimal_places=4)
    transaction_type = models.CharField(_("type"), max_length=20, blank=True)
    # The row that is here; gone when its import was taken back since.
    ours = models.ForeignKey(
        BankTransaction, models.SET_NULL, null=True, blank=True, related_name="doubts"
    )
    asked_at = models.DateTimeField(_("since"))
    answer = models.CharField(_("decision"), max_length=10, choices=Answer, blank=True)
    reason = models.TextField(_("reason"), blank=True)
    answered_at = models.DateTimeField(_("decided"), null=True, blank=True)
    answered_by = models.CharField(_("by"), max_length=150, blank=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    # What came in by the answer.
    taken = models.ForeignKey(
        BankTransaction, models.SET_NULL, null=True, blank=True, related_name="+"
    )

    objects = DoubtQuerySet.as_manager()

    class Meta:
        verbose_name = _("row to decide")
        verbose_name_plural = _("rows to decide")
        ordering = ("-asked_at", "statement", "line")
        default_permissions = ("view",)
        indexes = (
            models.Index(fields=("account", "transaction_id"), name="doubt_by_id"),
            models.Index(fields=("-asked_at", "statement", "line"), name="doubt_newest"),
            models.Index(fields=("statement",), condition=models.Q(answer=""), name="doubt_open"),
        )
        constraints = (
            models.UniqueConstraint(fields=("statement", "line"), name="a_line_is_doubted_once"),
        )

    def __str__(self) -> str:
        return f"{self.transaction_id} · {self.date} · {self.amount}"
