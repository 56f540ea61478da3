"""What keeps pushes from leaving: a person's stop, an incident at Codat, the budget of calls."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.db import models
from django.db.models import OuterRef, Q
from django.utils.translation import gettext_lazy as _

from .mirror import Company, SourceAccount


class SendingStopQuerySet(models.QuerySet["SendingStop"]):
    def of_everything(self) -> SendingStopQuerySet:
        """Open stops that hold every account."""
        return self.filter(allowed_at=None, account=None, company=None)

    def over(self, accounts: Iterable[SourceAccount]) -> dict[int, SendingStop]:
        """By account: the open stop that holds it, the widest if there are several."""
        accounts = list(accounts)
        everything = Q(account=None, company=None)
        of_these = Q(account__in=[a.pk for a in accounts])
        of_companies = Q(company__in={a.company_id for a in accounts})
        found = {
            (stop.account_id, stop.company_id): stop
            for stop in self.filter(everything | of_these | of_companies, allowed_at=None)
        }
        scopes = {a.pk: ((None, None), (None, a.company_id), (a.pk, None)) for a in accounts}
        return {
            pk: next(found[scope] for scope in wanted if scope in found)
            for pk, wanted in scopes.items()
            if any(scope in found for scope in wanted)
        }

    def of_push(self) -> SendingStopQuerySet:
        """Open stops of a push's account, of its company, or of everything, for a question on
        pushes."""
        everything = Q(account=None, company=None)
        of_this = Q(account=OuterRef("account")) | Q(company=OuterRef("company"))
        return self.filter(everything | of_this, allowed_at=None)


class SendingStop(models.Model):
    """A person stopped sending for one account, one company, or (neither given) everything."""

    account = models.ForeignKey(
        SourceAccount, models.PROTECT, null=True, blank=True, related_name="stops"
    )
    company = models.ForeignKey(
        Company, models.PROTECT, null=True, blank=True, related_name="stops"
    )
    stopped_at = models.DateTimeField(_("stopped"))
    stopped_by = models.CharField(_("by"), max_length=150)
    reason = models.TextField(_("reason"))
    allowed_at = models.DateTimeField(_("allowed again"), null=True, blank=True)
    allowed_by = models.CharField(_("allowed by"), max_length=150, blank=True)
    allowed_reason = models.TextField(_("reason for allowing"), blank=True)

    objects = SendingStopQuerySet.as_manager()

    class Meta:
        verbose_name = _("stop of sending")
        verbose_name_plural = _("stops of sending")
        ordering = ("-stopped_at", "-id")
        default_permissions = ("view",)
        permissions = (("stop_sending", "Can stop and allow sending"),)
        constraints = (
            models.CheckConstraint(
                condition=Q(account=None) | Q(company=None), name="a_stop_has_one_scope"
            ),
            models.UniqueConstraint(
                fields=("account",),
                condition=Q(allowed_at=None, account__isnull=False),
                name="one_open_stop_of_an_account",
            ),
            models.UniqueConstraint(
                fields=("company",),
                condition=Q(allowed_at=None, company__isnull=False),
                name="one_open_stop_of_a_company",
            ),
        )

    def __str__(self) -> str:
        return str(self.account or self.company or _("everything"))


class IncidentQuerySet(models.QuerySet["Incident"]):
    def open(self) -> IncidentQuerySet:
        return self.filter(ended_at=None)

    def seconds_within(self, start: dt.datetime, end: dt.datetime) -> float:
        """How much of that span fell into incidents: it counts towards no limit."""
        spans = self.filter(Q(ended_at=None) | Q(ended_at__gt=start), started_at__lt=end)
        seconds = 0.0
        reached = start
        for began, ended in spans.order_by("started_at").values_list("started_at", "ended_at"):
            begin, until = max(began, reached), min(ended or end, end)
            if until > begin:
                seconds += (until - begin).total_seconds()
                reached = until
        return seconds


class Incident(models.Model):
    """Trouble that concerns every client at once: one alarm, not one for each push."""

    class Kind(models.TextChoices):
        # Ends by itself with the first answer.
        OUTAGE = "outage", _("Codat cannot be reached")
        # 401, 402, 403: everything waits until a person says that it may go on.
        REFUSED = "refused", _("Codat refuses our key or account")

    kind = models.CharField(_("what"), max_length=10, choices=Kind)
    started_at = models.DateTimeField(_("since"))
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    ended_by = models.CharField(_("ended by"), max_length=150, blank=True)
    words = models.TextField(_("words"), blank=True)
    http_status = models.PositiveSmallIntegerField(null=True, blank=True)

    objects = IncidentQuerySet.as_manager()

    class Meta:
        verbose_name = _("incident")
        verbose_name_plural = _("incidents")
        ordering = ("-started_at", "-id")
        default_permissions = ("view",)
        permissions = (("end_incident", "Can let everything go on after a refusal of our key"),)
        constraints = (
            models.UniqueConstraint(
                fields=("kind",), condition=Q(ended_at=None), name="one_open_incident_of_a_kind"
            ),
        )

    def __str__(self) -> str:
        return str(self.Kind(self.kind).label)


class CallBudget(models.Model):
    """One row, shared by all workers: how many calls may be made now, and how the line is."""

    name = models.CharField(max_length=10, primary_key=True, default="codat")
    tokens = models.FloatField(default=0)
    filled_at = models.DateTimeField(null=True, blank=True)
    # After a 429: nobody calls before; `held_words` says why.
    not_before = models.DateTimeField(null=True, blank=True)
    held_words = models.CharField(max_length=300, blank=True)
    # As Codat's headers said last: what is left of the day, and until when.
    remaining = models.PositiveIntegerField(null=True, blank=True)
    resets_at = models.DateTimeField(null=True, blank=True)
    # Calls in a row to which nobody answered, and since when.
    unanswered = models.PositiveIntegerField(default=0)
    unanswered_since = models.DateTimeField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return self.name
