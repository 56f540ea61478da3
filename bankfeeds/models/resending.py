"""Send again: a person's order for one, several or many pushes, carried out in the background."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from .pushes import Push


class Resending(models.Model):
    """The order: who, why, how many. Its rows say what became of each push."""

    form_key = models.CharField(max_length=60, unique=True, editable=False)
    asked_at = models.DateTimeField(_("asked"))
    asked_by = models.CharField(_("by"), max_length=150)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    reason = models.TextField(_("reason"))
    # In words, as the person saw it: "3 selected", or the filter.
    choice = models.CharField(_("choice"), max_length=500)
    total = models.PositiveIntegerField(_("pushes"))
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    class Meta:
        verbose_name = _("order to send again")
        verbose_name_plural = _("orders to send again")
        ordering = ("-asked_at", "-id")
        default_permissions = ("add", "view")

    def __str__(self) -> str:
        return str(_("#%(id)d") % {"id": self.pk or 0})


class ResendingRow(models.Model):
    class Outcome(models.TextChoices):
        WAITING = "waiting", _("Waiting its turn")
        SENT = "sent", _("In a new push")
        LEFT = "left", _("Not sent again")

    resending = models.ForeignKey(Resending, models.PROTECT, related_name="rows")
    push = models.ForeignKey(Push, models.PROTECT, related_name="resendings")
    outcome = models.CharField(max_length=10, choices=Outcome, default=Outcome.WAITING)
    words = models.TextField(blank=True)
    replacement = models.ForeignKey(
        Push, models.PROTECT, null=True, blank=True, related_name="resent_for"
    )
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        default_permissions = ()
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(fields=("resending", "push"), name="a_push_once_in_an_order"),
        )

    def __str__(self) -> str:
        return f"{self.resending_id}: {self.push_id}"
