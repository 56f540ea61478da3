"""What the portal knows of its people beyond Django's user, and what they note down."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from .mirror import Company, Language
from .pushes import Push


class Preference(models.Model):
    """What a person chose for themselves."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.PROTECT, primary_key=True, related_name="preference"
    )
    language = models.CharField(
        _("language"), max_length=5, choices=Language, default=Language.ENGLISH
    )

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.user}: {self.language}"


class Note(models.Model):
    """What somebody wants the others to know of a company, or of one push of it. Insert-only."""

    company = models.ForeignKey(Company, models.PROTECT, related_name="notes")
    push = models.ForeignKey(Push, models.PROTECT, null=True, blank=True, related_name="notes")
    made_at = models.DateTimeField(_("when"))
    made_by = models.CharField(_("who"), max_length=150)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    text = models.TextField(_("note"))
    form_key = models.CharField(max_length=60, unique=True, editable=False)

    class Meta:
        verbose_name = _("note")
        verbose_name_plural = _("notes")
        ordering = ("-made_at", "-id")
        default_permissions = ("add",)

    def __str__(self) -> str:
        return f"{self.company_id}: {self.made_by}"
