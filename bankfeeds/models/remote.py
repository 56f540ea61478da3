"""What is to exist at Codat too: the intent to create it, committed before the call."""

from __future__ import annotations

import datetime as dt
import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

# Codat keeps the first answer of an Idempotency-Key for 90 minutes; past 60 we trust it no more.
KEY_LIFETIME = dt.timedelta(minutes=60)


class Intent(models.TextChoices):
    """How far the creation at Codat came; decides what *Continue* may do."""

    PLANNED = "planned", _("Not sent to Codat yet")
    NOT_SENT = "not_sent", _("Could not be sent")
    UNKNOWN = "unknown", _("Codat did not answer")
    SERVER_FAULT = "server_fault", _("Codat had a fault")
    REFUSED = "refused", _("Refused by Codat")
    DONE = "done", _("Exists at Codat")


class RemoteCreation(models.Model):
    """A row that is to exist at Codat too: its intent is committed before the call."""

    form_key = models.CharField(max_length=60, unique=True, null=True, editable=False)  # noqa: DJ001
    idempotency_key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    intent = models.CharField(max_length=15, choices=Intent, default=Intent.PLANNED)
    problem = models.TextField(_("problem"), blank=True)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    requested_at = models.DateTimeField(_("created"))
    # With this key; and at all, with whatever key.
    first_sent_at = models.DateTimeField(null=True, blank=True)
    last_sent_at = models.DateTimeField(null=True, blank=True)
    claimed_until = models.DateTimeField(null=True, blank=True)
    gone_at = models.DateTimeField(_("gone at Codat since"), null=True, blank=True)

    class Meta:
        abstract = True

    @property
    def at_codat(self) -> bool:
        return self.intent == Intent.DONE and self.gone_at is None

    def claim(self, *, now: dt.datetime, lease: dt.timedelta) -> bool:
        """Take the row for one call to Codat; False while somebody else is calling."""
        rows = type(self)._default_manager.filter(pk=self.pk).exclude(intent=Intent.DONE)
        free = rows.filter(Q(claimed_until=None) | Q(claimed_until__lt=now))
        return bool(free.update(claimed_until=now + lease))

    @property
    def id_there(self) -> uuid.UUID:
        """The id at Codat of a company or connection that exists there; a bug if it does not."""
        codat_id: uuid.UUID | None = getattr(self, "codat_id", None)
        if codat_id is None:
            raise ValueError(f"{self._meta.label} {self.pk} has no id at Codat")
        return codat_id

    def key_is_trusted(self, now: dt.datetime) -> bool:
        """Whether the same Idempotency-Key may go out again (Codat guide: Idempotency)."""
        if self.intent == Intent.SERVER_FAULT:
            return False
        return self.first_sent_at is None or now - self.first_sent_at < KEY_LIFETIME
