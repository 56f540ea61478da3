"""Files that are expected of a sender on each business day: set, missed, come late, given up.

The file of a day is one that comes from the first moment of that day on and before the next
business day begins, in the institution's zone. One that a person rejected is none.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from bankfeeds import words
from bankfeeds.feeds import BusinessDays, moment_of
from bankfeeds.models import Actor, Event, ExpectedFile, MissingFile, ReceivedFile, Sender
from bankfeeds.models.record import WORKER, demand_reason
from bankfeeds.words import senders as sender_words

DAY = dt.timedelta(days=1)
# Of a worker that stood still for longer nobody asks which files came meanwhile.
LOOK_BACK = dt.timedelta(days=20)
SET = ("is_on", "at", "grace", "country")


def due_at(row: ExpectedFile, day: dt.date) -> dt.datetime:
    """Until when the file of that day is in time; the grace is counted as it passes."""
    return moment_of(day, row.at).astimezone(dt.UTC) + dt.timedelta(minutes=row.grace)


def expect(
    sender: Sender,
    *,
    is_on: bool,
    at: dt.time,
    grace: int,
    country: str,
    by: Actor,
    now: dt.datetime,
) -> bool:
    """Let files of the sender be expected so; False: they are already.

    A day whose time has passed is not asked for any more. Raises ValueError where the time and
    the grace (minutes) are not within one day.
    """
    wanted = {"is_on": is_on, "at": at.replace(second=0, microsecond=0), "grace": grace}
    wanted["country"] = country
    if grace < 0 or at.hour * 60 + at.minute + grace >= 24 * 60:
        raise ValueError(_("The time and the minutes of grace have to end before midnight."))
    with transaction.atomic():
        Sender.objects.select_for_update(no_key=True).only("pk").get(pk=sender.pk)
        row = ExpectedFile.objects.filter(sender=sender).first()
        before = {name: getattr(row, name) for name in SET} if row else None
        if before == wanted or (before is None and not is_on):
            return False
        if row is not None and row.is_on:
            _judge(row, now=now)
        row = row or ExpectedFile(sender=sender)
        for name, value in {**wanted, "changed_at": now, "changed_by": by.name}.items():
            setattr(row, name, value)
        today = timezone.localdate(now)
        row.judged_day = today if due_at(row, today) <= now else today - DAY
        row.save()
        if not is_on:
            not_any_more(sender, by=by, now=now)
        Event.objects.record(
            "sender.expects",
            by=by,
            at=now,
            words=f"{sender.name}: {sender_words.expected(row)}",
            before=_plain(before or {}),
            after=_plain(wanted),
        )
    return True


def note_missing(*, now: dt.datetime) -> None:
    """Write down what did not come in time, and what came since. Two small questions mostly."""
    today = timezone.localdate(now)
    rows = ExpectedFile.objects.filter(
        is_on=True, sender__revoked_at=None, judged_day__lt=today
    ).select_related("sender")
    for row in rows:
        with transaction.atomic():
            _judge(row, now=now)
    for missing in MissingFile.objects.open().filter(day__gte=today - LOOK_BACK):
        _see_to(missing, now=now)


def give_up(missing: MissingFile, *, reason: str, by: Actor, now: dt.datetime) -> bool:
    """That day's file does not come. False: it came, or somebody said so. Raises ValueError."""
    demand_reason(reason)
    return _give_up(missing, reason, by, now)


def not_any_more(sender: Sender, *, by: Actor, now: dt.datetime) -> None:
    """No file is expected of it from now on: nor one of a day that is over."""
    for missing in MissingFile.objects.open().filter(sender=sender).order_by("day"):
        _give_up(missing, _("No file is expected of this sender any more."), by, now)


def missing_now() -> Iterator[tuple[Sender, list[MissingFile]]]:
    """By sender, those that were missed first at the front. One question."""
    found: dict[int, list[MissingFile]] = {}
    for row in MissingFile.objects.open().select_related("sender").order_by("day", "sender__name"):
        found.setdefault(row.sender_id, []).append(row)
    return ((rows[0].sender, rows) for rows in found.values())


def rejected_of(missing: MissingFile) -> int:
    """How many files of that day came and were rejected."""
    rows = ReceivedFile.objects.filter(sender=missing.sender_id, state=ReceivedFile.State.REJECTED)
    begin = moment_of(missing.day, dt.time.min)
    return int(rows.filter(received_at__gte=begin, received_at__lt=begin + DAY).count())


def _judge(row: ExpectedFile, *, now: dt.datetime) -> None:
    """Every day whose time has come since the last look, each once."""
    today = timezone.localdate(now)
    day = max(row.judged_day + DAY, today - LOOK_BACK)
    days = None
    while day <= today and due_at(row, day) <= now:
        same = ExpectedFile.objects.filter(pk=row.pk, changed_at=row.changed_at)
        if not same.filter(judged_day__lt=day).update(judged_day=day):
            return
        days = days or BusinessDays.around(today)
        if days.is_open(day, country=row.country):
            _ask(row, day, days, now)
        day += DAY


def _ask(row: ExpectedFile, day: dt.date, days: BusinessDays, now: dt.datetime) -> None:
    due = due_at(row, day)
    came = _came(row.sender_id, day, days.following(day, country=row.country))
    if came is not None and came <= due:
        return
    given = {"due_at": due, "noted_at": now}
    missing, is_new = MissingFile.objects.get_or_create(sender=row.sender, day=day, defaults=given)
    if is_new:
        text = sender_words.missing(row.sender.name, [missing])
        Event.objects.record("sender.file_missing", by=WORKER, at=now, words=text)
    if came is not None:
        _end_as_late(missing, came, now)


def _see_to(missing: MissingFile, *, now: dt.datetime) -> None:
    row = ExpectedFile.objects.filter(sender=missing.sender_id).first()
    if row is None:
        return
    until = BusinessDays.around(missing.day).following(missing.day, country=row.country)
    came = _came(missing.sender_id, missing.day, until)
    if came is not None:
        _end_as_late(missing, came, now)


def _came(sender: int, day: dt.date, until: dt.date | None) -> dt.datetime | None:
    """When the first file of that day came, if any did."""
    rows = ReceivedFile.objects.filter(sender=sender, received_at__gte=moment_of(day, dt.time.min))
    if until is not None:
        rows = rows.filter(received_at__lt=moment_of(until, dt.time.min))
    rows = rows.exclude(state=ReceivedFile.State.REJECTED).order_by("received_at")
    found: dt.datetime | None = rows.values_list("received_at", flat=True).first()
    return found


def _end_as_late(missing: MissingFile, came: dt.datetime, now: dt.datetime) -> None:
    with transaction.atomic():
        if not MissingFile.objects.open().filter(pk=missing.pk).update(came_at=came):
            return
        missing.came_at = came
        text = f"{missing.sender.name}: {sender_words.came_late(missing)}"
        Event.objects.record("sender.file_late", by=WORKER, at=now, words=text)


def _give_up(missing: MissingFile, reason: str, by: Actor, now: dt.datetime) -> bool:
    with transaction.atomic():
        rows = MissingFile.objects.open().filter(pk=missing.pk)
        if not rows.update(given_up_at=now, given_up_by=by.name, reason=reason):
            return False
        text = f"{missing.sender.name}: {words.day(missing.day)}"
        Event.objects.record("sender.file_given_up", by=by, at=now, words=text, reason=reason)
    return True


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    """As JSON takes them; the time as `06:00`."""
    return {k: f"{v:%H:%M}" if isinstance(v, dt.time) else v for k, v in values.items()}
