"""Days that nobody carried out because no worker ran: written down afterwards, never skipped."""

from __future__ import annotations

import datetime as dt

from django.utils.translation import gettext as _

from bankfeeds.models import FeedRun, FeedSchedule
from bankfeeds.rules import FEED_WINDOW
from bankfeeds.words import feeds as feed_words

from .days import DAY, BusinessDays, begin, counts

Outcome = FeedRun.Outcome


def fill(schedule: FeedSchedule, day: dt.date, *, now: dt.datetime) -> None:
    """Write down the business days of the week before `day` that have no row.

    Their new rows go with the run of `day`, if they still may. Within its transaction.
    """
    since = day - FEED_WINDOW
    account = schedule.account
    written = FeedRun.objects.filter(account=account, day__gte=since, day__lt=day)
    known = set(written.values_list("day", flat=True))
    days = BusinessDays.around(day)
    for missing in days.between(since - DAY, day, country=account.company.country):
        if missing not in known and counts(schedule, missing):
            FeedRun.objects.create(
                account=account, day=missing, ran_at=now, **_what_was(schedule, missing)
            )


def _what_was(schedule: FeedSchedule, day: dt.date) -> dict[str, str]:
    text = _("The worker was not running that day. What was new waited for the next run.")
    if schedule.trigger == FeedSchedule.Trigger.FILE:
        files = schedule.account.statements.filter(state="saved", saved_at__gte=begin(day))
        if not files.filter(saved_at__lt=begin(day + DAY)).exists():
            return {"outcome": Outcome.MISSED, "words": feed_words.no_file_by(schedule)}
    return {"outcome": Outcome.HELD, "words": text}
