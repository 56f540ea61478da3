"""What a person ordered to be taken off at Codat: kept before the call, so that it can go on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.conf import settings
from django.db import models
from django.db.models import Case, Exists, OuterRef, Q, Value, When
from django.utils.translation import gettext_lazy as _

from .mirror import Books, Connection, SourceAccount


class Off(models.TextChoices):
    """Why nothing of an account can be sent, whoever lifts which stop."""

    CLOSED = "closed", _("its company is closed")
    GONE = "gone", _("its account was removed at Codat")
    UNWANTED = "unwanted", _("the client does not want this account in QuickBooks")
    LEAVING = "leaving", _("its account is being taken off at Codat")
    UNLINKED = "unlinked", _("its connection was unlinked")


class DepartureQuerySet(models.QuerySet["Departure"]):
    def open(self) -> DepartureQuerySet:
        """Not at their end: nothing of what they are about is sent meanwhile."""
        return self.filter(ended_at=None)

    def over(self, accounts: Iterable[SourceAccount]) -> dict[int, Departure]:
        """By account: the open one that is about it or about its whole connection."""
        accounts = list(accounts)
        about = Q(account__in=[each.pk for each in accounts])
        about |= Q(account=None, connection__in={each.connection_id for each in accounts})
        found = {(row.connection_id, row.account_id): row for row in self.open().filter(about)}
        return {
            each.pk: row
            for each in accounts
            for row in [
                found.get((each.connection_id, None)) or found.get((each.connection_id, each.pk))
            ]
            if row is not None
        }

    def of_push(self) -> DepartureQuerySet:
        """Open ones about a push's account or its whole connection, for a question on pushes."""
        rows = self.open().filter(connection=OuterRef("connection"))
        return rows.filter(Q(account=None) | Q(account=OuterRef("account")))

    def off(self, accounts: Iterable[int]) -> dict[int, Off]:
        """By account why nothing of it can be sent; those of which something can are left out."""
        leaving = self.open().filter(connection=OuterRef("connection"))
        leaving = leaving.filter(Q(account=None) | Q(account=OuterRef("pk")))
        why = Case(
            When(company__closed_at__isnull=False, then=Value(Off.CLOSED)),
            When(gone_at__isnull=False, then=Value(Off.GONE)),
            When(connection__gone_at__isnull=False, then=Value(Off.GONE)),
            When(not_wanted_at__isnull=False, then=Value(Off.UNWANTED)),
            When(Exists(leaving), then=Value(Off.LEAVING)),
            When(connection__status="Unlinked", then=Value(Off.UNLINKED)),
            default=Value(""),
        )
        rows = SourceAccount.objects.filter(pk__in=set(accounts)).order_by().annotate(why=why)
        return {pk: Off(name) for pk, name in rows.exclude(why="").values_list("pk", "why")}


def cut_off() -> Q:
    """For a question on pushes: nothing may leave over its connection any more."""
    return Q(Exists(Departure.objects.of_push())) | Q(connection__status="Unlinked")


class Departure(models.Model):
    """One thing of a connection that is to end at Codat, and how far that came."""

    class Kind(models.TextChoices):
        UNLINK = "unlink", _("Unlink at Codat")
        REMOVE_CONNECTION = "connection", _("Remove connection at Codat")
        REMOVE_ACCOUNT = "account", _("Remove account")
        REVOKE = "revoke", _("Revoke QuickBooks credentials")

    class State(models.TextChoices):
        PLANNED = "planned", _("Not sent to Codat yet")
        UNKNOWN = "unknown", _("Codat did not answer")
        DONE = "done", _("Done at Codat")
        REFUSED = "refused", _("Refused by Codat")
        ABANDONED = "abandoned", _("Given up before it was sent")

    kind = models.CharField(max_length=12, choices=Kind)
    state = models.CharField(max_length=10, choices=State, default=State.PLANNED)
    connection = models.ForeignKey(Connection, models.PROTECT, related_name="departures")
    # Of the removal of one account; the others are about the whole connection.
    account = models.ForeignKey(
        SourceAccount, models.PROTECT, null=True, blank=True, related_name="departures"
    )
    # Of a move: which QuickBooks company the connection is for that is made once this is done.
    books = models.CharField(max_length=10, choices=Books, blank=True)
    reason = models.TextField(_("reason"), blank=True)
    problem = models.TextField(_("problem"), blank=True)
    requested_at = models.DateTimeField(_("asked for"))
    requested_by = models.CharField(_("by"), max_length=150)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    form_key = models.CharField(max_length=60, unique=True, editable=False)
    claimed_until = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = DepartureQuerySet.as_manager()

    class Meta:
        verbose_name = _("removal at Codat")
        verbose_name_plural = _("removals at Codat")
        ordering = ("-requested_at", "-id")
        default_permissions = ("add",)
        constraints = (
            models.UniqueConstraint(
                fields=("connection",),
                condition=Q(ended_at=None, account=None),
                name="one_open_departure_of_a_connection",
            ),
            models.UniqueConstraint(
                fields=("account",),
                condition=Q(ended_at=None, account__isnull=False),
                name="one_open_departure_of_an_account",
            ),
        )

    def __str__(self) -> str:
        return f"{self.Kind(self.kind).label}: {self.account or self.connection}"

    def claim(self, *, now: dt.datetime, lease: dt.timedelta) -> bool:
        """Take it for one call to Codat; False while somebody else is calling, or it has ended."""
        free = Q(claimed_until=None) | Q(claimed_until__lt=now)
        rows = Departure.objects.open().filter(free, pk=self.pk)
        return bool(rows.update(claimed_until=now + lease))
