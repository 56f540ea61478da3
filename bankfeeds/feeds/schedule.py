"""Setting when feeds run, and the institution's own closing days; each change is written down."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.db import transaction

from bankfeeds import words
from bankfeeds.models import Actor, Closure, Event, FeedSchedule, SourceAccount
from bankfeeds.words import feeds as feed_words

SET = ("is_on", "trigger", "at")


class ScheduleChanged(Exception):
    """Somebody set one of them since it was shown; nothing was changed.

    `accounts`: those with another schedule than was shown, each with the one that it has now
    (None: it has none).
    """

    def __init__(self, accounts: list[tuple[SourceAccount, FeedSchedule | None]]) -> None:
        super().__init__()
        self.accounts = accounts


def version(accounts: Iterable[SourceAccount]) -> str:
    """What schedules these accounts have, as a form keeps it: `12.0 13.1764312345123456`."""
    accounts = list(accounts)
    kept = _kept([account.pk for account in accounts])
    return " ".join(_version(account.pk, kept.get(account.pk)) for account in accounts)


def _version(pk: int, schedule: FeedSchedule | None) -> str:
    stamp = int(schedule.changed_at.timestamp() * 1_000_000) if schedule else 0
    return f"{pk}.{stamp}"


def _kept(ids: list[int]) -> dict[int, FeedSchedule]:
    return {row.pk: row for row in FeedSchedule.objects.filter(pk__in=ids)}


def set_schedule(
    accounts: Iterable[SourceAccount],
    *,
    is_on: bool,
    trigger: FeedSchedule.Trigger,
    at: dt.time,
    by: Actor,
    now: dt.datetime,
    seen: str | None = None,
) -> int:
    """Let these accounts run so; says for how many that is a change.

    A day whose time has passed already does not run any more; the next one does. `seen`: the
    `version` that the person was shown. Raises ScheduleChanged when another stands by now and is
    not what is wanted.
    """
    wanted = {"is_on": is_on, "trigger": trigger.value, "at": at.replace(second=0, microsecond=0)}
    accounts, changed = list(accounts), 0
    with transaction.atomic():
        ids = [account.pk for account in accounts]
        # Schedules before accounts, as a run takes them: neither waits for the other for ever.
        list(FeedSchedule.objects.select_for_update().filter(pk__in=ids).order_by("pk"))
        if seen is not None:
            _demand_as_seen(accounts, seen, wanted)
        rows = SourceAccount.objects.select_for_update(of=("self",), no_key=True).filter(pk__in=ids)
        for account in rows.defer("sealed_body").order_by("pk"):
            changed += _set(account, wanted, by=by, now=now)
    return changed


def _demand_as_seen(accounts: list[SourceAccount], seen: str, wanted: dict[str, Any]) -> None:
    """What is as wanted already was perhaps set by the first press of the same button."""
    shown, kept = set(seen.split()), _kept([account.pk for account in accounts])
    others = [
        (account, schedule)
        for account in accounts
        if _version(account.pk, schedule := kept.get(account.pk)) not in shown
        and (schedule is None or _set_to(schedule) != wanted)
    ]
    if others:
        raise ScheduleChanged(others)


def _set_to(schedule: FeedSchedule) -> dict[str, Any]:
    return {name: getattr(schedule, name) for name in SET}


def _set(account: SourceAccount, wanted: dict[str, Any], *, by: Actor, now: dt.datetime) -> bool:
    schedule = FeedSchedule.objects.filter(pk=account.pk).first()
    before = _set_to(schedule) if schedule else None
    if before == wanted or (before is None and not wanted["is_on"]):
        return False
    schedule = schedule or FeedSchedule(account=account)
    for name, value in {**wanted, "changed_at": now, "changed_by": by.name}.items():
        setattr(schedule, name, value)
    schedule.save()
    Event.objects.record(
        "feed.scheduled",
        by=by,
        at=now,
        words=str(feed_words.when(schedule) if schedule.is_on else feed_words.state(None).label),
        before=_plain(before or {}),
        after=_plain(wanted),
        account=account,
    )
    return True


def close_day(closure: Closure, *, by: Actor, now: dt.datetime) -> None:
    """Keep a closing day, new or changed."""
    with transaction.atomic():
        before = Closure.objects.filter(pk=closure.pk).first() if closure.pk else None
        closure.save()
        action = "closure.changed" if before else "closure.added"
        _record(action, by=by, now=now, before=before, after=closure)


def open_day(closure: Closure, *, by: Actor, now: dt.datetime) -> None:
    """The institution works on that day after all."""
    with transaction.atomic():
        _record("closure.deleted", by=by, now=now, before=closure, after=None)
        closure.delete()


def _record(
    action: str, *, by: Actor, now: dt.datetime, before: Closure | None, after: Closure | None
) -> None:
    Event.objects.record(
        action,
        by=by,
        at=now,
        words=closing_day(after or before),
        before=_closing(before),
        after=_closing(after),
    )


def closing_day(row: Closure | None) -> str:
    """As the record names it; "" for none."""
    return f"{words.day(row.day)}: {row.name}" if row else ""


def _closing(row: Closure | None) -> dict[str, str]:
    if row is None:
        return {}
    return {"day": str(row.day), "country": row.country, "name": row.name}


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    """As JSON takes them; the time as `06:00`."""
    return {k: f"{v:%H:%M}" if isinstance(v, dt.time) else v for k, v in values.items()}
