"""Taking over what exists at Codat already: one look at all of it, and what was chosen of it."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from .mirror import Company, Country


class FoundAs(models.TextChoices):
    """How a company at Codat stands to what is here."""

    UNREAD = "unread", _("Not looked at yet")
    NEW = "new", _("New here")
    MORE = "more", _("Known here, but not all of it")
    DIFFERS = "differs", _("Known here by another name")
    KNOWN = "known", _("Known here")
    NOT_OURS = "not_ours", _("Cannot be taken")
    UNREADABLE = "unreadable", _("Could not be read")


TAKEABLE = (FoundAs.NEW, FoundAs.MORE, FoundAs.DIFFERS)


class Look(models.Model):
    """One look at Codat that a person asked for, carried out in pieces in the background."""

    form_key = models.CharField(max_length=60, unique=True, editable=False)
    asked_at = models.DateTimeField(_("asked"))
    asked_by = models.CharField(_("by"), max_length=150)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    # The page of Codat's list to be read next; 0 once all have been read.
    next_page = models.PositiveIntegerField(default=1)
    total = models.PositiveIntegerField(default=0)
    # Why it did not go on at its last turn, and when it has its next; null: it has come to rest.
    problem = models.TextField(blank=True)
    failures = models.PositiveIntegerField(default=0)
    next_turn_at = models.DateTimeField(null=True, blank=True)
    claimed_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-asked_at", "-id")
        default_permissions = ()
        indexes = (
            models.Index(
                fields=("next_turn_at",),
                condition=models.Q(next_turn_at__isnull=False),
                name="look_next_turn",
            ),
        )

    def __str__(self) -> str:
        return str(_("#%(id)d") % {"id": self.pk or 0})


class FoundCompany(models.Model):
    """One company of a look. No link, and of account numbers the last four alone."""

    class Outcome(models.TextChoices):
        WAITING = "waiting", _("Waiting its turn")
        ADOPTED = "adopted", _("Adopted")
        NOTHING = "nothing", _("Nothing was new")
        FAILED = "failed", _("Not adopted")

    look = models.ForeignKey(Look, models.PROTECT, related_name="found")
    codat_id = models.UUIDField()
    name = models.CharField(max_length=200)
    found_as = models.CharField(max_length=12, choices=FoundAs, default=FoundAs.UNREAD)
    # Why it stands so, where that is not plain from that.
    words = models.TextField(blank=True)
    status = models.CharField(max_length=50, blank=True)
    # Of each account: name, type, last4, currency, status, known, words.
    accounts = models.JSONField(default=list)
    company = models.ForeignKey(Company, models.PROTECT, null=True, related_name="+")
    # What a person chose for it.
    outcome = models.CharField(max_length=10, choices=Outcome, blank=True)
    country = models.CharField(max_length=2, choices=Country, blank=True)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    chosen_by = models.CharField(max_length=150, blank=True)
    chosen_by_user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    done_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("id",)
        default_permissions = ()
        constraints = (
            models.UniqueConstraint(fields=("look", "codat_id"), name="a_company_once_in_a_look"),
        )

    def __str__(self) -> str:
        return self.name
