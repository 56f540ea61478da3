"""The words for feeds that run by themselves: when, how a day went, what is too late."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bankfeeds.models import FeedRun, FeedSchedule, Push

from .figures import clock_time, moment, time_of_day
from .stored import said
from .word import Tone, Word

Outcome = FeedRun.Outcome
TONES: dict[str, Tone] = {
    Outcome.PUSHED: "good",
    Outcome.NOTHING: "quiet",
    Outcome.MISSED: "bad",
    Outcome.HELD: "warn",
}


def state(schedule: FeedSchedule | None) -> Word:
    if schedule is None or not schedule.is_on:
        text = _("Somebody has to press Push for what is new.")
        return Word(_("Off"), text, "quiet")
    return Word(_("On"), when(schedule), "good")


def when(schedule: FeedSchedule) -> str:
    at = time_of_day(schedule.at)
    if schedule.trigger == FeedSchedule.Trigger.FILE:
        return _("When the day's file has arrived, at latest at %(at)s") % {"at": at}
    return _("Every business day at %(at)s") % {"at": at}


def next_run(schedule: FeedSchedule, day: dt.date | None) -> str:
    """`Nov 23, 2026, 6 a.m. ET`; "" when it is off. Spread over the ten minutes after it."""
    if day is None:
        return ""
    at = moment(timezone.make_aware(dt.datetime.combine(day, schedule.at)))
    if schedule.trigger == FeedSchedule.Trigger.FILE:
        return _("with the day's file, at latest %(at)s") % {"at": at}
    return at


def changed(name: str, schedule: FeedSchedule | None) -> str:
    """Of an account whose schedule is no longer the one that a form showed."""
    if schedule is None:
        return _("%(account)s is new here.") % {"account": name}
    text = _("%(account)s: set by %(who)s on %(at)s to “%(schedule)s”.")
    said = when(schedule) if schedule.is_on else state(None).label
    at = moment(schedule.changed_at)
    return text % {"account": name, "who": schedule.changed_by, "at": at, "schedule": said}


def run(row: FeedRun) -> Word:
    return Word(str(Outcome(row.outcome).label), said(row.words), TONES[row.outcome])


def sent(pushes: Sequence[Push], *, rows: int) -> str:
    text = ngettext("%(rows)d transaction", "%(rows)d transactions", rows) % {"rows": rows}
    if len(pushes) > 1:
        return _("%(rows)s in %(n)d pushes.") % {"rows": text, "n": len(pushes)}
    return f"{text}."


def no_file_by(schedule: FeedSchedule) -> str:
    return _("No file had arrived by %(at)s.") % {"at": time_of_day(schedule.at)}


def late(missed_at: dt.datetime) -> str:
    return _("The file came late: it was missed at %(at)s.") % {"at": clock_time(missed_at)}


def resumed(row: FeedRun) -> str:
    text = _("It was held at %(at)s: %(words)s Then it could go on.")
    return text % {"at": clock_time(row.ran_at), "words": said(row.words)}
