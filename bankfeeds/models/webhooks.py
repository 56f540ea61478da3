"""Codat's messages in: kept as they came, processed afterwards, as often as one likes."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class WebhookMessage(models.Model):
    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting to be processed")
        PROCESSED = "processed", _("Processed")
        IGNORED = "ignored", _("Not of interest")
        FAILED = "failed", _("Could not be processed")

    # Codat's `webhook-id` header: the same for all deliveries of one message.
    webhook_id = models.CharField(_("id"), max_length=200, unique=True)
    event_type = models.CharField(_("event"), max_length=100, blank=True)
    received_at = models.DateTimeField(_("received"))
    sent_at = models.DateTimeField(_("sent"))
    # The raw body, encrypted: messages about connections carry the client's link.
    sealed_body = models.BinaryField(editable=False)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.WAITING)
    processed_at = models.DateTimeField(_("processed"), null=True, blank=True)
    words = models.TextField(_("words"), blank=True)

    class Meta:
        verbose_name = _("message from Codat")
        verbose_name_plural = _("messages from Codat")
        ordering = ("-received_at", "-id")
        default_permissions = ("view",)
        permissions = (("process_webhookmessage", "Can process a message from Codat again"),)
        indexes = (
            models.Index(fields=("-received_at", "-id"), name="webhook_newest"),
            models.Index(fields=("state", "id"), name="webhook_by_state"),
        )

    def __str__(self) -> str:
        return self.webhook_id
