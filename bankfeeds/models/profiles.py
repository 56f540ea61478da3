"""How files of an institution's own are laid out, and files that wait for a profile."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext_lazy as _

from .mirror import SourceAccount


class ColumnProfileQuerySet(models.QuerySet["ColumnProfile"]):
    def newest(self) -> ColumnProfileQuerySet:
        """The last version of each, retired or not."""
        later = ColumnProfile.objects.filter(
            institution=OuterRef("institution"),
            name=OuterRef("name"),
            version__gt=OuterRef("version"),
        )
        return self.filter(~Exists(later))

    def in_use(self) -> ColumnProfileQuerySet:
        return self.newest().filter(retired_at=None)


class ColumnProfile(models.Model):
    """One version of a profile; a change is a row of its own with the next version.

    A trigger holds it: what was read is read again by the version that read it.
    """

    institution = models.CharField(_("institution"), max_length=120)
    name = models.CharField(_("name"), max_length=120)
    version = models.PositiveIntegerField(_("version"), default=1)
    # bankfeeds.intake.profile.Profile as `plain()` gives it.
    setup = models.JSONField()
    made_at = models.DateTimeField(_("made"))
    made_by = models.CharField(_("by"), max_length=150)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    retired_at = models.DateTimeField(_("retired"), null=True, blank=True)

    objects = ColumnProfileQuerySet.as_manager()

    class Meta:
        verbose_name = _("column profile")
        verbose_name_plural = _("column profiles")
        ordering = ("institution", "name", "-version")
        default_permissions = ("add", "change", "view")
        constraints = (
            models.UniqueConstraint(
                fields=("institution", "name", "version"), name="a_version_of_a_profile_once"
            ),
        )

    def __str__(self) -> str:
        return _("%(name)s (%(institution)s), version %(version)d") % {
            "name": self.name,
            "institution": self.institution,
            "version": self.version,
        }

    def family(self) -> ColumnProfileQuerySet:
        """Every version of it, the newest first."""
        return ColumnProfile.objects.filter(institution=self.institution, name=self.name).order_by(
            "-version"
        )


class SampleFile(models.Model):
    """A file that no profile reads yet, kept until one is made from it or a few days are over."""

    account = models.ForeignKey(
        SourceAccount, models.PROTECT, null=True, blank=True, related_name="+"
    )
    # The profile of which a new version is to be made.
    follows = models.ForeignKey(
        ColumnProfile, models.PROTECT, null=True, blank=True, related_name="+"
    )
    file_name = models.CharField(_("file"), max_length=255)
    sha256 = models.CharField(max_length=64)
    content = models.BinaryField(editable=False)  # zlib, sealed: it may name account numbers
    uploaded_at = models.DateTimeField(_("uploaded"))
    uploaded_by = models.CharField(_("by"), max_length=150)

    class Meta:
        verbose_name = _("sample file")
        verbose_name_plural = _("sample files")
        default_permissions = ()
        indexes = (models.Index(fields=("uploaded_at",), name="sample_oldest"),)

    def __str__(self) -> str:
        return self.file_name
