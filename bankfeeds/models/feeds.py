"""Feeds that run by themselves: when each account's day begins, and how each day went."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.db import models, transaction
from django.db.models import Max
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext

from .mirror import Country, SourceAccount
from .pushes import Push


class FeedSchedule(models.Model):
    """When an account is pushed without anyone pressing a button. Times: the institution's zone."""

    class Trigger(models.TextChoices):
        DAILY = "daily", _("Every business day at a time")
        FILE = "file", _("When the day's file has arrived")

    account = models.OneToOneField(
        SourceAccount, models.PROTECT, primary_key=True, related_name="schedule"
    )
    is_on = models.BooleanField(_("on"), default=False)
    trigger = models.CharField(_("when"), max_length=10, choices=Trigger, default=Trigger.DAILY)
    # DAILY: the time. FILE: at latest then, and a file that has not come is missed.
    at = models.TimeField(_("at, or at latest"), default=dt.time(6, 0))
    # Of its runs, so that what is due is found without reading what is not.
    newest_day = models.DateField(editable=False, default=dt.date.min)
    changed_at = models.DateTimeField(_("changed"))
    changed_by = models.CharField(_("by"), max_length=150)

    class Meta:
        verbose_name = _("feed schedule")
        verbose_name_plural = _("feed schedules")
        default_permissions = ("view", "change")
        indexes = (
            models.Index(
                fields=("newest_day", "at", "account"),
                name="schedule_due",
                condition=models.Q(is_on=True),
            ),
            models.Index(
                fields=("trigger", "newest_day", "at", "account"),
                name="schedule_by_file",
                condition=models.Q(is_on=True),
            ),
        )

    def __str__(self) -> str:
        return f"{self.account}"

    def save(self, **given: Any) -> None:
        if self._state.adding:
            runs = FeedRun.objects.filter(account=self.account_id).aggregate(newest=Max("day"))
            self.newest_day = runs["newest"] or self.newest_day
        super().save(**given)


class FeedRunQuerySet(models.QuerySet["FeedRun"]):
    def bulk_create(self, objs: Iterable[FeedRun], *args: Any, **given: Any) -> list[FeedRun]:
        with transaction.atomic():
            made = super().bulk_create(objs, *args, **given)
            for day in {run.day for run in made}:
                _note([run.account_id for run in made if run.day == day], day)
        return made


def _note(accounts: Iterable[int], day: dt.date) -> None:
    """The schedules of these accounts have run up to that day."""
    rows = FeedSchedule.objects.filter(pk__in=accounts, newest_day__lt=day)
    rows.update(newest_day=day)


class FeedRun(models.Model):
    """One business day of one account: carried out at most once, and never silently missed."""

    class Outcome(models.TextChoices):
        PUSHED = "pushed", _("Pushed")
        NOTHING = "nothing", _("Nothing new")
        MISSED = "missed", _("The day's file did not arrive")
        HELD = "held", _("Could not be sent")

    account = models.ForeignKey(SourceAccount, models.PROTECT, related_name="runs")
    day = models.DateField(_("day"))
    ran_at = models.DateTimeField(_("ran"))
    outcome = models.CharField(_("outcome"), max_length=10, choices=Outcome)
    words = models.TextField(_("words"), blank=True)
    push = models.ForeignKey(Push, models.PROTECT, null=True, blank=True, related_name="runs")

    objects = FeedRunQuerySet.as_manager()

    class Meta:
        verbose_name = _("day of a feed")
        verbose_name_plural = _("days of feeds")
        ordering = ("-day", "-id")
        default_permissions = ("view",)
        constraints = (
            models.UniqueConstraint(fields=("account", "day"), name="a_day_of_a_feed_runs_once"),
        )
        indexes = (
            models.Index(fields=("-day", "-id"), name="run_newest"),
            # What can still go right: few of all.
            models.Index(fields=("day", "outcome"), name="run_to_complete"),
        )

    def __str__(self) -> str:
        return f"{self.account_id}: {self.day}"

    def save(self, **given: Any) -> None:
        is_new = self._state.adding
        with transaction.atomic():
            super().save(**given)
            if is_new:
                _note([self.account_id], self.day)


class Closure(models.Model):
    """A day on which the institution itself is closed; public holidays need no row."""

    day = models.DateField(_("day"))
    country = models.CharField(_("country"), max_length=2, choices=Country, blank=True)
    name = models.CharField(_("name"), max_length=100)

    class Meta:
        verbose_name = _("closing day")
        verbose_name_plural = _("closing days")
        ordering = ("-day",)
        constraints = (
            models.UniqueConstraint(fields=("day", "country"), name="a_day_is_closed_once"),
        )

    def __str__(self) -> str:
        day = date_format(self.day, pgettext("format of a day", "M j, Y"))
        return f"{day}, {self.name}"
