"""What was found when somebody asked whether everything is ready, each time as it was then."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class ReadinessCheck(models.Model):
    at = models.DateTimeField(_("checked"))
    by = models.CharField(_("by"), max_length=150)
    # [{"name": "key.works", "facts": {...}}, …]; what they mean is said by `words.readiness`.
    findings = models.JSONField(default=list)

    class Meta:
        verbose_name = _("readiness check")
        verbose_name_plural = _("readiness")
        ordering = ("-at", "-id")
        default_permissions = ("view",)
        permissions = (("check_readiness", "Can check whether everything is ready"),)

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.by}"
